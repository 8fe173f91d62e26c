/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Construction and editing of the IR: shaders, values, blocks, instructions, cursors. No pass code.
 */
#include "npu_ir.h"

#include <string.h>

unsigned
npu_file_size(enum npu_file file)
{
   switch (file) {
   case NPU_FILE_V:
      return NPU_NUM_VREGS;
   case NPU_FILE_S:
      return NPU_NUM_SREGS;
   case NPU_FILE_M:
      return NPU_NUM_MREGS;
   case NPU_NUM_FILES:
      break;
   }
   unreachable("no such register file");
}

bool
npu_refs_equal(struct npu_ref a, struct npu_ref b)
{
   if (a.kind != b.kind || a.neg != b.neg || a.abs != b.abs)
      return false;

   switch (a.kind) {
   case NPU_REF_NULL:
   case NPU_REF_EXEC:
      return true;
   case NPU_REF_SSA:
      return a.value == b.value;
   case NPU_REF_IMM:
      return a.imm == b.imm && a.bits == b.bits;
   case NPU_REF_REG:
      return a.value == b.value && a.file == b.file && a.bits == b.bits && a.comps == b.comps;
   case NPU_REF_UNDEF:
      return a.file == b.file && a.bits == b.bits && a.comps == b.comps;
   }
   unreachable("no such kind of operand");
}

/* ---- shaders, values ---- */

struct npu_shader *
npu_shader_create(void *mem_ctx, const char *name)
{
   struct npu_shader *shader = rzalloc(mem_ctx, struct npu_shader);

   list_inithead(&shader->blocks);
   shader->is_ssa = true;
   shader->info.max_threads = 1024;
   if (name)
      snprintf(shader->info.name, sizeof(shader->info.name), "%s", name);
   npu_block_append(shader, npu_block_create(shader));
   return shader;
}

struct npu_ref
npu_value_ref(const struct npu_shader *shader, unsigned value)
{
   assert(value < shader->num_values && "value exists");
   const struct npu_value *v = &shader->values[value];

   return (struct npu_ref){
      .kind = NPU_REF_SSA, .file = v->file, .bits = v->bits, .comps = v->comps, .value = value};
}

struct npu_ref
npu_value_create(struct npu_shader *shader, enum npu_file file, unsigned bits, unsigned comps)
{
   assert(file < NPU_NUM_FILES && "V, S or M");
   assert((file == NPU_FILE_M ? bits == 1 : bits == 8 || bits == 16 || bits == 32 || bits == 64) &&
          "width the file can hold");
   assert(comps >= 1 && comps <= NPU_MAX_COMPS && "1 to 4 components");

   if (shader->num_values == shader->values_size) {
      shader->values_size = MAX2(64, shader->values_size * 2);
      shader->values = reralloc(shader, shader->values, struct npu_value, shader->values_size);
   }
   shader->values[shader->num_values] = (struct npu_value){.file = file,
                                                           .bits = bits,
                                                           .comps = comps};
   return npu_value_ref(shader, shader->num_values++);
}

/* ---- blocks ---- */

struct npu_block *
npu_block_create(struct npu_shader *shader)
{
   struct npu_block *block = rzalloc(shader, struct npu_block);

   list_inithead(&block->instrs);
   util_dynarray_init(&block->preds, block);
   return block;
}

void
npu_block_append(struct npu_shader *shader, struct npu_block *block)
{
   list_addtail(&block->link, &shader->blocks);
   block->index = shader->num_blocks++;
}

void
npu_block_insert_after(struct npu_shader *shader, struct npu_block *after, struct npu_block *block)
{
   list_add(&block->link, &after->link);
   npu_index_blocks(shader);
}

void
npu_block_set_succ(struct npu_block *block, unsigned which, struct npu_block *succ)
{
   assert(which < 2 && "a block has at most two successors");
   assert(!block->succs[which] && "successor already set");
   block->succs[which] = succ;
   util_dynarray_append(&succ->preds, struct npu_block *, block);
}

unsigned
npu_block_pred_index(const struct npu_block *block, const struct npu_block *pred)
{
   for (unsigned i = 0; i < npu_block_num_preds(block); ++i) {
      if (npu_block_pred(block, i) == pred)
         return i;
   }
   unreachable("not a predecessor");
}

void
npu_block_replace_pred(struct npu_block *block, struct npu_block *pred, struct npu_block *new_pred)
{
   unsigned i = npu_block_pred_index(block, pred);

   *util_dynarray_element(&block->preds, struct npu_block *, i) = new_pred;
}

struct npu_block *
npu_next_block(const struct npu_shader *shader, const struct npu_block *block)
{
   if (block->link.next == &shader->blocks)
      return NULL;
   return list_entry(block->link.next, struct npu_block, link);
}

void
npu_index_blocks(struct npu_shader *shader)
{
   shader->num_blocks = 0;
   npu_foreach_block(shader, block)
      block->index = shader->num_blocks++;
}

bool
npu_block_is_loop_header(const struct npu_block *block)
{
   for (unsigned i = 0; i < npu_block_num_preds(block); ++i) {
      if (npu_block_pred(block, i)->index >= block->index)
         return true;
   }
   return false;
}

/* ---- instructions ---- */

struct npu_instr *
npu_instr_create(struct npu_shader *shader, unsigned op, unsigned num_dests, unsigned num_srcs)
{
   assert(op < NPU_NUM_IR_OPS && "opcode exists");
   assert(num_dests <= UINT8_MAX && num_srcs <= UINT8_MAX && "operand counts fit their fields");

   size_t operands_B = (num_dests + num_srcs) * sizeof(struct npu_ref);
   struct npu_instr *instr = rzalloc_size(shader, sizeof(struct npu_instr) + operands_B);

   instr->op = op;
   instr->num_dests = num_dests;
   instr->num_srcs = num_srcs;
   instr->dest = (struct npu_ref *)(instr + 1);
   instr->src = instr->dest + num_dests;
   return instr;
}

void
npu_instr_remove(struct npu_instr *instr)
{
   list_del(&instr->link);
   instr->block = NULL;
}

struct npu_ref *
npu_phi_src(struct npu_instr *phi, const struct npu_block *pred)
{
   assert(phi->op == NPU_OP_PHI && "only phis have a source per predecessor");
   return &phi->src[npu_block_pred_index(phi->block, pred)];
}

/* ---- cursors ---- */

struct npu_cursor
npu_after_phis(struct npu_block *block)
{
   struct npu_instr *last = NULL;

   npu_foreach_phi(block, phi)
      last = phi;
   return last ? npu_after_instr(last) : npu_before_block(block);
}

struct npu_cursor
npu_before_terminators(struct npu_block *block)
{
   npu_foreach_instr_in_block_rev(block, instr) {
      if (!npu_instr_is_terminator(instr))
         return npu_after_instr(instr);
   }
   return npu_before_block(block);
}

struct npu_block *
npu_cursor_block(struct npu_cursor cursor)
{
   switch (cursor.option) {
   case NPU_CURSOR_BEFORE_BLOCK:
   case NPU_CURSOR_AFTER_BLOCK:
      return cursor.block;
   case NPU_CURSOR_BEFORE_INSTR:
   case NPU_CURSOR_AFTER_INSTR:
      return cursor.instr->block;
   }
   unreachable("no such cursor");
}

void
npu_insert(struct npu_cursor *cursor, struct npu_instr *instr)
{
   assert(!instr->block && "instruction already in a block");
   instr->block = npu_cursor_block(*cursor);

   switch (cursor->option) {
   case NPU_CURSOR_BEFORE_BLOCK:
      list_add(&instr->link, &instr->block->instrs);
      break;
   case NPU_CURSOR_AFTER_BLOCK:
      list_addtail(&instr->link, &instr->block->instrs);
      break;
   case NPU_CURSOR_BEFORE_INSTR:
      list_addtail(&instr->link, &cursor->instr->link);
      break;
   case NPU_CURSOR_AFTER_INSTR:
      list_add(&instr->link, &cursor->instr->link);
      break;
   }
   *cursor = npu_after_instr(instr);
}
