// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* histogram: how often each byte value occurs, with atomics in local memory and then in global
 * memory.
 *
 * The data are bell-shaped (each byte is the mean of four random ones), so many items of a group
 * meet at the same few bins. Check: all 256 counts are exact. */

#include "common.h"
#include "histogram.cl.h"

#include <stdio.h>
#include <string.h>

#define BINS   256
#define GROUP  256
#define GROUPS 32

/* The histogram as a few lines of text: one column per 4 bins. */
static void
draw(const cl_uint *counts)
{
   enum {
      COLUMNS = 64,
      ROWS = 6
   };
   cl_uint column[COLUMNS], highest = 1;

   for (int i = 0; i < COLUMNS; i++) {
      column[i] = 0;
      for (int j = 0; j < BINS / COLUMNS; j++)
         column[i] += counts[i * (BINS / COLUMNS) + j];
      if (column[i] > highest)
         highest = column[i];
   }
   for (int row = ROWS; row > 0; row--) {
      char line[COLUMNS + 1] = "";

      for (int i = 0; i < COLUMNS; i++)
         line[i] = (uint64_t)column[i] * ROWS >= (uint64_t)highest * (row - 1) + highest / 2 ? '#'
                                                                                             : ' ';
      ex_report("", "|%.*s|", COLUMNS, line);
   }
}

int
main(int argc, char **argv)
{
   struct example ex = {
      .name = "histogram",
      .what = "how often each byte value occurs, with local and global atomics",
      .size = 4 << 20,
      .size_help = "number of bytes, 1 to 2^30",
      .min_size = 1,
      .max_size = 1 << 30,
   };
   ex_open(&ex, argc, argv);

   cl_uint n = ex.size;
   uint8_t *data = ex_alloc(n);
   cl_uint expected[BINS] = {0}, counts[BINS] = {0};
   uint64_t random = 1;
   for (cl_uint i = 0; i < n; i++) {
      uint32_t r = ex_random(&random) * 0x1p24f, r2 = r * 2654435761u;
      data[i] = ((r & 255) + (r >> 8 & 255) + (r >> 16 & 255) + (r2 >> 24)) / 4;
      expected[data[i]]++;
   }

   cl_mem data_mem = ex_buffer(&ex, CL_MEM_READ_ONLY, n, data);
   cl_mem counts_mem = ex_buffer(&ex, CL_MEM_READ_WRITE, sizeof(counts), counts);
   cl_kernel kernel = ex_kernel(ex_program(&ex, histogram_cl, ""), "histogram");
   ex_arg(kernel, 0, n);
   ex_arg(kernel, 1, data_mem);
   ex_arg(kernel, 2, counts_mem);

   size_t local = GROUP, global = GROUP * GROUPS;
   double time_ms = ex_launch(&ex, kernel, 1, &global, &local);
   ex_read(&ex, counts_mem, sizeof(counts), counts);

   ex_report("size", "%u bytes, %d bins, %d work-groups of %d", n, BINS, GROUPS, GROUP);
   ex_report("time", "%.2f ms on the device, %.3f GB/s", time_ms, n / time_ms * 1e-6);
   draw(counts);

   unsigned wrong = 0;
   for (int i = 0; i < BINS; i++)
      wrong += counts[i] != expected[i];
   ex_report("check", "%d of %d counts are exact", BINS - wrong, BINS);
   return ex_finish(&ex, wrong == 0, "%u counts are wrong", wrong);
}
