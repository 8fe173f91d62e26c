// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// The on-disk cache of compiled kernels: Mesa's disk_cache, under a name that holds everything that
// decides what comes out of the compiler, and complete when the process ends.
//
// disk_cache writes from a thread of its own, and Mesa's handler of exit() drops what still waits for
// that thread. Nobody destroys Rusticl's screens before, so a short program would compile its last
// kernels anew each time. A handler of exit() that is registered after Mesa's, and runs before it,
// waits for the writes.
//
// What it misses: a process that ends without exit().

#include "npu_code_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "c11/threads.h"
#include "util/disk_cache.h"
#include "util/hex.h"
#include "util/mesa-sha1.h"
#include "util/simple_mtx.h"
#include "util/u_dynarray.h"

#include "compiler/npu/npu_compile.h"

static simple_mtx_t lock = SIMPLE_MTX_INITIALIZER;
static struct util_dynarray open_caches; /* struct disk_cache *; lock */
static pid_t owner;                      /* the process whose threads write; lock */
static once_flag exit_once = ONCE_FLAG_INIT;

static void
write_all(void)
{
   simple_mtx_lock(&lock);
   /* A forked child has no threads that could end what they do. */
   if (owner == getpid()) {
      util_dynarray_foreach(&open_caches, struct disk_cache *, cache)
         disk_cache_wait_for_idle(*cache);
   }
   simple_mtx_unlock(&lock);
}

static void
register_exit(void)
{
   atexit(write_all);
}

/* The name: this library's build (compiler, NIR and driver are one file), the architecture version,
 * and the compiler's flags. */
struct disk_cache *
npu_code_cache_open(unsigned arch_version)
{
   struct mesa_sha1 sha1;
   uint8_t digest[SHA1_DIGEST_LENGTH];
   char id[2 * SHA1_DIGEST_LENGTH + 1], device[32];

   _mesa_sha1_init(&sha1);
   if (!disk_cache_get_function_identifier(npu_compile, &sha1))
      return NULL;
   _mesa_sha1_final(&sha1, digest);
   mesa_bytes_to_hex(id, digest, sizeof(digest));
   snprintf(device, sizeof(device), "npu-v%u", arch_version);

   struct disk_cache *cache = disk_cache_create(device, id, npu_compile_cache_key());
   if (!cache)
      return NULL;

   simple_mtx_lock(&lock);
   if (owner != getpid()) {
      util_dynarray_clear(&open_caches); /* a forked child: its parent's */
      owner = getpid();
   }
   util_dynarray_append(&open_caches, struct disk_cache *, cache);
   simple_mtx_unlock(&lock);
   /* After disk_cache_create(), whose thread registers Mesa's handler. */
   call_once(&exit_once, register_exit);
   return cache;
}

void
npu_code_cache_close(struct disk_cache *cache)
{
   if (!cache)
      return;

   simple_mtx_lock(&lock);
   util_dynarray_delete_unordered(&open_caches, struct disk_cache *, cache);
   simple_mtx_unlock(&lock);
   disk_cache_destroy(cache);
}
