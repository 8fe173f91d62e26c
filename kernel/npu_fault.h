/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Copyright © 2026 The NPU stack authors */

#ifndef __NPU_FAULT_H__
#define __NPU_FAULT_H__

struct drm_npu_fault;
struct list_head;
struct npu_ctx;
struct npu_device;

void npu_fault_found_locked(struct npu_device *npu, struct npu_ctx *ctx,
			    const struct drm_npu_fault *fault, struct list_head *done);
void npu_fault_drain_locked(struct npu_device *npu, struct list_head *done);

#endif
