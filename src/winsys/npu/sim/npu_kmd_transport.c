/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The transport "sim": open files of the device in this process, and mappings of its buffers.
 *
 * A mapping is a real one of the model's memory, piece by piece, so both sides see the same bytes
 * at once. It holds a reference of its buffer until it is undone, even beyond the close of the
 * file: memory that somebody can still write is never given to somebody else.
 */

#include "npu_kmd.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

struct mapping {
   struct npu_list node; /* in npu_kmd.mappings */
   void *map;
   size_t size_B;
   struct npu_kmd_bo *bo;
};

/* The buffer of this file that offset lies in, or NULL. */
static struct npu_kmd_bo *
find_bo(struct npu_kmd_file *file, uint64_t offset)
{
   npu_idr_foreach(&file->bos, id)
   {
      struct npu_kmd_bo *bo = npu_idr_find(&file->bos, id);
      if (bo->offset && offset >= bo->offset && offset - bo->offset < bo->size_B)
         return bo;
   }
   return NULL;
}

/* Maps the pieces of a buffer over a reserved range. */
static int
map_extents(struct npu_kmd *kmd, const struct npu_kmd_bo *bo, uint64_t start_B, size_t size_B,
            uint8_t *map)
{
   uint64_t position = 0; /* of the extent in the buffer */

   for (uint32_t i = 0; i < bo->num_extents && size_B; i++) {
      const struct npu_range *extent = &bo->extents[i];

      if (start_B < position + extent->size) {
         uint64_t skip_B = start_B - position;
         uint64_t piece_B = extent->size - skip_B;
         if (piece_B > size_B)
            piece_B = size_B;

         if (mmap(map, piece_B, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, kmd->mem_fd,
                  extent->start + skip_B) == MAP_FAILED)
            return -errno;
         map += piece_B;
         start_B += piece_B;
         size_B -= piece_B;
      }
      position += extent->size;
   }
   return 0;
}

/* At the address `at`, or anywhere if that is NULL. */
static int
map_bo(struct npu_kmd_file *file, void *at, size_t size_B, uint64_t offset, void **out_map)
{
   struct npu_kmd *kmd = file->kmd;
   struct npu_kmd_bo *bo = find_bo(file, offset);

   if (!bo || size_B > bo->size_B - (offset - bo->offset))
      return -EINVAL;

   struct mapping *mapping = npu_kmd_zalloc(sizeof(*mapping));
   if (!mapping)
      return -ENOMEM;

   /* One range to begin with: the pieces go next to each other. */
   void *map = mmap(at, size_B, PROT_NONE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (at ? MAP_FIXED_NOREPLACE : 0),
                    -1, 0);
   int ret = map == MAP_FAILED ? -errno
             : at && map != at ? -EEXIST
                               : map_extents(kmd, bo, offset - bo->offset, size_B, map);
   if (ret) {
      if (map != MAP_FAILED)
         munmap(map, size_B);
      npu_kmd_free(mapping);
      return ret;
   }

   mapping->map = map;
   mapping->size_B = size_B;
   mapping->bo = npu_kmd_bo_ref(bo);
   npu_list_append(&kmd->mappings, &mapping->node);
   *out_map = map;
   return 0;
}

static int
map(struct npu_transport *transport, void *at, size_t size_B, uint64_t offset, void **out_map)
{
   struct npu_kmd_file *file = (struct npu_kmd_file *)transport;

   if (npu_kmd_is_foreign(file->kmd))
      return -ENODEV;
   if (!size_B || offset % NPU_PAGE_SIZE_B || size_B > SIZE_MAX - NPU_PAGE_SIZE_B)
      return -EINVAL;
   size_B = (size_B + NPU_PAGE_SIZE_B - 1) & ~(size_t)(NPU_PAGE_SIZE_B - 1);

   npu_kmd_lock(file->kmd);
   int ret = map_bo(file, at, size_B, offset, out_map);
   npu_kmd_unlock(file->kmd);
   return ret;
}

static int
sim_mmap(struct npu_transport *transport, size_t size_B, uint64_t offset, void **out_map)
{
   return map(transport, NULL, size_B, offset, out_map);
}

static int
sim_mmap_at(struct npu_transport *transport, void *at, size_t size_B, uint64_t offset)
{
   void *mapped;

   return map(transport, at, size_B, offset, &mapped);
}

static void
sim_munmap(struct npu_transport *transport, void *map, size_t size_B)
{
   struct npu_kmd *kmd = ((struct npu_kmd_file *)transport)->kmd;

   if (npu_kmd_is_foreign(kmd)) {
      munmap(map, size_B);
      return;
   }

   npu_kmd_lock(kmd);
   npu_list_foreach_safe(node, &kmd->mappings)
   {
      struct mapping *mapping = npu_container_of(node, struct mapping, node);
      if (mapping->map == map) {
         assert(size_B <= mapping->size_B && "not what mmap was asked for");
         munmap(map, mapping->size_B);
         npu_kmd_bo_unref(kmd, mapping->bo);
         npu_list_remove(&mapping->node);
         npu_kmd_free(mapping);
         break;
      }
   }
   npu_kmd_unlock(kmd);
}

void
npu_kmd_mappings_fini(struct npu_kmd *kmd)
{
   npu_list_foreach_safe(node, &kmd->mappings)
   {
      struct mapping *mapping = npu_container_of(node, struct mapping, node);
      npu_kmd_bo_unref(kmd, mapping->bo);
      npu_list_remove(&mapping->node);
      npu_kmd_free(mapping);
   }
}

static void
sim_destroy(struct npu_transport *transport)
{
   struct npu_kmd_file *file = (struct npu_kmd_file *)transport;
   struct npu_kmd *kmd = file->kmd;

   if (npu_kmd_is_foreign(kmd))
      return;

   npu_kmd_lock(kmd);
   npu_idr_foreach(&file->ctxs, id) npu_kmd_ctx_close(npu_idr_remove(&file->ctxs, id));
   npu_idr_foreach(&file->vms, id) npu_kmd_vm_close(npu_idr_remove(&file->vms, id));
   npu_idr_foreach(&file->bos, id) npu_kmd_bo_unref(kmd, npu_idr_remove(&file->bos, id));
   npu_idr_foreach(&file->syncobjs, id) npu_kmd_syncobj_unref(npu_idr_remove(&file->syncobjs, id));
   npu_kmd_unlock(kmd);

   npu_idr_fini(&file->ctxs);
   npu_idr_fini(&file->vms);
   npu_idr_fini(&file->bos);
   npu_idr_fini(&file->syncobjs);
   npu_kmd_put(kmd);
   npu_kmd_free(file);
}

static const struct npu_transport_ops sim_ops = {
   .name = "sim",
   .ioctl = npu_kmd_file_ioctl,
   .mmap = sim_mmap,
   .mmap_at = sim_mmap_at,
   .munmap = sim_munmap,
   .destroy = sim_destroy,
};

struct npu_transport *
npu_transport_sim_open(char *why, size_t why_size)
{
   struct npu_kmd_file *file = npu_kmd_zalloc(sizeof(*file));
   if (!file) {
      snprintf(why, why_size, "no memory");
      errno = ENOMEM;
      return NULL;
   }

   file->base.ops = &sim_ops;
   file->kmd = npu_kmd_get(why, why_size);
   if (!file->kmd) {
      int error = errno;
      npu_kmd_free(file);
      errno = error;
      return NULL;
   }
   return &file->base;
}
