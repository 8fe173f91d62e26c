// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* printf in kernels: its text arrives on the standard output of the process. Each case puts a file
 * in the place of standard output while the kernel runs. */

#include "cl_api.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Runs the kernel with standard output in a file and returns what was printed. */
static char *
output_of(cl_kernel k, size_t global, size_t local)
{
   char path[] = "/tmp/npu-printf-XXXXXX";
   const size_t *l = local ? &local : NULL;

   fflush(stdout);
   int file = mkstemp(path), saved = dup(STDOUT_FILENO);
   if (file < 0 || saved < 0)
      clt_fatal("%s: %s", path, strerror(errno));
   unlink(path);
   dup2(file, STDOUT_FILENO);
   cl_int error = clEnqueueNDRangeKernel(clt.queue, k, 1, NULL, &global, l, 0, NULL, NULL);
   if (error == CL_SUCCESS)
      error = clFinish(clt.queue);
   fflush(stdout);
   dup2(saved, STDOUT_FILENO);
   close(saved);

   off_t size = lseek(file, 0, SEEK_END);
   char *text = clt_alloc(size + 1);
   ssize_t got = pread(file, text, size, 0);
   close(file);
   clt_require(error, "clFinish");
   if (got != size)
      clt_fatal("the output cannot be read back");
   return text;
}

static void
expect_output(const char *source, const char *want)
{
   cl_kernel k = clt_kernel(source, "", "f");
   char *got = output_of(k, 1, 1);

   CLT_CHECK(!strcmp(got, want), "printed \"%s\", expected \"%s\"", got, want);
}

struct format_case {
   const char *name, *statement, *want;
};

static const struct format_case format_cases[] = {
   {"text only", "printf(\"hello\\n\");", "hello\n"},
   {"integers", "printf(\"%d %u %x %5d|%-5d|%05d\\n\", -7, 4000000000u, 0xabcdu, 42, 42, 42);",
    "-7 4000000000 abcd    42|42   |00042\n"},
   {"long", "printf(\"%ld %lu %lx\\n\", -5000000000L, 10000000000000000000UL, 0x123456789abcdefL);",
    "-5000000000 10000000000000000000 123456789abcdef\n"},
   {"small types", "printf(\"%hhd %hd %hu\\n\", (char)-3, (short)-300, (ushort)60000);",
    "-3 -300 60000\n"},
   {"float", "printf(\"%f %.3f %e %g\\n\", 1.5f, 2.0f / 3.0f, 12345.0f, 0.25f);",
    "1.500000 0.667 1.234500e+04 0.25\n"},
   {"character and string", "printf(\"%c %s|\\n\", 'x', \"string\");", "x string|\n"},
   {"percent", "printf(\"100%%\\n\");", "100%\n"},
   {"vectors", "printf(\"%v4hld %v2hlu\\n\", (int4)(1, -2, 3, -4), (uint2)(5, 6));",
    "1,-2,3,-4 5,6\n"},
   {"vector of floats", "printf(\"%.1v3hlf\\n\", (float3)(0.5f, 1.5f, -2.5f));", "0.5,1.5,-2.5\n"},
   {"several calls", "for (int i = 0; i < 3; i++) printf(\"%d;\", i); printf(\"end\\n\");",
    "0;1;2;end\n"},
};

static void
format(const void *arg)
{
   const struct format_case *c = arg;

   expect_output(clt_format("kernel void f(void) { %s }\n", c->statement), c->want);
}

/* Each work-item's line arrives whole, once, in any order. */
static void
many_items(const void *arg)
{
   enum {
      N = 500
   };
   cl_kernel k = clt_kernel("kernel void f(void)\n"
                            "{ printf(\"item %d of group %d\\n\", (int)get_global_id(0),\n"
                            "         (int)get_group_id(0)); }\n",
                            "", "f");
   char *text = output_of(k, N, 50);
   bool seen[N] = {false};
   unsigned lines = 0;

   for (char *save, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
      int item = -1, group = -1, length = 0;

      if (sscanf(line, "item %d of group %d%n", &item, &group, &length) != 2 || line[length] ||
          item < 0 || item >= N || group != item / 50 || seen[item])
      {
         clt_fail("unexpected line \"%s\"", line);
         return;
      }
      seen[item] = true;
      lines++;
   }
   CLT_CHECK(lines == N, "%u lines, expected %d", lines, N);
}

/* Only active lanes print. */
static void
divergent_printf(const void *arg)
{
   cl_kernel k =
      clt_kernel("kernel void f(void)\n"
                 "{ int i = get_global_id(0); if (i % 10 == 3) printf(\"%d\\n\", i); }\n",
                 "", "f");
   char *text = output_of(k, 64, 64);
   int sum = 0, lines = 0;

   for (char *save, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
      sum += atoi(line);
      lines++;
   }
   CLT_CHECK(lines == 7 && sum == 3 + 13 + 23 + 33 + 43 + 53 + 63, "%d lines with sum %d", lines,
             sum);
}

/* More than the buffer holds: what fits is printed, nothing breaks, later launches print again. */
static void
overflow(const void *arg)
{
   size_t buffer_B = CLT_DEVICE_INFO(size_t, CL_DEVICE_PRINTF_BUFFER_SIZE);
   cl_kernel k = clt_kernel("kernel void f(int n)\n"
                            "{ for (int i = 0; i < n; i++) printf(\"%d %d %d\\n\", i, i, i); }\n",
                            "", "f");
   size_t lines = 0;

   clt_arg_i32(k, 0, 400);
   char *text = output_of(k, 256 * (buffer_B >> 20 ? buffer_B >> 20 : 1), 64);
   for (char *save, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
      int a, b, c;
      if (sscanf(line, "%d %d %d", &a, &b, &c) != 3 || a != b || b != c) {
         clt_fail("unexpected line \"%s\"", line);
         return;
      }
      lines++;
   }
   CLT_CHECK(lines > 1000, "only %zu lines arrived", lines);

   clt_arg_i32(k, 0, 1);
   text = output_of(k, 1, 1);
   CLT_CHECK(!strcmp(text, "0 0 0\n"), "afterwards \"%s\" was printed", text);
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "printf in kernels");
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(format_cases); i++)
      clt_run(format, &format_cases[i], "format: %s", format_cases[i].name);
   clt_run_fresh(many_items, NULL);
   clt_run_fresh(divergent_printf, NULL);
   clt_run_fresh(overflow, NULL);
   return clt_done();
}
