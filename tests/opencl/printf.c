// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* printf in kernels: conversions, flags, widths, vectors, strings, many items, and more text than
 * fits the buffer. The process's standard output goes to a file while a kernel runs; what is in the
 * file must be the text that the host's printf makes of the same arguments. */

#include "cl_values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Runs a kernel and returns what it printed, as memory of the case. */
static char *
run_captured(cl_kernel kernel, size_t global, size_t local)
{
   FILE *file = tmpfile();
   if (!file)
      clt_fatal("cannot make a temporary file");
   fflush(stdout);
   int saved = dup(STDOUT_FILENO);
   dup2(fileno(file), STDOUT_FILENO);
   cl_int error = clEnqueueNDRangeKernel(clt.queue, kernel, 1, NULL, &global, local ? &local : NULL,
                                         0, NULL, NULL);
   cl_int finish = clFinish(clt.queue);
   fflush(stdout);
   dup2(saved, STDOUT_FILENO);
   close(saved);

   fseek(file, 0, SEEK_END);
   long size = ftell(file);
   rewind(file);
   char *text = clt_alloc(size + 1);
   size_t got = fread(text, 1, size, file);
   fclose(file);
   clt_require(error, "clEnqueueNDRangeKernel");
   clt_require(finish, "clFinish");
   if (got != (size_t)size)
      clt_fatal("cannot read the captured output back");
   return text;
}

struct format {
   const char *name;
   const char *call; /* arguments of printf in the kernel; i is the item, 0 */
   const char *want;
};

static const struct format formats[] = {
   {"plain", "\"hello\\n\"", "hello\n"},
   {"empty_arguments", "\"100%% of it\\n\"", "100% of it\n"},
   {"integers", "\"%d %i %u\\n\", -5, 1234567, 4000000000u", "-5 1234567 4000000000\n"},
   {"hex_and_octal", "\"%x %X %#x %o %#o\\n\", 48879, 0xbeef, 255, 8, 8",
    "beef BEEF 0xff 10 010\n"},
   {"width_and_flags", "\"[%5d][%-5d][%05d][%+d][% d][%.3d]\\n\", 42, 42, 42, 42, 42, 7",
    "[   42][42   ][00042][+42][ 42][007]\n"},
   {"long", "\"%ld %lu %lx\\n\", -5000000000l, 18000000000000000000ul, 0x123456789abcdefl",
    "-5000000000 18000000000000000000 123456789abcdef\n"},
   {"narrow", "\"%hhd %hhu %hd %hu\\n\", (char)-3, (uchar)253, (short)-300, (ushort)65000",
    "-3 253 -300 65000\n"},
   {"char", "\"%c%c%c\\n\", 'N', 'P', 'U'", "NPU\n"},
   {"string", "\"%s, %s!\\n\", \"hello\", \"device\"", "hello, device!\n"},
   {"string_width", "\"[%8s][%-8s][%.2s]\\n\", \"abc\", \"abc\", \"abc\"",
    "[     abc][abc     ][ab]\n"},
   {"float_fixed", "\"%f %.2f %8.3f %-8.1f|\\n\", 1.5f, 3.14159f, -2.0f, 10.25f",
    "1.500000 3.14   -2.000 10.2    |\n"},
   {"float_exponent", "\"%e %.3E %g %G\\n\", 12345.678f, 0.00012f, 0.5f, 1e20f",
    "1.234568e+04 1.200E-04 0.5 1E+20\n"},
   {"float_special", "\"%f %F %f\\n\", INFINITY, -INFINITY, as_float(0x7fc00000)",
    "inf -INF nan\n"},
   {"vector_int",
    "\"%v4hld|%v2hld|%v3hlx\\n\", (int4)(1, -2, 3, -4), (int2)(7, 8), (int3)(10, 11, 12)",
    "1,-2,3,-4|7,8|a,b,c\n"},
   {"vector_float", "\"%v4hlf|%.1v2hlf\\n\", (float4)(1, 2.5f, -3, 0), (float2)(0.25f, 9)",
    "1.000000,2.500000,-3.000000,0.000000|0.2,9.0\n"},
   {"vector_narrow",
    "\"%v4hhd %v8hu\\n\", (char4)(1, -1, 127, -128), (ushort8)(1, 2, 3, 4, 5, 6, 7, 65535)",
    "1,-1,127,-128 1,2,3,4,5,6,7,65535\n"},
   {"vector_long", "\"%v2ld\\n\", (long2)(-1, 5000000000l)", "-1,5000000000\n"},
   {"vector_half", "\"%2.2v4hf\\n\", convert_half4((float4)(1, 2.5f, -3, 0.25f))",
    "1.00,2.50,-3.00,0.25\n"},
   {"vector_width", "\"%5v3hld\\n\", (int3)(1, 22, 333)", "    1,   22,  333\n"},
   {"mixed", "\"%s=%d (%c) %5.1f%% %ld\\n\", \"x\", 42, 'z', 99.5f, -1l", "x=42 (z)  99.5% -1\n"},
   {"many", "\"%d %d %d %d %d %d %d %d %d %d %d %d\\n\", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12",
    "1 2 3 4 5 6 7 8 9 10 11 12\n"},
};

static void
test_format(const void *arg)
{
   const struct format *f = arg;
   cl_kernel kernel = clt_kernel(clt_format("kernel void test(void) { printf(%s); }\n", f->call),
                                 "", "test");
   char *got = run_captured(kernel, 1, 1);

   CLT_CHECK(!strcmp(got, f->want), "printf(%s)\ngot:      \"%s\"\nexpected: \"%s\"", f->call, got,
             f->want);
}

#define NAME_30  "abcdefghijklmnopqrstuvwxyz0123"
#define NAME_300 NAME_30 NAME_30 NAME_30 NAME_30 NAME_30 NAME_30 NAME_30 NAME_30 NAME_30 NAME_30

/* Strings that are known at run time only, and arguments that do not fit the format. */
static const struct program {
   const char *name;
   const char *functions; /* in front of the kernel */
   const char *body;
   const char *want;
} programs[] = {
   {"string_parameter", "void show(constant const char *s, int n) { printf(\"<%s|%d>\", s, n); }\n",
    "show(\"first\", 1); show(\"the second one\", 2); show(\"\", 3);",
    "<first|1><the second one|2><|3>"},
   {"string_choice", "",
    "printf(\"%s %s %d\\n\", i < 1 ? \"yes\" : \"no\", i > 3 ? \"big\" : \"small\", 7);",
    "yes small 7\n"},
   {"string_table", "constant char *constant names[] = {\"zero\", \"one\", \"two\"};\n",
    "for (int k = i; k < 3; k++) printf(\"%s,\", names[k]);", "zero,one,two,"},
   {"string_part", "constant char text[] = \"hello device\";\n",
    "printf(\"%s %s %s\\n\", text, &text[6], &text[i + 8]);", "hello device device vice\n"},
   {"string_precision",
    "void show(constant const char *s) { printf(\"[%8s][%-8s][%.2s]\", s, s, s); }\n",
    "show(\"abc\");", "[     abc][abc     ][ab]"},
   {"string_long", "void show(constant const char *s) { printf(\"%s %s.\", s, s); }\n",
    "show(\"" NAME_300 "\"); show(\"-\");", NAME_300 " " NAME_300 ".- -."},
   {"string_memory", "",
    "local char l[3]; char p[3] = {'p', 'q', 0};\n"
    "   l[0] = 'l'; l[1] = 'm'; l[2] = 0;\n"
    "   p[i] = 'P';\n"
    "   printf(\"%s %s %d\\n\", l, p, 5);",
    "lm Pq 5\n"},
   {"string_null", "", "printf(\"%s|%d\\n\", (constant char *)0, 5);", "(null)|5\n"},
   {"narrow_vectors", "",
    "printf(\"%c %v2hhd %v2hhd %c|\", 'a', (char2)(1, -2), (char2)(3, 4), 'b');\n"
    "   printf(\"%v3hhu %v2hd %v2hhd|\", (uchar3)(1, 2, 255), (short2)(-7, 8), (char2)(9, 10));\n"
    "   printf(\"%v2hhd %s %v2hhd\", (char2)(1, 2), \"middle\", (char2)(3, 4));",
    "a 1,-2 3,4 b|1,2,255 -7,8 9,10|1,2 middle 3,4"},
   {"too_many_arguments", "", "printf(\"%d,\", 1, 2, 3.0f, \"four\"); printf(\"next %d\", 5);",
    "1,next 5"},
   {"too_few_arguments", "", "printf(\"%d %d %s,\", 1); printf(\"next %d\", 5);", "1 %d %s,next 5"},
   {"odd_conversions", "",
    "printf(\"%ls %d|\", \"wide\", 2); printf(\"%5$d %d|\", 3, 4); printf(\"100%%%d%%\", 5);",
    "%ls 2|%5$d 4|100%5%"},
};

static void
test_program(const void *arg)
{
   const struct program *p = arg;
   cl_kernel kernel = clt_kernel(clt_format("%skernel void test(int i) {\n   %s\n}\n", p->functions,
                                            p->body),
                                 "-cl-std=CL3.0", "test");
   clt_arg_i32(kernel, 0, 0);
   char *got = run_captured(kernel, 1, 1);

   CLT_CHECK(!strcmp(got, p->want), "%s%s\ngot:      \"%s\"\nexpected: \"%s\"", p->functions,
             p->body, got, p->want);
}

static int
compare_lines(const void *a, const void *b)
{
   return atoi(*(char *const *)a) - atoi(*(char *const *)b);
}

/* Every third item prints one line; lines come in any order, none torn or lost. */
static void
test_many_items(const void *arg)
{
   static const char source[] = "kernel void test(global const float *in) {\n"
                                "   int i = get_global_id(0);\n"
                                "   if (i % 3) return;\n"
                                "   if (i & 1) printf(\"%d: %s %.2f\\n\", i, \"odd\", in[i]);\n"
                                "   else printf(\"%d: %s %.2f\\n\", i, \"even\", in[i]);\n"
                                "}\n";
   enum {
      ITEMS = 900
   };
   float in[ITEMS];
   char *lines[ITEMS];
   int n = 0;

   for (int i = 0; i < ITEMS; i++)
      in[i] = i * 0.25f;
   cl_kernel kernel = clt_kernel(source, "", "test");
   clt_arg_mem(kernel, 0, clt_buffer(sizeof(in), in));
   char *text = run_captured(kernel, ITEMS, 50);
   for (char *line = strtok(text, "\n"); line && n < ITEMS; line = strtok(NULL, "\n"))
      lines[n++] = line;
   CLT_CHECK(n == ITEMS / 3, "%d lines were printed, expected %d", n, ITEMS / 3);
   qsort(lines, n, sizeof(lines[0]), compare_lines);
   for (int k = 0; k < n && !clt_failed(); k++) {
      const char *want = clt_format("%d: %s %.2f", 3 * k, k & 1 ? "odd" : "even", 3 * k * 0.25f);
      CLT_CHECK(!strcmp(lines[k], want), "line %d: got \"%s\", expected \"%s\"", k, lines[k], want);
   }
}

/* One item's calls stay in order, also in a loop and across branches. */
static void
test_order(const void *arg)
{
   static const char source[] = "kernel void test(int n) {\n"
                                "   for (int k = 0; k < n; k++) { printf(\"%d\", k); if (k % 4 == "
                                "3) printf(\";\"); else printf(\",\"); }\n"
                                "   printf(\"end\\n\");\n"
                                "}\n";
   cl_kernel kernel = clt_kernel(source, "", "test");
   clt_arg_i32(kernel, 0, 10);
   char *got = run_captured(kernel, 1, 1);
   CLT_CHECK(!strcmp(got, "0,1,2,3;4,5,6,7;8,9,end\n"), "got \"%s\"", got);
}

/* The value of printf is 0 when it worked. */
static void
test_return_value(const void *arg)
{
   static const char source[] =
      "kernel void test(global int *out) { *out = printf(\"x\\n\") * 2 + 5; }\n";
   int out = 0;

   cl_kernel kernel = clt_kernel(source, "", "test");
   cl_mem mem = clt_buffer(4, NULL);
   clt_arg_mem(kernel, 0, mem);
   char *got = run_captured(kernel, 1, 1);
   clt_read(mem, 0, 4, &out);
   CLT_CHECK(!strcmp(got, "x\n"), "got \"%s\"", got);
   CLT_CHECK(out == 5, "printf returned %d", (out - 5) / 2);
}

/* Far more text than the device promises room for: what comes is a part of the lines, whole ones,
 * and the next kernel prints again. */
static void
test_overflow(const void *arg)
{
   static const char source[] = "kernel void test(int n) { for (int k = 0; k < n; k++)\n"
                                "   printf(\"line %d %d\\n\", (int)get_global_id(0), k); }\n";
   size_t room = 0;

   CLT_CALL(clGetDeviceInfo(clt.device, CL_DEVICE_PRINTF_BUFFER_SIZE, sizeof(room), &room, NULL));
   if (room > 4 << 20)
      clt_skip("the printf buffer has %zu MiB: filling it takes too long", room >> 20);
   cl_kernel kernel = clt_kernel(source, "", "test");
   clt_arg_i32(kernel, 0, room / 256 / 8 * 3); /* 8 bytes of arguments per line are the least */
   char *text = run_captured(kernel, 256, 32);
   size_t lines = 0;
   for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
      int item, k, length = 0;
      if (sscanf(line, "line %d %d%n", &item, &k, &length) != 2 || line[length])
         clt_fatal("line %zu is torn: \"%s\"", lines, line);
      lines++;
   }
   CLT_CHECK(lines > 0, "nothing was printed");
   clt_arg_i32(kernel, 0, 1);
   text = run_captured(kernel, 1, 1);
   CLT_CHECK(!strcmp(text, "line 0 0\n"), "the next kernel printed \"%.60s\"", text);
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "printf in kernels");
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(formats); i++)
      clt_run(test_format, &formats[i], "%s", formats[i].name);
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(programs); i++)
      clt_run(test_program, &programs[i], "%s", programs[i].name);
   clt_run(test_many_items, NULL, "many_items");
   clt_run(test_order, NULL, "order");
   clt_run(test_return_value, NULL, "return_value");
   clt_run(test_overflow, NULL, "overflow");
   return clt_done();
}
