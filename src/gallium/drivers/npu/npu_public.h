/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The driver's one public function: what a pipe loader calls.
 */

#ifndef NPU_PUBLIC_H
#define NPU_PUBLIC_H

#include <stdbool.h>

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

/* Whether the device has an address on a PCI bus (pipe_caps::pci_*). */
bool npu_screen_is_pci(struct pipe_screen *screen);

#ifdef __cplusplus
}
#endif

#endif
