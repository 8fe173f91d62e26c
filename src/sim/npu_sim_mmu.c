// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// The MMU: page tables in device memory, a TLB, and the host window of each address space.
//
// The model's TLB holds the whole address space as a sorted array of runs (virtual range ->
// consecutive physical addresses, permissions). It is filled by walking the page table when an
// address space is first used and when the driver invalidates a range, and never otherwise: a
// driver that forgets to invalidate finds out here. Beside it each address space owns a reserved
// range of host addresses in which the pages of the memfd are mapped at window + va with the run's
// permissions, so that engines need no lookup; a host fault there leads to npu_vm_translate(),
// which is exact and decides.
//
// What has no place in the window (system memory, a failed mmap, addresses past a window that had
// to be smaller) is left PROT_NONE there and works through npu_vm_translate() alone.

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "npu_sim_priv.h"

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* ---- physical memory --------------------------------------------------------------------- */

/* A copy of 4 or 8 bytes is one access on each side that is aligned: words that are polled are read whole. */
static inline void
copy_bytes(void *to, const void *from, size_t size_B)
{
   uint64_t word;
   uint32_t half;

   if (size_B == 8) {
      if ((uintptr_t)from % 8 == 0)
         word = __atomic_load_n((const uint64_t *)from, __ATOMIC_RELAXED);
      else
         memcpy(&word, from, 8);
      if ((uintptr_t)to % 8 == 0)
         __atomic_store_n((uint64_t *)to, word, __ATOMIC_RELAXED);
      else
         memcpy(to, &word, 8);
   } else if (size_B == 4) {
      if ((uintptr_t)from % 4 == 0)
         half = __atomic_load_n((const uint32_t *)from, __ATOMIC_RELAXED);
      else
         memcpy(&half, from, 4);
      if ((uintptr_t)to % 4 == 0)
         __atomic_store_n((uint32_t *)to, half, __ATOMIC_RELAXED);
      else
         memcpy(to, &half, 4);
   } else {
      memcpy(to, from, size_B);
   }
}

static bool
copy_guarded(struct npu_sim *sim, void *to, const void *from, size_t size_B)
{
   struct npu_guard guard = {
      .range = {{(uintptr_t)sim->mem, (uintptr_t)sim->mem + sim->mem_size_B}}};

   if (sigsetjmp(guard.jump, 0)) {
      npu_guard_disarm(&guard);
      return false;
   }
   npu_guard_arm(&guard);
   copy_bytes(to, from, size_B);
   npu_guard_disarm(&guard);
   return true;
}

static bool
in_device_memory(const struct npu_sim *sim, uint64_t pa, uint64_t size_B)
{
   return pa < sim->mem_size_B && size_B <= sim->mem_size_B - pa;
}

bool
npu_pa_read(struct npu_sim *sim, uint64_t pa, void *to, size_t size_B)
{
   if (pa & NPU_PA_SYSTEM)
      return sim->has_host && sim->host.read(sim->host.data, pa & ~NPU_PA_SYSTEM, to, size_B);
   return in_device_memory(sim, pa, size_B) && copy_guarded(sim, to, sim->mem + pa, size_B);
}

bool
npu_pa_write(struct npu_sim *sim, uint64_t pa, const void *from, size_t size_B)
{
   if (pa & NPU_PA_SYSTEM)
      return sim->has_host && sim->host.write(sim->host.data, pa & ~NPU_PA_SYSTEM, from, size_B);
   return in_device_memory(sim, pa, size_B) && copy_guarded(sim, sim->mem + pa, from, size_B);
}

bool
npu_pa_write64(struct npu_sim *sim, uint64_t pa, uint64_t value)
{
   if ((pa & NPU_PA_SYSTEM) || pa % 8 || !in_device_memory(sim, pa, 8))
      return pa % 8 == 0 && npu_pa_write(sim, pa, &value, sizeof(value));

   struct npu_guard guard = {
      .range = {{(uintptr_t)sim->mem, (uintptr_t)sim->mem + sim->mem_size_B}}};
   if (sigsetjmp(guard.jump, 0)) {
      npu_guard_disarm(&guard);
      return false;
   }
   npu_guard_arm(&guard);
   atomic_store_explicit((_Atomic uint64_t *)(sim->mem + pa), value, memory_order_release);
   npu_guard_disarm(&guard);
   return true;
}

/* ---- the page table walk ----------------------------------------------------------------- */

/* A growing list of runs in ascending order, merged where possible. */
struct run_list {
   struct npu_vm_run *runs;
   size_t num, max;
   bool failed; /* out of memory */
};

static void
append(struct run_list *list, uint64_t va, uint64_t size_B, uint64_t pa, uint8_t perms)
{
   struct npu_vm_run *last = list->num ? &list->runs[list->num - 1] : NULL;

   if (last && last->va + last->size_B == va && last->perms == perms &&
       ((perms & NPU_PERM_BAD) || last->pa + last->size_B == pa) &&
       ((last->pa ^ pa) & NPU_PA_SYSTEM) == 0)
   {
      last->size_B += size_B;
      return;
   }
   if (list->num == list->max) {
      size_t max = list->max ? 2 * list->max : 16;
      struct npu_vm_run *runs = realloc(list->runs, max * sizeof(*runs));
      if (!runs) {
         list->failed = true;
         return;
      }
      list->runs = runs;
      list->max = max;
   }
   list->runs[list->num++] =
      (struct npu_vm_run){.va = va, .size_B = size_B, .pa = pa, .perms = perms};
}

static const unsigned level_shift[3] = {12, 21, 30};

/* Whether a valid leaf or table entry follows the rules. */
static bool
entry_good(const struct npu_sim *sim, uint64_t entry, unsigned level)
{
   uint64_t known = NPU_PTE_VALID__MASK | NPU_PTE_READ__MASK | NPU_PTE_WRITE__MASK |
                    NPU_PTE_EXEC__MASK | NPU_PTE_LEAF__MASK | NPU_PTE_SW__MASK | NPU_PTE_PA__MASK;
   uint64_t pa = entry & NPU_PTE_PA__MASK;
   bool leaf = entry & NPU_PTE_LEAF__MASK;
   uint64_t size_B = leaf ? 1ull << level_shift[level] : NPU_PAGE_SIZE_B;

   if (entry & ~known)
      return false;
   if (pa & (size_B - 1))
      return false;
   if (!(pa & NPU_PA_SYSTEM) && !in_device_memory(sim, pa, size_B))
      return false;
   if (!leaf)
      return level > 0 &&
             !(entry & (NPU_PTE_READ__MASK | NPU_PTE_WRITE__MASK | NPU_PTE_EXEC__MASK));
   return !(entry & NPU_PTE_WRITE__MASK) || (entry & NPU_PTE_READ__MASK);
}

/* Appends what the table at pa maps in [begin, end); base is the address of its first entry. */
static void
walk(struct npu_sim *sim, struct run_list *list, uint64_t table_pa, unsigned level, uint64_t base,
     uint64_t begin, uint64_t end)
{
   unsigned shift = level_shift[level];

   for (uint64_t va = begin; va < end;) {
      uint64_t index = (va - base) >> shift;
      uint64_t entry_va = base + (index << shift);
      uint64_t stop = MIN(end, entry_va + (1ull << shift));
      uint64_t entry;

      if (!npu_pa_read(sim, table_pa + 8 * index, &entry, sizeof(entry))) {
         append(list, va, stop - va, 0, NPU_PERM_BAD);
      } else if (entry & NPU_PTE_VALID__MASK) {
         uint64_t pa = entry & NPU_PTE_PA__MASK;
         if (!entry_good(sim, entry, level)) {
            append(list, va, stop - va, 0, NPU_PERM_BAD);
         } else if (!(entry & NPU_PTE_LEAF__MASK)) {
            walk(sim, list, pa, level - 1, entry_va, va, stop);
         } else {
            uint8_t perms = (entry & NPU_PTE_READ__MASK ? NPU_PERM_R : 0) |
                            (entry & NPU_PTE_WRITE__MASK ? NPU_PERM_W : 0) |
                            (entry & NPU_PTE_EXEC__MASK ? NPU_PERM_X : 0);
            append(list, va, stop - va, pa + (va - entry_va), perms);
         }
      }
      va = stop;
   }
}

/* ---- the window -------------------------------------------------------------------------- */

/* Index of the first run that ends after va. */
static size_t
first_run(const struct npu_vm *vm, uint64_t va)
{
   size_t lo = 0, hi = vm->num_runs;

   while (lo < hi) {
      size_t mid = lo + (hi - lo) / 2;
      if (vm->runs[mid].va + vm->runs[mid].size_B <= va)
         lo = mid + 1;
      else
         hi = mid;
   }
   return lo;
}

static void
window_unmap(struct npu_vm *vm, uint64_t va, uint64_t end)
{
   end = MIN(end, vm->window_size_B);
   if (va >= end)
      return;
   void *result = mmap(vm->window + va, end - va, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
   if (result == MAP_FAILED && mprotect(vm->window + va, end - va, PROT_NONE) != 0) {
      /* Freed memory must not stay reachable. */
      fprintf(stderr, "npu: unmapping device memory failed: %s\n", strerror(errno));
      abort();
   }
}

/* Maps what of the run lies in the window; sets in_window. */
static void
window_map(struct npu_vm *vm, struct npu_vm_run *run)
{
   uint64_t end = MIN(run->va + run->size_B, vm->window_size_B);
   int prot = (run->perms & NPU_PERM_R ? PROT_READ : 0) |
              (run->perms & NPU_PERM_W ? PROT_WRITE : 0);

   run->in_window = false;
   if (run->va >= end)
      return;
   if (prot == 0 || (run->perms & NPU_PERM_BAD) || (run->pa & NPU_PA_SYSTEM) ||
       mmap(vm->window + run->va, end - run->va, prot, MAP_SHARED | MAP_NORESERVE | MAP_FIXED,
            vm->sim->mem_fd, (off_t)run->pa) == MAP_FAILED)
   {
      window_unmap(vm, run->va, end);
      return;
   }
   run->in_window = true;
}

/* Whether the window shows [run] already. */
static bool
already_mapped(const struct npu_vm *vm, const struct npu_vm_run *run)
{
   size_t i = first_run(vm, run->va);

   if (i == vm->num_runs)
      return false;
   const struct npu_vm_run *old = &vm->runs[i];
   return old->va <= run->va && old->va + old->size_B >= run->va + run->size_B &&
          old->perms == run->perms && old->pa + (run->va - old->va) == run->pa && old->in_window;
}

/* Makes the window show list in [va, end), given that it shows vm->runs now. */
static void
window_update(struct npu_vm *vm, uint64_t va, uint64_t end, struct run_list *list)
{
   uint64_t gap = va;

   for (size_t n = 0; n <= list->num; n++) {
      uint64_t gap_end = n < list->num ? list->runs[n].va : end;
      for (size_t i = first_run(vm, gap); i < vm->num_runs && vm->runs[i].va < gap_end; i++) {
         const struct npu_vm_run *old = &vm->runs[i];
         window_unmap(vm, MAX(gap, old->va), MIN(gap_end, old->va + old->size_B));
      }
      if (n == list->num)
         break;
      if (already_mapped(vm, &list->runs[n]))
         list->runs[n].in_window = true;
      else
         window_map(vm, &list->runs[n]);
      gap = list->runs[n].va + list->runs[n].size_B;
   }
}

/* Replaces the runs in [va, end) by those of list. False: out of memory. */
static bool
splice(struct npu_vm *vm, uint64_t va, uint64_t end, const struct run_list *list)
{
   struct run_list out = {0};
   size_t before = first_run(vm, va);

   out.max = vm->num_runs + list->num + 2;
   out.runs = malloc(out.max * sizeof(*out.runs));
   if (!out.runs)
      return false;
   if (before)
      memcpy(out.runs, vm->runs, before * sizeof(*out.runs));
   out.num = before;

   size_t i = before;
   if (i < vm->num_runs && vm->runs[i].va < va) { /* the part of a run in front */
      out.runs[out.num] = vm->runs[i];
      out.runs[out.num++].size_B = va - vm->runs[i].va;
   }
   for (size_t n = 0; n < list->num; n++)
      out.runs[out.num++] = list->runs[n];
   for (; i < vm->num_runs; i++) {
      struct npu_vm_run run = vm->runs[i];
      if (run.va + run.size_B <= end)
         continue;
      if (run.va < end) { /* the part of a run behind */
         run.pa += end - run.va;
         run.size_B -= end - run.va;
         run.va = end;
      }
      out.runs[out.num++] = run;
   }
   assert(out.num <= out.max);

   /* Merge neighbours, so that copies run in large chunks. */
   size_t num = 0;
   bool all_in_window = true;
   for (size_t n = 0; n < out.num; n++) {
      struct npu_vm_run *last = num ? &out.runs[num - 1] : NULL, *run = &out.runs[n];
      bool usable = (run->perms & (NPU_PERM_R | NPU_PERM_W)) && !(run->perms & NPU_PERM_BAD);
      all_in_window &= !usable || run->in_window;
      if (last && last->va + last->size_B == run->va && last->pa + last->size_B == run->pa &&
          last->perms == run->perms && last->in_window == run->in_window &&
          !(run->perms & NPU_PERM_BAD))
         last->size_B += run->size_B;
      else
         out.runs[num++] = *run;
   }
   free(vm->runs);
   vm->runs = out.runs;
   vm->num_runs = num;
   vm->max_runs = out.max;
   atomic_store(&vm->all_in_window, all_in_window);
   return true;
}

/* ---- address spaces ---------------------------------------------------------------------- */

void
npu_vm_init(struct npu_vm *vm, struct npu_sim *sim, unsigned asid)
{
   vm->sim = sim;
   vm->asid = asid;
   /* Invalidations must not starve while cores and copies look up addresses. */
   pthread_rwlockattr_t attributes;
   pthread_rwlockattr_init(&attributes);
   pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
   pthread_rwlock_init(&vm->lock, &attributes);
   pthread_rwlockattr_destroy(&attributes);
}

void
npu_vm_fini(struct npu_vm *vm)
{
   if (vm->window)
      munmap(vm->window, vm->window_size_B);
   free(vm->runs);
   pthread_rwlock_destroy(&vm->lock);
}

/* Reserves the window, or as much of it as the host lets us have. */
static void
reserve_window(struct npu_vm *vm)
{
   for (unsigned bits = vm->sim->va_bits; bits >= NPU_SIM_MIN_VA_BITS; bits--) {
      void *window = mmap(NULL, 1ull << bits, PROT_NONE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (window != MAP_FAILED) {
         vm->window = window;
         vm->window_size_B = 1ull << bits;
         return;
      }
   }
}

/* Reads the VM table entry and walks [va, end). Holds vm->lock for writing. */
static void
refill_locked(struct npu_vm *vm, uint64_t va, uint64_t end)
{
   struct npu_sim *sim = vm->sim;
   struct npu_vm_table_entry entry = {0};
   struct run_list list = {0};

   pthread_mutex_lock(&sim->lock);
   uint64_t table = sim->vm_table_base;
   pthread_mutex_unlock(&sim->lock);

   vm->loaded = true;
   vm->entry_valid = table && npu_pa_read(sim, table + 64 * vm->asid, &entry, sizeof(entry)) &&
                     (entry.root & NPU_PTE_VALID__MASK);
   end = MIN(end, 1ull << sim->va_bits);
   if (va >= end)
      return;
   if (vm->entry_valid) {
      bool good = !(entry.root & ~(NPU_PTE_VALID__MASK | NPU_PTE_PA__MASK));
      for (unsigned i = 0; i < 7; i++)
         good &= entry.reserved[i] == 0;
      if (good)
         walk(sim, &list, entry.root & NPU_PTE_PA__MASK, 2, 0, va, end);
      else
         append(&list, va, end - va, 0, NPU_PERM_BAD);
      if (!vm->window && list.num)
         reserve_window(vm);
   }

   if (list.failed) {
      /* Half a page table would be worse than none. */
      fprintf(stderr, "npu: not enough host memory for the page table of address space %u\n",
              vm->asid);
      list.num = 0;
   }
   window_update(vm, va, end, &list);
   if (!splice(vm, va, end, &list)) {
      fprintf(stderr, "npu: not enough host memory for address space %u\n", vm->asid);
      window_unmap(vm, 0, vm->window_size_B);
      vm->num_runs = 0;
   }
   free(list.runs);
}

bool
npu_vm_load(struct npu_vm *vm)
{
   pthread_rwlock_rdlock(&vm->lock);
   bool loaded = vm->loaded, valid = vm->entry_valid;
   pthread_rwlock_unlock(&vm->lock);

   if (!loaded) {
      pthread_rwlock_wrlock(&vm->lock);
      if (!vm->loaded)
         refill_locked(vm, 0, UINT64_MAX);
      valid = vm->entry_valid;
      pthread_rwlock_unlock(&vm->lock);
   }
   return valid;
}

void
npu_vm_invalidate(struct npu_vm *vm, uint64_t va, uint64_t size_B)
{
   uint64_t page = NPU_PAGE_SIZE_B;
   uint64_t end = size_B > UINT64_MAX - va ? UINT64_MAX : va + size_B;

   va &= ~(page - 1);
   end = end > UINT64_MAX - page ? UINT64_MAX : (end + page - 1) & ~(page - 1);

   pthread_rwlock_wrlock(&vm->lock);
   if (vm->loaded)
      refill_locked(vm, va, end);
   pthread_rwlock_unlock(&vm->lock);
}

void
npu_vm_drop(struct npu_vm *vm)
{
   pthread_rwlock_wrlock(&vm->lock);
   if (vm->loaded) {
      for (size_t i = 0; i < vm->num_runs; i++)
         window_unmap(vm, vm->runs[i].va, vm->runs[i].va + vm->runs[i].size_B);
      free(vm->runs);
      vm->runs = NULL;
      vm->num_runs = vm->max_runs = 0;
      vm->loaded = vm->entry_valid = false;
   }
   pthread_rwlock_unlock(&vm->lock);
}

struct npu_translation
npu_vm_translate(const struct npu_vm *vm, uint64_t va, enum npu_access access)
{
   static const uint8_t needed[] = {
      [NPU_ACCESS_NONE] = 0,
      [NPU_ACCESS_READ] = NPU_PERM_R,
      [NPU_ACCESS_WRITE] = NPU_PERM_W,
      [NPU_ACCESS_EXECUTE] = NPU_PERM_X,
      [NPU_ACCESS_ATOMIC] = NPU_PERM_R | NPU_PERM_W,
      [NPU_ACCESS_COMMAND] = NPU_PERM_R,
   };
   struct npu_translation result = {.fault = NPU_FAULT_UNMAPPED};
   size_t i = first_run(vm, va);

   if (i == vm->num_runs || vm->runs[i].va > va)
      return result;

   const struct npu_vm_run *run = &vm->runs[i];
   if (run->perms & NPU_PERM_BAD) {
      result.fault = NPU_FAULT_BAD_PAGE_TABLE;
   } else if ((run->perms & needed[access]) != needed[access]) {
      result.fault = NPU_FAULT_PERMISSION;
   } else {
      result.fault = NPU_FAULT_NONE;
      result.pa = run->pa + (va - run->va);
      result.size_B = run->size_B - (va - run->va);
      if (!(result.pa & NPU_PA_SYSTEM))
         result.host = vm->sim->mem + result.pa;
   }
   return result;
}

static enum npu_fault
transfer(struct npu_vm *vm, uint64_t va, uint8_t *to, const uint8_t *from, size_t size_B,
         enum npu_access access, uint64_t *fault_va)
{
   enum npu_fault fault = NPU_FAULT_NONE;

   pthread_rwlock_rdlock(&vm->lock);
   while (size_B && fault == NPU_FAULT_NONE) {
      struct npu_translation t = npu_vm_translate(vm, va, access);
      size_t n = MIN(t.size_B, size_B);
      fault = t.fault;
      if (fault == NPU_FAULT_NONE &&
          !(to ? npu_pa_read(vm->sim, t.pa, to, n) : npu_pa_write(vm->sim, t.pa, from, n)))
         fault = NPU_FAULT_MEMORY_ERROR;
      if (fault != NPU_FAULT_NONE) {
         *fault_va = va;
         break;
      }
      va += n;
      size_B -= n;
      to = to ? to + n : NULL;
      from = from ? from + n : NULL;
   }
   pthread_rwlock_unlock(&vm->lock);
   return fault;
}

enum npu_fault
npu_vm_read(struct npu_vm *vm, void *to, uint64_t va, size_t size_B, enum npu_access access,
            uint64_t *fault_va)
{
   return transfer(vm, va, to, NULL, size_B, access, fault_va);
}

enum npu_fault
npu_vm_write(struct npu_vm *vm, uint64_t va, const void *from, size_t size_B, uint64_t *fault_va)
{
   return transfer(vm, va, NULL, from, size_B, NPU_ACCESS_WRITE, fault_va);
}
