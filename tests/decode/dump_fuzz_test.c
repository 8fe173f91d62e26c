/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * Random damage to real core dumps: bytes, numbers and lines changed, lines doubled, moved and left
 * out, ends cut off. Whatever it is, it is read and reported, or refused with a message; what is read
 * again from the same text gives the same report. The seed is the first argument that is a number.
 */

#include "npu_dump.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS   4000
#define MAX_SIZE (1u << 20)

/* xorshift64* */
static uint64_t
next_random(uint64_t *state)
{
   uint64_t x = *state;

   x ^= x >> 12;
   x ^= x << 25;
   x ^= x >> 27;
   *state = x;
   return x * 0x2545f4914f6cdd1dull;
}

struct text {
   char *bytes;
   size_t size;
};

static void
put(struct text *text, size_t at, size_t old_size, const char *with, size_t new_size)
{
   if (text->size - old_size + new_size > MAX_SIZE)
      return;
   memmove(text->bytes + at + new_size, text->bytes + at + old_size, text->size - at - old_size);
   memcpy(text->bytes + at, with, new_size);
   text->size += new_size - old_size;
}

/* A line that contains a random place, with its newline if it has one. */
static void
pick_line(const struct text *text, uint64_t *random, size_t *at, size_t *size)
{
   size_t from = next_random(random) % text->size, to = from;

   while (from > 0 && text->bytes[from - 1] != '\n')
      from--;
   while (to < text->size && text->bytes[to] != '\n')
      to++;
   *at = from;
   *size = to - from + (to < text->size);
}

static void
damage(struct text *text, uint64_t *random)
{
   static const char *const values[] = {"0",
                                        "0x",
                                        "-1",
                                        "18446744073709551615",
                                        "18446744073709551616",
                                        "0xfffffffffffffff8",
                                        "4294967296",
                                        "[",
                                        "]",
                                        ":",
                                        "\"",
                                        "\\",
                                        "[code]\n",
                                        "[end]\n",
                                        "[command buffer]\n",
                                        "[ring]\n",
                                        "",
                                        " "};
   size_t at, size, other, other_size;
   char line[4096], number[32];

   if (!text->size)
      return;
   pick_line(text, random, &at, &size);
   switch (next_random(random) % 8) {
   case 0: /* a byte */
      text->bytes[next_random(random) % text->size] = (char)next_random(random);
      break;
   case 1: /* a line goes */
      put(text, at, size, "", 0);
      break;
   case 2: /* a line twice, perhaps somewhere else */
      pick_line(text, random, &other, &other_size);
      size = size < sizeof(line) ? size : sizeof(line);
      memcpy(line, text->bytes + at, size);
      put(text, other, 0, line, size);
      break;
   case 3: /* the end is cut off */
      text->size = next_random(random) % (text->size + 1);
      break;
   case 4:
   case 5: { /* a value, or something instead of it */
      const char *colon = memchr(text->bytes + at, ':', size);
      const char *value = values[next_random(random) % (sizeof(values) / sizeof(values[0]))];
      if (next_random(random) % 2) {
         snprintf(number, sizeof(number), "%#" PRIx64,
                  next_random(random) >> next_random(random) % 64);
         value = number;
      }
      size_t from = colon ? (size_t)(colon - text->bytes) + 2 : at;
      if (from < at + size)
         put(text, from, at + size - from - 1, value, strlen(value));
      break;
   }
   case 6: /* a very long line */
      memset(line, 'a' + (int)(next_random(random) % 26), sizeof(line));
      put(text, at, 0, line, sizeof(line));
      break;
   case 7: /* a digit */
      for (unsigned i = 0; i < 20; i++) {
         size_t byte = next_random(random) % text->size;
         if (strchr("0123456789abcdef", text->bytes[byte]) && text->bytes[byte]) {
            text->bytes[byte] = "0123456789abcdef"[next_random(random) % 16];
            break;
         }
      }
      break;
   }
}

/* Parses and reports; NULL if it was refused. The caller frees it. */
static char *
report(const struct text *text, unsigned flags, size_t *size)
{
   const char *error = NULL;
   /* Exactly as large as it is, so that tools which look for such things see an overrun. */
   char *exact = malloc(text->size ? text->size : 1);
   if (!exact)
      abort();
   memcpy(exact, text->bytes, text->size);
   struct npu_dump *dump = npu_dump_parse(exact, text->size, &error);
   free(exact);
   if (!dump) {
      if (!error)
         abort();
      return NULL;
   }
   char *out_text = NULL;
   FILE *out = open_memstream(&out_text, size);
   if (!out)
      abort();
   npu_dump_report(out, dump, flags);
   npu_dump_free(dump);
   fclose(out);
   return out_text;
}

static bool
fuzz(const char *path, uint64_t seed, unsigned *refused)
{
   struct text good = {malloc(MAX_SIZE), 0}, text = {malloc(MAX_SIZE), 0};
   FILE *in = fopen(path, "rb");
   bool same = true;

   if (!good.bytes || !text.bytes || !in)
      return false;
   good.size = fread(good.bytes, 1, MAX_SIZE, in);
   fclose(in);
   for (unsigned round = 0; same && round < ROUNDS; round++) {
      uint64_t random = (seed * ROUNDS + round) * 0x9e3779b97f4a7c15ull | 1;
      unsigned flags = next_random(&random) % 4;

      memcpy(text.bytes, good.bytes, good.size);
      text.size = good.size;
      for (unsigned n = next_random(&random) % 12; n > 0; n--)
         damage(&text, &random);

      size_t size[2] = {0, 0};
      char *first = report(&text, flags, &size[0]), *second = report(&text, flags, &size[1]);
      *refused += first == NULL;
      same = !first == !second && size[0] == size[1] &&
             (!first || memcmp(first, second, size[0]) == 0);
      if (!same)
         printf("# round %u: two reports of the same text differ\n", round);
      free(first);
      free(second);
   }
   free(good.bytes);
   free(text.bytes);
   return same;
}

int
main(int argc, char **argv)
{
   uint64_t seed = 1;
   int failed = 0, cases = 0;

   for (int i = 1; i < argc; i++) {
      unsigned refused = 0;

      if (argv[i][0] >= '0' && argv[i][0] <= '9') {
         seed = strtoull(argv[i], NULL, 0);
         continue;
      }
      bool good = fuzz(argv[i], seed, &refused);
      /* Most damage leaves something to tell. */
      good = good && refused < ROUNDS / 2;
      const char *name = strrchr(argv[i], '/');
      printf("%sok %d - %d damaged copies of %s, %u refused\n", good ? "" : "not ", ++cases, ROUNDS,
             name ? name + 1 : argv[i], refused);
      failed += !good;
   }
   printf("1..%d\n", cases);
   return failed != 0;
}
