/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The driver's one public function: what a pipe loader calls.
 */

#ifndef NPU_PUBLIC_H
#define NPU_PUBLIC_H

#ifdef __cplusplus
extern "C" {
#endif

struct pipe_screen;
struct pipe_screen_config;

/* Opens the NPU (the winsys chooses how: see npu_device_open()) and makes a screen for it. config
 * is not used and may be NULL. Returns NULL, with a message on stderr, if there is no usable device.
 * The caller owns the screen; pipe_screen::destroy ends it after all its contexts and resources.
 */
struct pipe_screen *npu_screen_create(const struct pipe_screen_config *config);

#ifdef __cplusplus
}
#endif

#endif
