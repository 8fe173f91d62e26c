/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Chooses the transport.
 */

#include "npu_transport.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
   const char *name;
   struct npu_transport *(*open)(char *why, size_t why_size);
} transports[] = {
   /* In the order of preference. */
   {"drm", npu_transport_drm_open},
   {"sim", npu_transport_sim_open},
};

struct npu_transport *
npu_transport_open(const char *name, char *why, size_t why_size)
{
   bool any = !name || !*name;
   char reason[256] = "";
   struct npu_transport *transport = NULL;

   errno = EINVAL;
   snprintf(reason, sizeof(reason), "\"%s\" is no transport; there are: drm, sim", name);
   for (size_t i = 0; !transport && i < sizeof(transports) / sizeof(transports[0]); i++) {
      if (any || !strcmp(name, transports[i].name))
         transport = transports[i].open(reason, sizeof(reason));
   }
   if (!transport && why)
      snprintf(why, why_size, "%s", reason);
   return transport;
}
