/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * A PCI device for one client at a time over vfio-user.
 */

#ifndef VFU_SERVER_H
#define VFU_SERVER_H

#include <stdbool.h>

#include "npu_pci.h"

struct vfu_server;

/* Makes the PCI device around the model (which stays the caller's). verbose: a line per message to
 * standard error. NULL without memory.
 */
struct vfu_server *vfu_server_create(struct npu_sim *sim, bool verbose);
void vfu_server_destroy(struct vfu_server *server);

struct npu_pci *vfu_server_get_pci(struct vfu_server *server);

/* Serves the client on a connected socket until it hangs up or breaks the protocol, then resets the
 * device and forgets everything of the client. Closes fd. Returns 0, or -EPROTO if the client broke
 * the protocol (and says how on standard error). stop_fd: becomes readable to end it; -1: nothing.
 */
int vfu_server_serve(struct vfu_server *server, int fd, int stop_fd);

#endif
