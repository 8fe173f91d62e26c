/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Runs the kernels of a .cl file on the model and the same functions, compiled as C, on the host,
 * and compares. FRONT_SOURCE is the file; it is also included here. TAP, one case per kernel.
 *
 * usage: front_exec FILE.cl
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front_run.h"

uint32_t front_item, front_num_items, front_group_size;

#include "front_host.h"
#include FRONT_SOURCE
#undef kernel
#undef global
#undef constant
#undef private

#define MAX_ITEMS 4096

struct kernel {
   const char *name;
   void (*host)(uint32_t *out, const uint32_t *in, uint32_t n);
};

static const struct kernel kernels[] = {
#define KERNEL(name) {#name, name},
   FRONT_KERNELS(KERNEL)
#undef KERNEL
};

/* Whole waves, partial waves, one item, rows. */
static const struct {
   uint32_t groups, block;
   bool rows;
   uint32_t n;
} shapes[] = {
   {4, 64, false, 5}, {3, 50, false, 2}, {1, 1, false, 9}, {2, 96, true, 3}, {5, 33, true, 4},
};

static char *
read_text(const char *name)
{
   FILE *file = fopen(name, "rb");
   char *text = NULL;
   long size;

   if (file && fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0) {
      text = calloc(1, size + 1);
      rewind(file);
      if (fread(text, 1, size, file) != (size_t)size) {
         free(text);
         text = NULL;
      }
   }
   if (file)
      fclose(file);
   return text;
}

static uint32_t
random32(uint64_t *state)
{
   *state = *state * 6364136223846793005ull + 1442695040888963407ull;
   return *state >> 33 ^ *state >> 21;
}

static bool
run_shape(struct front_device *device, struct front_program *program, const struct kernel *k,
          unsigned shape)
{
   static uint32_t in[MAX_ITEMS], out[MAX_ITEMS], expected[MAX_ITEMS];
   uint32_t items = shapes[shape].groups * shapes[shape].block, n = shapes[shape].n;
   const struct front_launch launch = {
      .groups = {shapes[shape].groups, 1, 1},
      .block = {shapes[shape].block, 1, 1},
      .rows = shapes[shape].rows,
   };
   uint64_t state = 0x1234567 + shape;

   /* Some small numbers, some of all sizes. `in` has a few elements more than there are items. */
   size_t elements = items + 64;
   for (uint32_t i = 0; i < elements; i++)
      in[i] = random32(&state) >> (random32(&state) & 31);
   for (uint32_t i = 0; i < items; i++)
      out[i] = expected[i] = 0xdeadbeef;

   front_num_items = items;
   front_group_size = shapes[shape].block;
   for (front_item = 0; front_item < items; front_item++)
      k->host(expected, in, n);

   const struct front_arg args[] = {
      {FRONT_BUFFER, out, items * 4},
      {FRONT_BUFFER, in, elements * 4},
      {FRONT_VALUE, &n, 4},
   };
   if (!front_run(device, program, k->name, &launch, args, 3))
      return false;

   for (uint32_t i = 0; i < items; i++) {
      if (out[i] != expected[i]) {
         printf("# %s, %u groups of %u%s: item %u (in %#x): %#x, expected %#x\n", k->name,
                shapes[shape].groups, shapes[shape].block, shapes[shape].rows ? " in rows" : "", i,
                in[i], out[i], expected[i]);
         return false;
      }
   }
   return true;
}

int
main(int argc, char **argv)
{
   const char *name = argc == 2 ? argv[1] : FRONT_SOURCE;
   char *text = read_text(name);
   unsigned failed = 0;

   if (!text) {
      printf("Bail out! cannot read %s\n", name);
      return 1;
   }

   struct front_program *program = front_program_create(text, name, NULL, 0);
   struct front_device *device = program ? front_device_create() : NULL;
   if (!device) {
      printf("Bail out! %s does not compile\n", name);
      return 1;
   }

   printf("1..%u\n", (unsigned)(sizeof(kernels) / sizeof(kernels[0])));
   for (unsigned i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
      bool good = true;

      for (unsigned s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++)
         good &= run_shape(device, program, &kernels[i], s);
      printf("%sok %u - %s\n", good ? "" : "not ", i + 1, kernels[i].name);
      failed += !good;
   }

   front_device_destroy(device);
   front_program_destroy(program);
   free(text);
   return failed != 0;
}
