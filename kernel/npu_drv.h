/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Copyright © 2026 The NPU stack authors */

#ifndef __NPU_DRV_H__
#define __NPU_DRV_H__

#include <linux/types.h>

struct drm_npu_obj_array;
struct npu_device;
struct workqueue_struct;

/* Frees what cannot be freed where its last reference goes; drained when the module goes. */
extern struct workqueue_struct *npu_release_wq;

void npu_alive_get(struct npu_device *npu);
void npu_alive_put(struct npu_device *npu);

void *npu_copy_array(const struct drm_npu_obj_array *array, size_t size, u32 max_count);

#endif
