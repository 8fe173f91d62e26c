// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// The configuration of a device from text, usually of the environment variable NPU_SIM: a comma
// separated list of words, "interp,cores=4,mem=2G". A word that is not understood is reported and
// ignored, so that a typo never stops an application, but does not go unnoticed either.

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npu_isa/npu_regs.h"
#include "npu_sim.h"
#include "npu_sim_priv.h"

#define MIN_MEM_B (16ull << 20)
#define MAX_MEM_B (1ull << 46)

static const struct npu_sim_config defaults = {
   .engine = NPU_SIM_ENGINE_TIERED,
   .num_cores = 0,
   .mem_size_B = 4ull << 30,
   .va_bits = NPU_MAX_VA_BITS,
   .va_bits_may_shrink = true,
};

/* Decimal or 0x number with an optional K, M, G or T. */
static bool
parse_number(const char *text, uint64_t *value)
{
   char *end;

   if (*text < '0' || *text > '9')
      return false;
   errno = 0;
   *value = strtoull(text, &end, 0);
   if (errno || end == text)
      return false;

   static const char units[] = "KMGT";
   const char *unit = *end ? strchr(units, *end & ~0x20) : NULL;
   if (unit) {
      unsigned shift = 10 * (unsigned)(unit - units + 1);
      if (*value > UINT64_MAX >> shift)
         return false;
      *value <<= shift;
      end++;
   }
   return *end == 0;
}

static bool
in_range(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
   return text && parse_number(text, value) && *value >= min && *value <= max;
}

/* Applies one word. Returns NULL or what is wrong with it. */
static const char *
apply(struct npu_sim_config *config, const char *name, const char *value)
{
   uint64_t number;

   if (!strcmp(name, "interp") && !value) {
      config->engine = NPU_SIM_ENGINE_INTERP;
   } else if (!strcmp(name, "jit") && !value) {
      config->engine = NPU_SIM_ENGINE_JIT;
   } else if (!strcmp(name, "tiered") && !value) {
      config->engine = NPU_SIM_ENGINE_TIERED;
   } else if (!strcmp(name, "cpu")) {
      static const char *const names[] = {"native", "sse2", "avx2", "avx512"};
      unsigned i = 0;
      while (i < 4 && (!value || strcmp(value, names[i])))
         i++;
      if (i == 4)
         return "must be native, sse2, avx2 or avx512";
      config->jit_cpu = (enum npu_sim_cpu)i;
   } else if (!strcmp(name, "canonical-nans") && !value) {
      config->jit_canonical_nans = true;
   } else if (!strcmp(name, "quick-code") && !value) {
      config->jit_quick = true;
   } else if (!strcmp(name, "poison") && !value) {
      config->poison = true;
   } else if (!strcmp(name, "trace") && !value) {
      config->trace = true;
   } else if (!strcmp(name, "exact") && !value) {
      config->exact = true;
   } else if (!strcmp(name, "portable") && !value) {
      config->portable = true;
   } else if (!strcmp(name, "cores")) {
      if (!in_range(value, 1, NPU_SIM_MAX_CORES, &number))
         return "must be a number from 1 to 1024";
      config->num_cores = (unsigned)number;
   } else if (!strcmp(name, "mem")) {
      if (!in_range(value, MIN_MEM_B, MAX_MEM_B, &number) || number % NPU_LARGE_PAGE_SIZE_B)
         return "must be a size from 16M to 64T, a multiple of 2M";
      config->mem_size_B = number;
   } else if (!strcmp(name, "va-bits")) {
      if (!in_range(value, NPU_SIM_MIN_VA_BITS, NPU_MAX_VA_BITS, &number))
         return "must be a number from 30 to 40";
      config->va_bits = (unsigned)number;
   } else if (!strcmp(name, "watchdog")) {
      if (!in_range(value, 0, 3600 * 1000, &number))
         return "must be a number of milliseconds from 0 to 3600000";
      config->watchdog_ms = (unsigned)number;
   } else {
      return "is not known (known: interp, jit, tiered, cpu=NAME, cores=N, mem=SIZE, va-bits=N, "
             "watchdog=MS, poison, trace, exact, portable, canonical-nans, quick-code)";
   }
   return NULL;
}

static bool
parse(struct npu_sim_config *config, const char *text, const char *where)
{
   bool good = true;

   *config = defaults;
   if (!text)
      return true;

   char *copy = strdup(text), *state = NULL;
   if (!copy) {
      fprintf(stderr, "npu: %s: not enough memory, using the defaults\n", where);
      return false;
   }
   for (char *word = strtok_r(copy, ", ", &state); word; word = strtok_r(NULL, ", ", &state)) {
      char *value = strchr(word, '=');
      if (value)
         *value = 0;
      const char *wrong = apply(config, word, value ? value + 1 : NULL);
      if (value)
         *value = '=';
      if (wrong) {
         fprintf(stderr, "npu: %s: \"%s\" %s; ignored\n", where, word, wrong);
         good = false;
      }
   }
   free(copy);
   return good;
}

bool
npu_sim_config_parse(struct npu_sim_config *config, const char *text)
{
   return parse(config, text, "configuration");
}

bool
npu_sim_config_from_env(struct npu_sim_config *config, const char *variable)
{
   return parse(config, getenv(variable), variable);
}
