/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Enough of OpenCL C for the host compiler to compile the kernels of front_*.cl as C functions that
 * do the work of one work-item.
 */

#ifndef FRONT_HOST_H
#define FRONT_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t uchar;
typedef uint16_t ushort;
typedef uint32_t uint;
typedef uint64_t ulong;

#define kernel static
#define global
#define constant static const
#define private

/* The work-item that runs now. */
extern uint32_t front_item, front_num_items, front_group_size;

static inline size_t
get_global_id(unsigned dim)
{
   return dim == 0 ? front_item : 0;
}

static inline size_t
get_local_id(unsigned dim)
{
   return dim == 0 ? front_item % front_group_size : 0;
}

static inline size_t
get_group_id(unsigned dim)
{
   return dim == 0 ? front_item / front_group_size : 0;
}

static inline size_t
get_global_size(unsigned dim)
{
   return dim == 0 ? front_num_items : 1;
}

#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))

#endif
