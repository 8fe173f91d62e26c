// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Units of host code, found by the words of their kernels.
//
// A library is bounded: when it is full, the unit that nobody has used for the longest time makes
// room, and its host code is freed. Host code depends on the code's words only, so that a kernel
// that is loaded again, at another address or in another address space, finds it.

#include <stdlib.h>
#include <string.h>

#include "npu_jit_library.h"

#define NPU_JIT_MAX_UNITS 256

pthread_mutex_t npu_jit_lock = PTHREAD_MUTEX_INITIALIZER;
static struct npu_jit_library *libraries; /* guarded by npu_jit_lock */

/* ---- libraries --------------------------------------------------------------------------- */

struct npu_jit_library *
npu_jit_library_get(const struct npu_jit_options *options)
{
   struct npu_jit_library *library;

   npu_jit_watch_forks();
   pthread_mutex_lock(&npu_jit_lock);
   for (library = libraries; library; library = library->next) {
      if (library->options.cpu == options->cpu &&
          library->options.canonical_nans == options->canonical_nans &&
          library->options.quick == options->quick)
         break;
   }
   if (!library && (library = calloc(1, sizeof(*library)))) {
      library->options = *options;
      library->units = calloc(NPU_JIT_MAX_UNITS, sizeof(struct npu_jit_unit *));
      library->identity = npu_jit_identity(options);
      if (library->units && library->identity) {
         library->next = libraries;
         libraries = library;
      } else {
         free(library->identity);
         free(library->units);
         free(library);
         library = NULL;
      }
   }
   if (library)
      library->users++;
   pthread_mutex_unlock(&npu_jit_lock);
   return library;
}

static void
free_unit(struct npu_jit_unit *unit)
{
   if (!unit)
      return;
   npu_jit_code_free(unit->code);
   npu_interp_kernel_free(unit->kernel);
   free(unit->entry_of);
   free((void *)unit->source.key);
   free(unit);
}

static void
free_library(struct npu_jit_library *library)
{
   for (unsigned i = 0; i < NPU_JIT_MAX_UNITS; i++)
      free_unit(library->units[i]);
   npu_jit_compiler_free(library->compiler);
   free(library->identity);
   free(library->units);
   free(library);
}

void
npu_jit_library_put(struct npu_jit_library *library)
{
   bool last = false;

   if (!library)
      return;
   pthread_mutex_lock(&npu_jit_lock);
   if (--library->users == 0) {
      struct npu_jit_library **link = &libraries;
      while (*link != library)
         link = &(*link)->next;
      *link = library->next;
      last = !libraries;
      if (npu_jit_wait_for_library_locked(library))
         free_library(library);
   }
   pthread_mutex_unlock(&npu_jit_lock);
   if (last)
      npu_jit_worker_stop();
}

void
npu_jit_library_reset_locked(void)
{
   libraries = NULL;
}

/* ---- units ------------------------------------------------------------------------------- */

static uint64_t *
make_key(const struct npu_interp_kernel *kernel, size_t *words)
{
   size_t num_words = 0;

   for (size_t i = 0; i < kernel->num_ranges; i++)
      num_words += kernel->ranges[i].count;
   *words = 2 * kernel->num_ranges + num_words;
   uint64_t *key = malloc((*words + 1) * sizeof(*key));
   if (!key)
      return NULL;
   for (size_t i = 0; i < kernel->num_ranges; i++) {
      key[2 * i] = kernel->ranges[i].va - kernel->code_va;
      key[2 * i + 1] = kernel->ranges[i].count;
   }
   memcpy(key + 2 * kernel->num_ranges, kernel->words, num_words * sizeof(*key));
   return key;
}

/* Two independent halves: the second one tells files of the cache on disk apart as well. */
static void
hash_key(const uint64_t *words, size_t count, uint64_t hash[2])
{
   uint64_t a = 0x9e3779b97f4a7c15ull, b = 0xc2b2ae3d27d4eb4full ^ count;

   for (size_t i = 0; i < count; i++) {
      a = (a ^ words[i]) * 0xff51afd7ed558ccdull;
      a ^= a >> 32;
      b = (b + words[i]) * 0x9fb21c651e98df25ull;
      b ^= b >> 29;
   }
   hash[0] = a;
   hash[1] = b;
}

static bool
is_source(const struct npu_jit_source *a, const struct npu_jit_source *b)
{
   return a->hash[0] == b->hash[0] && a->hash[1] == b->hash[1] && a->key_words == b->key_words &&
          !memcmp(a->key, b->key, a->key_words * sizeof(uint64_t));
}

/* Whether the unit may make room for another one. */
static bool
is_unused(const struct npu_jit_unit *unit)
{
   return unit->users == 0 && unit->state != NPU_JIT_UNIT_QUEUED &&
          unit->state != NPU_JIT_UNIT_COMPILING;
}

/* The slot of the unit with this key, else the one to use for it; NULL: all are in use. */
static struct npu_jit_unit **
find_slot(struct npu_jit_library *library, const struct npu_jit_source *source, bool *found)
{
   struct npu_jit_unit **slot = NULL;

   *found = false;
   for (unsigned i = 0; i < NPU_JIT_MAX_UNITS; i++) {
      struct npu_jit_unit *unit = library->units[i];
      if (!unit) {
         if (!slot || *slot)
            slot = &library->units[i];
      } else if (is_source(&unit->source, source)) {
         *found = true;
         return &library->units[i];
      } else if (is_unused(unit) && (!slot || (*slot && unit->last_use < (*slot)->last_use))) {
         slot = &library->units[i];
      }
   }
   return slot;
}

struct npu_jit_unit *
npu_jit_unit_get(struct npu_jit_library *library, struct npu_interp_kernel *kernel)
{
   struct npu_jit_source source = {.identity = library->identity};
   uint64_t *key = make_key(kernel, &source.key_words);
   struct npu_jit_unit *unit = NULL;
   bool found;

   if (!key)
      return NULL;
   source.key = key;
   hash_key(key, source.key_words, source.hash);
   pthread_mutex_lock(&npu_jit_lock);
   struct npu_jit_unit **slot = find_slot(library, &source, &found);
   if (slot && !found && (unit = calloc(1, sizeof(*unit)))) {
      unit->library = library;
      unit->source = source;
      unit->num_uops = kernel->num_uops;
      unit->on_disk = npu_jit_disk_has(&source);
      unit->kernel = npu_interp_kernel_share(kernel);
      free_unit(*slot);
      *slot = unit;
      key = NULL;
   } else if (found) {
      unit = *slot;
   }
   if (unit) {
      unit->users++;
      unit->last_use = ++library->uses;
   }
   pthread_mutex_unlock(&npu_jit_lock);
   free(key);
   return unit;
}

void
npu_jit_unit_put(struct npu_jit_unit *unit)
{
   if (!unit)
      return;
   pthread_mutex_lock(&npu_jit_lock);
   if (--unit->users == 0)
      npu_jit_forget_locked(unit);
   pthread_mutex_unlock(&npu_jit_lock);
}
