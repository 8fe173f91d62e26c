/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Copyright © 2026 The NPU stack authors */

#ifndef __NPU_RESET_H__
#define __NPU_RESET_H__

#include <linux/types.h>

struct npu_device;

u32 npu_reset_watchdog_ms(void);
int npu_reset_init(struct npu_device *npu);
void npu_reset_fini(struct npu_device *npu);
void npu_reset_schedule(struct npu_device *npu, const char *why);
void npu_reset_watch(struct npu_device *npu);
void npu_reset_lose(struct npu_device *npu);

#endif
