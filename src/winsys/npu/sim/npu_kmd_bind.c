/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * DRM_IOCTL_NPU_VM_BIND.
 *
 * All or nothing: everything is checked, looked up and allocated (page tables, room in the array of
 * bindings, fences) before the first change. So an asynchronous bind cannot fail any more when its
 * time comes, and a VM never becomes unusable here.
 *
 * Asynchronous binds of a VM run in their order, in the driver's thread: one is ready when its
 * fences have signalled and it is the first of its VM.
 */

#include "npu_kmd.h"

#include <errno.h>

#define PAGE_MASK ((uint64_t)NPU_PAGE_SIZE_B - 1)

struct npu_kmd_bind {
   struct npu_list node;       /* in npu_kmd_vm.binds */
   struct npu_list ready_node; /* in npu_kmd.ready_binds */
   struct npu_kmd_vm *vm;
   uint32_t num_ops;
   struct drm_npu_vm_bind_op *ops;
   struct npu_kmd_bo **bos; /* one for each operation, NULL for unmaps */
   struct npu_kmd_pt_pool pool;
   size_t bindings_reserved;
   struct npu_kmd_deps deps;
   bool deps_done;
   struct npu_kmd_fence *fence; /* signals when it is done; NULL for synchronous ones */
};

static void
destroy_bind(struct npu_kmd_bind *bind)
{
   struct npu_kmd_vm *vm = bind->vm;
   struct npu_kmd *kmd = vm->kmd;

   npu_kmd_deps_fini(&bind->deps);
   npu_kmd_fence_unref(bind->fence);
   vm->bindings_reserved -= bind->bindings_reserved;
   npu_kmd_pt_pool_fini(kmd, &bind->pool);
   for (uint32_t i = 0; bind->bos && i < bind->num_ops; i++)
      npu_kmd_bo_unref(kmd, bind->bos[i]);
   npu_kmd_free(bind->bos);
   npu_kmd_free(bind->ops);
   npu_list_remove(&bind->node);
   npu_list_remove(&bind->ready_node);
   npu_kmd_free(bind);
   npu_kmd_vm_unref(vm);
}

/* What can be said about an operation without looking anything up. */
static bool
op_is_valid(const struct npu_kmd *kmd, const struct drm_npu_vm_bind_op *op)
{
   const uint32_t known = DRM_NPU_VM_MAP_READ | DRM_NPU_VM_MAP_WRITE | DRM_NPU_VM_MAP_EXEC;
   uint64_t va_end = 1ull << kmd->va_bits;

   if (op->pad || !op->size || (op->size | op->va | op->bo_offset) & PAGE_MASK)
      return false;
   if (op->va < NPU_KMD_VA_START || op->va >= va_end || op->size > va_end - op->va)
      return false;

   switch (op->op) {
   case DRM_NPU_VM_BIND_OP_MAP:
      return !(op->flags & ~known) && (op->flags & DRM_NPU_VM_MAP_READ);
   case DRM_NPU_VM_BIND_OP_UNMAP:
      return !op->flags && !op->handle && !op->bo_offset;
   default:
      return false;
   }
}

static int
lookup_bo(struct npu_kmd_file *file, struct npu_kmd_bind *bind, uint32_t i)
{
   const struct drm_npu_vm_bind_op *op = &bind->ops[i];
   struct npu_kmd_bo *bo = npu_idr_find(&file->bos, op->handle);

   if (!bo)
      return -ENOENT;
   if (bo->vm_uid && bo->vm_uid != bind->vm->uid)
      return -EPERM;
   if (op->bo_offset >= bo->size_B || op->size > bo->size_B - op->bo_offset)
      return -EINVAL;
   bind->bos[i] = npu_kmd_bo_ref(bo);
   return 0;
}

/* Sets aside the page tables one operation can need. */
static int
reserve_tables(struct npu_kmd_bind *bind, uint32_t i)
{
   const struct drm_npu_vm_bind_op *op = &bind->ops[i];
   const struct npu_kmd_bo *bo = bind->bos[i];
   uint32_t count = NPU_KMD_PT_UNMAP_WORST_CASE;
   uint64_t position = 0;

   for (uint32_t e = 0; bo && e < bo->num_extents; e++) {
      uint64_t start = position, end = position + bo->extents[e].size;
      uint64_t pa = bo->extents[e].start;

      position = end;
      if (start < op->bo_offset) {
         pa += op->bo_offset - start;
         start = op->bo_offset;
      }
      if (end > op->bo_offset + op->size)
         end = op->bo_offset + op->size;
      if (start < end)
         count += npu_kmd_pt_map_worst_case(op->va + start - op->bo_offset, pa, end - start);
   }
   return npu_kmd_pt_pool_add(bind->vm->kmd, &bind->pool, count);
}

/* Everything that can fail. */
static int
prepare_bind(struct npu_kmd_file *file, struct npu_kmd_bind *bind,
             const struct drm_npu_vm_bind *args)
{
   int ret = npu_kmd_copy_array(&args->ops, sizeof(*bind->ops), DRM_NPU_MAX_BIND_OPS,
                                (void **)&bind->ops);
   if (ret)
      return ret;

   for (uint32_t i = 0; i < args->ops.count; i++) {
      if (!op_is_valid(file->kmd, &bind->ops[i]))
         return -EINVAL;
   }

   bind->bos = npu_kmd_zalloc(args->ops.count * sizeof(*bind->bos));
   if (!bind->bos)
      return -ENOMEM;
   bind->num_ops = args->ops.count;
   for (uint32_t i = 0; !ret && i < bind->num_ops; i++) {
      if (bind->ops[i].op == DRM_NPU_VM_BIND_OP_MAP)
         ret = lookup_bo(file, bind, i);
   }
   for (uint32_t i = 0; !ret && i < bind->num_ops; i++)
      ret = reserve_tables(bind, i);
   if (ret)
      return ret;

   ret = npu_kmd_vm_reserve_bindings(bind->vm, 2 * (size_t)bind->num_ops);
   if (!ret)
      bind->bindings_reserved = 2 * (size_t)bind->num_ops;
   return ret;
}

/* The sync arrays of an asynchronous bind; also creates its fence. */
static int
prepare_syncs(struct npu_kmd_file *file, struct npu_kmd_bind *bind, struct npu_kmd_syncs *syncs,
              const struct drm_npu_vm_bind *args)
{
   struct drm_npu_sync *waits = NULL, *signals = NULL;
   int ret = npu_kmd_copy_array(&args->wait_syncs, sizeof(*waits), DRM_NPU_MAX_SYNCS,
                                (void **)&waits);
   if (!ret)
      ret = npu_kmd_copy_array(&args->signal_syncs, sizeof(*signals), DRM_NPU_MAX_SYNCS,
                               (void **)&signals);
   if (!ret)
      ret = npu_kmd_syncs_prepare(file, syncs, waits, args->wait_syncs.count, signals,
                                  args->signal_syncs.count);
   if (!ret && !(bind->fence = npu_kmd_fence_create())) {
      npu_kmd_syncs_fini(syncs);
      ret = -ENOMEM;
   }
   npu_kmd_free(waits);
   npu_kmd_free(signals);
   return ret;
}

/* Nothing can fail here. */
static void
execute_bind(struct npu_kmd_bind *bind)
{
   for (uint32_t i = 0; i < bind->num_ops; i++) {
      const struct drm_npu_vm_bind_op *op = &bind->ops[i];

      if (op->op == DRM_NPU_VM_BIND_OP_MAP)
         npu_kmd_vm_map(bind->vm, &bind->pool, op->va, op->size, bind->bos[i], op->bo_offset,
                        op->flags);
      else
         npu_kmd_vm_unmap(bind->vm, &bind->pool, op->va, op->size);
   }
}

/* If the first bind of the VM can run now, the driver's thread will do it. */
static void
update_ready(struct npu_kmd_vm *vm)
{
   if (npu_list_is_empty(&vm->binds))
      return;

   struct npu_kmd_bind *bind = npu_list_first(&vm->binds, struct npu_kmd_bind, node);
   if (bind->deps_done && npu_list_is_empty(&bind->ready_node))
      npu_list_append(&vm->kmd->ready_binds, &bind->ready_node);
}

static void
deps_ready(struct npu_kmd *kmd, struct npu_kmd_deps *deps)
{
   struct npu_kmd_bind *bind = npu_container_of(deps, struct npu_kmd_bind, deps);

   bind->deps_done = true;
   update_ready(bind->vm);
}

void
npu_kmd_bind_run(struct npu_kmd *kmd)
{
   while (!npu_list_is_empty(&kmd->ready_binds)) {
      struct npu_kmd_bind *bind = npu_list_first(&kmd->ready_binds, struct npu_kmd_bind,
                                                 ready_node);
      struct npu_kmd_vm *vm = npu_kmd_vm_ref(bind->vm);

      execute_bind(bind);
      npu_kmd_fence_signal(kmd, bind->fence, 0);
      destroy_bind(bind);
      update_ready(vm);
      npu_kmd_vm_unref(vm);
   }
}

void
npu_kmd_bind_cancel(struct npu_kmd_vm *vm)
{
   while (!npu_list_is_empty(&vm->binds)) {
      struct npu_kmd_bind *bind = npu_list_first(&vm->binds, struct npu_kmd_bind, node);
      npu_kmd_fence_signal(vm->kmd, bind->fence, -ECANCELED);
      destroy_bind(bind);
   }
}

int
npu_kmd_ioctl_vm_bind(struct npu_kmd_file *file, void *data)
{
   const struct drm_npu_vm_bind *args = data;
   bool async = args->flags & DRM_NPU_VM_BIND_ASYNC;

   if (args->flags & ~DRM_NPU_VM_BIND_ASYNC)
      return -EINVAL;
   if (!async && (!args->ops.count || args->wait_syncs.count || args->signal_syncs.count))
      return -EINVAL;

   struct npu_kmd_vm *vm = npu_idr_find(&file->vms, args->vm_id);
   if (!vm)
      return -ENOENT;

   struct npu_kmd_bind *bind = npu_kmd_zalloc(sizeof(*bind));
   if (!bind)
      return -ENOMEM;
   bind->vm = npu_kmd_vm_ref(vm);
   npu_list_init(&bind->node);
   npu_list_init(&bind->ready_node);

   struct npu_kmd_syncs syncs = {0};
   int ret = prepare_bind(file, bind, args);
   if (!ret)
      ret = prepare_syncs(file, bind, &syncs, args);
   if (ret || !async) {
      if (!ret)
         execute_bind(bind);
      npu_kmd_syncs_fini(&syncs);
      destroy_bind(bind);
      return ret;
   }

   /* Nothing can fail after this point. */
   npu_list_append(&vm->binds, &bind->node);
   npu_kmd_syncs_commit(file->kmd, &syncs, bind->fence);
   bind->deps = syncs.deps;
   syncs.deps = (struct npu_kmd_deps){0};
   npu_kmd_syncs_fini(&syncs);
   bind->deps_done = npu_kmd_deps_start(&bind->deps, deps_ready);
   update_ready(vm);
   return 0;
}
