/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Debug flags of the winsys, and the trace of ioctls.
 */

#include "npu_winsys_debug.h"

#include "drm.h"
#include "drm/npu_accel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

static const struct {
   const char *name;
   uint32_t flag;
   const char *help;
} flags[] = {
   {"nocache", NPU_WINSYS_DEBUG_NOCACHE, "do not reuse freed buffers"},
   {"ioctl", NPU_WINSYS_DEBUG_IOCTL, "print every ioctl with its result"},
   {"leak", NPU_WINSYS_DEBUG_LEAK, "report buffers that are alive when the device is closed"},
   {"sync", NPU_WINSYS_DEBUG_SYNC, "every submit waits until its work is finished"},
};

#define NUM_FLAGS (sizeof(flags) / sizeof(flags[0]))

uint32_t
npu_winsys_debug_parse(const char *text)
{
   uint32_t result = 0;

#ifndef NDEBUG
   result |= NPU_WINSYS_DEBUG_LEAK;
#endif
   while (text && *text) {
      size_t length = strcspn(text, ", ");
      size_t i = 0;

      while (i < NUM_FLAGS &&
             !(strlen(flags[i].name) == length && !strncmp(flags[i].name, text, length)))
         i++;
      if (i < NUM_FLAGS) {
         result |= flags[i].flag;
      } else if (length) {
         if (length != 4 || strncmp(text, "help", 4))
            fprintf(stderr, "NPU_WINSYS_DEBUG: \"%.*s\" is not known\n", (int)length, text);
         fprintf(stderr, "NPU_WINSYS_DEBUG is a comma-separated list of\n");
         for (i = 0; i < NUM_FLAGS; i++)
            fprintf(stderr, "   %-8s %s\n", flags[i].name, flags[i].help);
      }
      text += length;
      text += strspn(text, ", ");
   }
   return result;
}

#define NAME(name) [_IOC_NR(DRM_IOCTL_##name)] = #name

static const char *const names[] = {
   NAME(VERSION),
   NAME(GET_CAP),
   NAME(GEM_CLOSE),
   NAME(PRIME_HANDLE_TO_FD),
   NAME(PRIME_FD_TO_HANDLE),
   NAME(SYNCOBJ_CREATE),
   NAME(SYNCOBJ_DESTROY),
   NAME(SYNCOBJ_HANDLE_TO_FD),
   NAME(SYNCOBJ_FD_TO_HANDLE),
   NAME(SYNCOBJ_WAIT),
   NAME(SYNCOBJ_TIMELINE_WAIT),
   NAME(SYNCOBJ_RESET),
   NAME(SYNCOBJ_SIGNAL),
   NAME(SYNCOBJ_TIMELINE_SIGNAL),
   NAME(SYNCOBJ_QUERY),
   NAME(SYNCOBJ_TRANSFER),
   NAME(NPU_DEV_QUERY),
   NAME(NPU_BO_CREATE),
   NAME(NPU_BO_MMAP_OFFSET),
   NAME(NPU_BO_GET_INFO),
   NAME(NPU_VM_CREATE),
   NAME(NPU_VM_DESTROY),
   NAME(NPU_VM_BIND),
   NAME(NPU_VM_GET_STATE),
   NAME(NPU_CTX_CREATE),
   NAME(NPU_CTX_DESTROY),
   NAME(NPU_CTX_GET_STATE),
   NAME(NPU_SUBMIT),
   NAME(NPU_BO_SET_LABEL),
};

void
npu_winsys_debug_ioctl(const char *transport, unsigned long request, const void *arg, int ret)
{
   unsigned nr = _IOC_NR(request);
   const char *name = nr < sizeof(names) / sizeof(names[0]) ? names[nr] : NULL;
   const uint32_t *words = arg;
   char text[160];
   int length = 0;

   for (unsigned i = 0; i < _IOC_SIZE(request) / 4 && i < 16; i++)
      length += snprintf(text + length, sizeof(text) - length, " %x", words[i]);
   fprintf(stderr, "npu %s: %s(%u)%s -> %s\n", transport, name ? name : "?", nr, text,
           ret ? strerror(-ret) : "ok");
}
