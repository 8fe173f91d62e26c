/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Copyright © 2026 The NPU stack authors */

#ifndef __NPU_COREDUMP_H__
#define __NPU_COREDUMP_H__

struct npu_ctx;
struct npu_device;

void npu_coredump_init(struct npu_device *npu);
void npu_coredump_fini(struct npu_device *npu);
void npu_coredump_take_locked(struct npu_device *npu, struct npu_ctx *ctx);

#endif
