/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Reading of NPU_COMPILER_DEBUG.
 *
 * Checking every intermediate result takes longer than making it. So a compiler that is built to be
 * used does it only when asked; the tests ask.
 */
#include "npu_debug.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/macros.h"
#include "util/u_call_once.h"

static const struct {
   const char *name;
   const char *group;
   const char *help;
   uint32_t flag;
} npu_debug_table[] = {
#define NPU_DEBUG_ROW(flag_, name_, group_, help_)                                                 \
   {.name = name_, .group = group_, .help = help_, .flag = NPU_DEBUG_##flag_},
   NPU_DEBUG_FLAGS(NPU_DEBUG_ROW)
#undef NPU_DEBUG_ROW
};

static void
print_help(const char *origin)
{
   fprintf(stderr, "%s: flags, separated by commas:\n", origin);
   for (unsigned i = 0; i < ARRAY_SIZE(npu_debug_table); ++i) {
      fprintf(stderr, "   %-7s %-12s %s\n", npu_debug_table[i].group, npu_debug_table[i].name,
              npu_debug_table[i].help);
   }
}

static bool
find_flag(const char *name, size_t length, uint32_t *flags)
{
   for (unsigned i = 0; i < ARRAY_SIZE(npu_debug_table); ++i) {
      if (strlen(npu_debug_table[i].name) == length &&
          !memcmp(npu_debug_table[i].name, name, length))
      {
         *flags |= npu_debug_table[i].flag;
         return true;
      }
   }
   return false;
}

uint32_t
npu_debug_parse(const char *list, const char *origin)
{
   static const char separators[] = ", :;\t";
   uint32_t flags = 0;

   for (const char *p = list + strspn(list, separators); *p; p += strspn(p, separators)) {
      size_t length = strcspn(p, separators);

      if (length == 4 && !memcmp(p, "help", 4))
         print_help(origin);
      else if (!find_flag(p, length, &flags))
         fprintf(stderr, "%s: unknown flag \"%.*s\" (try \"help\")\n", origin, (int)length, p);
      p += length;
   }
   return flags;
}

static uint32_t env_flags;

static void
read_environment(void)
{
   const char *list = getenv("NPU_COMPILER_DEBUG");

   env_flags = list ? npu_debug_parse(list, "NPU_COMPILER_DEBUG") : 0;
#if !defined(NDEBUG) && !defined(__OPTIMIZE__)
   env_flags |= NPU_DEBUG_VALIDATE;
#endif
   if (env_flags & NPU_DEBUG_NO_VALIDATE)
      env_flags &= ~NPU_DEBUG_VALIDATE;
}

uint32_t
npu_debug(void)
{
   static util_once_flag once = UTIL_ONCE_FLAG_INIT;

   util_call_once(&once, read_environment);
   return env_flags;
}
