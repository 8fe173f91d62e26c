// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Reads programs for npu-run. A line whose first character is '@' is a directive; it is blanked out
// before the text goes to the assembler, so that line numbers stay right. The directives are listed
// in the help text of npu-run.

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "npu_run_file.h"

#define MAX_ELEMENTS (1u << 24)

static const struct {
   const char *name;
   unsigned size_B;
} types[NPU_RUN_NUM_TYPES] = {
   [NPU_RUN_U8] = {"u8", 1},   [NPU_RUN_U16] = {"u16", 2}, [NPU_RUN_U32] = {"u32", 4},
   [NPU_RUN_U64] = {"u64", 8}, [NPU_RUN_I8] = {"i8", 1},   [NPU_RUN_I16] = {"i16", 2},
   [NPU_RUN_I32] = {"i32", 4}, [NPU_RUN_I64] = {"i64", 8}, [NPU_RUN_F16] = {"f16", 2},
   [NPU_RUN_F32] = {"f32", 4}, [NPU_RUN_F64] = {"f64", 8},
};

struct parser {
   struct npu_run_file *file;
   unsigned line;
   const char *at; /* rest of the directive */
   bool good;
   struct npu_run_values *last_values; /* for continuation lines */
   enum npu_run_type last_type;
};

unsigned
npu_run_type_size_B(enum npu_run_type type)
{
   return types[type].size_B;
}

const char *
npu_run_type_name(enum npu_run_type type)
{
   return types[type].name;
}

static void __attribute__((format(printf, 2, 3)))
complain(struct parser *p, const char *format, ...)
{
   va_list args;

   /* One message per line is enough. */
   if (!p->at)
      return;
   fprintf(stderr, "%s:%u: ", p->file->name, p->line);
   va_start(args, format);
   vfprintf(stderr, format, args);
   va_end(args);
   fputc('\n', stderr);
   p->good = false;
   p->at = NULL;
}

/* ---- values ------------------------------------------------------------------------------ */

static bool
is_float(enum npu_run_type type)
{
   return type >= NPU_RUN_F16;
}

/* Nearest half of a double, ties to even. */
static uint64_t
half_bits(double value)
{
   uint64_t sign = signbit(value) ? 0x8000 : 0;
   int exponent;

   if (isnan(value))
      return 0x7e00;
   value = fabs(value);
   if (value >= 65520)
      return sign | 0x7c00;
   frexp(value, &exponent);
   /* Units of the last place: 2^-24 at least. */
   int unit = exponent - 11 < -24 ? -24 : exponent - 11;
   uint64_t steps = (uint64_t)nearbyint(ldexp(value, -unit));
   /* A carry into the next binade comes out right by itself. */
   return sign | (steps + ((uint64_t)(unit + 24) << 10));
}

static double
half_value(uint64_t bits)
{
   unsigned exponent = bits >> 10 & 31, fraction = bits & 0x3ff;
   double value;

   if (exponent == 31)
      value = fraction ? NAN : INFINITY;
   else
      value = exponent ? ldexp(1024 + fraction, (int)exponent - 25) : ldexp(fraction, -24);
   return bits & 0x8000 ? -value : value;
}

static uint64_t
float_bits(enum npu_run_type type, double value)
{
   float single = (float)value;
   uint32_t bits32;
   uint64_t bits64;

   if (type == NPU_RUN_F16)
      return half_bits(value);
   memcpy(&bits32, &single, sizeof(bits32));
   memcpy(&bits64, &value, sizeof(bits64));
   return type == NPU_RUN_F32 ? bits32 : bits64;
}

static double
float_value(enum npu_run_type type, uint64_t bits)
{
   uint32_t bits32 = (uint32_t)bits;
   float single;
   double value;

   if (type == NPU_RUN_F16)
      return half_value(bits);
   memcpy(&single, &bits32, sizeof(single));
   memcpy(&value, &bits, sizeof(value));
   return type == NPU_RUN_F32 ? (double)single : value;
}

static uint64_t
cut(enum npu_run_type type, uint64_t bits)
{
   unsigned width = 8 * types[type].size_B;

   return width == 64 ? bits : bits & ((1ull << width) - 1);
}

void
npu_run_print_value(FILE *out, enum npu_run_type type, uint64_t bits)
{
   unsigned width = 8 * types[type].size_B;

   if (is_float(type))
      fprintf(out, "%.*g", type == NPU_RUN_F64 ? 17 : 9, float_value(type, bits));
   else if (type >= NPU_RUN_I8)
      fprintf(out, "%lld", (long long)(int64_t)(bits << (64 - width)) >> (64 - width));
   else
      fprintf(out, "%llu", (unsigned long long)bits);
}

bool
npu_run_values_equal(enum npu_run_type type, uint64_t a, uint64_t b)
{
   return a == b || (is_float(type) && isnan(float_value(type, a)) && isnan(float_value(type, b)));
}

/* ---- words ------------------------------------------------------------------------------- */

static void
skip_space(struct parser *p)
{
   while (p->at && (*p->at == ' ' || *p->at == '\t'))
      p->at++;
   if (p->at && *p->at == '#')
      p->at += strlen(p->at);
}

static bool
at_end(struct parser *p)
{
   skip_space(p);
   return !p->at || !*p->at;
}

/* The next word; "" at the end. Characters of `stop` are words of their own. */
static void
next_word(struct parser *p, char *word, size_t size_B, const char *stop)
{
   size_t n = 0;

   skip_space(p);
   if (p->at && *p->at && strchr(stop, *p->at)) {
      word[n++] = *p->at++;
   } else {
      while (p->at && *p->at && !isspace((unsigned char)*p->at) && !strchr(stop, *p->at)) {
         if (n + 1 < size_B)
            word[n++] = *p->at;
         p->at++;
      }
   }
   word[n] = 0;
}

static bool
accept(struct parser *p, char character)
{
   skip_space(p);
   if (!p->at || *p->at != character)
      return false;
   p->at++;
   return true;
}

static uint64_t
parse_integer(struct parser *p, const char *word)
{
   char *end;

   errno = 0;
   uint64_t value = *word == '-' ? (uint64_t)strtoll(word, &end, 0) : strtoull(word, &end, 0);
   if (errno || !*word || *end)
      complain(p, "\"%s\" is no number", word);
   return value;
}

static uint64_t
parse_unsigned(struct parser *p, uint64_t max)
{
   char word[64];

   next_word(p, word, sizeof(word), "=[]");
   uint64_t value = parse_integer(p, word);
   if (p->at && value > max)
      complain(p, "%s is more than %llu", word, (unsigned long long)max);
   return value;
}

/* A value of a type; float types take numbers, or bits if it begins with 0x. */
static uint64_t
parse_value(struct parser *p, const char *word, enum npu_run_type type)
{
   char *end;

   if (is_float(type) && strncmp(word, "0x", 2) != 0) {
      double value = strtod(word, &end);
      if (!*word || *end)
         complain(p, "\"%s\" is no number", word);
      return float_bits(type, value);
   }
   uint64_t bits = parse_integer(p, word);
   uint64_t high = cut(type, bits) == bits ? 0 : bits >> (8 * types[type].size_B - 1);
   if (p->at && high && high != UINT64_MAX >> (8 * types[type].size_B - 1))
      complain(p, "%s does not fit into %s", word, types[type].name);
   return cut(type, bits);
}

static bool
parse_type(struct parser *p, const char *word, enum npu_run_type *type)
{
   for (unsigned i = 0; i < NPU_RUN_NUM_TYPES; i++) {
      if (!strcmp(word, types[i].name)) {
         *type = (enum npu_run_type)i;
         return true;
      }
   }
   complain(p, "unknown type \"%s\"", word);
   return false;
}

static int
find_buffer(struct parser *p, const char *name)
{
   for (unsigned i = 0; i < p->file->num_buffers; i++) {
      if (!strcmp(p->file->buffers[i].name, name))
         return (int)i;
   }
   complain(p, "no buffer \"%s\"", name);
   return -1;
}

/* ---- lists of values --------------------------------------------------------------------- */

static bool
reserve(struct parser *p, struct npu_run_values *values, size_t num)
{
   uint64_t *bits = realloc(values->bits, (num ? num : 1) * sizeof(*bits));

   if (!bits) {
      complain(p, "not enough memory");
      return false;
   }
   values->bits = bits;
   return true;
}

/* xorshift64*: the same numbers everywhere. */
static uint64_t
random_bits(uint64_t *state)
{
   *state ^= *state >> 12;
   *state ^= *state << 25;
   *state ^= *state >> 27;
   return *state * 0x2545f4914f6cdd1dull;
}

/* Values up to the end of the line are appended. */
static void
parse_list(struct parser *p, struct npu_run_values *values, enum npu_run_type type, size_t max)
{
   char word[64];

   while (!at_end(p)) {
      next_word(p, word, sizeof(word), ",");
      if (!strcmp(word, ","))
         continue;
      uint64_t bits = parse_value(p, word, type);
      if (!p->at)
         return;
      if (values->num >= max) {
         complain(p, "more values than elements (%zu)", max);
         return;
      }
      if (!reserve(p, values, values->num + 1))
         return;
      values->bits[values->num++] = bits;
   }
   p->last_values = values;
   p->last_type = type;
}

/* "fill V", "iota START STEP", "random SEED", or a list. max: elements there are. */
static void
parse_values(struct parser *p, struct npu_run_values *values, enum npu_run_type type, size_t max)
{
   const char *before;
   char word[64];

   skip_space(p);
   before = p->at;
   next_word(p, word, sizeof(word), ",");
   bool fill = !strcmp(word, "fill"), iota = !strcmp(word, "iota"),
        random = !strcmp(word, "random");
   if (!fill && !iota && !random) {
      p->at = before;
      parse_list(p, values, type, max);
      return;
   }

   uint64_t first, step = 0;
   next_word(p, word, sizeof(word), "");
   first = random ? parse_integer(p, word) : parse_value(p, word, type);
   if (iota) {
      next_word(p, word, sizeof(word), "");
      step = parse_value(p, word, type);
   }
   if (!p->at || !reserve(p, values, max))
      return;
   uint64_t state = first * 2 + 1;
   for (size_t i = 0; i < max; i++) {
      if (random)
         values->bits[i] = cut(type, random_bits(&state));
      else if (is_float(type))
         values->bits[i] = float_bits(type, float_value(type, first) +
                                               (double)i * float_value(type, step));
      else
         values->bits[i] = cut(type, first + i * step);
   }
   values->num = max;
}

/* ---- directives -------------------------------------------------------------------------- */

static void
parse_triple(struct parser *p, uint64_t max, uint64_t out[3])
{
   for (unsigned i = 0; i < 3; i++)
      out[i] = i == 0 || !at_end(p) ? parse_unsigned(p, max) : 1;
}

static void
parse_buf(struct parser *p)
{
   struct npu_run_file *file = p->file;
   struct npu_run_buffer *buffer = &file->buffers[file->num_buffers];
   char word[64];

   if (file->num_buffers == NPU_RUN_MAX_ITEMS) {
      complain(p, "too many buffers");
      return;
   }
   next_word(p, buffer->name, sizeof(buffer->name), "");
   next_word(p, word, sizeof(word), "[=");
   if (!parse_type(p, word, &buffer->type))
      return;
   if (!accept(p, '['))
      complain(p, "expected [COUNT] after the type");
   buffer->count = parse_unsigned(p, MAX_ELEMENTS);
   if (!accept(p, ']'))
      complain(p, "expected ]");
   file->num_buffers++;
   while (!at_end(p)) {
      next_word(p, word, sizeof(word), "=");
      if (!strcmp(word, "ro")) {
         buffer->read_only = true;
      } else if (!strcmp(word, "=")) {
         parse_values(p, &buffer->init, buffer->type, buffer->count);
      } else {
         complain(p, "unexpected \"%s\"", word);
      }
   }
}

static void
parse_arg(struct parser *p)
{
   struct npu_run_file *file = p->file;
   struct npu_run_arg *arg = &file->args[file->num_args];
   char word[64];

   if (file->num_args == NPU_RUN_MAX_ITEMS) {
      complain(p, "too many arguments");
      return;
   }
   next_word(p, word, sizeof(word), "");
   arg->buffer = -1;
   arg->type = NPU_RUN_U64;
   if (at_end(p)) {
      arg->buffer = find_buffer(p, word);
   } else if (parse_type(p, word, &arg->type)) {
      next_word(p, word, sizeof(word), "");
      arg->bits = parse_value(p, word, arg->type);
   }
   file->num_args++;
}

/* "fault TYPE [address=[BUFFER+]N] [lanes=N] [wave=N] [code=N] [word=N]" */
static void
parse_expected_fault(struct parser *p)
{
   struct npu_run_fault *fault = &p->file->fault;
   char word[64];

   fault->expected = true;
   fault->line = p->line;
   fault->address_buffer = -1;
   next_word(p, fault->type, sizeof(fault->type), "");
   for (char *c = fault->type; *c; c++)
      *c = *c == '_' ? ' ' : *c;
   while (!at_end(p)) {
      next_word(p, word, sizeof(word), "=");
      if (!accept(p, '='))
         complain(p, "expected = after \"%s\"", word);
      if (!strcmp(word, "address")) {
         fault->has_address = true;
         next_word(p, word, sizeof(word), "+");
         if (accept(p, '+')) {
            fault->address_buffer = find_buffer(p, word);
            fault->address = parse_unsigned(p, UINT64_MAX);
         } else {
            fault->address = parse_integer(p, word);
         }
      } else if (!strcmp(word, "lanes")) {
         fault->has_lanes = true;
         fault->lanes = parse_unsigned(p, UINT32_MAX);
      } else if (!strcmp(word, "wave")) {
         fault->has_wave = true;
         fault->wave = parse_unsigned(p, 31);
      } else if (!strcmp(word, "code")) {
         fault->has_code = true;
         fault->code = parse_unsigned(p, UINT16_MAX);
      } else if (!strcmp(word, "word")) {
         fault->has_word = true;
         fault->word = parse_unsigned(p, UINT32_MAX);
      } else {
         complain(p, "unknown \"%s\"", word);
      }
   }
}

static void
parse_expect(struct parser *p)
{
   struct npu_run_file *file = p->file;
   struct npu_run_expectation *expectation = &file->expectations[file->num_expectations];
   char word[64];

   next_word(p, word, sizeof(word), "=[");
   if (!strcmp(word, "fault")) {
      parse_expected_fault(p);
      return;
   }
   if (file->num_expectations == NPU_RUN_MAX_ITEMS) {
      complain(p, "too many expectations");
      return;
   }
   int index = find_buffer(p, word);
   if (index < 0)
      return;
   const struct npu_run_buffer *buffer = &file->buffers[index];
   expectation->line = p->line;
   expectation->buffer = (unsigned)index;
   if (accept(p, '[')) {
      expectation->first = parse_unsigned(p, buffer->count ? buffer->count - 1 : 0);
      if (!accept(p, ']'))
         complain(p, "expected ]");
   }
   if (!accept(p, '='))
      complain(p, "expected =");
   file->num_expectations++;
   parse_values(p, &expectation->values, buffer->type, buffer->count - expectation->first);
}

static void
parse_directive(struct parser *p)
{
   struct npu_run_file *file = p->file;
   uint64_t triple[3] = {1, 1, 1};
   char word[32];

   if (accept(p, '+')) {
      if (!p->last_values)
         complain(p, "nothing to continue");
      else
         parse_list(p, p->last_values, p->last_type, MAX_ELEMENTS);
      return;
   }
   next_word(p, word, sizeof(word), "");
   if (strcmp(word, "buf") && strcmp(word, "expect"))
      p->last_values = NULL;
   if (!strcmp(word, "grid")) {
      parse_triple(p, UINT32_MAX, triple);
      for (unsigned i = 0; i < 3; i++)
         file->grid[i] = (uint32_t)triple[i];
   } else if (!strcmp(word, "block")) {
      parse_triple(p, 1024, triple);
      for (unsigned i = 0; i < 3; i++)
         file->block[i] = (uint16_t)triple[i];
   } else if (!strcmp(word, "dim")) {
      file->work_dim = (unsigned)parse_unsigned(p, 3);
   } else if (!strcmp(word, "local")) {
      file->local_size_B = (uint32_t)parse_unsigned(p, UINT32_MAX);
   } else if (!strcmp(word, "private")) {
      file->private_size_B = (uint32_t)parse_unsigned(p, 1 << 20);
   } else if (!strcmp(word, "poison")) {
      file->poison = true;
   } else if (!strcmp(word, "buf")) {
      parse_buf(p);
   } else if (!strcmp(word, "arg")) {
      parse_arg(p);
   } else if (!strcmp(word, "expect")) {
      parse_expect(p);
   } else {
      complain(p, "unknown directive \"@%s\"", word);
   }
   if (!at_end(p))
      complain(p, "unexpected \"%s\"", p->at);
}

/* ---- the file ---------------------------------------------------------------------------- */

static char *
read_text(const char *path)
{
   FILE *in = fopen(path, "r");
   char *text = NULL;
   size_t size_B = 0, max_B = 0;

   if (!in)
      return NULL;
   for (;;) {
      if (size_B + 4096 > max_B) {
         max_B = max_B ? 2 * max_B : 16384;
         char *bigger = realloc(text, max_B);
         if (!bigger)
            break;
         text = bigger;
      }
      size_t n = fread(text + size_B, 1, max_B - size_B - 1, in);
      size_B += n;
      if (n == 0)
         break;
   }
   bool good = text && !ferror(in);
   fclose(in);
   if (!good) {
      free(text);
      return NULL;
   }
   text[size_B] = 0;
   return text;
}

bool
npu_run_file_read(struct npu_run_file *file, const char *path)
{
   *file = (struct npu_run_file){
      .name = path,
      .grid = {1, 1, 1},
      .block = {32, 1, 1},
   };
   struct parser parser = {.file = file, .good = true};

   file->text = read_text(path);
   if (!file->text) {
      fprintf(stderr, "%s: %s\n", path, strerror(errno));
      return false;
   }
   for (char *line = file->text; line;) {
      char *end = strchr(line, '\n');
      parser.line++;
      if (*line == '@') {
         if (end)
            *end = 0;
         parser.at = line + 1;
         parse_directive(&parser);
         memset(line, ' ', strlen(line));
         if (end)
            *end = '\n';
      }
      line = end ? end + 1 : NULL;
   }
   if (!file->work_dim)
      file->work_dim = file->grid[2] * file->block[2] > 1   ? 3
                       : file->grid[1] * file->block[1] > 1 ? 2
                                                            : 1;
   return parser.good;
}

void
npu_run_file_finish(struct npu_run_file *file)
{
   for (unsigned i = 0; i < file->num_buffers; i++)
      free(file->buffers[i].init.bits);
   for (unsigned i = 0; i < file->num_expectations; i++)
      free(file->expectations[i].values.bits);
   free(file->text);
}
