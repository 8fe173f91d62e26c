/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * Packets and registers of a core dump, by the tables generated from npu_regs.xml.
 */

#include "npu_dump.h"

#include "npu_isa/npu_regs_decode.h"

#include <inttypes.h>
#include <string.h>

#define WORDS (NPU_PACKET_SIZE_B / 8)

/* Of a command buffer so many packets on both sides of one that matters are shown. */
#define AROUND 4

static const struct npu_packet_desc *
find_packet(uint8_t type)
{
   for (size_t i = 0; i < sizeof(npu_packet_descs) / sizeof(npu_packet_descs[0]); i++) {
      if (npu_packet_descs[i].type == type)
         return &npu_packet_descs[i];
   }
   return NULL;
}

/* Whether people read it in hexadecimal. */
static bool
is_address(const char *name)
{
   size_t length = strlen(name);

   if (strcmp(name, "context_id") == 0)
      return true;
   return length >= 2 &&
          (strcmp(name + length - 2, "va") == 0 || strcmp(name + length - 2, "pa") == 0);
}

static uint64_t
member_value(const uint8_t *bytes, const struct npu_member_desc *member, unsigned index)
{
   uint64_t value = 0;

   /* Little-endian, as the device. */
   for (unsigned b = 0; b < member->size_B; b++)
      value |= (uint64_t)bytes[member->offset + index * member->size_B + b] << 8 * b;
   return value;
}

static void
print_member(FILE *out, const struct npu_dump *dump, const uint8_t *bytes,
             const struct npu_member_desc *member)
{
   fprintf(out, " %s=", member->name);
   for (unsigned i = 0; i < member->count; i++) {
      uint64_t value = member_value(bytes, member, i);

      fprintf(out, is_address(member->name) ? "%s0x%" PRIx64 : "%s%" PRIu64, i ? "," : "", value);
      if (strcmp(member->name, "code_va") == 0) {
         const struct npu_dump_binding *code = npu_dump_find_binding(dump, value);
         if (code && code->label)
            fprintf(out, "(\"%s\")", code->label);
      }
   }
}

static void
print_packet(FILE *out, const struct npu_dump *dump, const uint64_t *words)
{
   uint8_t bytes[NPU_PACKET_SIZE_B];

   for (unsigned i = 0; i < sizeof(bytes); i++)
      bytes[i] = (uint8_t)(words[i / 8] >> i % 8 * 8);
   const struct npu_packet_desc *desc = find_packet(bytes[0]);
   if (!desc) {
      fprintf(out, "no packet (type %u):", bytes[0]);
      for (unsigned i = 0; i < WORDS; i++)
         fprintf(out, " %016" PRIx64, words[i]);
      fputc('\n', out);
      return;
   }
   fprintf(out, "%-9s", desc->name);
   if (bytes[1] & NPU_PACKET_FLAG_BARRIER)
      fputs(" barrier", out);
   if (bytes[1] & ~NPU_PACKET_FLAG_BARRIER)
      fprintf(out, " unknown flags 0x%x", bytes[1]);
   for (const struct npu_member_desc *m = desc->members; m->name; m++)
      print_member(out, dump, bytes, m);
   for (unsigned b = 0; b < sizeof(bytes); b++) {
      if ((desc->reserved >> b & 1) && bytes[b]) {
         fprintf(out, " (byte %u should be zero)", b);
         break;
      }
   }
   fputc('\n', out);
}

/* -- command buffers ------------------------------------------------------------------------- */

static bool
is_faulting_dispatch(const struct npu_dump *dump, const uint64_t *words)
{
   struct npu_packet_dispatch dispatch;

   memcpy(&dispatch, words, sizeof(dispatch));
   return dump->is_in_kernel && dispatch.type == NPU_PACKET_DISPATCH &&
          dispatch.kernel_id == dump->fault.kernel_id &&
          npu_dump_find_binding(dump, dispatch.code_va) ==
             npu_dump_find_binding(dump, dump->fault.pc);
}

/* The packet that faulted, or one that may be it. */
static bool
matters(const struct npu_dump *dump, uint64_t va, const uint64_t *words)
{
   return dump->is_in_kernel ? is_faulting_dispatch(dump, words) : va == dump->fault.pc;
}

static uint64_t
first_packet(const struct npu_dump_packets *cmdbuf, const struct npu_dump_memory *run)
{
   uint64_t misfit = (run->va - cmdbuf->va) % NPU_PACKET_SIZE_B;

   return misfit ? run->va + NPU_PACKET_SIZE_B - misfit : run->va;
}

bool
npu_dump_find_dispatch(const struct npu_dump *dump, struct npu_packet_dispatch *dispatch)
{
   bool found = false;

   for (size_t c = 0; c < dump->num_cmdbufs; c++) {
      const struct npu_dump_packets *cmdbuf = &dump->cmdbufs[c];
      for (size_t r = 0; r < cmdbuf->num_runs; r++) {
         const struct npu_dump_memory *run = &cmdbuf->runs[r];
         size_t at = (size_t)(first_packet(cmdbuf, run) - run->va) / 8;

         for (; at + WORDS <= run->num_words; at += WORDS) {
            struct npu_packet_dispatch other;

            if (!is_faulting_dispatch(dump, &run->words[at]))
               continue;
            memcpy(&other, &run->words[at], sizeof(other));
            if (found && (memcmp(other.grid, dispatch->grid, sizeof(other.grid)) != 0 ||
                          memcmp(other.block, dispatch->block, sizeof(other.block)) != 0))
               return false;
            *dispatch = other;
            found = true;
         }
      }
   }
   return found;
}

static bool
matters_near(const struct npu_dump *dump, const struct npu_dump_memory *run, size_t at)
{
   for (size_t i = at < AROUND * WORDS ? at % WORDS : at - AROUND * WORDS;
        i <= at + AROUND * WORDS && i + WORDS <= run->num_words; i += WORDS)
   {
      if (matters(dump, run->va + i * 8, &run->words[i]))
         return true;
   }
   return false;
}

static void
print_run(FILE *out, const struct npu_dump *dump, const struct npu_dump_packets *cmdbuf,
          const struct npu_dump_memory *run, unsigned flags)
{
   size_t at = (size_t)(first_packet(cmdbuf, run) - run->va) / 8, skipped = 0;
   bool few = run->num_words <= 2 * AROUND * WORDS;

   for (; at + WORDS <= run->num_words; at += WORDS) {
      uint64_t va = run->va + at * 8;

      if (!(flags & NPU_DUMP_ALL) && !few && !matters_near(dump, run, at)) {
         skipped++;
         continue;
      }
      if (skipped)
         fprintf(out, "      ... %zu packets\n", skipped);
      skipped = 0;
      bool it = matters(dump, va, &run->words[at]);
      fprintf(out, "   %s%s 0x%" PRIx64 "  ", it ? npu_dump_red(flags) : "", it ? "=>" : "  ", va);
      print_packet(out, dump, &run->words[at]);
      fputs(it ? npu_dump_plain(flags) : "", out);
   }
   if (skipped)
      fprintf(out, "      ... %zu packets\n", skipped);
}

void
npu_dump_print_cmdbufs(FILE *out, const struct npu_dump *dump, unsigned flags)
{
   for (size_t i = 0; i < dump->num_cmdbufs; i++) {
      const struct npu_dump_packets *cmdbuf = &dump->cmdbufs[i];

      /* What lies around a packet is shown anyway, with its command buffer. */
      if (!cmdbuf->va && i > 0 && !(flags & NPU_DUMP_ALL))
         continue;
      fprintf(out, "\n%s%s%s", npu_dump_bold(flags),
              cmdbuf->va ? "Command buffer" : "Around the packet", npu_dump_plain(flags));
      if (cmdbuf->va)
         fprintf(out, " at 0x%" PRIx64 ", %" PRIu64 " packets", cmdbuf->va, cmdbuf->num_packets);
      fputs(cmdbuf->num_runs ? "\n" : ": not in the dump\n", out);
      for (size_t r = 0; r < cmdbuf->num_runs; r++)
         print_run(out, dump, cmdbuf, &cmdbuf->runs[r], flags);
   }
}

/* -- the ring -------------------------------------------------------------------------------- */

void
npu_dump_print_ring(FILE *out, const struct npu_dump *dump, unsigned flags)
{
   const struct npu_dump_register *head = NULL;

   if (dump->queue < 0)
      return;
   for (size_t i = 0; i < dump->num_registers; i++) {
      if (strcmp(dump->registers[i].name, "QUEUE_HEAD") == 0 &&
          dump->registers[i].index == dump->queue)
         head = &dump->registers[i];
   }
   fprintf(out, "\n%sRing of queue %" PRId64 "%s, %" PRIu64 " packets written",
           npu_dump_bold(flags), dump->queue, npu_dump_plain(flags), dump->tail);
   if (head)
      fprintf(out, ", %" PRIu64 " of them done when the dump was taken", head->value);
   fputc('\n', out);
   for (size_t i = 0; i < dump->num_ring; i++) {
      struct npu_packet_exec exec;

      memcpy(&exec, dump->ring[i].words, sizeof(exec));
      bool it = exec.type == NPU_PACKET_EXEC && exec.context_id == dump->context &&
                exec.seqno == dump->fault.job;
      fprintf(out, "   %s%s %6u  ", it ? npu_dump_red(flags) : "", it ? "=>" : "  ",
              dump->ring[i].index);
      print_packet(out, dump, dump->ring[i].words);
      fputs(it ? npu_dump_plain(flags) : "", out);
   }
}

/* -- registers ------------------------------------------------------------------------------- */

static const struct npu_register_desc *
find_register(const char *name)
{
   for (size_t i = 0; i < sizeof(npu_register_descs) / sizeof(npu_register_descs[0]); i++) {
      if (strcmp(npu_register_descs[i].name, name) == 0)
         return &npu_register_descs[i];
   }
   return NULL;
}

static void
print_fields(FILE *out, const struct npu_register_desc *desc, uint64_t value)
{
   /* A register that is a number needs no explanation. */
   if (desc->fields[0].lo == 0 && !desc->fields[1].name)
      return;
   for (const struct npu_field_desc *f = desc->fields; f->name; f++) {
      uint64_t bits = value >> f->lo;
      unsigned width = f->hi - f->lo + 1u;

      if (width < 64)
         bits &= (1ull << width) - 1;
      if (f->values && bits < f->num_values && f->values[bits])
         fprintf(out, " %s=%s", f->name, f->values[bits]);
      else
         fprintf(out, bits > 9 ? " %s=0x%" PRIx64 : " %s=%" PRIu64, f->name, bits);
   }
}

void
npu_dump_print_registers(FILE *out, const struct npu_dump *dump, unsigned flags)
{
   if (!dump->num_registers)
      return;
   fprintf(out, "\n%sRegisters%s when the dump was taken\n", npu_dump_bold(flags),
           npu_dump_plain(flags));
   for (size_t i = 0; i < dump->num_registers; i++) {
      const struct npu_dump_register *reg = &dump->registers[i];
      const struct npu_register_desc *desc = find_register(reg->name);
      char name[48];

      /* Queues that did nothing say nothing. */
      if (!(flags & NPU_DUMP_ALL) && reg->index >= 0 && reg->index != dump->queue)
         continue;
      if (reg->index >= 0)
         snprintf(name, sizeof(name), "%s(%d)", reg->name, reg->index);
      else
         snprintf(name, sizeof(name), "%s", reg->name);
      fprintf(out, "   %-16s %016" PRIx64, name, reg->value);
      if (desc)
         print_fields(out, desc, reg->value);
      fputc('\n', out);
   }
}
