/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Table of small integer names (GEM handles, VM ids ...) for objects. Names start at 1, the lowest
 * free one is given out first. No locks.
 */

#ifndef NPU_IDR_H
#define NPU_IDR_H

#include <stdint.h>

struct npu_idr {
   void **objects;     /* objects[id - 1] */
   uint32_t capacity;  /* of objects[] */
   uint32_t limit;     /* largest id + 1 ever in use: iteration ends here */
   uint32_t first_gap; /* no id below this one is free */
   uint32_t max;       /* largest id; 0: no limit */
};

/* Names an object (not NULL). 0, -ENOMEM or -ENOSPC. A zeroed npu_idr is an empty table. */
int npu_idr_add(struct npu_idr *idr, void *object, uint32_t *out_id);

/* The object, or NULL. */
void *npu_idr_find(const struct npu_idr *idr, uint32_t id);

/* Takes the object out and returns it, or NULL. */
void *npu_idr_remove(struct npu_idr *idr, uint32_t id);

/* Frees the table, not the objects. */
void npu_idr_fini(struct npu_idr *idr);

#define npu_idr_foreach(idr, id)                                                                   \
   for (uint32_t id = 1; id < (idr)->limit; id++)                                                  \
      if (npu_idr_find(idr, id))

#endif
