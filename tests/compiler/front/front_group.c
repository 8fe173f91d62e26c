/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * What work-items of a group do together - ids, local memory, barriers, atomics, sub-groups - compiled,
 * run on the model and compared with what OpenCL says. The kernels are in front_group.cl. TAP.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front_run.h"

#define MAX_ITEMS 4096

static struct front_device *device;
static struct front_program *program;
static uint32_t in[MAX_ITEMS], out[8 * MAX_ITEMS];
static unsigned num_tests, num_failed;

static void
result(bool good, const char *name)
{
   printf("%sok %u - %s\n", good ? "" : "not ", ++num_tests, name);
   num_failed += !good;
}

static bool
same(const char *what, unsigned i, uint64_t found, uint64_t wanted)
{
   if (found != wanted)
      printf("# %s: element %u is %#llx, expected %#llx\n", what, i, (unsigned long long)found,
             (unsigned long long)wanted);
   return found == wanted;
}

static void
fill_random(uint32_t *data, unsigned count, uint32_t seed)
{
   for (unsigned i = 0; i < count; i++) {
      seed = seed * 1664525 + 1013904223;
      data[i] = seed >> (i & 15);
   }
}

static struct front_arg
buffer(void *data, size_t size_B)
{
   return (struct front_arg){FRONT_BUFFER, data, size_B};
}

static struct front_arg
value(uint32_t *data)
{
   return (struct front_arg){FRONT_VALUE, data, 4};
}

/* ---- ids ---- */

static bool
ids(const char *kernel, struct front_launch launch)
{
   static uint64_t found[MAX_ITEMS];
   const uint32_t *g = launch.groups;
   const uint16_t *b = launch.block;
   uint32_t size[3] = {g[0] * b[0], g[1] * b[1], g[2] * b[2]};
   uint32_t total = size[0] * size[1] * size[2];
   struct front_arg args[] = {buffer(found, total * 8)};
   bool good = front_run(device, program, kernel, &launch, args, 1);

   for (uint32_t i = 0; good && i < total; i++) {
      uint64_t x = i % size[0], y = i / size[0] % size[1], z = i / size[0] / size[1];
      uint64_t l[3] = {x % b[0], y % b[1], z % b[2]};
      uint64_t wanted = l[0] + 37 * l[1] + 1009 * l[2] + 40009 * (x / b[0]) + 1000003 * (y / b[1]) +
                        10000019 * (z / b[2]) + g[0] * 3 + g[1] * 5 + g[2] * 7 + b[0] * 11 +
                        b[1] * 13 + b[2] * 17 + (uint64_t)i * 19 +
                        (l[0] + b[0] * (l[1] + b[1] * l[2])) * 23;

      good = same(kernel, i, found[i], wanted);
   }
   return good;
}

static void
test_ids(void)
{
   result(ids("ids", (struct front_launch){{3, 1, 1}, {40, 1, 1}, false}), "ids in one dimension");
   result(ids("ids", (struct front_launch){{2, 3, 1}, {8, 6, 1}, false}), "ids in two dimensions");
   result(ids("ids", (struct front_launch){{2, 2, 2}, {5, 3, 4}, false}),
          "ids in three dimensions");
   result(ids("ids", (struct front_launch){{3, 1, 1}, {72, 1, 1}, true}), "ids in one row");
   result(ids("ids", (struct front_launch){{2, 2, 1}, {32, 4, 1}, true}),
          "ids in rows of one wave");
   result(ids("ids", (struct front_launch){{1, 2, 2}, {64, 3, 2}, true}),
          "ids in rows of two waves");
   result(ids("ids_fixed", (struct front_launch){{2, 2, 2}, {8, 4, 2}, false}),
          "ids of a fixed group");
}

static bool
transpose(struct front_launch launch, uint32_t w, uint32_t h)
{
   struct front_arg args[] = {buffer(out, w * h * 4), buffer(in, w * h * 4), value(&w), value(&h)};

   fill_random(in, w * h, w);
   if (!front_run(device, program, "transpose_naive", &launch, args, 4))
      return false;
   for (uint32_t y = 0; y < h; y++) {
      for (uint32_t x = 0; x < w; x++) {
         if (!same("transpose", y * w + x, out[x * h + y], in[y * w + x] + in[y * w] * 3))
            return false;
      }
   }
   return true;
}

/* ---- local memory ---- */

static bool
local_reverse(uint32_t groups, uint16_t size)
{
   const struct front_launch launch = {{groups, 1, 1}, {size, 1, 1}, false};
   struct front_arg args[] = {buffer(out, groups * size * 4),
                              buffer(in, groups * size * 4),
                              {FRONT_LOCAL, NULL, size * 4}};
   bool good;

   fill_random(in, groups * size, size);
   good = front_run(device, program, "local_reverse", &launch, args, 3);
   for (uint32_t i = 0; good && i < groups * size; i++) {
      uint32_t first = i / size * size;
      good = same("local_reverse", i, out[i], in[first + size - 1 - i % size] + in[first]);
   }
   return good;
}

static bool
local_sum(void)
{
   const struct front_launch launch = {{3, 1, 1}, {256, 1, 1}, false};
   struct front_arg args[] = {buffer(out, 3 * 4), buffer(in, 3 * 256 * 4)};
   bool good;

   fill_random(in, 3 * 256, 7);
   good = front_run(device, program, "local_sum", &launch, args, 2);
   for (uint32_t g = 0; good && g < 3; g++) {
      uint32_t sum = 0;
      for (uint32_t l = 0; l < 256; l++)
         sum += in[g * 256 + l];
      good = same("local_sum", g, out[g], sum);
   }
   return good;
}

static bool
local_mixed(void)
{
   const struct front_launch launch = {{2, 1, 1}, {64, 1, 1}, false};
   struct front_arg args[] = {buffer(out, 128 * 4), buffer(in, 128 * 4)};
   bool good;

   fill_random(in, 128, 3);
   good = front_run(device, program, "local_mixed", &launch, args, 2);
   for (uint32_t i = 0; good && i < 128; i++) {
      uint8_t bytes[64];
      uint64_t wide[64];
      uint16_t shorts[128];
      uint32_t x = in[i], l = i % 64;

      for (uint32_t k = 0; k < 64; k++) {
         uint32_t y = in[i / 64 * 64 + k];
         bytes[k ^ 1] = y;
         wide[63 - k] = (uint64_t)y << 20 | k;
         shorts[2 * k] = y >> 3;
         shorts[2 * k + 1] = y * 5;
      }
      good = same("local_mixed", i, out[i],
                  bytes[x & 63] + (uint32_t)(wide[x >> 2 & 63] >> 10) + shorts[x >> 1 & 127] +
                     shorts[l + 3]);
   }
   return good;
}

static bool
local_rotate(uint16_t size)
{
   const struct front_launch launch = {{2, 1, 1}, {size, 1, 1}, false};
   uint32_t rounds = 5, ring[2][128];
   struct front_arg args[] = {buffer(out, 2 * size * 4), buffer(in, 2 * size * 4), value(&rounds)};
   bool good;

   fill_random(in, 2 * size, 11);
   good = front_run(device, program, "local_rotate", &launch, args, 3);
   for (uint32_t g = 0; good && g < 2; g++) {
      memcpy(ring[0], in + g * size, size * 4);
      for (uint32_t r = 0; r < rounds; r++) {
         for (uint32_t l = 0; l < size; l++) {
            uint32_t next = ring[r & 1][(l + 1) % size];
            if (l & 32)
               next = next * 3 + r;
            else if (next & 1)
               next ^= r;
            ring[~r & 1][l] = next;
         }
      }
      for (uint32_t l = 0; good && l < size; l++)
         good = same("local_rotate", g * size + l, out[g * size + l], ring[rounds & 1][l]);
   }
   return good;
}

/* ---- atomics ---- */

static bool
global_atomics(void)
{
   const struct front_launch launch = {{4, 1, 1}, {50, 1, 1}, false};
   int32_t cells[13] = {0}, wanted[13] = {0};
   struct front_arg args[] = {buffer(cells, sizeof(cells)), buffer(in, 200 * 4)};

   fill_random(in, 200, 5);
   cells[4] = wanted[4] = -1; /* the largest unsigned */
   cells[6] = wanted[6] = -1;
   if (!front_run(device, program, "global_atomics", &launch, args, 2))
      return false;

   for (uint32_t i = 0; i < 200; i++) {
      int32_t x = in[i];
      uint32_t u = in[i];

      wanted[0] = (uint32_t)wanted[0] + u;
      wanted[1] = (uint32_t)wanted[1] - u;
      wanted[2] = x < wanted[2] ? x : wanted[2];
      wanted[3] = x > wanted[3] ? x : wanted[3];
      wanted[4] = u < (uint32_t)wanted[4] ? x : wanted[4];
      wanted[5] = u > (uint32_t)wanted[5] ? x : wanted[5];
      wanted[6] &= x | 0xff;
      wanted[7] |= x & 0xff00;
      wanted[8] ^= x;
      wanted[9 + (x & 3)]++;
   }
   for (unsigned c = 0; c < 13; c++) {
      if (!same("global_atomics", c, (uint32_t)cells[c], (uint32_t)wanted[c]))
         return false;
   }
   return true;
}

static bool
local_histogram(void)
{
   const struct front_launch launch = {{5, 1, 1}, {70, 1, 1}, false};
   uint32_t found[16] = {0}, wanted[16] = {0};
   struct front_arg args[] = {buffer(found, sizeof(found)), buffer(in, 350 * 4)};

   fill_random(in, 350, 9);
   for (uint32_t i = 0; i < 350; i++)
      wanted[in[i] & 15]++;
   if (!front_run(device, program, "local_histogram", &launch, args, 2))
      return false;
   for (unsigned b = 0; b < 16; b++) {
      if (!same("local_histogram", b, found[b], wanted[b]))
         return false;
   }
   return true;
}

static bool
tickets(void)
{
   const struct front_launch launch = {{3, 1, 1}, {45, 1, 1}, false};
   uint32_t counters[3] = {0};
   struct front_arg args[] = {buffer(out, 135 * 4), buffer(counters, sizeof(counters))};

   if (!front_run(device, program, "tickets", &launch, args, 2))
      return false;
   for (uint32_t i = 0; i < 135; i++) {
      if (!same("tickets", i, out[i], i * 2 + 1))
         return false;
   }
   return same("counter", 0, counters[0], 135) && same("counter", 1, counters[1], 135 * 3) &&
          same("counter", 2, counters[2], 77);
}

/* ---- sub-groups ---- */

/* The wave of item i in groups of `size`: first item, number of lanes. */
static void
wave_of(uint32_t i, uint32_t size, uint32_t *first, uint32_t *lanes)
{
   uint32_t group = i / size * size, wave = (i - group) / 32;

   *first = group + wave * 32;
   *lanes = group + size - *first < 32 ? group + size - *first : 32;
}

static bool
subgroups(uint16_t size)
{
   const struct front_launch launch = {{2, 1, 1}, {size, 1, 1}, false};
   struct front_arg args[] = {buffer(out, 2 * size * 8 * 4), buffer(in, 2 * size * 4)};
   bool good;

   fill_random(in, 2 * size, size);
   for (uint32_t i = 0; i < 2u * size; i++)
      in[i] &= 63;
   good = front_run(device, program, "subgroups", &launch, args, 2);

   for (uint32_t i = 0; good && i < 2u * size; i++) {
      uint32_t first, lanes, odd_sum = 0, odd_before = 0, wanted[8] = {0};
      bool any3 = false, all4 = true, odd7 = false;

      wave_of(i, size, &first, &lanes);
      const uint32_t *x = in + first;
      uint32_t lane = i - first;

      wanted[2] = x[0];
      wanted[3] = x[0];
      for (uint32_t l = 0; l < lanes; l++) {
         wanted[0] += x[l];
         wanted[1] += l < lane ? x[l] : 0;
         wanted[2] = l <= lane && x[l] > wanted[2] ? x[l] : wanted[2];
         wanted[3] = x[l] < wanted[3] ? x[l] : wanted[3];
         any3 |= x[l] == 3;
         all4 &= x[l] != 4;
         if (x[l] & 1) {
            odd_sum += x[l];
            odd_before += l <= lane;
            odd7 |= x[l] == 7;
         }
      }
      wanted[4] = x[5] + 32 + (i % size) / 32 * 100 + (size + 31) / 32 * 10000;
      wanted[5] = any3 * 2 + all4;
      wanted[6] = x[(lane * 7 + 3) & 31] + x[lane ^ 9];
      wanted[7] = x[lane] & 1 ? odd_sum + odd_before + odd7 : 0;

      for (unsigned k = 0; good && k < 8; k++) {
         /* A shuffle from a lane that does not exist is undefined. */
         if (k == 6 && lanes < 32)
            continue;
         good = same("subgroups", i * 8 + k, out[8 * i + k], wanted[k]);
      }
   }
   return good;
}

static bool
subgroups_wide(uint16_t size)
{
   const struct front_launch launch = {{1, 1, 1}, {size, 1, 1}, false};
   struct front_arg args[] = {buffer(out, size * 4 * 4), buffer(in, size * 4)};
   bool good;

   fill_random(in, size, size + 1);
   good = front_run(device, program, "subgroups_wide", &launch, args, 2);
   for (uint32_t i = 0; good && i < size; i++) {
      uint32_t first, lanes;
      uint64_t sum = 0;
      int64_t min = INT64_MAX;
      int64_t max = INT64_MIN;
      float scan = 0;

      wave_of(i, size, &first, &lanes);
      for (uint32_t l = 0; l < lanes; l++) {
         uint32_t x = in[first + l];
         int64_t wide = (int64_t)(int32_t)x * 1000003;

         sum += (uint64_t)x << 31;
         if (first + l < i && wide < min)
            min = wide;
         max = wide > max ? wide : max;
         scan += first + l <= i ? x & 15 : 0;
      }
      good = same("reduce_add of ulong", i, out[4 * i], (uint32_t)(sum >> 20)) &&
             same("scan_exclusive_min of long", i, out[4 * i + 1], (uint32_t)(min >> 9)) &&
             same("reduce_max of long", i, out[4 * i + 2], (uint32_t)(max >> 7)) &&
             same("scan_inclusive_add of float", i, out[4 * i + 3], (uint32_t)scan);
   }
   return good;
}

int
main(int argc, char **argv)
{
   static const char *const options[] = {"-cl-std=CL3.0"};
   const char *name = argc == 2 ? argv[1] : "front_group.cl";
   FILE *file = fopen(name, "rb");
   static char text[65536];

   setvbuf(stdout, NULL, _IOLBF, 0);
   if (!file || fread(text, 1, sizeof(text) - 1, file) == 0) {
      printf("Bail out! cannot read %s\n", name);
      return 1;
   }
   fclose(file);
   program = front_program_create(text, name, options, 1);
   device = program ? front_device_create() : NULL;
   if (!device) {
      printf("Bail out! %s does not compile\n", name);
      return 1;
   }

   test_ids();
   result(transpose((struct front_launch){{3, 5, 1}, {8, 4, 1}, false}, 21, 19), "transpose");
   result(transpose((struct front_launch){{2, 5, 1}, {32, 4, 1}, true}, 50, 19),
          "transpose in rows");
   result(local_reverse(3, 100), "local memory as an argument");
   result(local_sum(), "tree of sums in local memory");
   result(local_mixed(), "local arrays of several widths");
   result(local_rotate(128), "barriers in a loop");
   result(local_rotate(48), "barriers in a loop, partial wave");
   result(global_atomics(), "atomics on global memory");
   result(local_histogram(), "atomics on local memory");
   result(tickets(), "atomics with results, compare and exchange");
   result(subgroups(64), "sub-groups, whole waves");
   result(subgroups(75), "sub-groups, partial wave");
   result(subgroups_wide(64), "sub-groups, other widths");
   result(subgroups_wide(40), "sub-groups, other widths, partial wave");
   printf("1..%u\n", num_tests);

   front_device_destroy(device);
   front_program_destroy(program);
   return num_failed != 0;
}
