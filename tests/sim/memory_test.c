// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Every load and store: all address forms, spaces, widths, numbers of components, masks,
// alignments, against a model of bytes.
//
// For each combination programs with random addresses run on one wave. The model has its own copy
// of the three memories (global, local, private) and of the registers, and computes addresses as
// docs/isa.md words them. Local memory is filled and read back by DMA; private memory is read and
// written by the host in its interleaved layout, which checks that layout, too. All memory and all
// registers are compared, so a store that writes too much is found.
//
// Usage: memory_test [CONFIGURATION] (as in NPU_SIM; it has one core in any case)

#include <inttypes.h>

#include "npu_isa/npu_disasm.h"
#include "sim_fixture.h"

#define LANES     32u
#define GLOBAL_B  8192u
#define LOCAL_B   4096u
#define PRIVATE_B 1088u
#define DATA_REGS 8u
#define REPEATS   12

/* Registers of the program. */
#define DATA_V    8u  /* v8..v15: loaded or stored */
#define OFFSET_V  16u /* v16: lane offsets */
#define ADDRESS_V 18u /* v18:v19: lane addresses */
#define BASE_S    NPU_REG_S(8)
#define STRIDE_S  NPU_REG_S(9)
#define DATA_S    NPU_REG_S(12) /* s12..s15 */

/* The input buffer: registers, then what local memory begins with. */
struct input {
   uint32_t data[DATA_REGS][LANES];
   uint32_t offset[LANES];
   uint32_t unused[LANES];
   uint64_t address[LANES];
   uint64_t base, stride, exec, zero;
   uint64_t scalar[4];
   uint8_t local[LOCAL_B];
};

struct output {
   uint32_t data[DATA_REGS][LANES];
   uint64_t scalar[4];
   uint8_t local[LOCAL_B];
};

/* The model's memories. */
struct model {
   uint8_t global[GLOBAL_B];
   uint8_t local[LOCAL_B];
   uint8_t private[LANES][PRIVATE_B];
   struct output registers;
};

static uint64_t seed = 7;
static uint64_t global_va, scratch_va;

static uint64_t
random_below(uint64_t bound)
{
   return (tap_random(&seed) >> 8) % bound;
}

static void
random_fill(void *memory, size_t size_B)
{
   for (size_t i = 0; i < size_B; i++)
      ((uint8_t *)memory)[i] = (uint8_t)(tap_random(&seed) >> 32);
}

/* ---- the instruction and its operands ------------------------------------------------------- */

enum form {
   FORM_S,
   FORM_U,
   FORM_X,
   FORM_O,
   FORM_A,
   FORM_W,
   NUM_FORMS
};

static const enum npu_op loads[NUM_FORMS] = {NPU_OP_LD_S, NPU_OP_LD_U, NPU_OP_LD_X,
                                             NPU_OP_LD_O, NPU_OP_LD_A, NPU_OP_LD_W};
static const enum npu_op stores[NUM_FORMS] = {NPU_OP_ST_S, NPU_OP_ST_U, NPU_OP_ST_X,
                                              NPU_OP_ST_O, NPU_OP_ST_A, NPU_OP_ST_W};

/* Start and size of a region in the address space that an instruction of `space` uses. */
static uint64_t
region(enum npu_space space, enum npu_space where, uint64_t *start)
{
   static const uint64_t size_B[] = {GLOBAL_B, LOCAL_B, PRIVATE_B};

   if (where == NPU_SPACE_GLOBAL)
      *start = global_va;
   else if (space != NPU_SPACE_GENERIC)
      *start = 0;
   else
      *start = where == NPU_SPACE_LOCAL ? NPU_LOCAL_WINDOW_VA : NPU_PRIVATE_WINDOW_VA;
   return size_B[where];
}

/* Chooses operands so that every lane's access is inside its region, and those of stores do not
 * overlap. */
static void
choose_operands(struct npu_inst *inst, enum form form, enum npu_space where, struct input *input)
{
   bool is_store = npu_op_infos[inst->op].is_store;
   uint64_t size_B = (uint64_t)inst->count << inst->width_log2, start;
   uint64_t region_B = region(inst->space, where, &start);
   int imm = (int)random_below(65536) - 32768;
   /* Half of the time everything is naturally aligned. */
   uint64_t unit = random_below(2) ? size_B : 1;

   inst->imm = imm;
   switch (form) {
   case FORM_S:
   case FORM_W:
      input->base = start + random_below((region_B - size_B) / unit + 1) * unit -
                    (uint64_t)(int64_t)imm;
      break;
   case FORM_U: {
      uint64_t step_B = inst->space == NPU_SPACE_PRIVATE ? 0 : size_B;
      uint64_t span_B = (LANES - 1) * step_B + size_B;
      input->base = start + random_below((region_B - span_B) / unit + 1) * unit -
                    (uint64_t)(int64_t)imm;
      break;
   }
   case FORM_X: {
      uint64_t most = (region_B - size_B) / (LANES - 1);
      uint64_t least = is_store ? size_B : 0;
      uint64_t stride = least + random_below(most - least + 1);
      uint64_t first = random_below(region_B - size_B - stride * (LANES - 1) + 1);
      bool down = random_below(2);
      input->stride = down ? -stride : stride;
      input->base = start + first + (down ? stride * (LANES - 1) : 0) - (uint64_t)(int64_t)imm;
      break;
   }
   case FORM_O: {
      inst->scale_log2 = (uint8_t)random_below(8);
      inst->sx = random_below(2);
      uint64_t granule = 1ull << inst->scale_log2;
      uint64_t step = (size_B + granule - 1) /
                      granule; /* of offsets, so that stores do not overlap */
      uint64_t places = (region_B - size_B) / granule / step;
      uint64_t middle = inst->sx ? places / 2 : 0;
      input->base = start + middle * step * granule - (uint64_t)(int64_t)imm;
      for (unsigned l = 0; l < LANES; l++) {
         /* With few places lanes share them, in private memory at any rate. */
         uint64_t place = places < LANES ? random_below(places) : l * (places / LANES);
         if (!is_store)
            place = random_below(places);
         input->offset[l] = (uint32_t)((place - middle) * step);
      }
      break;
   }
   case FORM_A:
      inst->src[0] = NPU_SRC_INT(0);
      for (unsigned l = 0; l < LANES; l++) {
         /* Generic lanes go where they like. */
         enum npu_space lane_where = inst->space == NPU_SPACE_GENERIC
                                        ? (enum npu_space)random_below(3)
                                        : where;
         region_B = region(inst->space, lane_where, &start);
         uint64_t slot_B = region_B / LANES;
         uint64_t offset = l * slot_B + random_below(slot_B - size_B + 1);
         if (!is_store)
            offset = random_below(region_B - size_B + 1);
         input->address[l] = start + offset - (uint64_t)(int64_t)imm;
      }
      break;
   case NUM_FORMS:
      break;
   }
}

/* ---- the model ------------------------------------------------------------------------------ */

static uint64_t
lane_address(const struct npu_inst *inst, enum form form, const struct input *input, unsigned lane)
{
   uint64_t size_B = (uint64_t)inst->count << inst->width_log2;
   uint64_t offset = inst->sx ? (uint64_t)(int64_t)(int32_t)input->offset[lane]
                              : input->offset[lane];
   uint64_t address = input->base;

   if (form == FORM_U && inst->space != NPU_SPACE_PRIVATE)
      address += lane * size_B;
   else if (form == FORM_X)
      address += lane * input->stride;
   else if (form == FORM_O)
      address += offset << inst->scale_log2;
   else if (form == FORM_A)
      address = input->address[lane];
   return address + (uint64_t)(int64_t)inst->imm;
}

static uint8_t *
model_byte(struct model *model, enum npu_space space, unsigned lane, uint64_t address)
{
   if (space == NPU_SPACE_GENERIC) {
      space = address >= NPU_PRIVATE_WINDOW_VA ? NPU_SPACE_PRIVATE
              : address >= NPU_LOCAL_WINDOW_VA ? NPU_SPACE_LOCAL
                                               : NPU_SPACE_GLOBAL;
      if (space != NPU_SPACE_GLOBAL)
         address &= 0xffffffff;
   }
   if (space == NPU_SPACE_GLOBAL)
      return &model->global[address - global_va];
   if (space == NPU_SPACE_LOCAL)
      return &model->local[address];
   return &model->private[lane][address];
}

/* Where byte b of component c of a lane is in the data registers. */
static uint8_t *
register_byte(struct output *registers, const struct npu_inst *inst, unsigned lane, unsigned c,
              unsigned b)
{
   uint8_t *bytes = (uint8_t *)registers->data;

   if (npu_reg_is_s(inst->dst))
      return (uint8_t *)&registers->scalar[c] + b;
   if (inst->width_log2 == 3)
      return bytes + c * 256 + lane * 8 + b;
   return bytes + c * 128 + lane * 4 + b;
}

static void
run_model(struct model *model, const struct npu_inst *inst, enum form form,
          const struct input *input)
{
   bool is_store = npu_op_infos[inst->op].is_store;
   unsigned width = 1u << inst->width_log2;
   unsigned register_B = npu_reg_is_s(inst->dst) || width == 8 ? 8 : 4;

   for (unsigned l = 0; l < LANES; l++) {
      bool active = input->exec >> l & 1;
      if (form == FORM_S)
         active = l == 0 && (!is_store || input->exec != 0 || inst->space == NPU_SPACE_PRIVATE);
      else if (form == FORM_W)
         active = true;
      if (!active)
         continue;
      uint64_t address = lane_address(inst, form, input, l);
      for (unsigned c = 0; c < inst->count; c++) {
         for (unsigned b = 0; b < register_B; b++) {
            uint8_t *reg = register_byte(&model->registers, inst, l, c, b);
            if (b >= width) {
               if (!is_store)
                  *reg = 0;
            } else if (is_store) {
               *model_byte(model, inst->space, l, address + c * width + b) = *reg;
            } else {
               *reg = *model_byte(model, inst->space, l, address + c * width + b);
            }
         }
      }
   }
}

/* ---- the device ----------------------------------------------------------------------------- */

static void
dma(struct sim_code *code, enum npu_op op, unsigned global_sreg, int64_t offset)
{
   struct npu_inst add = {.op = NPU_OP_IADD_I64,
                          .dst = NPU_REG_S(20),
                          .src = {(uint16_t)global_sreg}};

   add.src[1] = sim_code_value(&add, (uint64_t)offset, NPU_TYPE_I64);
   sim_code_emit(code, add);
   sim_code_const(code, NPU_REG_S(22), 1ull << 32 | LOCAL_B);
   sim_code_const(code, NPU_REG_S(23), 0);
   sim_code_emit(code, (struct npu_inst){.op = op,
                                         .src = {NPU_SRC_INT(0), NPU_REG_S(20), NPU_REG_S(22)}});
   sim_code_emit(code, (struct npu_inst){.op = NPU_OP_DMA_WAIT});
}

static void
build(struct sim_code *code, const struct npu_inst *inst)
{
   sim_fixture_begin(code);
   dma(code, NPU_OP_DMA_LD, NPU_REG_S(2), offsetof(struct input, local));
   for (unsigned i = 0; i < DATA_REGS; i++)
      sim_code_memory(code, NPU_OP_LD_U, DATA_V + i, NPU_REG_S(2), (int)(i * 128), 32, 1);
   sim_code_memory(code, NPU_OP_LD_U, OFFSET_V, NPU_REG_S(2), offsetof(struct input, offset), 32,
                   1);
   sim_code_memory(code, NPU_OP_LD_U, ADDRESS_V, NPU_REG_S(2), offsetof(struct input, address), 64,
                   1);
   sim_code_memory(code, NPU_OP_LD_S, BASE_S, NPU_REG_S(2), offsetof(struct input, base), 64, 4);
   sim_code_memory(code, NPU_OP_LD_S, DATA_S, NPU_REG_S(2), offsetof(struct input, scalar), 64, 4);
   sim_code_mask(code, NPU_REG_EXEC, BASE_S + 2);
   sim_code_emit(code, *inst);
   sim_code_mask_value(code, NPU_REG_EXEC, UINT32_MAX);
   for (unsigned i = 0; i < DATA_REGS; i++)
      sim_code_memory(code, NPU_OP_ST_U, DATA_V + i, NPU_REG_S(3), (int)(i * 128), 32, 1);
   sim_code_memory(code, NPU_OP_ST_S, DATA_S, NPU_REG_S(3), offsetof(struct output, scalar), 64, 4);
   dma(code, NPU_OP_DMA_ST, NPU_REG_S(3), offsetof(struct output, local));
   sim_code_end(code);
}

/* Private memory of wave slot 0, core 0: between bytes of lanes and the interleaved dwords. */
static void
copy_private(struct npu_rig *rig, struct model *model, bool to_device)
{
   uint8_t *scratch = npu_rig_ptr(rig, scratch_va);

   for (unsigned l = 0; l < LANES; l++) {
      for (unsigned o = 0; o < PRIVATE_B; o++) {
         uint8_t *there = scratch + (o & ~3u) * 32 + l * 4 + (o & 3);
         if (to_device)
            *there = model->private[l][o];
         else
            model->private[l][o] = *there;
      }
   }
}

static void
compare(struct tap *tap, const char *text, const char *what, const void *found, const void *wanted,
        size_t size_B, uint64_t exec)
{
   for (size_t i = 0; i < size_B; i++) {
      if (((const uint8_t *)found)[i] != ((const uint8_t *)wanted)[i]) {
         tap_problem(tap, "%s: byte %zu of %s is %#x, expected %#x (exec %#" PRIx64 ")", text, i,
                     what, ((const uint8_t *)found)[i], ((const uint8_t *)wanted)[i], exec);
         return;
      }
   }
}

/* Registers whose value is undefined get the model's. */
static void
forget_undefined(struct output *found, const struct model *model, const struct npu_inst *inst,
                 const struct input *input)
{
   if (npu_op_infos[inst->op].is_store || inst->masked || npu_reg_is_s(inst->dst) ||
       inst->op == NPU_OP_LD_W)
      return;
   for (unsigned l = 0; l < LANES; l++) {
      if (input->exec >> l & 1)
         continue;
      for (unsigned c = 0; c < inst->count; c++) {
         for (unsigned b = 0; b < (inst->width_log2 == 3 ? 8 : 4); b++) {
            struct model *source = (struct model *)model;
            *register_byte(found, inst, l, c, b) = *register_byte(&source->registers, inst, l, c,
                                                                  b);
         }
      }
   }
}

static void
run_one(struct tap *tap, struct sim_fixture *fixture, const struct npu_inst *inst, enum form form)
{
   struct input *input = (struct input *)fixture->in;
   struct output *output = (struct output *)fixture->out;
   static struct model model, found;
   struct sim_code code = {0};
   char text[256];

   npu_disasm_inst(text, sizeof(text), inst);
   random_fill(model.global, sizeof(model.global));
   random_fill(model.private, sizeof(model.private));
   memcpy(model.local, input->local, sizeof(model.local));
   memcpy(model.registers.data, input->data, sizeof(input->data));
   memcpy(model.registers.scalar, input->scalar, sizeof(input->scalar));
   memcpy(npu_rig_ptr(fixture->rig, global_va), model.global, GLOBAL_B);
   copy_private(fixture->rig, &model, true);

   build(&code, inst);
   sim_fixture_load(fixture, &code);
   struct npu_packet_dispatch dispatch = npu_rig_dispatch(fixture->code_va, fixture->args_va, 1,
                                                          LANES);
   dispatch.local_size_B = LOCAL_B;
   dispatch.private_size_B = PRIVATE_B;
   dispatch.scratch_va = scratch_va;
   if (!sim_fixture_run(tap, fixture, &dispatch)) {
      tap_problem(tap, "%s", text);
      return;
   }
   run_model(&model, inst, form, input);
   copy_private(fixture->rig, &found, false);
   forget_undefined(output, &model, inst, input);
   compare(tap, text, "global memory", npu_rig_ptr(fixture->rig, global_va), model.global, GLOBAL_B,
           input->exec);
   compare(tap, text, "local memory", output->local, model.local, LOCAL_B, input->exec);
   compare(tap, text, "private memory", found.private, model.private, sizeof(model.private),
           input->exec);
   compare(tap, text, "the vector registers", output->data, model.registers.data,
           sizeof(output->data), input->exec);
   compare(tap, text, "the scalar registers", output->scalar, model.registers.scalar,
           sizeof(output->scalar), input->exec);
}

static void
test_combination(struct tap *tap, struct sim_fixture *fixture, enum form form, bool is_store,
                 enum npu_space space, enum npu_space where)
{
   static const char *const names[] = {"global", "local", "private", "generic"};
   unsigned runs = 0;

   for (unsigned width_log2 = 0; width_log2 < 4; width_log2++) {
      for (unsigned count = 1; count <= 4; count++) {
         for (unsigned i = 0; i < REPEATS; i++) {
            struct input *input = (struct input *)fixture->in;
            struct npu_inst inst = {
               .op = is_store ? stores[form] : loads[form],
               .dst = form == FORM_S ? DATA_S : DATA_V,
               .src = {BASE_S, form == FORM_X   ? STRIDE_S
                               : form == FORM_O ? OFFSET_V
                                                : 0},
               .width_log2 = (uint8_t)width_log2,
               .count = (uint8_t)count,
               .space = (uint8_t)space,
               .masked = !is_store && form != FORM_S && form != FORM_W && i % 2,
            };
            if (form == FORM_A)
               inst.src[1] = ADDRESS_V;
            random_fill(input, sizeof(*input));
            input->exec = i < 3 ? UINT32_MAX : i == 3 ? 0 : (uint32_t)input->exec;
            choose_operands(&inst, form, where, input);
            /* A destination may be the register of the addresses. */
            if (!is_store && i == 4 && form == FORM_O && width_log2 < 3 && count == 1)
               inst.src[1] = inst.dst, memcpy(input->data[0], input->offset, sizeof(input->offset));
            if (npu_inst_check(&inst))
               continue;
            run_one(tap, fixture, &inst, form);
            runs++;
         }
      }
   }
   if (runs)
      tap_case(tap, "%s %s in %s (%s)", npu_op_infos[is_store ? stores[form] : loads[form]].name,
               names[space], names[where], is_store ? "store" : "load");
}

int
main(int argc, char **argv)
{
   struct tap tap = {0};
   struct sim_fixture fixture;
   struct npu_sim_config config;

   if (!npu_sim_config_parse(&config, argc > 1 ? argv[1] : ""))
      return 2;
   config.num_cores = 1; /* private memory is that of core 0 */
   if (!sim_fixture_init(&fixture, &config))
      return 1;
   global_va = npu_rig_alloc(fixture.rig, GLOBAL_B, NPU_RIG_RW);
   scratch_va = npu_rig_alloc(fixture.rig, NPU_WAVES_PER_CORE * LANES * PRIVATE_B, NPU_RIG_RW);

   for (unsigned form = 0; form < NUM_FORMS; form++) {
      for (unsigned is_store = 0; is_store < 2; is_store++) {
         for (unsigned space = 0; space < 4; space++) {
            for (unsigned where = 0; where < 3; where++) {
               if (space == where || space == NPU_SPACE_GENERIC)
                  test_combination(&tap, &fixture, (enum form)form, is_store, (enum npu_space)space,
                                   (enum npu_space)where);
            }
         }
      }
   }
   npu_rig_destroy(fixture.rig);
   return tap_done(&tap);
}
