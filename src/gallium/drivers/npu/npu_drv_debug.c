/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Reading of NPU_DEBUG.
 */

#include "npu_drv_debug.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "util/macros.h"

static const struct {
   const char *name;
   const char *help;
   uint32_t flag;
} table[] = {
#define NPU_DRV_DEBUG_ROW(flag_, name_, help_)                                                     \
   {.name = name_, .help = help_, .flag = NPU_DRV_##flag_},
   NPU_DRV_DEBUG_FLAGS(NPU_DRV_DEBUG_ROW)
#undef NPU_DRV_DEBUG_ROW
};

static void
print_help(void)
{
   fprintf(stderr, "NPU_DEBUG: flags, separated by commas:\n");
   for (unsigned i = 0; i < ARRAY_SIZE(table); i++)
      fprintf(stderr, "   %-8s %s\n", table[i].name, table[i].help);
}

uint32_t
npu_drv_debug_parse(const char *list)
{
   static const char separators[] = ", :;\t";
   uint32_t flags = 0;

   if (!list)
      return 0;

   for (const char *p = list + strspn(list, separators); *p; p += strspn(p, separators)) {
      size_t length = strcspn(p, separators);
      bool known = false;

      if (length == 4 && !memcmp(p, "help", 4)) {
         print_help();
         known = true;
      }
      for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
         if (strlen(table[i].name) == length && !memcmp(table[i].name, p, length)) {
            flags |= table[i].flag;
            known = true;
         }
      }
      if (!known)
         fprintf(stderr, "NPU_DEBUG: unknown flag \"%.*s\" (try \"help\")\n", (int)length, p);
      p += length;
   }
   return flags;
}
