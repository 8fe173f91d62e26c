/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * The report of a core dump: first what happened and where, as short as it can be said, then what it
 * was taken from.
 */

#include "npu_dump.h"

#include "npu_fault_text.h"
#include "npu_isa/npu_regs.h"

#include <inttypes.h>
#include <string.h>

/* Farther than this from any binding an address has nothing to do with it. */
#define NEAR_B (1ull << 20)

const char *
npu_dump_bold(unsigned flags)
{
   return flags & NPU_DUMP_COLOUR ? "\033[1m" : "";
}

const char *
npu_dump_red(unsigned flags)
{
   return flags & NPU_DUMP_COLOUR ? "\033[1;31m" : "";
}

const char *
npu_dump_plain(unsigned flags)
{
   return flags & NPU_DUMP_COLOUR ? "\033[0m" : "";
}

/* A name and blanks behind it. */
static void
heading(FILE *out, const char *name, unsigned flags)
{
   fprintf(out, "%s%-11s%s ", npu_dump_bold(flags), name, npu_dump_plain(flags));
}

static void
print_head(FILE *out, const struct npu_dump *dump, unsigned flags)
{
   static const char *const priorities[] = {"low", "medium", "high"};

   heading(out, "Device", flags);
   fprintf(out, "%s, architecture %" PRIu64 ", %" PRIu64 " cores, %" PRIu64 " resets; Linux %s\n",
           dump->device, dump->arch_version, dump->num_cores, dump->resets, dump->kernel);
   heading(out, "Process", flags);
   fprintf(out, "%s, pid %" PRIu64 "; context 0x%" PRIx64 ", address space %" PRIu64, dump->process,
           dump->pid, dump->context, dump->asid);
   if (dump->priority < 3)
      fprintf(out, ", %s priority", priorities[dump->priority]);
   fprintf(out,
           "\n%*sjob %" PRIu64 "; %" PRIu64 " submitted, the last one completed is %" PRIu64 "\n",
           12, "", (uint64_t)dump->fault.job, dump->jobs_submitted, dump->jobs_completed);
}

static bool
has_address(const struct drm_npu_fault *fault)
{
   return fault->type == DRM_NPU_FAULT_UNMAPPED || fault->type == DRM_NPU_FAULT_PERMISSION ||
          fault->type == DRM_NPU_FAULT_MISALIGNED || fault->type == DRM_NPU_FAULT_MEMORY_ERROR;
}

static const char *
label_of(const struct npu_dump_binding *binding)
{
   return binding->label ? binding->label : "no label";
}

/* In which buffer an address lies, or close to which. */
static void
print_place(FILE *out, const struct npu_dump *dump, uint64_t va)
{
   const struct npu_dump_binding *near = npu_dump_find_binding(dump, va);
   uint64_t distance = NEAR_B;
   bool before = false;

   if (near) {
      fprintf(out, "buffer \"%s\" + 0x%" PRIx64 " (%" PRIu64 " bytes, %s)", label_of(near),
              va - near->va, near->size_B, near->rights);
      return;
   }
   for (size_t i = 0; i < dump->num_bindings; i++) {
      const struct npu_dump_binding *b = &dump->bindings[i];
      uint64_t gap = va < b->va ? b->va - va : va - (b->va + b->size_B);

      if (gap < distance) {
         distance = gap;
         near = b;
         before = va < b->va;
      }
   }
   if (near)
      fprintf(out, "%" PRIu64 " bytes %s buffer \"%s\" (%" PRIu64 " bytes, %s)", distance,
              before ? "before" : "past the end of", label_of(near), near->size_B, near->rights);
   else
      fputs("nothing is bound near it", out);
}

/* The local ids of the lowest and highest lane. */
static void
print_items(FILE *out, const struct npu_packet_dispatch *dispatch, uint32_t wave, uint32_t lanes)
{
   uint64_t first = (uint64_t)wave * NPU_WAVE_SIZE + (unsigned)__builtin_ctz(lanes);
   uint64_t last = (uint64_t)wave * NPU_WAVE_SIZE + 31u - (unsigned)__builtin_clz(lanes);
   uint32_t x = dispatch->block[0], y = dispatch->block[1];

   if (!x || !y)
      return;
   fprintf(out, ", local id (%" PRIu64 ", %" PRIu64 ", %" PRIu64 ")", first % x, first / x % y,
           first / x / y);
   if (last != first)
      fprintf(out, " to (%" PRIu64 ", %" PRIu64 ", %" PRIu64 ")", last % x, last / x % y,
              last / x / y);
}

static void
print_wave(FILE *out, const struct npu_dump *dump, unsigned flags)
{
   const struct drm_npu_fault *fault = &dump->fault;
   const struct npu_dump_binding *code = npu_dump_find_binding(dump, fault->pc);
   struct npu_packet_dispatch dispatch;
   bool found = npu_dump_find_dispatch(dump, &dispatch);

   heading(out, "Kernel", flags);
   fprintf(out, "%s%s%s, id %u\n", npu_dump_red(flags), code ? label_of(code) : "not in the dump",
           npu_dump_plain(flags), fault->kernel_id);
   heading(out, "Work-group", flags);
   fprintf(out, "%" PRIu64, (uint64_t)fault->group);
   if (found && dispatch.grid[0] && dispatch.grid[1]) {
      uint64_t rest = fault->group / dispatch.grid[0];
      fprintf(out,
              " = (%" PRIu64 ", %" PRIu64 ", %" PRIu64 ") of %u x %u x %u groups of %u x %u x %u",
              (uint64_t)fault->group % dispatch.grid[0], rest % dispatch.grid[1],
              rest / dispatch.grid[1], dispatch.grid[0], dispatch.grid[1], dispatch.grid[2],
              dispatch.block[0], dispatch.block[1], dispatch.block[2]);
   }
   fprintf(out, ", core %u\n", fault->core);
   heading(out, "Wave", flags);
   fprintf(out, "%u, lanes 0x%08x", fault->wave, fault->lane_mask);
   if (found && fault->lane_mask)
      print_items(out, &dispatch, fault->wave, fault->lane_mask);
   fputc('\n', out);
   heading(out, "Instruction", flags);
   fprintf(out, "0x%" PRIx64, (uint64_t)fault->pc);
   if (code)
      fprintf(out, " = %s + 0x%" PRIx64, label_of(code), (uint64_t)fault->pc - code->va);
   fputc('\n', out);
}

static void
print_fault(FILE *out, const struct npu_dump *dump, unsigned flags)
{
   const struct drm_npu_fault *fault = &dump->fault;
   const struct npu_fault_info info = {
      .type = fault->type,
      .access = fault->access,
      .address = fault->address,
      .code = fault->code,
   };
   char text[NPU_FAULT_TEXT_SIZE];

   npu_fault_text(&info, text, sizeof(text));
   heading(out, "Fault", flags);
   fprintf(out, "%s%s%s\n", npu_dump_red(flags), text, npu_dump_plain(flags));
   if (has_address(fault)) {
      heading(out, "Address", flags);
      fprintf(out, "0x%" PRIx64 ": ", (uint64_t)fault->address);
      print_place(out, dump, fault->address);
      fputc('\n', out);
   }
   if (dump->is_in_kernel) {
      print_wave(out, dump, flags);
   } else if (fault->pc) {
      heading(out, "Packet", flags);
      fprintf(out, "0x%" PRIx64 ": ", (uint64_t)fault->pc);
      print_place(out, dump, fault->pc);
      fputc('\n', out);
   }
}

static void
print_bindings(FILE *out, const struct npu_dump *dump, unsigned flags)
{
   fprintf(out, "\n%sBindings%s of the address space\n", npu_dump_bold(flags),
           npu_dump_plain(flags));
   for (size_t i = 0; i < dump->num_bindings; i++) {
      const struct npu_dump_binding *b = &dump->bindings[i];

      fprintf(out, "   0x%010" PRIx64 " %10" PRIu64 " bytes %s %s", b->va, b->size_B, b->rights,
              b->place);
      if (b->offset_B)
         fprintf(out, ", from byte %" PRIu64 " on", b->offset_B);
      fprintf(out, b->label ? "  %s\n" : "\n", b->label);
   }
}

void
npu_dump_report(FILE *out, const struct npu_dump *dump, unsigned flags)
{
   print_head(out, dump, flags);
   print_fault(out, dump, flags);
   npu_dump_print_code(out, dump, flags);
   npu_dump_print_cmdbufs(out, dump, flags);
   npu_dump_print_ring(out, dump, flags);
   npu_dump_print_registers(out, dump, flags);
   if (dump->num_bindings)
      print_bindings(out, dump, flags);
   if (dump->num_odd)
      fprintf(out, "\n%zu lines were not understood, the first of them is line %zu\n",
              dump->num_odd, dump->first_odd);
   if (!dump->complete)
      fputs("\nThe dump is cut: its last line is missing.\n", out);
}
