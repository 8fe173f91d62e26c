/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Names for objects: an array with a hint where the lowest gap is. Giving out the lowest free name
 * keeps the array dense and makes use after close visible as "another object", as in the kernel.
 */

#include "npu_idr.h"
#include "npu_kmd.h"

#include <errno.h>
#include <string.h>

int
npu_idr_add(struct npu_idr *idr, void *object, uint32_t *out_id)
{
   uint32_t id = idr->first_gap ? idr->first_gap : 1;

   while (id <= idr->capacity && idr->objects[id - 1])
      id++;

   if (idr->max && id > idr->max)
      return -ENOSPC;

   if (id > idr->capacity) {
      uint32_t capacity = idr->capacity ? idr->capacity * 2 : 16;
      void **objects = npu_kmd_zalloc(capacity * sizeof(*objects));
      if (!objects)
         return -ENOMEM;
      if (idr->capacity)
         memcpy(objects, idr->objects, idr->capacity * sizeof(*objects));
      npu_kmd_free(idr->objects);
      idr->objects = objects;
      idr->capacity = capacity;
   }

   idr->objects[id - 1] = object;
   idr->first_gap = id + 1;
   if (id >= idr->limit)
      idr->limit = id + 1;
   *out_id = id;
   return 0;
}

void *
npu_idr_find(const struct npu_idr *idr, uint32_t id)
{
   return id && id <= idr->capacity ? idr->objects[id - 1] : NULL;
}

void *
npu_idr_remove(struct npu_idr *idr, uint32_t id)
{
   void *object = npu_idr_find(idr, id);

   if (object) {
      idr->objects[id - 1] = NULL;
      if (id < idr->first_gap)
         idr->first_gap = id;
   }
   return object;
}

void
npu_idr_fini(struct npu_idr *idr)
{
   npu_kmd_free(idr->objects);
   *idr = (struct npu_idr){.max = idr->max};
}
