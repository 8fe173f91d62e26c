/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The table is a sorted array under a read-write lock: accesses of the device share it, changes
 * wait for them. It changes some fifty times while firmware boots and hardly ever after.
 *
 * Files: one file is behind many maps (with an IOMMU one for each page), so it is mapped into this
 * process once, whole, and counted. A file that its owner may still shrink would let him kill this
 * process by SIGBUS; such a file is accessed with pread() and pwrite() instead, which are slower
 * and only fail. (QEMU's memfd is sealed.)
 *
 * Memory without a file is reached by asking the client, without the lock: the answer may come behind
 * a change of the table.
 */

#include "vfu_dma.h"
#include "vfu_proto.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct vfu_file {
   struct vfu_file *next;
   unsigned refs; /* maps */
   dev_t dev;
   ino_t ino;
   int fd;
   uint64_t size_B;
   uint8_t *map; /* all of it, or NULL: through fd */
};

struct vfu_map {
   uint64_t first, last;  /* addresses, inclusive, so that 2^64 - 1 is one */
   struct vfu_file *file; /* NULL: the client is asked */
   uint64_t offset;
   uint32_t prot;
};

struct vfu_dma {
   pthread_rwlock_t lock;
   struct vfu_map *maps; /* ascending, not overlapping */
   size_t num_maps, max_maps;
   struct vfu_file *files;
   vfu_dma_ask ask;
   void *ask_data;
};

struct vfu_dma *
vfu_dma_create(vfu_dma_ask ask, void *data)
{
   struct vfu_dma *dma = calloc(1, sizeof(*dma));

   if (dma && pthread_rwlock_init(&dma->lock, NULL)) {
      free(dma);
      return NULL;
   }
   if (dma) {
      dma->ask = ask;
      dma->ask_data = data;
   }
   return dma;
}

void
vfu_dma_destroy(struct vfu_dma *dma)
{
   if (!dma)
      return;
   vfu_dma_unmap_all(dma);
   pthread_rwlock_destroy(&dma->lock);
   free(dma->maps);
   free(dma);
}

/* -------------------------------------------------------------------------------------- files -- */

static void
file_unref(struct vfu_dma *dma, struct vfu_file *file)
{
   if (!file || --file->refs)
      return;
   for (struct vfu_file **link = &dma->files; *link; link = &(*link)->next) {
      if (*link == file) {
         *link = file->next;
         break;
      }
   }
   if (file->map)
      munmap(file->map, file->size_B);
   close(file->fd);
   free(file);
}

/* The file behind fd, with a reference more. */
static int
file_get(struct vfu_dma *dma, int fd, struct vfu_file **out)
{
   struct stat st;

   if (fstat(fd, &st))
      return -errno;
   for (struct vfu_file *file = dma->files; file; file = file->next) {
      if (file->dev == st.st_dev && file->ino == st.st_ino && file->size_B >= (uint64_t)st.st_size)
      {
         file->refs++;
         *out = file;
         return 0;
      }
   }
   if (!S_ISREG(st.st_mode) || st.st_size <= 0)
      return -EINVAL;

   struct vfu_file *file = calloc(1, sizeof(*file));
   if (!file)
      return -ENOMEM;
   file->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
   if (file->fd < 0) {
      int ret = -errno;
      free(file);
      return ret;
   }
   file->refs = 1;
   file->dev = st.st_dev;
   file->ino = st.st_ino;
   file->size_B = (uint64_t)st.st_size;

   int seals = fcntl(fd, F_GET_SEALS);
   if (seals >= 0 && (seals & F_SEAL_SHRINK)) {
      void *map = mmap(NULL, file->size_B, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                       file->fd, 0);
      if (map != MAP_FAILED)
         file->map = map;
   }
   file->next = dma->files;
   dma->files = file;
   *out = file;
   return 0;
}

static bool
file_read(const struct vfu_file *file, uint64_t offset, uint8_t *to, size_t size_B)
{
   if (file->map) {
      const uint8_t *from = file->map + offset;
      if (size_B == 8 && (uintptr_t)from % 8 == 0) {
         uint64_t value = __atomic_load_n((const uint64_t *)from, __ATOMIC_ACQUIRE);
         memcpy(to, &value, 8);
      } else {
         memcpy(to, from, size_B);
      }
      return true;
   }
   return pread(file->fd, to, size_B, (off_t)offset) == (ssize_t)size_B;
}

static bool
file_write(const struct vfu_file *file, uint64_t offset, const uint8_t *from, size_t size_B)
{
   if (file->map) {
      uint8_t *to = file->map + offset;
      if (size_B == 8 && (uintptr_t)to % 8 == 0) {
         uint64_t value;
         memcpy(&value, from, 8);
         __atomic_store_n((uint64_t *)to, value, __ATOMIC_RELEASE);
      } else {
         memcpy(to, from, size_B);
      }
      return true;
   }
   return pwrite(file->fd, from, size_B, (off_t)offset) == (ssize_t)size_B;
}

/* -------------------------------------------------------------------------------------- table -- */

/* Index of the first map that ends at or behind address. */
static size_t
find_map(const struct vfu_dma *dma, uint64_t address)
{
   size_t low = 0, high = dma->num_maps;

   while (low < high) {
      size_t middle = low + (high - low) / 2;
      if (dma->maps[middle].last < address)
         low = middle + 1;
      else
         high = middle;
   }
   return low;
}

static bool
reserve(struct vfu_dma *dma, size_t count)
{
   if (count <= dma->max_maps)
      return true;

   size_t max = count > 2 * dma->max_maps ? count : 2 * dma->max_maps;
   struct vfu_map *maps = realloc(dma->maps, max * sizeof(*maps));
   if (!maps)
      return false;
   dma->maps = maps;
   dma->max_maps = max;
   return true;
}

static void
insert(struct vfu_dma *dma, size_t index, struct vfu_map map)
{
   memmove(&dma->maps[index + 1], &dma->maps[index],
           (dma->num_maps - index) * sizeof(dma->maps[0]));
   dma->maps[index] = map;
   dma->num_maps++;
}

static int
map_locked(struct vfu_dma *dma, struct vfu_map map, int fd, uint64_t size_B)
{
   size_t index = find_map(dma, map.first);

   if (index < dma->num_maps && dma->maps[index].first <= map.last)
      return -EEXIST;
   if (dma->num_maps >= VFU_MAX_DMA_MAPS)
      return -ENOSPC;
   if (!reserve(dma, dma->num_maps + 1))
      return -ENOMEM;
   if (fd >= 0) {
      int ret = file_get(dma, fd, &map.file);
      if (ret)
         return ret;
      if (map.offset > map.file->size_B || size_B > map.file->size_B - map.offset) {
         file_unref(dma, map.file);
         return -EINVAL;
      }
   }
   insert(dma, index, map);
   return 0;
}

int
vfu_dma_map(struct vfu_dma *dma, uint64_t address, uint64_t size_B, int fd, uint64_t offset,
            uint32_t prot)
{
   if (!size_B || address + (size_B - 1) < address ||
       (prot & ~(VFU_DMA_MAP_READ | VFU_DMA_MAP_WRITE)))
      return -EINVAL;

   const struct vfu_map map = {
      .first = address,
      .last = address + (size_B - 1),
      .offset = offset,
      .prot = prot,
   };
   pthread_rwlock_wrlock(&dma->lock);
   int ret = map_locked(dma, map, fd, size_B);
   pthread_rwlock_unlock(&dma->lock);
   return ret;
}

static int
unmap_locked(struct vfu_dma *dma, uint64_t first, uint64_t last)
{
   size_t i = find_map(dma, first);

   if (i < dma->num_maps && dma->maps[i].first < first && dma->maps[i].last > last) {
      /* The range lies inside one map. */
      if (!reserve(dma, dma->num_maps + 1))
         return -ENOMEM;
      struct vfu_map rest = dma->maps[i];
      rest.offset += last + 1 - rest.first;
      rest.first = last + 1;
      if (rest.file)
         rest.file->refs++;
      dma->maps[i].last = first - 1;
      insert(dma, i + 1, rest);
      return 0;
   }

   size_t kept = i;
   for (size_t j = i; j < dma->num_maps; j++) {
      struct vfu_map map = dma->maps[j];

      if (map.first <= last) {
         if (map.first >= first && map.last <= last) {
            file_unref(dma, map.file);
            continue;
         }
         if (map.first < first) {
            map.last = first - 1;
         } else {
            map.offset += last + 1 - map.first;
            map.first = last + 1;
         }
      }
      dma->maps[kept++] = map;
   }
   dma->num_maps = kept;
   return 0;
}

int
vfu_dma_unmap(struct vfu_dma *dma, uint64_t address, uint64_t size_B)
{
   if (!size_B)
      return 0;

   uint64_t last = address + (size_B - 1);
   if (last < address)
      last = UINT64_MAX;
   pthread_rwlock_wrlock(&dma->lock);
   int ret = unmap_locked(dma, address, last);
   pthread_rwlock_unlock(&dma->lock);
   return ret;
}

void
vfu_dma_unmap_all(struct vfu_dma *dma)
{
   pthread_rwlock_wrlock(&dma->lock);
   unmap_locked(dma, 0, UINT64_MAX);
   pthread_rwlock_unlock(&dma->lock);
}

/* The part of an access that lies in one map. */
enum piece {
   PIECE_BAD,
   PIECE_DONE,
   PIECE_OF_CLIENT /* *size_B bytes that the client has to be asked for */
};

static enum piece
access_piece_locked(struct vfu_dma *dma, uint64_t address, uint8_t *to, const uint8_t *from,
                    size_t *size_B)
{
   uint32_t needed = to ? VFU_DMA_MAP_READ : VFU_DMA_MAP_WRITE;
   size_t i = find_map(dma, address);

   if (i >= dma->num_maps || dma->maps[i].first > address || !(dma->maps[i].prot & needed))
      return PIECE_BAD;
   const struct vfu_map *map = &dma->maps[i];
   uint64_t offset = map->offset + (address - map->first);
   uint64_t room_B = map->last - address + 1;

   if (room_B && room_B < *size_B)
      *size_B = room_B;
   if (!map->file)
      return dma->ask ? PIECE_OF_CLIENT : PIECE_BAD;
   bool good = to ? file_read(map->file, offset, to, *size_B)
                  : file_write(map->file, offset, from, *size_B);
   return good ? PIECE_DONE : PIECE_BAD;
}

/* One of to and from is NULL. */
static bool
access_memory(struct vfu_dma *dma, uint64_t address, uint8_t *to, const uint8_t *from,
              size_t size_B)
{
   while (size_B) {
      size_t piece_B = size_B;

      pthread_rwlock_rdlock(&dma->lock);
      enum piece piece = access_piece_locked(dma, address, to, from, &piece_B);
      pthread_rwlock_unlock(&dma->lock);
      if (piece == PIECE_BAD ||
          (piece == PIECE_OF_CLIENT && !dma->ask(dma->ask_data, address, to, from, piece_B)))
         return false;
      if (to)
         to += piece_B;
      else
         from += piece_B;
      address += piece_B;
      size_B -= piece_B;
   }
   return true;
}

bool
vfu_dma_read(struct vfu_dma *dma, uint64_t address, void *to, size_t size_B)
{
   return access_memory(dma, address, to, NULL, size_B);
}

bool
vfu_dma_write(struct vfu_dma *dma, uint64_t address, const void *from, size_t size_B)
{
   return access_memory(dma, address, NULL, from, size_B);
}

size_t
vfu_dma_count(struct vfu_dma *dma)
{
   pthread_rwlock_rdlock(&dma->lock);
   size_t count = dma->num_maps;
   pthread_rwlock_unlock(&dma->lock);
   return count;
}
