/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Page tables of the sim transport against a list of pages: after random binds of random pieces every page of the
 * range translates to what the list says, found by a walk of the tables in device memory that shares no code
 * with the driver or the model. At the end nothing is left.
 */

#include "tap.h"

#include "npu_kmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_B    4096ull
#define GIB       (1ull << 30)
#define BASE      GIB /* of the range that is played with */
#define NUM_PAGES (4 * GIB / PAGE_B)

static struct npu_transport *transport;
static struct npu_kmd *kmd;
static uint64_t
   *expected; /* for each page: physical address | permissions (R 1, W 2, X 4), 0: none */

static int
call(unsigned long request, void *args)
{
   return npu_transport_ioctl(transport, request, args);
}

/* What the device would find for an address: as expected[], by the book (docs/hardware, memory). */
static uint64_t
walk(unsigned asid, uint64_t va)
{
   uint64_t table = *(const uint64_t *)(kmd->mem + ((const uint8_t *)kmd->vm_table - kmd->mem) +
                                        64 * asid);

   CHECK(table & 1);
   table &= ~0xfffull;
   for (int level = 2; level >= 0; level--) {
      unsigned shift = 12 + 9 * level;
      uint64_t index = level == 2 ? va >> 30 : va >> shift & 511;
      uint64_t entry = *(const uint64_t *)(kmd->mem + table + 8 * index);

      if (!(entry & 1)) {
         CHECK_EQ(entry, 0);
         return 0;
      }
      uint64_t pa = entry & 0xfffffffff000ull;
      if (entry & 1 << 4) {
         CHECK_EQ(pa & ((1ull << shift) - 1), 0);
         return (pa + (va & ((1ull << shift) - 1) & ~0xfffull)) | (entry >> 1 & 7);
      }
      CHECK(level > 0);
      CHECK_EQ(entry & 0xf0e, 0);
      table = pa;
   }
   return 0;
}

/* Counts leaves of each level, and finds tables that map nothing. */
static void
count_leaves(uint64_t table, int level, unsigned leaves[3])
{
   unsigned used = 0;

   for (unsigned i = 0; i < (level == 2 ? 1024 : 512); i++) {
      uint64_t entry = *(const uint64_t *)(kmd->mem + table + 8 * i);
      if (!(entry & 1))
         continue;
      used++;
      if (entry & 1 << 4)
         leaves[level]++;
      else
         count_leaves(entry & 0xfffffffff000ull, level - 1, leaves);
   }
   CHECK(level == 2 || used > 0);
}

static uint64_t
memory_used(void)
{
   struct drm_npu_memory_info info = {0};
   struct drm_npu_dev_query args = {.type = DRM_NPU_DEV_QUERY_MEMORY,
                                    .size = sizeof(info),
                                    .pointer = (uintptr_t)&info};
   CHECK_EQ(call(DRM_IOCTL_NPU_DEV_QUERY, &args), 0);
   return info.device_used;
}

static unsigned seed;

static uint64_t
random_below(uint64_t limit)
{
   return ((uint64_t)rand_r(&seed) << 31 ^ rand_r(&seed)) % limit;
}

/* A piece of at most max pages: of all sizes, often at the borders of large pages. */
static void
random_piece(uint64_t max, uint64_t *first, uint64_t *count)
{
   *first = random_below(max);
   if (random_below(2))
      *first &= ~511ull;
   *count = 1 + random_below(1ull << random_below(20));
   if (random_below(3) == 0)
      *count = (*count + 511) & ~511ull;
   if (*count > max - *first)
      *count = max - *first;
}

static void
random_binds(void)
{
   struct drm_npu_bo_create create = {.size = 5 * GIB / 2, .flags = DRM_NPU_BO_PLACE_DEVICE};
   struct drm_npu_vm_create vm_create = {0};

   seed = 20260101;
   uint64_t before_B = memory_used();
   CHECK_EQ(call(DRM_IOCTL_NPU_VM_CREATE, &vm_create), 0);
   CHECK_EQ(call(DRM_IOCTL_NPU_BO_CREATE, &create), 0);
   struct npu_kmd_file *file = (struct npu_kmd_file *)transport;
   struct npu_kmd_vm *vm = npu_idr_find(&file->vms, vm_create.vm_id);
   struct npu_kmd_bo *bo = npu_idr_find(&file->bos, create.handle);
   CHECK_EQ(bo->num_extents, 1);
   uint64_t bo_pa = bo->extents[0].start, bo_pages = create.size / PAGE_B;
   memset(expected, 0, NUM_PAGES * sizeof(*expected));
   unsigned most_leaves[3] = {0};

   for (unsigned step = 0; step < 1500; step++) {
      struct drm_npu_vm_bind_op op = {0};
      uint64_t first, count, bo_first = 0;

      random_piece(NUM_PAGES, &first, &count);
      if (step % 50 == 0) {
         /* All of the buffer, where a page of 1 GiB fits. */
         first = (bo_pa % GIB) / PAGE_B;
         count = bo_pages;
      } else if (random_below(5) < 3) {
         if (count > bo_pages)
            count = bo_pages;
         bo_first = random_below(bo_pages - count + 1);
         /* Often with the same place in a large page, so that they are used. */
         uint64_t skew = (first - bo_first - bo_pa / PAGE_B) & 511;
         if (random_below(3) && bo_first + skew + count <= bo_pages)
            bo_first += skew;
      } else {
         op.op = DRM_NPU_VM_BIND_OP_UNMAP;
      }
      op.va = BASE + first * PAGE_B;
      op.size = count * PAGE_B;
      uint64_t permissions = 0;
      if (op.op == DRM_NPU_VM_BIND_OP_MAP) {
         static const uint32_t choices[] = {1, 3, 5, 7};
         permissions = choices[random_below(4)];
         op.flags = permissions;
         op.handle = create.handle;
         op.bo_offset = bo_first * PAGE_B;
      }
      struct drm_npu_vm_bind args = {.vm_id = vm_create.vm_id, .ops = DRM_NPU_OBJ_ARRAY(&op, 1)};
      CHECK_EQ(call(DRM_IOCTL_NPU_VM_BIND, &args), 0);
      for (uint64_t i = 0; i < count; i++)
         expected[first + i] = permissions ? (bo_pa + (bo_first + i) * PAGE_B) | permissions : 0;

      /* Around both ends each time, everything now and then. */
      for (uint64_t i = 0; i < 4; i++) {
         const uint64_t at[2] = {first + i - 2, first + count + i - 2};
         for (unsigned side = 0; side < 2; side++) {
            if (at[side] < NUM_PAGES)
               CHECK_EQ(walk(vm->asid, BASE + at[side] * PAGE_B), expected[at[side]]);
         }
      }
      if (step % 50 <= 1) {
         unsigned leaves[3] = {0};
         for (uint64_t i = 0; i < NUM_PAGES; i++)
            CHECK_EQ(walk(vm->asid, BASE + i * PAGE_B), expected[i]);
         count_leaves(vm->root->pa, 2, leaves);
         for (unsigned level = 0; level < 3; level++) {
            if (leaves[level] > most_leaves[level])
               most_leaves[level] = leaves[level];
         }
      }
   }
   /* All sizes of pages were seen. */
   CHECK(most_leaves[0] > 1000 && most_leaves[1] > 100 && most_leaves[2] > 0);

   struct drm_npu_vm_bind_op op = {.op = DRM_NPU_VM_BIND_OP_UNMAP, .va = BASE, .size = 4 * GIB};
   struct drm_npu_vm_bind args = {.vm_id = vm_create.vm_id, .ops = DRM_NPU_OBJ_ARRAY(&op, 1)};
   CHECK_EQ(call(DRM_IOCTL_NPU_VM_BIND, &args), 0);
   CHECK_EQ(vm->root->used, 0);
   CHECK_EQ(vm->num_bindings, 0);

   /* And the tables are all given back, as zeros. */
   struct drm_npu_vm_destroy destroy = {.vm_id = vm_create.vm_id};
   struct drm_gem_close gem_close = {.handle = create.handle};
   CHECK_EQ(call(DRM_IOCTL_NPU_VM_DESTROY, &destroy), 0);
   CHECK_EQ(call(DRM_IOCTL_GEM_CLOSE, &gem_close), 0);
   CHECK_EQ(memory_used(), before_B);
   for (size_t hole = 0; hole < kmd->vram.num_holes; hole++) {
      const struct npu_range *range = &kmd->vram.holes[hole];
      const uint64_t *words = (const uint64_t *)(kmd->mem + range->start);
      uint64_t end_B = range->size < (64 << 20) ? range->size : 64 << 20;
      for (uint64_t i = 0; i < end_B / 8; i++)
         CHECK_EQ(words[i], 0);
   }
}

static const struct tap_case cases[] = {
   {"random binds translate as a list of pages says", random_binds},
};

int
main(int argc, char **argv)
{
   char why[256] = "";

   setenv("NPU_SIM", "cores=1,mem=4G", 1);
   transport = npu_transport_open("sim", why, sizeof(why));
   expected = malloc(NUM_PAGES * sizeof(*expected));
   if (!transport || !expected) {
      printf("Bail out! %s\n", why);
      return 1;
   }
   kmd = ((struct npu_kmd_file *)transport)->kmd;
   int ret = tap_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
   transport->ops->destroy(transport);
   free(expected);
   return ret;
}
