// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Decodes a kernel into uops.
//
// Starting at the entry, code is followed in a straight line until an instruction that never falls
// through (end, jmp) or that cannot be decoded; targets of branches are queued and followed the
// same way. So what is decoded is what can be reached, data between code does no harm, and a stream
// that runs out of the mapped code ends in a uop that faults exactly there, if it is ever executed.
//
// Instructions are fetched through the address space with execute permission. The words are kept:
// before each later dispatch they are compared with memory, so that changed code is decoded again.
//
// What it misses: code that changes while a dispatch runs has no effect on that dispatch.

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "npu_interp.h"

/* More than this many instructions are refused (as a memory error): 16 MiB of code. */
#define MAX_INSTRUCTIONS (1u << 20)
#define FETCH_WORDS      512

struct decoder {
   struct npu_vm *vm;
   struct npu_interp_kernel *kernel;
   size_t max_uops, max_words, max_ranges, consts_size_B, max_consts_B;

   /* pc -> uop index, open addressing; keys are pc + 1 (0: free). */
   uint64_t *keys;
   uint32_t *values;
   size_t num_keys, max_keys;

   uint64_t *work; /* addresses to follow */
   size_t num_work, max_work;

   /* The fetch buffer: num_fetched words at fetch_va, or why there are none. */
   uint64_t fetched[FETCH_WORDS];
   uint64_t fetch_va;
   size_t num_fetched;
   enum npu_fault fetch_fault;

   bool failed; /* out of memory */
};

/* ---- growing things ---------------------------------------------------------------------- */

static void *
grow(struct decoder *d, void *array, size_t num, size_t *max, size_t size_B)
{
   if (num < *max || d->failed)
      return array;
   size_t wanted = *max ? 2 * *max : 64;
   void *bigger = realloc(array, wanted * size_B);
   if (!bigger) {
      d->failed = true;
      return array;
   }
   *max = wanted;
   return bigger;
}

static size_t
slot_of(const struct decoder *d, uint64_t pc)
{
   size_t i = (size_t)((pc >> 3) * 0x9e3779b97f4a7c15ull) & (d->max_keys - 1);

   while (d->keys[i] && d->keys[i] != pc + 1)
      i = (i + 1) & (d->max_keys - 1);
   return i;
}

static bool
lookup(const struct decoder *d, uint64_t pc, uint32_t *index)
{
   if (!d->max_keys)
      return false;
   size_t i = slot_of(d, pc);
   *index = d->values[i];
   return d->keys[i] != 0;
}

static void
remember(struct decoder *d, uint64_t pc, uint32_t index)
{
   if (2 * (d->num_keys + 1) > d->max_keys) {
      struct decoder old = *d;
      d->max_keys = old.max_keys ? 2 * old.max_keys : 256;
      d->keys = calloc(d->max_keys, sizeof(*d->keys));
      d->values = calloc(d->max_keys, sizeof(*d->values));
      if (!d->keys || !d->values) {
         free(d->keys);
         free(d->values);
         d->keys = old.keys;
         d->values = old.values;
         d->max_keys = old.max_keys;
         d->failed = true;
         return;
      }
      for (size_t i = 0; i < old.max_keys; i++) {
         if (old.keys[i]) {
            size_t slot = slot_of(d, old.keys[i] - 1);
            d->keys[slot] = old.keys[i];
            d->values[slot] = old.values[i];
         }
      }
      free(old.keys);
      free(old.values);
   }
   size_t slot = slot_of(d, pc);
   d->num_keys += d->keys[slot] == 0;
   d->keys[slot] = pc + 1;
   d->values[slot] = index;
}

static void
follow_later(struct decoder *d, uint64_t pc)
{
   d->work = grow(d, d->work, d->num_work, &d->max_work, sizeof(*d->work));
   if (!d->failed)
      d->work[d->num_work++] = pc;
}

static struct npu_uop *
new_uop(struct decoder *d, uint64_t pc)
{
   struct npu_interp_kernel *kernel = d->kernel;

   kernel->uops = grow(d, kernel->uops, kernel->num_uops, &d->max_uops, sizeof(*kernel->uops));
   if (d->failed)
      return NULL;
   struct npu_uop *uop = &kernel->uops[kernel->num_uops++];
   memset(uop, 0, sizeof(*uop));
   uop->pc = pc;
   return uop;
}

/* Keeps a code word for the comparison. */
static void
keep_word(struct decoder *d, uint64_t va, uint64_t word)
{
   struct npu_interp_kernel *kernel = d->kernel;
   struct npu_interp_code *last = kernel->num_ranges ? &kernel->ranges[kernel->num_ranges - 1]
                                                     : NULL;
   size_t num_words = last ? last->first + last->count : 0;

   kernel->words = grow(d, kernel->words, num_words, &d->max_words, sizeof(*kernel->words));
   if (!last || last->va + 8 * last->count != va) {
      kernel->ranges = grow(d, kernel->ranges, kernel->num_ranges, &d->max_ranges, sizeof(*last));
      if (d->failed)
         return;
      last = &kernel->ranges[kernel->num_ranges++];
      *last = (struct npu_interp_code){.va = va, .first = num_words};
   }
   if (d->failed)
      return;
   kernel->words[num_words] = word;
   last->count++;
}

/* ---- fetch ------------------------------------------------------------------------------- */

static enum npu_fault
fetch(struct decoder *d, uint64_t va, uint64_t *word)
{
   if (va - d->fetch_va >= 8 * d->num_fetched) {
      /* Up to the end of the page, because the next one may not be mapped. */
      uint64_t fault_va;
      size_t count = (NPU_PAGE_SIZE_B - va % NPU_PAGE_SIZE_B) / 8;
      d->fetch_va = va;
      d->fetch_fault = npu_vm_read(d->vm, d->fetched, va, 8 * count, NPU_ACCESS_EXECUTE, &fault_va);
      d->num_fetched = d->fetch_fault == NPU_FAULT_NONE ? count : 0;
      if (d->fetch_fault != NPU_FAULT_NONE)
         return d->fetch_fault;
   }
   *word = d->fetched[(va - d->fetch_va) / 8];
   return NPU_FAULT_NONE;
}

static_assert(FETCH_WORDS * 8 == NPU_PAGE_SIZE_B, "the fetch buffer is a page");

/* ---- operands ---------------------------------------------------------------------------- */

/* Offset in the constants of 32 lanes of a value. bits: of a lane, 32 or 64. */
static uint32_t
constant(struct decoder *d, uint64_t value, unsigned bits)
{
   size_t size_B = NPU_INTERP_LANES * 8;

   while (d->consts_size_B + size_B > d->max_consts_B && !d->failed) {
      size_t max_B = d->max_consts_B ? 2 * d->max_consts_B : 4096;
      uint8_t *consts = aligned_alloc(64, max_B);
      if (!consts) {
         d->failed = true;
         break;
      }
      if (d->consts_size_B)
         memcpy(consts, d->kernel->consts, d->consts_size_B);
      free(d->kernel->consts);
      d->kernel->consts = consts;
      d->max_consts_B = max_B;
   }
   if (d->failed)
      return 0;

   uint64_t lanes[NPU_INTERP_LANES];
   for (unsigned l = 0; l < NPU_INTERP_LANES; l++)
      lanes[l] = bits == 64 ? value : (value & UINT32_MAX) | value << 32;
   for (size_t offset = 0; offset < d->consts_size_B; offset += size_B) {
      if (!memcmp(d->kernel->consts + offset, lanes, size_B))
         return (uint32_t)offset;
   }
   memcpy(d->kernel->consts + d->consts_size_B, lanes, size_B);
   d->consts_size_B += size_B;
   return (uint32_t)(d->consts_size_B - size_B);
}

static uint32_t
reg_offset(unsigned reg)
{
   if (npu_reg_is_v(reg))
      return (uint32_t)(offsetof(struct npu_wave, v) + reg * sizeof(uint32_t[NPU_INTERP_LANES]));
   if (npu_reg_is_s(reg))
      return (uint32_t)(offsetof(struct npu_wave, s) + (reg - NPU_REG_S(0)) * sizeof(uint64_t));
   assert(npu_reg_is_m(reg) && "npu_decode accepted a reserved register");
   return (uint32_t)(offsetof(struct npu_wave, m) + (reg - NPU_REG_M(0)) * sizeof(uint32_t));
}

/* The value of an immediate float operand after its modifiers. */
static uint64_t
modified(uint64_t value, unsigned bits, unsigned mods)
{
   uint64_t sign = 1ull << (bits - 1);

   if (mods & 1)
      value &= ~sign;
   if (mods & 2)
      value ^= sign;
   return value;
}

static void
resolve_source(struct decoder *d, struct npu_uop *uop, unsigned i, bool vector_form)
{
   const struct npu_inst *inst = &uop->inst;
   const struct npu_operand_info *info = &npu_op_infos[inst->op].src[i];
   struct npu_uop_src *src = &uop->src[i];
   unsigned reg = inst->src[i];
   unsigned bits = info->bits;

   src->bits = (uint8_t)bits;
   src->mods = (inst->abs >> i & 1) | (inst->neg >> i & 1) << 1;
   if (npu_src_is_imm(reg)) {
      uint64_t value = reg == NPU_SRC_LITERAL
                          ? inst->literal
                          : npu_src_inline_value(reg, (enum npu_type)info->type);
      if (bits < 64)
         value &= (1ull << bits) - 1;
      src->kind = NPU_UOP_SRC_CONST;
      src->offset = constant(d, modified(value, bits, src->mods), bits == 64 ? 64 : 32);
      return;
   }
   src->offset = reg_offset(reg);
   src->uniform = npu_reg_is_s(reg);
   src->kind = src->mods || (src->uniform && vector_form) ? NPU_UOP_SRC_SPECIAL : NPU_UOP_SRC_REG;
   if (npu_reg_is_v(reg)) {
      unsigned last = reg + npu_inst_operand_regs(inst, (int)i);
      if (last > d->kernel->num_vregs)
         d->kernel->num_vregs = last;
   }
}

/* mov and sel compute all lanes by specification. */
static bool
leaves_undefined(const struct npu_inst *inst)
{
   const struct npu_op_info *info = &npu_op_infos[inst->op];

   return info->has_dst && npu_reg_is_v(inst->dst) && !inst->masked && !inst->noret &&
          info->base != NPU_ALU_MOV && info->base != NPU_ALU_SEL && info->base != NPU_ALU_LD_W;
}

static void
resolve(struct decoder *d, struct npu_uop *uop)
{
   const struct npu_inst *inst = &uop->inst;
   const struct npu_op_info *info = &npu_op_infos[inst->op];
   const struct npu_interp_ops *ops = npu_interp_ops(d->vm->sim);
   bool has_reg = (info->has_dst && !inst->noret) || info->data_in_dst;
   bool scalar = info->scalar_form_ok && npu_reg_is_s(inst->dst);

   if (has_reg) {
      uop->dst = reg_offset(inst->dst);
      if (npu_reg_is_v(inst->dst)) {
         unsigned last = inst->dst + npu_inst_operand_regs(inst, -1);
         if (last > d->kernel->num_vregs)
            d->kernel->num_vregs = last;
      }
   }
   for (unsigned i = 0; i < info->num_srcs; i++) {
      if (info->src[i].files) {
         /* Lane data may be uniform; what must be uniform (an address, a lane number) is not
          * spread. */
         bool lanes = !scalar && (info->src[i].files & NPU_FILES_V);
         bool condition = info->src[i].kind == NPU_KIND_MASK;
         resolve_source(d, uop, i, lanes && !condition);
      }
   }
   uop->poison = leaves_undefined(inst);
   uop->rmw = &ops->rmw[inst->op];
   if (scalar)
      uop->fn = ops->scalar[inst->op];
   else if (info->is_memory)
      uop->fn = npu_interp_memory_fn(inst);
   else if (ops->vector[inst->op])
      uop->fn = ops->vector[inst->op];
   else
      uop->fn = npu_interp_control_fn(inst);
   assert(uop->fn && "operation without a handler");
}

/* ---- following code ---------------------------------------------------------------------- */

static void
add_fault(struct decoder *d, uint64_t pc, enum npu_fault fault, uint64_t va)
{
   struct npu_uop *uop = new_uop(d, pc);

   d->kernel->incomplete = true;
   if (uop) {
      uop->fn = npu_interp_fault_uop;
      uop->fault = fault;
      uop->fault_va = va;
   }
}

/* Decodes in a straight line from pc on. */
static void
follow(struct decoder *d, uint64_t pc)
{
   for (;;) {
      uint32_t known;
      if (lookup(d, pc, &known)) {
         struct npu_uop *uop = new_uop(d, pc);
         if (uop)
            uop->fn = npu_interp_goto_uop; /* target is set at the end */
         return;
      }
      remember(d, pc, (uint32_t)d->kernel->num_uops);
      if (d->kernel->num_uops >= MAX_INSTRUCTIONS) {
         add_fault(d, pc, NPU_FAULT_MEMORY_ERROR, pc);
         return;
      }

      uint64_t words[2] = {0}, va = pc;
      enum npu_fault fault = fetch(d, va, &words[0]);
      if (fault == NPU_FAULT_NONE && (words[0] >> 11 & 1)) {
         va = pc + 8;
         fault = fetch(d, va, &words[1]);
      }
      if (fault != NPU_FAULT_NONE) {
         add_fault(d, pc, fault, va);
         return;
      }
      struct npu_uop *uop = new_uop(d, pc);
      if (!uop)
         return;
      int num = npu_decode(words, 2, &uop->inst);
      keep_word(d, pc, words[0]);
      if (num < 0) {
         /* If the word looked as if it had a literal, that one is not part of the verdict. */
         uop->fn = npu_interp_fault_uop;
         uop->fault = NPU_FAULT_ILLEGAL_INSTRUCTION;
         uop->fault_va = pc;
         if (words[0] >> 11 & 1)
            keep_word(d, pc + 8, words[1]);
         return;
      }
      if (num == 2)
         keep_word(d, pc + 8, words[1]);
      resolve(d, uop);

      const struct npu_op_info *info = &npu_op_infos[uop->inst.op];
      uint64_t next = pc + 8 * (uint64_t)num;
      bool falls_through = !info->is_end && uop->inst.op != NPU_OP_JMP;
      if (info->is_branch && !info->is_end) {
         uint64_t target = next + 8 * (uint64_t)(int64_t)uop->inst.target;
         uop->fault_va = target; /* until the pointer is known */
         uop->backward = target <= pc;
         follow_later(d, target);
      }
      if (d->failed || !falls_through)
         return;
      pc = next;
   }
}

static void
link_targets(struct decoder *d)
{
   struct npu_interp_kernel *kernel = d->kernel;

   for (size_t i = 0; i < kernel->num_uops; i++) {
      struct npu_uop *uop = &kernel->uops[i];
      uint32_t index;
      if (uop->fn == npu_interp_goto_uop) {
         lookup(d, uop->pc, &index);
         uop->target = &kernel->uops[index];
      } else if (uop->fn != npu_interp_fault_uop && npu_op_infos[uop->inst.op].is_branch &&
                 !npu_op_infos[uop->inst.op].is_end)
      {
         lookup(d, uop->fault_va, &index);
         uop->target = &kernel->uops[index];
      }
   }
}

/* Decodes the kernel at code_va. NULL: out of memory. */
struct npu_interp_kernel *
npu_interp_decode(struct npu_vm *vm, uint64_t code_va)
{
   struct npu_interp_kernel *kernel = calloc(1, sizeof(*kernel));
   struct decoder *d = calloc(1, sizeof(*d));

   if (!kernel || !d) {
      free(kernel);
      free(d);
      return NULL;
   }
   d->vm = vm;
   d->kernel = kernel;
   kernel->code_va = code_va;
   kernel->asid = vm->asid;

   follow_later(d, code_va);
   while (d->num_work && !d->failed) {
      uint64_t pc = d->work[--d->num_work];
      uint32_t known;
      if (!lookup(d, pc, &known))
         follow(d, pc);
   }
   bool failed = d->failed;
   if (!failed)
      link_targets(d);
   free(d->keys);
   free(d->values);
   free(d->work);
   free(d);
   if (failed) {
      npu_interp_kernel_free(kernel);
      return NULL;
   }
   return kernel;
}

struct npu_interp_kernel *
npu_interp_kernel_share(struct npu_interp_kernel *kernel)
{
   atomic_fetch_add(&kernel->users, 1);
   return kernel;
}

void
npu_interp_kernel_free(struct npu_interp_kernel *kernel)
{
   if (!kernel || atomic_fetch_sub(&kernel->users, 1) > 0)
      return;
   free(kernel->uops);
   free(kernel->consts);
   free(kernel->ranges);
   free(kernel->words);
   free(kernel);
}

bool
npu_interp_kernel_current(struct npu_vm *vm, const struct npu_interp_kernel *kernel)
{
   /* What could not be fetched may be there now. */
   if (kernel->incomplete)
      return false;
   for (size_t i = 0; i < kernel->num_ranges; i++) {
      const struct npu_interp_code *range = &kernel->ranges[i];
      for (size_t done = 0; done < range->count;) {
         uint64_t now[FETCH_WORDS], fault_va;
         size_t n = range->count - done < FETCH_WORDS ? range->count - done : FETCH_WORDS;
         if (npu_vm_read(vm, now, range->va + 8 * done, 8 * n, NPU_ACCESS_EXECUTE, &fault_va) !=
                NPU_FAULT_NONE ||
             memcmp(now, kernel->words + range->first + done, 8 * n))
            return false;
         done += n;
      }
   }
   return true;
}
