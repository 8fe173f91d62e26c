// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Random programs and random packets: nothing that a command buffer contains may crash the process or stop the
// device, and a program gives the same result whichever way it is executed.
//
// Programs are random but well-formed instructions, some of them branches, some of the words damaged. Each runs on
// two devices: one that takes all fast ways, one that takes none ("exact,portable"). If it ends, memory and all
// registers must be the same on both; if it faults, the same instruction must be to blame for the same reason. After each
// batch both devices must still execute a good program.
//
// Usage: fuzz_test [SEED [PROGRAMS]]

#include <time.h>

#include "npu_isa/npu_disasm.h"
#include "sim_check.h"

#define NUM_PROGRAMS 1500
#define NUM_PACKETS  3000
#define WATCHDOG_MS  30
#define LENGTH       60 /* instructions of a program */
#define DATA_B       16384u
#define LOCAL_B      2048u
#define PRIVATE_B    512u
#define SCRATCH_B    (3 * 32 * PRIVATE_B) /* of the waves that there are */
#define RESULT_B     (DATA_B + 65536u)

/* s0 to s7 and v0 to v3 keep what programs need to find memory. */
#define FIRST_FREE_S 8
#define FIRST_FREE_V 4
#define LAST_FREE_V  60

static uint64_t seed;

static uint64_t
below(uint64_t bound)
{
   return (tap_random(&seed) >> 11) % bound;
}

struct machine {
   struct npu_rig *rig;
   uint64_t code_va, args_va, data_va, scratch_va, check_va;
   uint8_t *code, *data, *scratch;
};

static void
set_watchdog(struct machine *m, unsigned ms)
{
   for (unsigned q = 0; q < 2; q++)
      npu_sim_reg_write(npu_rig_sim(m->rig), NPU_REG_QUEUE_WATCHDOG(q), ms);
}

static void
make_machine(struct machine *m, const char *configuration)
{
   struct npu_sim_config config;
   char *error;

   npu_sim_config_parse(&config, configuration);
   m->rig = npu_rig_create(&config, &error);
   if (!m->rig) {
      printf("Bail out! %s\n", error);
      exit(1);
   }
   m->code_va = npu_rig_alloc(m->rig, 8192, NPU_RIG_RX);
   m->args_va = npu_rig_alloc(m->rig, 4096, NPU_RIG_R);
   m->data_va = npu_rig_alloc(m->rig, RESULT_B, NPU_RIG_RW);
   m->scratch_va = npu_rig_alloc(m->rig, NPU_WAVES_PER_CORE * 32 * PRIVATE_B, NPU_RIG_RW);
   m->check_va = sim_assemble(m->rig, "rdsr s0, args\n ld_s.b64 s2, [s0]\n rdsr v0, local_index\n"
                                      " barrier\n st_o.b32 [s2 + zx(v0)<<2], v0\n end\n");
   m->code = npu_rig_ptr(m->rig, m->code_va);
   m->data = npu_rig_ptr(m->rig, m->data_va);
   m->scratch = npu_rig_ptr(m->rig, m->scratch_va);
   *(uint64_t *)npu_rig_ptr(m->rig, m->args_va) = m->data_va;
   set_watchdog(m, WATCHDOG_MS);
}

/* ---- programs ------------------------------------------------------------------------------- */

static unsigned
random_register(unsigned files, bool is_dst)
{
   for (;;) {
      switch (below(4)) {
      case 0:
         if (files & NPU_FILES_V)
            return is_dst ? FIRST_FREE_V + (unsigned)below(LAST_FREE_V - FIRST_FREE_V)
                          : (unsigned)below(LAST_FREE_V);
         break;
      case 1:
         if (files & NPU_FILES_S)
            return is_dst ? NPU_REG_S(FIRST_FREE_S + below(40)) : NPU_REG_S(below(48));
         break;
      case 2:
         if (files & NPU_FILES_M)
            return below(8) ? NPU_REG_M(below(16)) : NPU_REG_EXEC;
         break;
      case 3:
         if (files & NPU_FILES_IMM && !is_dst)
            return (unsigned)NPU_SRC_INT_FIRST + (unsigned)below(136);
         break;
      }
   }
}

/* Operands of a memory access that often hit: bases s2 (data), offsets v1 (small). */
static void
aim(struct npu_inst *inst)
{
   const struct npu_op_info *info = &npu_op_infos[inst->op];

   inst->width_log2 = info->is_atomic ? 0 : (uint8_t)below(4);
   inst->count = info->is_atomic ? 0 : (uint8_t)(1 + below(4));
   inst->space = (uint8_t)below(4);
   inst->imm = info->is_atomic || below(2) ? 0 : (int32_t)below(64);
   if (!below(60))
      return;
   bool global = inst->space == NPU_SPACE_GLOBAL || inst->space == NPU_SPACE_GENERIC;
   if (info->src[0].files)
      inst->src[0] = (uint16_t)(global ? NPU_REG_S(2) : NPU_SRC_INT(0));
   else
      inst->src[0] = NPU_SRC_INT(0);
   if (info->src[1].files & NPU_FILES_V)
      inst->src[1] = info->src[1].bits == 64 ? 2 : 1;
   else if (info->src[1].files)
      inst->src[1] = NPU_REG_S(4);
   if (info->src[1].files & NPU_FILES_V && info->src[1].bits == 32) {
      inst->sx = below(2);
      /* Atomics are aligned, or nearly all of them would fault. */
      inst->scale_log2 = info->is_atomic ? 3 : (uint8_t)below(4);
   }
}

static bool
random_instruction(struct npu_inst *inst, unsigned at)
{
   enum npu_op op = (enum npu_op)below(NPU_FIRST_PSEUDO_OP);
   const struct npu_op_info *info = &npu_op_infos[op];

   *inst = (struct npu_inst){.op = op};
   /* Different times give different results; endless loops take their time. */
   if (!npu_op_valid(op) || info->is_end || op == NPU_OP_TRAP)
      return false;
   if (((info->is_branch || info->is_fence) && below(4)) || (info->is_dma && below(32)))
      return false;
   if (info->has_dst || info->data_in_dst)
      inst->dst = (uint8_t)random_register(info->dst.files, info->has_dst);
   for (unsigned i = 0; i < info->num_srcs; i++) {
      if (info->src[i].files)
         inst->src[i] = (uint16_t)random_register(info->src[i].files, false);
   }
   if (info->num_srcs && info->src[0].files & NPU_FILES_IMM && !below(8)) {
      inst->src[0] = NPU_SRC_LITERAL;
      inst->has_literal = true;
      inst->literal = tap_random(&seed);
      if (info->src[0].bits < 64)
         inst->literal &= (1ull << info->src[0].bits) - 1;
   }
   inst->masked = info->maskable && below(2);
   inst->neg = (uint8_t)(below(8) & info->float_mods);
   inst->abs = (uint8_t)(below(8) & info->float_mods);
   inst->round = info->has_round ? (uint8_t)below(4) : 0;
   inst->sat = info->has_sat && below(2);
   if (info->is_memory)
      aim(inst);
   if (info->is_atomic && !below(3)) {
      inst->noret = true;
      inst->dst = 0;
      inst->masked = false;
   }
   if (info->is_special) {
      inst->sr_or_code = (uint16_t)below(NPU_NUM_SRS);
      if (inst->sr_or_code == NPU_SR_CLOCK || !npu_sr_infos[inst->sr_or_code].name)
         return false;
   }
   if (info->is_branch)
      inst->target = below(6) ? (int32_t)below(8) : -(int32_t)below(at < 20 ? at + 1 : 20);
   return npu_inst_check(inst) == NULL;
}

/* All registers to memory behind the data. */
static void
emit_dump(struct sim_code *code)
{
   struct npu_inst add = {.op = NPU_OP_IADD_I64, .dst = NPU_REG_S(50), .src = {NPU_REG_S(2)}};

   add.src[1] = sim_code_value(&add, DATA_B, NPU_TYPE_I64);
   sim_code_emit(code,
                 (struct npu_inst){.op = NPU_OP_MTOS, .dst = NPU_REG_S(51), .src = {NPU_REG_EXEC}});
   sim_code_emit(code, add);
   /* Each wave its own: 16 KiB apart. */
   sim_code_emit(code, (struct npu_inst){.op = NPU_OP_RDSR,
                                         .dst = NPU_REG_S(52),
                                         .sr_or_code = NPU_SR_WAVE_ID});
   add = (struct npu_inst){.op = NPU_OP_IMAD_I64,
                           .dst = NPU_REG_S(50),
                           .src = {NPU_REG_S(52), 0, NPU_REG_S(50)}};
   add.src[1] = sim_code_value(&add, 16384, NPU_TYPE_I64);
   sim_code_emit(code, add);
   for (unsigned i = 0; i < 16; i++) {
      sim_code_emit(code, (struct npu_inst){.op = NPU_OP_MTOS,
                                            .dst = NPU_REG_S(53),
                                            .src = {(uint16_t)NPU_REG_M(i)}});
      sim_code_memory(code, NPU_OP_ST_S, NPU_REG_S(53), NPU_REG_S(50), (int)(15000 + 8 * i), 64, 1);
   }
   sim_code_mask_value(code, NPU_REG_EXEC, UINT32_MAX);
   for (unsigned i = 0; i < LAST_FREE_V; i++)
      sim_code_memory(code, NPU_OP_ST_U, i, NPU_REG_S(50), (int)(i * 128), 32, 1);
   for (unsigned i = 0; i < 52; i++) {
      if (i != 50)
         sim_code_memory(code, NPU_OP_ST_S, NPU_REG_S(i), NPU_REG_S(50), (int)(14000 + 8 * i), 64,
                         1);
   }
   sim_code_end(code);
}

static void
make_program(struct sim_code *code)
{
   struct npu_inst inst;

   *code = (struct sim_code){0};
   sim_code_emit(code, (struct npu_inst){.op = NPU_OP_RDSR,
                                         .dst = NPU_REG_S(0),
                                         .sr_or_code = NPU_SR_ARGS});
   sim_code_memory(code, NPU_OP_LD_S, NPU_REG_S(2), NPU_REG_S(0), 0, 64, 1);
   /* Local memory begins with anything. */
   sim_code_const(code, NPU_REG_S(8), LOCAL_B | 1ull << 32);
   sim_code_emit(code, (struct npu_inst){.op = NPU_OP_DMA_LD,
                                         .src = {NPU_SRC_INT(0), NPU_REG_S(2), NPU_REG_S(8)}});
   sim_code_emit(code, (struct npu_inst){.op = NPU_OP_DMA_WAIT});
   sim_code_emit(code, (struct npu_inst){.op = NPU_OP_BARRIER});
   sim_code_const(code, NPU_REG_S(4), below(16));
   sim_code_emit(code,
                 (struct npu_inst){.op = NPU_OP_RDSR, .dst = 0, .sr_or_code = NPU_SR_LOCAL_INDEX});
   sim_code_emit(code,
                 (struct npu_inst){.op = NPU_OP_IAND_I32, .dst = 1, .src = {0, NPU_SRC_INT(15)}});
   sim_code_emit(code, (struct npu_inst){.op = NPU_OP_MOV_B64, .dst = 2, .src = {NPU_REG_S(2)}});
   for (unsigned i = 0; i < 14; i++)
      sim_code_memory(code, NPU_OP_LD_U, FIRST_FREE_V + 4 * i, NPU_REG_S(2), (int)below(2000), 32,
                      4);
   for (unsigned i = 0; i < 10; i++)
      sim_code_memory(code, NPU_OP_LD_S, NPU_REG_S(8 + 4 * i), NPU_REG_S(2), (int)below(2000), 64,
                      4);
   for (unsigned i = 0; i < 16; i++)
      sim_code_mask_value(code, NPU_REG_M(i), (uint32_t)tap_random(&seed));
   for (unsigned i = 0; i < LENGTH; i++) {
      do {
      } while (!random_instruction(&inst, i));
      sim_code_emit(code, inst);
   }
   emit_dump(code);
   /* Damage. */
   if (!below(5))
      code->words[30 + below(code->num_words - 30)] ^= 1ull << below(64);
}

/* Runs the program in the machine's code buffer. */
static struct npu_rig_fault
run(struct tap *tap, struct machine *m, const struct npu_packet_dispatch *shape,
    const uint8_t *data)
{
   struct npu_packet_dispatch dispatch = *shape;
   struct npu_rig_fault fault = {0};

   memcpy(m->data, data, RESULT_B);
   memset(m->scratch, 0, SCRATCH_B);
   dispatch.code_va = m->code_va;
   dispatch.args_va = m->args_va;
   dispatch.scratch_va = m->scratch_va;
   uint64_t seqno = npu_rig_submit(m->rig, 0, NPU_RIG_ASID, &dispatch, 1);
   if (!npu_rig_wait(m->rig, 0, seqno, 20000))
      tap_problem(tap, "not finished after 20 s");
   npu_rig_pop_fault(m->rig, &fault);
   return fault;
}

static void
still_works(struct tap *tap, struct machine *m)
{
   struct npu_packet_dispatch d = npu_rig_dispatch(m->check_va, m->args_va, 1, 256);

   set_watchdog(m, 5000);
   CHECK_EQ(sim_run(tap, m->rig, NPU_RIG_ASID, &d, 1).type, NPU_FAULT_NONE);
   set_watchdog(m, WATCHDOG_MS);
   for (unsigned i = 0; i < 256; i++) {
      if (((const uint32_t *)m->data)[i] != i) {
         tap_problem(tap, "a good program has a wrong result");
         return;
      }
   }
}

static void
explain(const struct machine *m, const struct machine *other, const struct npu_rig_fault *a,
        const struct npu_rig_fault *b)
{
   char text[256];

   npu_rig_describe_fault(a, text, sizeof(text));
   printf("# fast:  %s\n", text);
   npu_rig_describe_fault(b, text, sizeof(text));
   printf("# exact: %s\n", text);
   for (unsigned i = 0, shown = 0; i < RESULT_B && shown < 8; i++) {
      if (m->data[i] != other->data[i] && ++shown)
         printf("# byte %u: %#x, %#x\n", i, m->data[i], other->data[i]);
   }
   printf("# program:\n");
   char *listing = NULL;
   size_t size_B = 0;
   FILE *out = open_memstream(&listing, &size_B);
   npu_disasm(out, (const uint64_t *)m->code, 400, 0);
   fclose(out);
   for (char *line = strtok(listing, "\n"); line; line = strtok(NULL, "\n"))
      printf("#   %s\n", line);
   free(listing);
}

/* Faults of one cause: races between waves do not exist, they take turns in the same way on both devices. */
static bool
same_outcome(const struct machine *a, const struct npu_rig_fault *fa, const struct machine *b,
             const struct npu_rig_fault *fb)
{
   if (fa->type != fb->type)
      return false;
   if (fa->type == NPU_FAULT_WATCHDOG)
      return true;
   if (fa->type != NPU_FAULT_NONE)
      return fa->pc == fb->pc && fa->access == fb->access && fa->lanes == fb->lanes &&
             fa->wave == fb->wave && fa->address == fb->address;
   return !memcmp(a->data, b->data, RESULT_B) && !memcmp(a->scratch, b->scratch, SCRATCH_B);
}

static void
test_programs(struct tap *tap, struct machine *fast, struct machine *exact, unsigned num_programs)
{
   static uint8_t data[RESULT_B];
   unsigned outcomes[16] = {0};

   for (unsigned i = 0; i < num_programs; i++) {
      uint64_t program_seed = seed;
      struct sim_code code;
      struct npu_packet_dispatch shape = npu_rig_dispatch(0, 0, 1, (uint16_t)(1 + below(96)));

      make_program(&code);
      assert(code.num_words * 8 <= 8192);
      memcpy(fast->code, code.words, code.num_words * 8);
      memcpy(exact->code, code.words, code.num_words * 8);
      free(code.words);
      for (unsigned b = 0; b < RESULT_B; b++)
         data[b] = (uint8_t)(tap_random(&seed) >> 32);
      shape.local_size_B = LOCAL_B;
      shape.private_size_B = PRIVATE_B;

      struct npu_rig_fault fa = run(tap, fast, &shape, data), fb = run(tap, exact, &shape, data);
      if (fa.type != fb.type && (fa.type == NPU_FAULT_WATCHDOG || fb.type == NPU_FAULT_WATCHDOG)) {
         /* A busy host, perhaps: with much more time both must loop, or none. */
         set_watchdog(fast, 3000);
         set_watchdog(exact, 3000);
         fa = run(tap, fast, &shape, data);
         fb = run(tap, exact, &shape, data);
         set_watchdog(fast, WATCHDOG_MS);
         set_watchdog(exact, WATCHDOG_MS);
      }
      outcomes[fa.type < 16 ? fa.type : 15]++;
      if (!same_outcome(fast, &fa, exact, &fb)) {
         tap_problem(tap, "program %u (seed %#" PRIx64 "): different results", i, program_seed);
         if (tap->problems < 3)
            explain(fast, exact, &fa, &fb);
      }
      if (i % 50 == 49) {
         still_works(tap, fast);
         still_works(tap, exact);
      }
   }
   printf("# %u programs ended, %u faulted\n", outcomes[0], num_programs - outcomes[0]);
   CHECK(outcomes[0] > num_programs / 10);
   CHECK(outcomes[NPU_FAULT_ILLEGAL_INSTRUCTION] > 0 && outcomes[NPU_FAULT_LOCAL_BOUNDS] > 0 &&
         outcomes[NPU_FAULT_UNMAPPED] > 0);
   tap_case(tap, "random programs");
}

/* ---- packets -------------------------------------------------------------------------------- */

/* A packet with random members; addresses are often good. */
static void
random_packet(struct machine *m, uint8_t packet[64])
{
   static const uint8_t types[] = {NPU_PACKET_NOP,       NPU_PACKET_DISPATCH, NPU_PACKET_COPY,
                                   NPU_PACKET_COPY_RECT, NPU_PACKET_FILL,     NPU_PACKET_TIMESTAMP,
                                   NPU_PACKET_WAIT,      NPU_PACKET_SIGNAL};
   uint64_t words[8] = {0};

   for (unsigned i = 1; i < 8; i++) {
      switch (below(6)) {
      case 0:
         words[i] = tap_random(&seed);
         break;
      case 1:
         words[i] = below(5000);
         break;
      case 2:
         words[i] = m->code_va + below(64) * 8;
         break;
      case 3:
         words[i] = below(100) | below(100) << 32;
         break;
      default:
         words[i] = m->data_va + below(RESULT_B);
      }
   }
   memcpy(packet, words, 64);
   packet[0] = below(20) ? types[below(sizeof(types))] : (uint8_t)below(256);
   packet[1] = (uint8_t)below(2);
   if (packet[0] == NPU_PACKET_DISPATCH) {
      struct npu_packet_dispatch d = npu_rig_dispatch(below(3) ? m->check_va : words[2], m->args_va,
                                                      (uint32_t)below(10), (uint16_t)below(300));
      if (below(4))
         memcpy(packet, &d, 64);
   } else if (packet[0] == NPU_PACKET_COPY_RECT) {
      ((uint32_t *)packet)[6] &= 0xff;
      ((uint32_t *)packet)[7] &= 0xff;
   } else if (packet[0] == NPU_PACKET_FILL) {
      ((uint32_t *)packet)[1] = 1u << below(9);
   } else if (packet[0] == NPU_PACKET_COPY && below(2)) {
      ((uint64_t *)packet)[3] = below(1000);
   }
}

static void
test_packets(struct tap *tap, struct machine *m)
{
   for (unsigned i = 0; i < NUM_PACKETS / 4; i++) {
      uint8_t packets[4][64];
      struct npu_rig_fault fault;

      for (unsigned p = 0; p < 4; p++)
         random_packet(m, packets[p]);
      uint64_t seqno = npu_rig_submit(m->rig, 1, NPU_RIG_ASID, packets, 4);
      if (!npu_rig_wait(m->rig, 1, seqno, 20000)) {
         tap_problem(tap, "not finished after 20 s");
         break;
      }
      while (npu_rig_pop_fault(m->rig, &fault)) {
         if (fault.seqno != seqno || fault.context_id != 101)
            tap_problem(tap, "a fault of seqno %" PRIu64 " instead of %" PRIu64, fault.seqno,
                        seqno);
      }
      if (i % 50 == 49)
         still_works(tap, m);
   }
   tap_case(tap, "random packets in command buffers");

   /* In rings, where they are the driver's. */
   npu_rig_enable_queue(m->rig, 2, 6);
   for (unsigned i = 0; i < NUM_PACKETS; i++) {
      uint8_t packet[64];
      struct npu_rig_fault fault;
      random_packet(m, packet);
      if (below(2))
         packet[0] = below(2) ? NPU_PACKET_EXEC : NPU_PACKET_FENCE;
      if (packet[0] == NPU_PACKET_EXEC) {
         /* Not into memory of the driver. */
         memset(packet + 24, 0, 40);
         ((uint32_t *)packet)[1] %= 100;
      } else if (packet[0] == NPU_PACKET_FENCE) {
         memset(packet + 16, 0, 48);
      }
      npu_rig_push(m->rig, 2, packet);
      npu_rig_doorbell(m->rig, 2);
      while (npu_rig_pop_fault(m->rig, &fault))
         CHECK_EQ(fault.queue, 2);
   }
   struct npu_rig_fault fault;
   const struct timespec pause = {.tv_nsec = 1000000};
   for (unsigned i = 0; i < 20000 && npu_sim_reg_read(npu_rig_sim(m->rig), NPU_REG_QUEUE_STATUS(2));
        i++)
      nanosleep(&pause, NULL);
   while (npu_rig_pop_fault(m->rig, &fault))
      CHECK_EQ(fault.queue, 2);
   still_works(tap, m);
   tap_case(tap, "random packets in a ring");
}

int
main(int argc, char **argv)
{
   struct tap tap = {0};
   struct machine fast, exact;

   seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
   seed = seed ? seed : 1;
   unsigned num_programs = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 0) : NUM_PROGRAMS;
   printf("# seed %#" PRIx64 "\n", seed);
   make_machine(&fast, "interp,cores=1,mem=64M");
   make_machine(&exact, "exact,portable,cores=1,mem=64M");
   test_programs(&tap, &fast, &exact, num_programs);
   test_packets(&tap, &fast);
   npu_rig_destroy(fast.rig);
   npu_rig_destroy(exact.rig);
   return tap_done(&tap);
}
