/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Programs: they compute, and their faults name program, work-group, wave, lanes and address.
 */

#include "plan.h"

#include "npu_isa/npu_asm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Puts a program, in assembler, into the executable part of the data buffer. */
static void
load_program(struct rig *rig, const char *text)
{
   struct plan *plan = rig->plan;
   struct npu_asm_result result = npu_asm(text, "program");

   if (result.num_errors) {
      plan_fail(plan, __FILE__, __LINE__, "%s", result.errors);
      npu_asm_finish(&result);
      plan_fail_now(plan);
   }
   memcpy(rig->data + RIG_CODE_OFFSET, result.code, result.num_words * 8);
   npu_asm_finish(&result);
}

/* Runs it; args is the argument block, at the start of the data buffer. */
static void
dispatch(struct rig *rig, uint32_t kernel_id, uint32_t groups, uint16_t block,
         uint32_t local_size_B, uint32_t private_size_B)
{
   const struct npu_packet_dispatch packet = {
      .type = NPU_PACKET_DISPATCH,
      .work_dim = 1,
      .kernel_id = kernel_id,
      .code_va = RIG_CODE_VA,
      .args_va = rig->data_va,
      .scratch_va = private_size_B ? rig->data_va + (1 << 20) : 0,
      .grid = {groups, 1, 1},
      .block = {block, 1, 1},
      .local_size_B = local_size_B,
      .private_size_B = private_size_B,
   };
   rig_packet(rig, &packet);
}

/* Every work-item stores its global number: group * 48 + item. */
static const char store_id[] = "   rdsr s0, args\n"
                               "   ld_s.b64 s2, [s0]\n"
                               "   rdsr s4, group_id_x\n"
                               "   rdsr v0, local_id_x\n"
                               "   imad.i32 v0, s4, 48, v0\n"
                               "   st_o.b32 [s2 + zx(v0)<<2], v0\n"
                               "   end\n";

static void
computes(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   load_program(&rig, store_id);
   *rig_word(&rig, 0) = rig.data_va + 65536;
   dispatch(&rig, 1, 100, 48, 0, 0);
   rig_submit(&rig);
   rig_finish(&rig);
   const uint32_t *out = (const uint32_t *)(rig.data + 65536);
   for (uint32_t i = 0; i < 4800; i++)
      CHECK_EQ(out[i], i);
   CHECK_EQ(out[4800], 0);
}

/* Jobs of several contexts at once, the output of each in its place. */
static void
computes_in_many_contexts(struct plan *plan)
{
   enum {
      NUM = 5,
      ROUNDS = 10
   };
   struct rig rigs[NUM];

   rig_init(&rigs[0], plan, plan->t);
   for (unsigned i = 1; i < NUM; i++)
      rig_init_sibling(&rigs[i], &rigs[0], i);
   load_program(&rigs[0], store_id);
   for (unsigned round = 0; round < ROUNDS; round++) {
      for (unsigned i = 0; i < NUM; i++) {
         uint64_t out_va = rigs[0].data_va + 65536 + (round * NUM + i) * 8192;
         struct npu_packet_dispatch packet = {
            .type = NPU_PACKET_DISPATCH,
            .flags = NPU_PACKET_FLAG_BARRIER,
            .work_dim = 1,
            .code_va = RIG_CODE_VA,
            .args_va = rig_word_va(&rigs[0], round * NUM + i),
            .grid = {32, 1, 1},
            .block = {48, 1, 1},
         };
         *rig_word(&rigs[0], round * NUM + i) = out_va;
         rig_packet(&rigs[i], &packet);
         rig_submit(&rigs[i]);
      }
   }
   for (unsigned i = 0; i < NUM; i++)
      rig_finish(&rigs[i]);
   for (unsigned n = 0; n < NUM * ROUNDS; n++) {
      const uint32_t *out = (const uint32_t *)(rigs[0].data + 65536 + n * 8192);
      for (uint32_t i = 0; i < 32 * 48; i++)
         CHECK_EQ(out[i], i);
   }
}

static struct drm_npu_fault
run_to_fault(struct rig *rig, enum drm_npu_fault_type type, unsigned word)
{
   struct plan *plan = rig->plan;

   rig_submit(rig);
   struct drm_npu_ctx_get_state state = rig_finish_faulted(rig);
   CHECK_EQ(state.fault.type, type);
   CHECK_EQ(state.fault.flags, DRM_NPU_FAULT_IN_KERNEL);
   CHECK_EQ(state.fault.job, 1);
   CHECK_EQ(state.fault.pc, RIG_CODE_VA + word * 8);
   CHECK_EQ(state.jobs_completed, 0);
   return state.fault;
}

/* Groups of 48 items; the buffer ends behind 4 * (5 * 48 + 40) bytes: lanes 8 .. 15 of wave 1 of
 * group 5. */
static void
overrun(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   load_program(&rig, store_id);
   *rig_word(&rig, 0) = rig.data_va + RIG_DATA_B - 4 * (5 * 48 + 40);
   dispatch(&rig, 1234, 6, 48, 0, 0);
   struct drm_npu_fault fault = run_to_fault(&rig, DRM_NPU_FAULT_UNMAPPED, 5);
   CHECK_EQ(fault.access, DRM_NPU_FAULT_ACCESS_WRITE);
   CHECK_EQ(fault.address, rig.data_va + RIG_DATA_B);
   CHECK_EQ(fault.kernel_id, 1234);
   CHECK_EQ(fault.group, 5);
   CHECK_EQ(fault.wave, 1);
   CHECK_EQ(fault.lane_mask, 0xff00);
   CHECK(fault.core < plan_device_info(plan, plan->t).num_cores);
}

static void
null_pointer(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   load_program(&rig, "   mov.b64 s0, 0\n"
                      "   ld_s.b32 s1, [s0 + 4]\n"
                      "   end\n");
   dispatch(&rig, 7, 1, 1, 0, 0);
   struct drm_npu_fault fault = run_to_fault(&rig, DRM_NPU_FAULT_UNMAPPED, 1);
   CHECK_EQ(fault.access, DRM_NPU_FAULT_ACCESS_READ);
   CHECK_EQ(fault.address, 4);
}

static void
write_to_code(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   load_program(&rig, store_id);
   *rig_word(&rig, 0) = RIG_CODE_VA;
   dispatch(&rig, 7, 1, 32, 0, 0);
   struct drm_npu_fault fault = run_to_fault(&rig, DRM_NPU_FAULT_PERMISSION, 5);
   CHECK_EQ(fault.access, DRM_NPU_FAULT_ACCESS_WRITE);
   CHECK_EQ(fault.address, RIG_CODE_VA);
   CHECK_EQ(fault.lane_mask, 0xffffffff);
}

static void
local_bounds(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   load_program(&rig, "   rdsr v0, local_id_x\n"
                      "   mov.b64 s0, 0\n"
                      "   st_o.b32.local [s0 + zx(v0)<<2], v0\n"
                      "   end\n");
   dispatch(&rig, 7, 1, 20, 64, 0);
   struct drm_npu_fault fault = run_to_fault(&rig, DRM_NPU_FAULT_LOCAL_BOUNDS, 2);
   CHECK_EQ(fault.access, DRM_NPU_FAULT_ACCESS_WRITE);
   CHECK_EQ(fault.address, 64);
   CHECK_EQ(fault.lane_mask, 0xf0000);
}

static void
private_bounds(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   load_program(&rig, "   ld_u.b32.private v0, [0 + lane + 60]\n"
                      "   ld_u.b32.private v0, [0 + lane + 64]\n"
                      "   end\n");
   dispatch(&rig, 7, 1, 32, 0, 64);
   struct drm_npu_fault fault = run_to_fault(&rig, DRM_NPU_FAULT_PRIVATE_BOUNDS, 1);
   CHECK_EQ(fault.access, DRM_NPU_FAULT_ACCESS_READ);
   CHECK_EQ(fault.address, 64);
}

static void
trap(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   load_program(&rig, "   nop\n   trap 4242\n   end\n");
   dispatch(&rig, 7, 3, 64, 0, 0);
   struct drm_npu_fault fault = run_to_fault(&rig, DRM_NPU_FAULT_TRAP, 1);
   CHECK_EQ(fault.code, 4242);
   CHECK_EQ(fault.access, DRM_NPU_FAULT_ACCESS_NONE);
}

/* A program that runs off its end, into zeros. */
static void
runs_off_its_end(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   load_program(&rig, "   nop\n   nop\n");
   dispatch(&rig, 7, 1, 1, 0, 0);
   run_to_fault(&rig, DRM_NPU_FAULT_ILLEGAL_INSTR, 2);
}

static void
endless_loop(struct plan *plan)
{
   struct rig rig, other;

   CHECK(plan->watchdog_ms > 0);
   rig_init(&rig, plan, plan->t);
   rig_init_sibling(&other, &rig, 1);
   load_program(&rig, "again:\n   jmp again\n");
   dispatch(&rig, 99, 4, 64, 0, 0);
   rig_submit(&rig);
   for (unsigned i = 0; i < 5; i++) {
      rig_fill(&other, rig.data_va + 65536, 4096, i);
      rig_submit(&other);
      rig_finish(&other);
   }
   struct drm_npu_ctx_get_state state = rig_finish_faulted(&rig);
   CHECK_EQ(state.fault.type, DRM_NPU_FAULT_WATCHDOG);
   CHECK_EQ(state.fault.job, 1);
   CHECK_EQ(state.fault.kernel_id, 99);

   /* The cores are free again. */
   load_program(&other, store_id);
   *rig_word(&other, 0) = other.data_va + 65536;
   dispatch(&other, 1, 10, 48, 0, 0);
   rig_submit(&other);
   rig_finish(&other);
   CHECK_EQ(((const uint32_t *)(other.data + 65536))[479], 479);
}

static void
endless_loop_is_killed(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   load_program(&rig, "again:\n   jmp again\n");
   dispatch(&rig, 99, 1, 1, 0, 0);
   rig_submit(&rig);
   plan_sleep_ms(10);
   int64_t start = plan_now_ns();
   struct drm_npu_ctx_destroy destroy = {.ctx_id = rig.ctx_id};
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_CTX_DESTROY, &destroy), 0);
   CHECK_EQ(plan_syncobj_wait(plan->t, rig.timeline, 1, PLAN_PATIENCE_NS), 0);
   CHECK(plan_now_ns() - start < PLAN_PATIENCE_NS);
}

/* The code is changed between two jobs: the second one runs the new code. */
static void
new_code_is_seen(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   for (unsigned i = 0; i < 20; i++) {
      char text[256];
      snprintf(text, sizeof(text),
               "   rdsr s0, args\n   mov.b64 s2, %u\n   st_s.b64 [s0 + 8], s2\n   end\n", 1000 + i);
      load_program(&rig, text);
      dispatch(&rig, 1, 1, 1, 0, 0);
      rig_submit(&rig);
      rig_finish(&rig);
      CHECK_EQ(*rig_word(&rig, 1), 1000 + i);
   }
}

static struct drm_npu_counter_info
read_counters(struct plan *plan)
{
   struct drm_npu_counter_info info = {0};
   struct drm_npu_dev_query args = {
      .type = DRM_NPU_DEV_QUERY_COUNTERS,
      .size = sizeof(info),
      .pointer = (uintptr_t)&info,
   };
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_DEV_QUERY, &args), 0);
   return info;
}

/* Nobody else uses the device: the difference is exactly what was done. */
static void
counters_count(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   load_program(&rig, "end\n");
   struct drm_npu_counter_info before = read_counters(plan);
   dispatch(&rig, 1, 6, 40, 0, 0);
   rig_fill(&rig, rig.data_va, 4096, 0x11);
   rig_copy(&rig, rig.data_va + 8192, rig.data_va, 1000);
   rig_submit(&rig);
   rig_finish(&rig);
   struct drm_npu_counter_info after = read_counters(plan);

   CHECK_EQ(after.command_buffers - before.command_buffers, 1);
   CHECK_EQ(after.packets - before.packets, 3);
   CHECK_EQ(after.dispatches - before.dispatches, 1);
   CHECK_EQ(after.groups - before.groups, 6);
   CHECK_EQ(after.waves - before.waves, 12);
   CHECK_EQ(after.copied_bytes - before.copied_bytes, 5096);
   CHECK_EQ(after.faults - before.faults, 0);
   CHECK(after.busy_ns > before.busy_ns);
   CHECK(after.timestamp - before.timestamp >= after.busy_ns - before.busy_ns);

   rig_fill(&rig, 0x7000000, 64, 0);
   rig_submit(&rig);
   rig_finish_faulted(&rig);
   CHECK_EQ(read_counters(plan).faults - after.faults, 1);
}

static const struct plan_case cases[] = {
   {"a program computes", computes},
   {"programs compute in several contexts at once", computes_in_many_contexts},
   {"a store past the end names group, wave and lanes", overrun},
   {"a null pointer faults", null_pointer},
   {"a program cannot write code", write_to_code},
   {"local memory has bounds", local_bounds},
   {"private memory has bounds", private_bounds},
   {"a trap tells its code", trap},
   {"a program that runs off its end faults", runs_off_its_end},
   {"an endless loop meets the watchdog", endless_loop},
   {"an endless loop ends with its context", endless_loop_is_killed},
   {"changed code is seen", new_code_is_seen},
   {"performance counters count what was done", counters_count},
};
PLAN_SUITE(kernel, cases);
