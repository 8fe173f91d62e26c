/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * What a fault is, in words. Alone in a file so that npu-decode can say it in the same ones.
 */

#include "npu_fault_text.h"

#include <inttypes.h>
#include <stdio.h>

static const char *
access_name(enum npu_access access)
{
   switch (access) {
   case NPU_ACCESS_NONE:
      break;
   case NPU_ACCESS_READ:
      return "read";
   case NPU_ACCESS_WRITE:
      return "write";
   case NPU_ACCESS_EXECUTE:
      return "instruction fetch";
   case NPU_ACCESS_ATOMIC:
      return "atomic";
   case NPU_ACCESS_COMMAND:
      return "packet fetch";
   }
   return "access";
}

void
npu_fault_text(const struct npu_fault_info *fault, char *buf, size_t size)
{
   const char *access = access_name(fault->access);

   switch (fault->type) {
   case NPU_FAULT_NONE:
      snprintf(buf, size, "fault whose record was lost");
      return;
   case NPU_FAULT_UNMAPPED:
      snprintf(buf, size, "%s of unmapped address 0x%" PRIx64, access, fault->address);
      return;
   case NPU_FAULT_PERMISSION:
      snprintf(buf, size, "%s of address 0x%" PRIx64 " is not allowed", access, fault->address);
      return;
   case NPU_FAULT_ILLEGAL_INSTRUCTION:
      snprintf(buf, size, "illegal instruction");
      return;
   case NPU_FAULT_BAD_PACKET:
      snprintf(buf, size, "malformed packet (field at byte %" PRIu32 ")", fault->code);
      return;
   case NPU_FAULT_LOCAL_BOUNDS:
      snprintf(buf, size, "%s outside local memory, offset 0x%" PRIx64, access, fault->address);
      return;
   case NPU_FAULT_PRIVATE_BOUNDS:
      snprintf(buf, size, "%s outside private memory, offset 0x%" PRIx64, access, fault->address);
      return;
   case NPU_FAULT_WATCHDOG:
      snprintf(buf, size, "no progress for the time of the watchdog");
      return;
   case NPU_FAULT_TRAP:
      snprintf(buf, size, "trap with code %" PRIu32, fault->code);
      return;
   case NPU_FAULT_KILLED:
      snprintf(buf, size, "killed by the driver: the job took longer than jobs may");
      return;
   case NPU_FAULT_BARRIER:
      snprintf(buf, size, "waves of a work-group wait at different barriers");
      return;
   case NPU_FAULT_BAD_PAGE_TABLE:
      snprintf(buf, size, "damaged page table at address 0x%" PRIx64, fault->address);
      return;
   case NPU_FAULT_MEMORY_ERROR:
      snprintf(buf, size, "memory error at address 0x%" PRIx64, fault->address);
      return;
   case NPU_FAULT_MISALIGNED:
      snprintf(buf, size, "misaligned %s of address 0x%" PRIx64, access, fault->address);
      return;
   }
   snprintf(buf, size, "fault of unknown type %d", (int)fault->type);
}
