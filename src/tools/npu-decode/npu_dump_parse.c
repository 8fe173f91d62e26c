/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * The parser of core dumps. A dump is lines; "[name]" begins a section, and each section has one or two
 * forms of lines (kernel/npu_coredump.c). A line of another form is counted and skipped. Sections and
 * names that are not known are skipped as well: a newer driver may have more to say.
 */

#include "npu_dump.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Longer lines are odd; the longest the driver writes is a binding whose label is escaped. */
#define MAX_LINE 2048

enum section {
   SECTION_OTHER,
   SECTION_HEAD,
   SECTION_CONTEXT,
   SECTION_FAULT,
   SECTION_REGISTERS,
   SECTION_RING,
   SECTION_CMDBUF,
   SECTION_PACKETS,
   SECTION_CODE,
   SECTION_BINDINGS,
   SECTION_END,
};

static const struct {
   const char *name;
   enum section section;
} sections[] = {
   {"npu core dump", SECTION_HEAD}, {"context", SECTION_CONTEXT},
   {"fault", SECTION_FAULT},        {"registers", SECTION_REGISTERS},
   {"ring", SECTION_RING},          {"command buffer", SECTION_CMDBUF},
   {"packets", SECTION_PACKETS},    {"code", SECTION_CODE},
   {"bindings", SECTION_BINDINGS},  {"end", SECTION_END},
};

struct parser {
   struct npu_dump *dump;
   enum section section;
   bool out_of_memory;
};

/* Makes room for one more element of an array; NULL if there is no memory. The element is zero. */
static void *
append(struct parser *parser, void **array, size_t *count, size_t size)
{
   if ((*count & (*count - 1)) == 0) {
      size_t max = *count ? *count * 2 : 1;
      void *bigger = realloc(*array, max * size);

      if (!bigger) {
         parser->out_of_memory = true;
         return NULL;
      }
      *array = bigger;
   }
   void *element = (char *)*array + (*count)++ * size;
   memset(element, 0, size);
   return element;
}

#define APPEND(parser, array, count) append(parser, (void **)&(array), &(count), sizeof(*(array)))

static char *
copy_text(struct parser *parser, const char *text)
{
   char *copy = strdup(text);

   parser->out_of_memory |= copy == NULL;
   return copy;
}

static void
set_text(struct parser *parser, char **to, const char *text)
{
   free(*to);
   *to = copy_text(parser, text);
}

/* A number at *text, decimal or with 0x; moves *text behind it. */
static bool
parse_number(const char **text, uint64_t *value)
{
   char *end;

   if (!isdigit((unsigned char)**text))
      return false;
   errno = 0;
   *value = strtoull(*text, &end, 0);
   if (errno || end == *text)
      return false;
   *text = end;
   return true;
}

/* 16 hexadecimal digits without 0x. */
static bool
parse_word(const char **text, uint64_t *value)
{
   const char *t = *text;

   *value = 0;
   for (unsigned i = 0; i < 16; i++, t++) {
      if (!isxdigit((unsigned char)*t))
         return false;
      unsigned digit = isdigit((unsigned char)*t) ? *t - '0'
                                                  : tolower((unsigned char)*t) - 'a' + 10;
      *value = *value << 4 | digit;
   }
   *text = t;
   return *t == '\0' || *t == ' ';
}

static unsigned
parse_words(const char *text, uint64_t *words, unsigned max)
{
   unsigned num = 0;

   while (num < max && *text == ' ') {
      text++;
      if (!parse_word(&text, &words[num]))
         return 0;
      num++;
   }
   return *text ? 0 : num;
}

/* -- lines ----------------------------------------------------------------------------------- */

/* "ADDRESS: WORD WORD WORD WORD", appended to the last run if it follows it. */
static bool
parse_memory(struct parser *parser, struct npu_dump_packets *packets, const char *line)
{
   uint64_t va, words[4];

   if (!parse_number(&line, &va) || *line++ != ':' || va % 8)
      return false;
   unsigned num = parse_words(line, words, 4);
   if (num != 4)
      return false;

   struct npu_dump_memory *run = packets->num_runs ? &packets->runs[packets->num_runs - 1] : NULL;
   if (!run || run->va + run->num_words * 8 != va) {
      run = APPEND(parser, packets->runs, packets->num_runs);
      if (!run)
         return false;
      run->va = va;
   }
   for (unsigned i = 0; i < num; i++) {
      uint64_t *word = APPEND(parser, run->words, run->num_words);
      if (!word)
         return false;
      *word = words[i];
   }
   return true;
}

/* Splits "name: value"; NULL if it is none. */
static char *
split_pair(char *line)
{
   char *colon = strstr(line, ": ");

   if (!colon)
      return NULL;
   *colon = '\0';
   return colon + 2;
}

struct pair {
   const char *name;
   uint64_t *number;
   uint32_t *number32;
   char **text;
};

static bool
parse_pair(struct parser *parser, char *line, const struct pair *pairs, unsigned num)
{
   const char *value = split_pair(line);
   uint64_t number;

   if (!value)
      return false;
   for (unsigned i = 0; i < num; i++) {
      if (strcmp(pairs[i].name, line) != 0)
         continue;
      if (pairs[i].text) {
         set_text(parser, pairs[i].text, value);
         return true;
      }
      if (!parse_number(&value, &number) || *value)
         return false;
      if (pairs[i].number)
         *pairs[i].number = number;
      else if (number <= UINT32_MAX)
         *pairs[i].number32 = (uint32_t)number;
      else
         return false;
      return true;
   }
   return true;
}

#define PARSE(parser, line, ...)                                                                   \
   parse_pair(parser, line, (const struct pair[]){__VA_ARGS__},                                    \
              sizeof((const struct pair[]){__VA_ARGS__}) / sizeof(struct pair))

static bool
parse_head(struct parser *parser, char *line)
{
   struct npu_dump *dump = parser->dump;

   return PARSE(parser, line, {"version", .number32 = &dump->version},
                {"kernel", .text = &dump->kernel}, {"device", .text = &dump->device},
                {"architecture", &dump->arch_version}, {"cores", &dump->num_cores},
                {"resets", &dump->resets});
}

static bool
parse_context(struct parser *parser, char *line)
{
   struct npu_dump *dump = parser->dump;

   return PARSE(parser, line, {"process", .text = &dump->process}, {"pid", &dump->pid},
                {"context", &dump->context}, {"asid", &dump->asid}, {"priority", &dump->priority},
                {"jobs_submitted", &dump->jobs_submitted},
                {"jobs_completed", &dump->jobs_completed});
}

static bool
parse_fault(struct parser *parser, char *line)
{
   struct drm_npu_fault *f = &parser->dump->fault;
   uint64_t job = f->job, address = f->address, pc = f->pc, group = f->group, time_ns = f->time_ns;

   bool good = PARSE(parser, line, {"type", .number32 = &f->type},
                     {"access", .number32 = &f->access}, {"flags", .number32 = &f->flags},
                     {"code", .number32 = &f->code}, {"job", &job}, {"address", &address},
                     {"pc", &pc}, {"group", &group}, {"kernel_id", .number32 = &f->kernel_id},
                     {"core", .number32 = &f->core}, {"wave", .number32 = &f->wave},
                     {"lane_mask", .number32 = &f->lane_mask}, {"time_ns", &time_ns});
   f->job = job;
   f->address = address;
   f->pc = pc;
   f->group = group;
   f->time_ns = time_ns;
   return good;
}

/* "NAME: VALUE" or "NAME INDEX: VALUE". */
static bool
parse_register(struct parser *parser, char *line)
{
   const char *value = split_pair(line);
   uint64_t number, index = 0;

   if (!value || !parse_number(&value, &number) || *value)
      return false;
   char *space = strchr(line, ' ');
   if (space) {
      const char *text = space + 1;
      *space = '\0';
      if (!parse_number(&text, &index) || *text || index > 255)
         return false;
   }
   struct npu_dump_register *reg = APPEND(parser, parser->dump->registers,
                                          parser->dump->num_registers);
   if (!reg)
      return false;
   reg->name = copy_text(parser, line);
   reg->index = space ? (int)index : -1;
   reg->value = number;
   return true;
}

static bool
parse_ring(struct parser *parser, char *line)
{
   struct npu_dump *dump = parser->dump;
   uint64_t queue = 0;

   if (strncmp(line, "packet ", 7) == 0) {
      const char *text = line + 7;
      uint64_t index, words[8];

      if (!parse_number(&text, &index) || index > UINT32_MAX || *text++ != ':' ||
          parse_words(text, words, 8) != 8)
         return false;
      struct npu_dump_ring_packet *packet = APPEND(parser, dump->ring, dump->num_ring);
      if (!packet)
         return false;
      packet->index = (uint32_t)index;
      memcpy(packet->words, words, sizeof(words));
      return true;
   }
   if (strncmp(line, "queue: ", 7) == 0) {
      const char *text = line + 7;
      if (!parse_number(&text, &queue) || *text || queue > 255)
         return false;
      dump->queue = (int64_t)queue;
      return true;
   }
   return PARSE(parser, line, {"tail", &dump->tail});
}

static bool
parse_cmdbuf(struct parser *parser, char *line)
{
   struct npu_dump *dump = parser->dump;
   struct npu_dump_packets *cmdbuf = &dump->cmdbufs[dump->num_cmdbufs - 1];

   if (isdigit((unsigned char)*line))
      return parse_memory(parser, cmdbuf, line);
   return PARSE(parser, line, {"va", &cmdbuf->va}, {"packets", &cmdbuf->num_packets});
}

/* "ADDRESS: SIZE rwx PLACE, offset OFFSET" and perhaps ", "LABEL"". */
static bool
parse_binding(struct parser *parser, char *line)
{
   struct npu_dump_binding binding = {0};
   const char *at = line;
   char place[16];
   int length = 0;

   if (!parse_number(&at, &binding.va) || strncmp(at, ": ", 2) != 0)
      return false;
   at += 2;
   if (!parse_number(&at, &binding.size_B) ||
       sscanf(at, " %3[-rwx] %15[a-z], offset %n", binding.rights, place, &length) != 2 || !length)
      return false;
   at += length;
   if (!parse_number(&at, &binding.offset_B))
      return false;
   size_t rest = strlen(at);
   if (rest && (rest < 4 || strncmp(at, ", \"", 3) != 0 || at[rest - 1] != '"'))
      return false;

   struct npu_dump *dump = parser->dump;
   struct npu_dump_binding *to = APPEND(parser, dump->bindings, dump->num_bindings);
   if (!to)
      return false;
   *to = binding;
   to->place = copy_text(parser, place);
   if (rest) {
      line[strlen(line) - 1] = '\0';
      to->label = copy_text(parser, at + 3);
   }
   return true;
}

/* -- the whole ------------------------------------------------------------------------------- */

static void
begin_section(struct parser *parser, const char *name)
{
   struct npu_dump *dump = parser->dump;

   parser->section = SECTION_OTHER;
   for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
      if (strcmp(sections[i].name, name) == 0)
         parser->section = sections[i].section;
   }
   if (parser->section == SECTION_CMDBUF || parser->section == SECTION_PACKETS) {
      if (!APPEND(parser, dump->cmdbufs, dump->num_cmdbufs))
         parser->section = SECTION_OTHER;
   } else if (parser->section == SECTION_END) {
      dump->complete = true;
   }
}

static bool
parse_line(struct parser *parser, char *line)
{
   size_t length = strlen(line);

   if (line[0] == '[' && line[length - 1] == ']') {
      line[length - 1] = '\0';
      begin_section(parser, line + 1);
      return true;
   }
   switch (parser->section) {
   case SECTION_OTHER:
      return true;
   case SECTION_HEAD:
      return parse_head(parser, line);
   case SECTION_CONTEXT:
      return parse_context(parser, line);
   case SECTION_FAULT:
      return parse_fault(parser, line);
   case SECTION_REGISTERS:
      return parse_register(parser, line);
   case SECTION_RING:
      return parse_ring(parser, line);
   case SECTION_CMDBUF:
   case SECTION_PACKETS:
      return parse_cmdbuf(parser, line);
   case SECTION_CODE:
      return parse_memory(parser, &parser->dump->code, line);
   case SECTION_BINDINGS:
      return parse_binding(parser, line);
   case SECTION_END:
      return false;
   }
   return false;
}

struct npu_dump *
npu_dump_parse(const char *text, size_t size, const char **error)
{
   static const char magic[] = "[npu core dump]\n";
   const char *end = text + size;

   if (size < sizeof(magic) - 1 || memcmp(text, magic, sizeof(magic) - 1) != 0) {
      *error = "this is no core dump of an NPU";
      return NULL;
   }
   struct npu_dump *dump = calloc(1, sizeof(*dump));
   struct parser parser = {.dump = dump};
   if (!dump) {
      *error = "out of memory";
      return NULL;
   }
   dump->queue = -1;
   set_text(&parser, &dump->kernel, "");
   set_text(&parser, &dump->device, "");
   set_text(&parser, &dump->process, "");

   for (size_t number = 1; text < end && !parser.out_of_memory; number++) {
      const char *newline = memchr(text, '\n', (size_t)(end - text));
      size_t length = (size_t)((newline ? newline : end) - text);
      char line[MAX_LINE];
      bool good = length < sizeof(line) && !memchr(text, '\0', length);

      if (good && length) {
         memcpy(line, text, length);
         line[length] = '\0';
         good = parse_line(&parser, line);
      }
      if (!good && !dump->num_odd++)
         dump->first_odd = number;
      text += length + (newline != NULL);
   }
   if (parser.out_of_memory) {
      *error = "out of memory";
      npu_dump_free(dump);
      return NULL;
   }
   dump->is_in_kernel = dump->fault.flags & DRM_NPU_FAULT_IN_KERNEL;
   return dump;
}

static void
free_packets(struct npu_dump_packets *packets)
{
   for (size_t i = 0; i < packets->num_runs; i++)
      free(packets->runs[i].words);
   free(packets->runs);
}

void
npu_dump_free(struct npu_dump *dump)
{
   if (!dump)
      return;
   for (size_t i = 0; i < dump->num_registers; i++)
      free(dump->registers[i].name);
   for (size_t i = 0; i < dump->num_cmdbufs; i++)
      free_packets(&dump->cmdbufs[i]);
   for (size_t i = 0; i < dump->num_bindings; i++) {
      free(dump->bindings[i].place);
      free(dump->bindings[i].label);
   }
   free_packets(&dump->code);
   free(dump->registers);
   free(dump->ring);
   free(dump->cmdbufs);
   free(dump->bindings);
   free(dump->kernel);
   free(dump->device);
   free(dump->process);
   free(dump);
}

const struct npu_dump_binding *
npu_dump_find_binding(const struct npu_dump *dump, uint64_t va)
{
   for (size_t i = 0; i < dump->num_bindings; i++) {
      const struct npu_dump_binding *b = &dump->bindings[i];
      if (va >= b->va && va - b->va < b->size_B)
         return b;
   }
   return NULL;
}

bool
npu_dump_read(const struct npu_dump_packets *memory, uint64_t va, uint64_t *words, size_t num)
{
   for (size_t i = 0; i < memory->num_runs; i++) {
      const struct npu_dump_memory *run = &memory->runs[i];
      if (va < run->va || (va - run->va) % 8)
         continue;
      uint64_t first = (va - run->va) / 8;
      if (first < run->num_words && run->num_words - first >= num) {
         memcpy(words, &run->words[first], num * 8);
         return true;
      }
   }
   return false;
}
