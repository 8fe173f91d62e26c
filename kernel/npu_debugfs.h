/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Copyright © 2026 The NPU stack authors */

#ifndef __NPU_DEBUGFS_H__
#define __NPU_DEBUGFS_H__

struct drm_device;

void npu_debugfs_init(struct drm_device *drm);

#endif
