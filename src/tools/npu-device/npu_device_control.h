/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Defects on demand: commands of one line, from the command line or a control socket.
 */

#ifndef NPU_DEVICE_CONTROL_H
#define NPU_DEVICE_CONTROL_H

#include <stddef.h>

#include "npu_pci.h"

/* What the commands are, one a line, for --help. */
extern const char npu_device_control_help[];

/* Carries a command out and writes one line of answer, without a newline, that starts with "ok" or
 * "error". Any thread.
 */
void npu_device_control(struct npu_pci *pci, const char *command, char *answer, size_t size);

/* Starts a thread that serves the UNIX socket at path: a command a line, an answer a line. Returns
 * 0 or -errno. The thread lives as long as the process.
 */
int npu_device_control_start(struct npu_pci *pci, const char *path);

#endif
