// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// NPU_JIT_DEBUG: what the JIT tells about its decisions on standard error, and a fault for tests.

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "npu_jit_library.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static unsigned flags;

static const struct {
   const char *name;
   unsigned flag;
   const char *what;
} words[] = {
   {"tier", NPU_JIT_DEBUG_TIER, "when kernels are compiled, how long it takes, why it fails"},
   {"cache", NPU_JIT_DEBUG_CACHE, "what the cache on disk finds, keeps and rejects"},
   {"stall", NPU_JIT_DEBUG_STALL, "not a report: no compilation comes to its end, for tests"},
};

#define NUM_WORDS (sizeof(words) / sizeof(words[0]))

static void
parse_word(const char *word)
{
   if (!strcmp(word, "help")) {
      fprintf(stderr, "npu: NPU_JIT_DEBUG is a list of:\n");
      for (unsigned i = 0; i < NUM_WORDS; i++)
         fprintf(stderr, "npu:   %-8s %s\n", words[i].name, words[i].what);
      return;
   }
   for (unsigned i = 0; i < NUM_WORDS; i++) {
      if (!strcmp(word, words[i].name)) {
         flags |= words[i].flag;
         return;
      }
   }
   fprintf(stderr, "npu: NPU_JIT_DEBUG: \"%s\" is not known (try help); ignored\n", word);
}

static void
parse(void)
{
   const char *text = getenv("NPU_JIT_DEBUG");
   char *copy = text ? strdup(text) : NULL, *state = NULL;

   if (!copy)
      return;
   for (char *word = strtok_r(copy, ", ", &state); word; word = strtok_r(NULL, ", ", &state))
      parse_word(word);
   free(copy);
}

unsigned
npu_jit_debug(void)
{
   pthread_once(&once, parse);
   return flags;
}

uint64_t
npu_jit_now_ns(void)
{
   struct timespec time;

   clock_gettime(CLOCK_MONOTONIC, &time);
   return (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
}
