/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Turns collect, split and parallel_copy, with registers as operands, into moves and swaps.
 *
 * A parallel copy is a graph on registers: an edge from each source to its destination. Every
 * register has at most one source, so a component is a tree or a cycle with trees on it. A register
 * nobody still reads can be written: those moves go first, each may free the next. What remains are
 * cycles: in V they are opened with the register that allocation left free at this place
 * (npu_instr.imm), in S and M closed by swaps. Immediates, which nobody waits for, come last.
 *
 * Registers of V are copied one by one, whatever their values' types: mov copies all bits of all
 * lanes. Two moves of the halves of aligned pairs that are possible at the same time become one
 * mov.b64.
 *
 * Cf. Boissinot et al., Revisiting out-of-SSA translation (2009), algorithm 1.
 */
#include "npu_passes.h"

#include "npu_build.h"

#define NO_REG UINT8_MAX

/* The copies of one file. */
struct copies {
   enum npu_file file;
   uint8_t src[NPU_NUM_VREGS]; /* register to be copied to a register, NO_REG: none (any more) */
   uint8_t readers[NPU_NUM_VREGS]; /* copies that still read a register */
   struct npu_ref imm_dest[NPU_NUM_VREGS], imm[NPU_NUM_VREGS];
   unsigned num_imms;
};

static void
emit_move(struct npu_builder *b, enum npu_file file, unsigned bits, unsigned dest, unsigned src)
{
   unsigned op = file == NPU_FILE_M ? NPU_OP_MMOV : bits == 64 ? NPU_OP_MOV_B64 : NPU_OP_MOV_B32;
   struct npu_ref from = npu_reg(file, src, bits, 1);

   npu_build_to(b, op, npu_reg(file, dest, bits, 1), &from, 1);
}

static void
emit_immediate(struct npu_builder *b, struct npu_ref dest, struct npu_ref src)
{
   unsigned op = dest.bits == 64 ? NPU_OP_MOV_B64 : NPU_OP_MOV_B32;

   if (dest.file == NPU_FILE_M)
      op = src.kind == NPU_REF_EXEC ? NPU_OP_MMOV : NPU_OP_MFROMS;
   npu_build_to(b, op, dest, &src, 1);
}

static unsigned
file_bits(enum npu_file file)
{
   return file == NPU_FILE_V ? 32 : file == NPU_FILE_S ? 64 : 1;
}

static void
move_one(struct npu_builder *b, struct copies *c, unsigned dest)
{
   unsigned src = c->src[dest];
   unsigned other_dest = dest ^ 1, other_src = src ^ 1;
   bool pair = c->file == NPU_FILE_V && (dest & 1) == (src & 1) &&
               c->src[other_dest] == other_src && c->readers[other_dest] == 0;

   if (pair) {
      emit_move(b, NPU_FILE_V, 64, dest & ~1u, src & ~1u);
      c->src[other_dest] = NO_REG;
      --c->readers[other_src];
   } else {
      emit_move(b, c->file, file_bits(c->file), dest, src);
   }
   c->src[dest] = NO_REG;
   --c->readers[src];
}

/* dest is on a cycle: every register of it has one reader left. */
static void
break_cycle(struct npu_builder *b, struct copies *c, unsigned dest, int scratch)
{
   unsigned bits = file_bits(c->file);

   if (c->file == NPU_FILE_V) {
      assert(scratch >= 0 && scratch < NPU_NUM_VREGS && "allocation left a register free");
      emit_move(b, c->file, bits, scratch, dest);
      unsigned at = dest;
      for (; c->src[at] != dest; at = c->src[at])
         emit_move(b, c->file, bits, at, c->src[at]);
      emit_move(b, c->file, bits, at, scratch);
   } else {
      for (unsigned at = dest; c->src[at] != dest; at = c->src[at]) {
         struct npu_ref regs[2] = {npu_reg(c->file, at, bits, 1),
                                   npu_reg(c->file, c->src[at], bits, 1)};
         npu_build(b, NPU_OP_SWAP, regs, 2, regs, 2);
      }
   }

   for (unsigned at = dest; c->src[at] != NO_REG;) {
      unsigned next = c->src[at];
      c->src[at] = NO_REG;
      c->readers[at] = 0;
      at = next;
   }
}

static void
sequentialize(struct npu_builder *b, struct copies *c, int scratch)
{
   unsigned size = npu_file_size(c->file);
   bool again = true;

   while (again) {
      again = false;
      for (unsigned dest = 0; dest < size; ++dest) {
         if (c->src[dest] != NO_REG && c->readers[dest] == 0) {
            move_one(b, c, dest);
            again = true;
         }
      }
   }
   for (unsigned dest = 0; dest < size; ++dest) {
      if (c->src[dest] != NO_REG)
         break_cycle(b, c, dest, scratch);
   }
   for (unsigned i = 0; i < c->num_imms; ++i)
      emit_immediate(b, c->imm_dest[i], c->imm[i]);
}

static void
add_copy(struct copies *files, struct npu_ref dest, struct npu_ref src)
{
   struct copies *c = &files[dest.file];

   if (npu_is_null(dest) || src.kind == NPU_REF_UNDEF)
      return;
   if (src.kind != NPU_REF_REG) {
      c->imm_dest[c->num_imms] = dest;
      c->imm[c->num_imms++] = src;
      return;
   }
   assert(src.file == dest.file && npu_ref_regs(src) == npu_ref_regs(dest) && "same type");
   for (unsigned i = 0; i < npu_ref_regs(dest); ++i) {
      if (dest.value + i == src.value + i)
         continue;
      c->src[dest.value + i] = src.value + i;
      ++c->readers[src.value + i];
   }
}

/* Component i of a vector. */
static struct npu_ref
component(struct npu_ref vector, unsigned i)
{
   vector.value += i * npu_comp_regs(vector.file, vector.bits);
   vector.comps = 1;
   return vector;
}

static void
gather(struct copies *files, const struct npu_instr *instr)
{
   switch (instr->op) {
   case NPU_OP_COLLECT:
      npu_foreach_src(instr, s)
         add_copy(files, component(instr->dest[0], s), instr->src[s]);
      break;
   case NPU_OP_SPLIT:
      npu_foreach_dest(instr, d) {
         if (instr->src[0].kind == NPU_REF_REG)
            add_copy(files, instr->dest[d], component(instr->src[0], d));
      }
      break;
   default:
      npu_foreach_src(instr, s)
         add_copy(files, instr->dest[s], instr->src[s]);
   }
}

bool
npu_lower_parallel_copy(struct npu_shader *shader)
{
   bool progress = false;

   assert(!shader->is_ssa && "after register allocation");
   npu_foreach_instr_safe(shader, instr) {
      if (instr->op != NPU_OP_COLLECT && instr->op != NPU_OP_SPLIT &&
          instr->op != NPU_OP_PARALLEL_COPY)
         continue;

      struct npu_builder b = npu_builder_at(shader, npu_before_instr(instr));
      struct copies files[NPU_NUM_FILES];
      for (unsigned f = 0; f < NPU_NUM_FILES; ++f) {
         memset(&files[f], 0, sizeof(files[f]));
         memset(files[f].src, NO_REG, sizeof(files[f].src));
         files[f].file = f;
      }
      gather(files, instr);
      for (unsigned f = 0; f < NPU_NUM_FILES; ++f)
         sequentialize(&b, &files[f], instr->imm);
      npu_instr_remove(instr);
      progress = true;
   }
   return progress;
}
