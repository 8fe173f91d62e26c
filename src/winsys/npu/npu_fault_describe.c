/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * A fault in words: what happened, at which instruction, in which work-items, and where the address
 * lies relative to the buffers that are alive.
 */

#include "npu_device_private.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* Farther than this from any buffer an address has nothing to do with it. */
#define NEAR_B (1ull << 20)

struct text {
   char *buf;
   size_t size;
   int length; /* of the whole text, also of what does not fit */
};

static void
add(struct text *text, const char *format, ...)
{
   size_t used = (size_t)text->length < text->size ? (size_t)text->length : text->size;
   va_list args;

   va_start(args, format);
   text->length += vsnprintf(text->buf ? text->buf + used : NULL, text->size - used, format, args);
   va_end(args);
}

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

static void
add_what(struct text *text, const struct npu_fault_info *fault)
{
   const char *access = access_name(fault->access);

   switch (fault->type) {
   case NPU_FAULT_NONE:
      add(text, "fault whose record was lost");
      return;
   case NPU_FAULT_UNMAPPED:
      add(text, "%s of unmapped address 0x%" PRIx64, access, fault->address);
      return;
   case NPU_FAULT_PERMISSION:
      add(text, "%s of address 0x%" PRIx64 " is not allowed", access, fault->address);
      return;
   case NPU_FAULT_ILLEGAL_INSTRUCTION:
      add(text, "illegal instruction");
      return;
   case NPU_FAULT_BAD_PACKET:
      add(text, "malformed packet (field at byte %" PRIu32 ")", fault->code);
      return;
   case NPU_FAULT_LOCAL_BOUNDS:
      add(text, "%s outside local memory, offset 0x%" PRIx64, access, fault->address);
      return;
   case NPU_FAULT_PRIVATE_BOUNDS:
      add(text, "%s outside private memory, offset 0x%" PRIx64, access, fault->address);
      return;
   case NPU_FAULT_WATCHDOG:
      add(text, "no progress for the time of the watchdog");
      return;
   case NPU_FAULT_TRAP:
      add(text, "trap with code %" PRIu32, fault->code);
      return;
   case NPU_FAULT_KILLED:
      add(text, "killed by the driver");
      return;
   case NPU_FAULT_BARRIER:
      add(text, "waves of a work-group wait at different barriers");
      return;
   case NPU_FAULT_BAD_PAGE_TABLE:
      add(text, "damaged page table at address 0x%" PRIx64, fault->address);
      return;
   case NPU_FAULT_MEMORY_ERROR:
      add(text, "memory error at address 0x%" PRIx64, fault->address);
      return;
   case NPU_FAULT_MISALIGNED:
      add(text, "misaligned %s of address 0x%" PRIx64, access, fault->address);
      return;
   }
   add(text, "fault of unknown type %d", (int)fault->type);
}

/* Names the place of an address: in a buffer, or close to one. With the lock held. */
static void
add_place(struct text *text, const struct npu_device *dev, uint64_t address)
{
   const struct npu_bo_private *near = NULL;
   uint64_t distance = NEAR_B;

   for (const struct npu_bo_private *bo = dev->bos; bo; bo = bo->next) {
      uint64_t end = bo->base.va + bo->base.size_B;
      const char *label = bo->label ? bo->label : "";

      if (address >= bo->base.va && address < end) {
         add(text, " (buffer \"%s\" + 0x%" PRIx64 ")", label, address - bo->base.va);
         return;
      }
      uint64_t gap = address < bo->base.va ? bo->base.va - address : address - end;
      if (gap < distance) {
         distance = gap;
         near = bo;
      }
   }
   if (near)
      add(text, " (%" PRIu64 " bytes %s buffer \"%s\")", distance,
          address < near->base.va ? "before" : "past the end of", near->label ? near->label : "");
}

static bool
has_address(const struct npu_fault_info *fault)
{
   return fault->type == NPU_FAULT_UNMAPPED || fault->type == NPU_FAULT_PERMISSION ||
          fault->type == NPU_FAULT_MISALIGNED || fault->type == NPU_FAULT_MEMORY_ERROR;
}

int
npu_fault_describe(const struct npu_fault_info *fault, struct npu_device *dev, char *buf,
                   size_t size)
{
   struct text text = {buf, size, 0};

   if (dev)
      pthread_mutex_lock(&dev->lock);

   add_what(&text, fault);
   if (dev && has_address(fault))
      add_place(&text, dev, fault->address);
   if (fault->in_kernel || fault->pc)
      add(&text, ", %s 0x%" PRIx64, fault->in_kernel ? "pc" : "packet", fault->pc);
   if (dev && fault->pc)
      add_place(&text, dev, fault->pc);
   if (fault->in_kernel)
      add(&text,
          ", kernel %" PRIu32 ", group %" PRIu64 ", wave %" PRIu32 ", lanes 0x%08" PRIx32
          ", core %" PRIu32,
          fault->kernel_id, fault->group, fault->wave, fault->lane_mask, fault->core);

   if (dev)
      pthread_mutex_unlock(&dev->lock);
   return text.length;
}
