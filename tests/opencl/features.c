// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* The page docs/opencl.md (its path is the argument after "--") has all extensions and features of OpenCL C that the
 * device says it has, in the right version, and no others. Rows look like "| `name`, `name` | 1.0.0 | ...". */

#include "cl_test.h"

#include <stdio.h>
#include <string.h>

enum {
   MAX_ROWS = 256
};

struct row {
   char name[CL_NAME_VERSION_MAX_NAME_SIZE];
   cl_version version;
   bool found;
};

static struct {
   struct row rows[MAX_ROWS];
   unsigned count;
} page;

static void
read_page(const char *path)
{
   FILE *file = fopen(path, "r");
   char line[1024];

   if (!file)
      clt_fatal("cannot open %s", path);
   page.count = 0;
   while (fgets(line, sizeof(line), file)) {
      unsigned first = page.count, major, minor, patch;
      char *version = line[0] == '|' ? strchr(line + 1, '|') : NULL;

      if (!version || sscanf(version, "| %u.%u.%u", &major, &minor, &patch) != 3)
         continue;
      *version = '\0';
      for (char *name = strtok(line, "|`, "); name && page.count < MAX_ROWS;
           name = strtok(NULL, "|`, "))
         snprintf(page.rows[page.count++].name, sizeof(page.rows[0].name), "%s", name);
      for (; first < page.count; first++) {
         page.rows[first].version = CL_MAKE_VERSION(major, minor, patch);
         page.rows[first].found = false;
      }
   }
   fclose(file);
   if (!page.count)
      clt_fatal("%s has no rows", path);
}

static void
compare(cl_device_info param, const char *prefix)
{
   cl_name_version has[MAX_ROWS];
   size_t size_B = 0;

   CLT_CALL(clGetDeviceInfo(clt.device, param, sizeof(has), has, &size_B));
   for (size_t i = 0; i < size_B / sizeof(has[0]); i++) {
      struct row *row = NULL;

      for (unsigned j = 0; j < page.count && !row; j++)
         row = strcmp(page.rows[j].name, has[i].name) ? NULL : &page.rows[j];
      if (!row) {
         clt_fail("%s is not on the page", has[i].name);
         continue;
      }
      row->found = true;
      CLT_CHECK(row->version == has[i].version, "%s is of version %u.%u.%u", has[i].name,
                CL_VERSION_MAJOR(has[i].version), CL_VERSION_MINOR(has[i].version),
                CL_VERSION_PATCH(has[i].version));
   }
   for (unsigned j = 0; j < page.count; j++)
      CLT_CHECK(page.rows[j].found || strncmp(page.rows[j].name, prefix, strlen(prefix)),
                "the device has no %s", page.rows[j].name);
}

static void
test_page(const void *arg)
{
   const char *const *what = arg;

   read_page(clt.argv[0]);
   compare(!strcmp(*what, "cl_") ? CL_DEVICE_EXTENSIONS_WITH_VERSION : CL_DEVICE_OPENCL_C_FEATURES,
           *what);
}

int
main(int argc, char **argv)
{
   static const char *const prefixes[] = {"cl_", "__opencl_c_"};

   clt_init(argc, argv, "the page of features");
   if (clt.argc != 1) {
      fprintf(stderr, "usage: %s [OPTION...] -- docs/opencl.md\n", argv[0]);
      return 2;
   }
   clt_run(test_page, &prefixes[0], "extensions");
   clt_run(test_page, &prefixes[1], "features");
   return clt_done();
}
