// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// The cache of host code on disk: one file of object code for each kernel.
//
// What a file must match is in it: the identity of its maker (build of this library, version of LLVM,
// processor, options) and the words of the kernel. The file's name is only a hash of both. A file is
// written under another name and renamed, so that readers see all of it or nothing; whatever does not
// match, or has another checksum than it says, is ignored and replaced. Files are executed: so the
// directory must belong to the user and nobody else may write to it.
//
// When the files are more than the limit together, those that were not used for the longest time
// (their modification time is set at each use) are removed.
//
// NPU_JIT_CACHE names the directory, or is "off". Without it: npu-jit in $XDG_CACHE_HOME or ~/.cache.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "npu_jit_library.h"

#define MAGIC             0x3154494a55504eull /* "NPUJIT1" */
#define MAX_CACHE_B       (256ull << 20)
#define STORES_PER_TIDY   64
#define MAX_FILES_TO_TIDY 65536

struct header {
   uint64_t magic, identity_B, key_words, object_B, checksum;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char *directory; /* NULL: no cache */
static char build_id[2 * 64 + 1];

/* ---- where and whose --------------------------------------------------------------------- */

/* The build id of the object that this function is in, as text; empty if it has none. */
static int
find_build_id(struct dl_phdr_info *info, size_t size, void *data)
{
   const uintptr_t self = (uintptr_t)&directory;
   const uint8_t *note = NULL, *end = NULL;
   bool is_ours = false;

   for (unsigned i = 0; i < info->dlpi_phnum; i++) {
      const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
      uintptr_t start = info->dlpi_addr + segment->p_vaddr;
      if (segment->p_type == PT_LOAD && self - start < segment->p_memsz)
         is_ours = true;
   }
   for (unsigned i = 0; is_ours && i < info->dlpi_phnum; i++) {
      if (info->dlpi_phdr[i].p_type != PT_NOTE)
         continue;
      note = (const uint8_t *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
      end = note + info->dlpi_phdr[i].p_memsz;
      while (note + sizeof(ElfW(Nhdr)) <= end) {
         const ElfW(Nhdr) *header = (const ElfW(Nhdr) *)note;
         const uint8_t *name = note + sizeof(*header);
         const uint8_t *id = name + ((header->n_namesz + 3) & ~3u);
         if (header->n_type == NT_GNU_BUILD_ID && header->n_namesz == 4 &&
             !memcmp(name, "GNU", 4) && header->n_descsz <= 64)
         {
            for (unsigned b = 0; b < header->n_descsz; b++)
               snprintf(build_id + 2 * b, 3, "%02x", id[b]);
            return 1;
         }
         note = id + ((header->n_descsz + 3) & ~3u);
      }
   }
   return is_ours;
}

static void
note(const char *what, const char *path)
{
   if (npu_jit_debug() & NPU_JIT_DEBUG_CACHE)
      fprintf(stderr, "npu: jit cache: %s %s\n", what, path);
}

static char *
choose_directory(void)
{
   const char *named = secure_getenv("NPU_JIT_CACHE"), *xdg = secure_getenv("XDG_CACHE_HOME");
   const char *home = secure_getenv("HOME");
   char *path = NULL;

   if (named && *named)
      return strcmp(named, "off") ? strdup(named) : NULL;
   if (xdg && *xdg == '/') {
      mkdir(xdg, 0700);
      return asprintf(&path, "%s/npu-jit", xdg) < 0 ? NULL : path;
   }
   if (!home || *home != '/' || asprintf(&path, "%s/.cache", home) < 0)
      return NULL;
   mkdir(path, 0700);
   free(path);
   return asprintf(&path, "%s/.cache/npu-jit", home) < 0 ? NULL : path;
}

static void
open_directory(void)
{
   char *path = choose_directory();
   struct stat status;

   dl_iterate_phdr(find_build_id, NULL);
   if (!path || !*build_id) {
      free(path);
      note("none", "");
      return;
   }
   if (mkdir(path, 0700) != 0 && errno != EEXIST) {
      note("cannot make", path);
   } else if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != geteuid() ||
              (status.st_mode & 022))
   {
      note("others may write to", path);
   } else {
      directory = path;
      return;
   }
   free(path);
}

/* ---- files ------------------------------------------------------------------------------- */

static uint64_t
hash_bytes(uint64_t hash, const void *data, size_t size_B)
{
   const uint8_t *bytes = data;

   for (size_t i = 0; i < size_B; i++)
      hash = (hash ^ bytes[i]) * 0x100000001b3ull;
   return hash ^ hash >> 31;
}

static uint64_t
checksum(const struct header *header, const void *rest, size_t size_B)
{
   struct header copy = *header;

   copy.checksum = 0;
   return hash_bytes(hash_bytes(0xcbf29ce484222325ull, &copy, sizeof(copy)), rest, size_B);
}

/* The file of a kernel; NULL: no cache. To free. */
static char *
path_of(const struct npu_jit_source *source)
{
   char *path;

   pthread_once(&once, open_directory);
   if (!directory)
      return NULL;
   uint64_t maker = hash_bytes(hash_bytes(0, source->identity, strlen(source->identity)), build_id,
                               strlen(build_id));
   if (asprintf(&path, "%s/%016llx%016llx%016llx", directory, (unsigned long long)maker,
                (unsigned long long)source->hash[0], (unsigned long long)source->hash[1]) < 0)
      return NULL;
   return path;
}

bool
npu_jit_disk_has(const struct npu_jit_source *source)
{
   char *path = path_of(source);
   bool has = path && access(path, R_OK) == 0;

   free(path);
   return has;
}

/* All of a file. NULL: cannot be read. */
static uint8_t *
read_file(const char *path, size_t *size_B)
{
   int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
   struct stat status;
   uint8_t *data = NULL;

   if (fd < 0)
      return NULL;
   if (fstat(fd, &status) == 0 && status.st_size > 0 && (uint64_t)status.st_size < MAX_CACHE_B &&
       (data = malloc((size_t)status.st_size)))
   {
      *size_B = (size_t)status.st_size;
      if (read(fd, data, *size_B) != (ssize_t)*size_B) {
         free(data);
         data = NULL;
      } else {
         futimens(fd, NULL);
      }
   }
   close(fd);
   return data;
}

/* Whether a file is as it was written, and its parts have the lengths they should. */
static bool
is_intact(const struct header *header, size_t size_B, size_t identity_B,
          const struct npu_jit_source *source)
{
   const size_t parts_B = sizeof(*header) + identity_B + source->key_words * sizeof(uint64_t);

   return size_B >= parts_B && header->magic == MAGIC && header->identity_B == identity_B &&
          header->key_words == source->key_words && header->object_B == size_B - parts_B &&
          header->checksum == checksum(header, header + 1, size_B - sizeof(*header));
}

void *
npu_jit_disk_load(const struct npu_jit_source *source, size_t *object_B)
{
   char *path = path_of(source);
   const size_t first_B = strlen(source->identity), identity_B = first_B + strlen(build_id);
   const size_t key_B = source->key_words * sizeof(uint64_t);
   size_t size_B = 0;
   void *object = NULL;

   if (!path)
      return NULL;
   uint8_t *file = read_file(path, &size_B);
   struct header *header = (struct header *)file;
   const uint8_t *at = (const uint8_t *)(header + 1);
   if (!file) {
      note("has no", path);
   } else if (!is_intact(header, size_B, identity_B, source) ||
              memcmp(at, source->identity, first_B) ||
              memcmp(at + first_B, build_id, identity_B - first_B) ||
              memcmp(at + identity_B, source->key, key_B))
   {
      note("rejects", path);
   } else if ((object = malloc(header->object_B + 1))) {
      *object_B = header->object_B;
      memcpy(object, at + identity_B + key_B, *object_B);
      note("uses", path);
   }
   free(file);
   free(path);
   return object;
}

/* ---- writing ----------------------------------------------------------------------------- */

struct old_file {
   char name[64];
   int64_t used_s;
   uint64_t size_B;
};

static int
compare_age(const void *a, const void *b)
{
   int64_t x = ((const struct old_file *)a)->used_s, y = ((const struct old_file *)b)->used_s;

   return (x > y) - (x < y);
}

/* Removes the oldest files if there are too many. */
static void
tidy(void)
{
   DIR *dir = opendir(directory);
   struct old_file *files = NULL;
   size_t count = 0, max = 0;
   uint64_t total_B = 0;

   for (struct dirent *entry; dir && (entry = readdir(dir)) && count < MAX_FILES_TO_TIDY;) {
      struct stat status;
      if (strlen(entry->d_name) < 48 || strlen(entry->d_name) >= sizeof(files->name) ||
          fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
         continue;
      if (count == max) {
         struct old_file *more = realloc(files, (max ? 2 * max : 256) * sizeof(*files));
         if (!more)
            break;
         files = more;
         max = max ? 2 * max : 256;
      }
      files[count] = (struct old_file){.used_s = status.st_mtime,
                                       .size_B = (uint64_t)status.st_size};
      snprintf(files[count].name, sizeof(files[count].name), "%s", entry->d_name);
      total_B += files[count++].size_B;
   }
   if (count && total_B > MAX_CACHE_B) {
      qsort(files, count, sizeof(*files), compare_age);
      for (size_t i = 0; i < count && total_B > MAX_CACHE_B / 4 * 3; i++) {
         unlinkat(dirfd(dir), files[i].name, 0);
         total_B -= files[i].size_B;
      }
   }
   free(files);
   if (dir)
      closedir(dir);
}

static bool
write_all(int fd, const void *data, size_t size_B)
{
   const uint8_t *at = data;

   while (size_B) {
      ssize_t n = write(fd, at, size_B);
      if (n <= 0)
         return false;
      at += n;
      size_B -= (size_t)n;
   }
   return true;
}

void
npu_jit_disk_store(const struct npu_jit_source *source, const void *object, size_t object_B)
{
   static unsigned num_stores; /* of the compile thread */
   char *path = path_of(source), *temporary = NULL;
   const size_t first_B = strlen(source->identity), identity_B = first_B + strlen(build_id);
   const size_t key_B = source->key_words * sizeof(uint64_t);
   const size_t rest_B = identity_B + key_B + object_B;
   struct header *header = malloc(sizeof(*header) + rest_B);

   if (path && header && asprintf(&temporary, "%s.XXXXXX", path) >= 0) {
      uint8_t *at = (uint8_t *)(header + 1);
      *header = (struct header){MAGIC, identity_B, source->key_words, object_B, 0};
      memcpy(at, source->identity, first_B);
      memcpy(at + first_B, build_id, identity_B - first_B);
      memcpy(at + identity_B, source->key, key_B);
      memcpy(at + identity_B + key_B, object, object_B);
      header->checksum = checksum(header, at, rest_B);
      if (num_stores++ % STORES_PER_TIDY == 0)
         tidy();
      int fd = mkostemp(temporary, O_CLOEXEC);
      if (fd >= 0) {
         bool good = write_all(fd, header, sizeof(*header) + rest_B);
         good = close(fd) == 0 && good;
         if (good && rename(temporary, path) == 0)
            note("keeps", path);
         else
            unlink(temporary);
      }
   } else {
      temporary = NULL;
   }
   free(temporary);
   free(header);
   free(path);
}
