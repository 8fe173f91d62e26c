/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Address spaces and what is bound in them.
 *
 * Bindings are an ascending array; an operation changes at most the two ends of its range, so it
 * needs room for two entries more, which is promised before (npu_kmd_vm_reserve_bindings). The
 * array says which buffers the page tables reach and keeps them alive.
 */

#include "npu_kmd.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* ------------------------------------------------------------------------------------ bindings -- */

int
npu_kmd_vm_reserve_bindings(struct npu_kmd_vm *vm, size_t count)
{
   size_t needed = vm->num_bindings + vm->bindings_reserved + count;

   if (needed > vm->binding_capacity) {
      size_t capacity = vm->binding_capacity * 2 > needed ? vm->binding_capacity * 2 : needed;
      struct npu_kmd_binding *bindings = npu_kmd_zalloc(capacity * sizeof(*bindings));
      if (!bindings)
         return -ENOMEM;
      if (vm->num_bindings)
         memcpy(bindings, vm->bindings, vm->num_bindings * sizeof(*bindings));
      npu_kmd_free(vm->bindings);
      vm->bindings = bindings;
      vm->binding_capacity = capacity;
   }
   vm->bindings_reserved += count;
   return 0;
}

/* Index of the first binding that ends behind va. */
static size_t
find_binding(const struct npu_kmd_vm *vm, uint64_t va)
{
   size_t low = 0, high = vm->num_bindings;

   while (low < high) {
      size_t middle = low + (high - low) / 2;
      if (vm->bindings[middle].va + vm->bindings[middle].size_B <= va)
         low = middle + 1;
      else
         high = middle;
   }
   return low;
}

static void
insert_binding(struct npu_kmd_vm *vm, size_t index, struct npu_kmd_binding binding)
{
   assert(vm->num_bindings < vm->binding_capacity && "room was not reserved");
   memmove(&vm->bindings[index + 1], &vm->bindings[index],
           (vm->num_bindings - index) * sizeof(binding));
   vm->bindings[index] = binding;
   vm->num_bindings++;
   npu_kmd_bo_ref(binding.bo);
}

/* Cuts what lies in [va, end) out of the array. */
static void
remove_bindings(struct npu_kmd_vm *vm, uint64_t va, uint64_t end)
{
   size_t i = find_binding(vm, va);

   if (i < vm->num_bindings && vm->bindings[i].va < va) {
      struct npu_kmd_binding *first = &vm->bindings[i];
      struct npu_kmd_binding rest = *first;
      uint64_t keep_B = va - first->va;

      /* Split at va; the part behind it is handled like all others. */
      rest.va += keep_B;
      rest.bo_offset += keep_B;
      rest.size_B -= keep_B;
      first->size_B = keep_B;
      insert_binding(vm, ++i, rest);
   }

   size_t first_kept = i;
   while (first_kept < vm->num_bindings &&
          vm->bindings[first_kept].va + vm->bindings[first_kept].size_B <= end)
   {
      npu_kmd_bo_unref(vm->kmd, vm->bindings[first_kept].bo);
      first_kept++;
   }
   if (first_kept < vm->num_bindings && vm->bindings[first_kept].va < end) {
      struct npu_kmd_binding *last = &vm->bindings[first_kept];
      uint64_t cut_B = end - last->va;
      last->va += cut_B;
      last->bo_offset += cut_B;
      last->size_B -= cut_B;
   }
   memmove(&vm->bindings[i], &vm->bindings[first_kept],
           (vm->num_bindings - first_kept) * sizeof(vm->bindings[0]));
   vm->num_bindings -= first_kept - i;
}

void
npu_kmd_vm_unmap(struct npu_kmd_vm *vm, struct npu_kmd_pt_pool *pool, uint64_t va, uint64_t size_B)
{
   npu_kmd_pt_unmap(vm, pool, va, size_B);
   /* Before the buffers lose their last reference. */
   npu_kmd_pt_invalidate(vm, va, size_B);
   remove_bindings(vm, va, va + size_B);
}

void
npu_kmd_vm_map(struct npu_kmd_vm *vm, struct npu_kmd_pt_pool *pool, uint64_t va, uint64_t size_B,
               struct npu_kmd_bo *bo, uint64_t bo_offset, uint32_t flags)
{
   size_t i = find_binding(vm, va);
   uint64_t position = 0; /* of the extent in the buffer */
   uint64_t start = bo_offset, end = bo_offset + size_B;

   if (i < vm->num_bindings && vm->bindings[i].va < va + size_B)
      npu_kmd_vm_unmap(vm, pool, va, size_B);
   insert_binding(
      vm, find_binding(vm, va),
      (struct npu_kmd_binding){.va = va, .size_B = size_B, .bo = bo, .bo_offset = bo_offset});

   for (uint32_t e = 0; e < bo->num_extents && start < end; e++) {
      const struct npu_range *extent = &bo->extents[e];

      if (start < position + extent->size) {
         uint64_t skip_B = start - position;
         uint64_t piece_B = extent->size - skip_B < end - start ? extent->size - skip_B
                                                                : end - start;
         npu_kmd_pt_map(vm, pool, va, extent->start + skip_B, piece_B, flags);
         va += piece_B;
         start += piece_B;
      }
      position += extent->size;
   }
   npu_kmd_pt_invalidate(vm, va - size_B, size_B);
}

/* ---------------------------------------------------------------------------------------- VMs -- */

static int
alloc_asid(struct npu_kmd *kmd, uint8_t *out)
{
   /* 0 stays free: a packet that says nothing reaches nothing. */
   for (unsigned asid = 1; asid < NPU_NUM_ASIDS; asid++) {
      if (!kmd->asid_used[asid]) {
         kmd->asid_used[asid] = true;
         *out = asid;
         return 0;
      }
   }
   return -ENOSPC;
}

int
npu_kmd_vm_create(struct npu_kmd *kmd, struct npu_kmd_vm **out)
{
   struct npu_kmd_vm *vm = npu_kmd_zalloc(sizeof(*vm));
   if (!vm)
      return -ENOMEM;

   vm->refs = 1;
   vm->kmd = kmd;
   vm->uid = kmd->next_uid++;
   npu_list_init(&vm->binds);

   int ret = alloc_asid(kmd, &vm->asid);
   if (!ret) {
      ret = npu_kmd_pt_create_root(kmd, &vm->root);
      if (ret)
         kmd->asid_used[vm->asid] = false;
   }
   if (ret) {
      npu_kmd_free(vm);
      return ret;
   }

   kmd->vm_table[vm->asid].root = vm->root->pa | 1;
   npu_kmd_pt_invalidate(vm, 0, 1ull << kmd->va_bits);
   *out = vm;
   return 0;
}

struct npu_kmd_vm *
npu_kmd_vm_ref(struct npu_kmd_vm *vm)
{
   vm->refs++;
   return vm;
}

void
npu_kmd_vm_unref(struct npu_kmd_vm *vm)
{
   struct npu_kmd *kmd = vm->kmd;

   if (--vm->refs)
      return;

   assert(vm->closed && "the handle holds a reference");
   kmd->vm_table[vm->asid].root = 0;
   npu_kmd_pt_invalidate(vm, 0, 1ull << kmd->va_bits);
   npu_kmd_pt_destroy_root(kmd, vm->root);
   kmd->asid_used[vm->asid] = false;
   npu_kmd_free(vm->bindings);
   npu_kmd_free(vm);
}

void
npu_kmd_vm_close(struct npu_kmd_vm *vm)
{
   struct npu_kmd_pt_pool pool = {0};

   vm->closed = true;
   npu_kmd_bind_cancel(vm);
   /* All of it: nothing is split, so no table is needed. */
   if (vm->num_bindings)
      npu_kmd_vm_unmap(vm, &pool, 0, 1ull << vm->kmd->va_bits);
   npu_kmd_pt_pool_fini(vm->kmd, &pool);
   npu_kmd_vm_unref(vm);
}

/* ------------------------------------------------------------------------------------- ioctls -- */

int
npu_kmd_ioctl_vm_create(struct npu_kmd_file *file, void *data)
{
   struct drm_npu_vm_create *args = data;

   if (args->flags)
      return -EINVAL;

   struct npu_kmd_vm *vm;
   int ret = npu_kmd_vm_create(file->kmd, &vm);
   if (ret)
      return ret;

   ret = npu_idr_add(&file->vms, vm, &args->vm_id);
   if (ret)
      npu_kmd_vm_close(vm);
   return ret;
}

int
npu_kmd_ioctl_vm_destroy(struct npu_kmd_file *file, void *data)
{
   const struct drm_npu_vm_destroy *args = data;

   if (args->pad)
      return -EINVAL;

   const struct npu_kmd_vm *vm = npu_idr_find(&file->vms, args->vm_id);
   if (!vm)
      return -ENOENT;
   if (vm->num_contexts)
      return -EBUSY;
   npu_kmd_vm_close(npu_idr_remove(&file->vms, args->vm_id));
   return 0;
}

int
npu_kmd_ioctl_vm_get_state(struct npu_kmd_file *file, void *data)
{
   struct drm_npu_vm_get_state *args = data;

   if (!npu_idr_find(&file->vms, args->vm_id))
      return -ENOENT;
   /* Binds get all they need before they are accepted: none can fail later. */
   args->state = DRM_NPU_VM_STATE_USABLE;
   return 0;
}
