/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Copyright © 2026 The NPU stack authors */

#ifndef __NPU_VRAM_H__
#define __NPU_VRAM_H__

#include <linux/types.h>

struct list_head;
struct npu_device;

int npu_vram_init(struct npu_device *npu, int bar);

int npu_vram_alloc(struct npu_device *npu, u64 size, struct list_head *pieces);
void npu_vram_free(struct npu_device *npu, struct list_head *pieces);

#endif
