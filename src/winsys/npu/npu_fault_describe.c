/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * A fault in words: what happened, at which instruction, in which work-items, and where the address
 * lies relative to the buffers that are alive. What happened is said by npu_fault_text.c.
 */

#include "npu_device_private.h"
#include "npu_fault_text.h"

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

   char what[NPU_FAULT_TEXT_SIZE];
   npu_fault_text(fault, what, sizeof(what));
   add(&text, "%s", what);
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
