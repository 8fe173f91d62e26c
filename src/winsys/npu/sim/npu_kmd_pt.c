/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Page tables: three levels in device memory (docs/hardware), written here and walked by the device.
 *
 * Rules:
 *  1. Changing tables never fails: every table that can be needed is set aside before
 * (npu_kmd_pt_pool), so VM_BIND does all its operations or none.
 *  2. The largest page that fits is used. Unmapping a part of it splits it into a table of smaller
 * ones.
 *  3. A table without valid entries is taken out. The device may be walking it, so it is not used
 * again before the range was invalidated.
 *  4. An entry changes by one 64-bit store: the device sees the old or the new one.
 *  5. All tables return to the allocator as zeros, as it demands of free memory.
 */

#include "npu_kmd.h"

#include "npu_sim.h"

#include <assert.h>
#include <errno.h>

#define ENTRIES      512
#define ROOT_ENTRIES (NPU_ROOT_TABLE_SIZE_B / 8)
#define PERMISSIONS  (NPU_PTE_READ__MASK | NPU_PTE_WRITE__MASK | NPU_PTE_EXEC__MASK)

/* log2 of what an entry of a level covers. */
static unsigned
level_shift(unsigned level)
{
   return 12 + 9 * level;
}

static unsigned
entry_index(unsigned level, uint64_t va)
{
   return level == 2 ? va >> 30 : (va >> level_shift(level)) & (ENTRIES - 1);
}

static uint64_t
min64(uint64_t a, uint64_t b)
{
   return a < b ? a : b;
}

static void
store_entry(struct npu_kmd_pt *table, unsigned index, uint64_t entry)
{
   __atomic_store_n(&table->entries[index], entry, __ATOMIC_RELEASE);
}

static uint64_t
table_entry(const struct npu_kmd_pt *table)
{
   return NPU_PTE_VALID__MASK | (table->pa & NPU_PTE_PA__MASK);
}

/* ------------------------------------------------------------------------------------- tables -- */

static struct npu_kmd_pt *
create_table(struct npu_kmd *kmd, unsigned num_entries, int *ret)
{
   struct npu_kmd_pt *table = npu_kmd_zalloc(sizeof(*table));
   struct npu_kmd_pt **children = npu_kmd_zalloc(num_entries * sizeof(*children));

   *ret = -ENOMEM;
   if (table && children) {
      *ret = -ENOSPC;
      if (npu_range_heap_alloc(&kmd->vram, num_entries * 8, NPU_PAGE_SIZE_B, &table->pa)) {
         table->children = children;
         table->entries = (uint64_t *)(kmd->mem + table->pa);
         *ret = 0;
         return table;
      }
   }
   npu_kmd_free(table);
   npu_kmd_free(children);
   return NULL;
}

static void
destroy_table(struct npu_kmd *kmd, struct npu_kmd_pt *table, unsigned num_entries)
{
   assert(!table->used && "the table still maps something");
   npu_range_heap_free(&kmd->vram, table->pa, num_entries * 8);
   npu_kmd_free(table->children);
   npu_kmd_free(table);
}

int
npu_kmd_pt_create_root(struct npu_kmd *kmd, struct npu_kmd_pt **out)
{
   int ret;
   *out = create_table(kmd, ROOT_ENTRIES, &ret);
   return ret;
}

void
npu_kmd_pt_destroy_root(struct npu_kmd *kmd, struct npu_kmd_pt *root)
{
   destroy_table(kmd, root, ROOT_ENTRIES);
}

int
npu_kmd_pt_pool_add(struct npu_kmd *kmd, struct npu_kmd_pt_pool *pool, uint32_t count)
{
   while (count--) {
      int ret;
      struct npu_kmd_pt *table = create_table(kmd, ENTRIES, &ret);
      if (!table)
         return ret;
      table->next = pool->unused;
      pool->unused = table;
   }
   return 0;
}

static void
destroy_list(struct npu_kmd *kmd, struct npu_kmd_pt *table)
{
   while (table) {
      struct npu_kmd_pt *next = table->next;
      destroy_table(kmd, table, ENTRIES);
      table = next;
   }
}

void
npu_kmd_pt_pool_fini(struct npu_kmd *kmd, struct npu_kmd_pt_pool *pool)
{
   destroy_list(kmd, pool->unused);
   destroy_list(kmd, pool->retired);
   *pool = (struct npu_kmd_pt_pool){0};
}

static struct npu_kmd_pt *
take_table(struct npu_kmd_pt_pool *pool)
{
   struct npu_kmd_pt *table = pool->unused;

   assert(table && "the worst case was counted wrong");
   pool->unused = table->next;
   table->next = NULL;
   return table;
}

uint32_t
npu_kmd_pt_map_worst_case(uint64_t va, uint64_t pa, uint64_t size_B)
{
   uint64_t first_huge = va / NPU_HUGE_PAGE_SIZE_B;
   uint64_t last_huge = (va + size_B - 1) / NPU_HUGE_PAGE_SIZE_B;
   uint64_t first_large = va / NPU_LARGE_PAGE_SIZE_B;
   uint64_t last_large = (va + size_B - 1) / NPU_LARGE_PAGE_SIZE_B;
   uint64_t tables = last_huge - first_huge + 1;

   /* With equal offsets in a large page only the two ends need small pages. */
   if ((va ^ pa) % NPU_LARGE_PAGE_SIZE_B == 0)
      tables += min64(2, last_large - first_large + 1);
   else
      tables += last_large - first_large + 1;
   return tables;
}

/* ---------------------------------------------------------------------------------- map, unmap -- */

static void
map_level(struct npu_kmd_pt_pool *pool, struct npu_kmd_pt *table, unsigned level, uint64_t va,
          uint64_t end, uint64_t pa, uint64_t permissions)
{
   uint64_t page_B = 1ull << level_shift(level);

   while (va < end) {
      unsigned index = entry_index(level, va);
      uint64_t entry_end = min64(end, (va & ~(page_B - 1)) + page_B);

      if (entry_end - va == page_B && pa % page_B == 0) {
         assert(!table->entries[index] && "the range is mapped");
         store_entry(table, index, NPU_PTE_VALID__MASK | NPU_PTE_LEAF__MASK | permissions | pa);
         table->used++;
      } else {
         assert(level > 0 && "not page aligned");
         struct npu_kmd_pt *child = table->children[index];
         if (!child) {
            assert(!table->entries[index] && "the range is mapped");
            child = table->children[index] = take_table(pool);
            map_level(pool, child, level - 1, va, entry_end, pa, permissions);
            store_entry(table, index, table_entry(child));
            table->used++;
         } else {
            map_level(pool, child, level - 1, va, entry_end, pa, permissions);
         }
      }
      pa += entry_end - va;
      va = entry_end;
   }
}

/* Replaces a large page by a table of pages of the next smaller size. */
static void
split_entry(struct npu_kmd_pt_pool *pool, struct npu_kmd_pt *table, unsigned level, unsigned index)
{
   uint64_t entry = table->entries[index];
   uint64_t pa = entry & NPU_PTE_PA__MASK;
   struct npu_kmd_pt *child = take_table(pool);

   for (unsigned i = 0; i < ENTRIES; i++) {
      child->entries[i] = NPU_PTE_VALID__MASK | NPU_PTE_LEAF__MASK | (entry & PERMISSIONS) |
                          (pa + ((uint64_t)i << level_shift(level - 1)));
   }
   child->used = ENTRIES;
   table->children[index] = child;
   store_entry(table, index, table_entry(child));
}

static void
unmap_level(struct npu_kmd_pt_pool *pool, struct npu_kmd_pt *table, unsigned level, uint64_t va,
            uint64_t end)
{
   uint64_t page_B = 1ull << level_shift(level);

   while (va < end) {
      unsigned index = entry_index(level, va);
      uint64_t entry_end = min64(end, (va & ~(page_B - 1)) + page_B);

      if (table->entries[index]) {
         bool is_leaf = !table->children[index];

         if (is_leaf && entry_end - va < page_B) {
            split_entry(pool, table, level, index);
            is_leaf = false;
         }

         struct npu_kmd_pt *child = table->children[index];
         if (!is_leaf)
            unmap_level(pool, child, level - 1, va, entry_end);
         if (is_leaf || !child->used) {
            store_entry(table, index, 0);
            table->children[index] = NULL;
            table->used--;
         }
         if (!is_leaf && !child->used) {
            child->next = pool->retired;
            pool->retired = child;
         }
      }
      va = entry_end;
   }
}

void
npu_kmd_pt_map(struct npu_kmd_vm *vm, struct npu_kmd_pt_pool *pool, uint64_t va, uint64_t pa,
               uint64_t size_B, uint32_t flags)
{
   uint64_t permissions = 0;

   if (flags & DRM_NPU_VM_MAP_READ)
      permissions |= NPU_PTE_READ__MASK;
   if (flags & DRM_NPU_VM_MAP_WRITE)
      permissions |= NPU_PTE_WRITE__MASK;
   if (flags & DRM_NPU_VM_MAP_EXEC)
      permissions |= NPU_PTE_EXEC__MASK;
   map_level(pool, vm->root, 2, va, va + size_B, pa, permissions);
}

void
npu_kmd_pt_unmap(struct npu_kmd_vm *vm, struct npu_kmd_pt_pool *pool, uint64_t va, uint64_t size_B)
{
   unmap_level(pool, vm->root, 2, va, va + size_B);
}

void
npu_kmd_pt_invalidate(struct npu_kmd_vm *vm, uint64_t va, uint64_t size_B)
{
   struct npu_sim *model = vm->kmd->model;

   /* The write of the control register returns when the invalidation is complete. */
   npu_sim_reg_write(model, NPU_REG_TLB_VA, va);
   npu_sim_reg_write(model, NPU_REG_TLB_SIZE, size_B);
   npu_sim_reg_write(model, NPU_REG_TLB_CONTROL, NPU_SET(NPU_TLB_CONTROL_ASID, vm->asid));
}
