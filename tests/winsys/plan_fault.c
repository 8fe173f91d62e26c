/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Faults: told exactly, ending the context they happen in, and nothing else.
 */

#include "plan.h"

#include <errno.h>
#include <string.h>

#define NOWHERE 0x66000000ull

/* The context died of this at packet n of its first command buffer. */
/* The clock of the device, which need not be that of this machine. */
static uint64_t
device_now(struct plan *plan, struct npu_transport *t)
{
   struct drm_npu_timestamp_info info;
   struct drm_npu_dev_query query = {
      .type = DRM_NPU_DEV_QUERY_TIMESTAMP,
      .size = sizeof(info),
      .pointer = (uintptr_t)&info,
   };

   CHECK_EQ(npu_transport_ioctl(t, DRM_IOCTL_NPU_DEV_QUERY, &query), 0);
   return info.timestamp;
}

static void
check_fault(struct rig *rig, enum drm_npu_fault_type type, enum drm_npu_fault_access access,
            uint64_t address, unsigned packet)
{
   struct plan *plan = rig->plan;
   struct drm_npu_ctx_get_state state = rig_finish_faulted(rig);

   CHECK_EQ(state.fault.code, type == DRM_NPU_FAULT_BAD_PACKET ? address - state.fault.pc : 0);
   CHECK_EQ(state.fault.type, type);
   CHECK_EQ(state.fault.access, access);
   CHECK_EQ(state.fault.address, address);
   CHECK_EQ(state.fault.job, 1);
   CHECK_EQ(state.fault.flags, 0);
   CHECK_EQ(state.fault.pc, rig->cmd_va + packet * 64ull);
   CHECK_EQ(state.fault.kernel_id, 0);
   CHECK(state.fault.time_ns > 0 && state.fault.time_ns <= device_now(plan, rig->t));
   CHECK_EQ(state.jobs_submitted, 1);
   CHECK_EQ(state.jobs_completed, 0);
}

static void
unmapped_write(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   rig_fill(&rig, rig.data_va, 64, 1);
   rig_fill(&rig, NOWHERE + 123, 64, 1);
   rig_fill(&rig, rig.data_va + 4096, 64, 1);
   rig_submit(&rig);
   check_fault(&rig, DRM_NPU_FAULT_UNMAPPED, DRM_NPU_FAULT_ACCESS_WRITE, NOWHERE + 123, 1);
   CHECK_EQ(rig.data[0], 1);    /* before the fault */
   CHECK_EQ(rig.data[4096], 0); /* after it: dropped */
}

static void
unmapped_read(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   rig_copy(&rig, rig.data_va, NOWHERE, 64);
   rig_submit(&rig);
   check_fault(&rig, DRM_NPU_FAULT_UNMAPPED, DRM_NPU_FAULT_ACCESS_READ, NOWHERE, 0);
}

/* The first byte behind the buffer, also when the access starts inside. */
static void
overrun(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   rig_fill(&rig, rig.data_va + RIG_DATA_B - 100, 101, 1);
   rig_submit(&rig);
   check_fault(&rig, DRM_NPU_FAULT_UNMAPPED, DRM_NPU_FAULT_ACCESS_WRITE, rig.data_va + RIG_DATA_B,
               0);
}

static void
write_to_read_only(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   rig_fill(&rig, rig.cmd_va + 8192, 8, 1);
   rig_submit(&rig);
   check_fault(&rig, DRM_NPU_FAULT_PERMISSION, DRM_NPU_FAULT_ACCESS_WRITE, rig.cmd_va + 8192, 0);
   CHECK_EQ(rig.cmd[8192], 0);
}

static void
bad_packet(struct plan *plan, const void *packet, unsigned offset)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   rig_fill(&rig, rig.data_va, 8, 1);
   rig_packet(&rig, packet);
   rig_submit(&rig);
   check_fault(&rig, DRM_NPU_FAULT_BAD_PACKET, DRM_NPU_FAULT_ACCESS_COMMAND,
               rig.cmd_va + 64 + offset, 1);
   CHECK_EQ(plan_ctx_state(plan, plan->t, rig.ctx_id).fault.code, offset);
}

static void
unknown_packet(struct plan *plan)
{
   const struct npu_packet_nop packet = {.type = 0xee};
   bad_packet(plan, &packet, 0);
}

/* Memory nobody wrote to. */
static void
zeros_are_no_packet(struct plan *plan)
{
   static const uint8_t packet[64];
   bad_packet(plan, packet, 0);
}

static void
unknown_packet_flag(struct plan *plan)
{
   const struct npu_packet_nop packet = {.type = NPU_PACKET_NOP, .flags = 0x80};
   bad_packet(plan, &packet, 1);
}

static void
reserved_bytes(struct plan *plan)
{
   uint8_t packet[64] = {NPU_PACKET_TIMESTAMP};
   packet[63] = 1;
   bad_packet(plan, packet, 63);
}

/* What only the kernel may say does nothing in a command buffer. */
static void
ring_packets_are_refused(struct plan *plan)
{
   const struct npu_packet_exec exec = {.type = NPU_PACKET_EXEC, .asid = 1};
   const struct npu_packet_fence fence = {.type = NPU_PACKET_FENCE, .irq = 1, .seqno = 1ull << 40};

   bad_packet(plan, &exec, 0);
   bad_packet(plan, &fence, 0);
}

static void
misaligned_operand(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   rig_signal(&rig, rig.data_va + 4, 1);
   rig_submit(&rig);
   check_fault(&rig, DRM_NPU_FAULT_MISALIGNED, DRM_NPU_FAULT_ACCESS_WRITE, rig.data_va + 4, 0);
}

static void
command_buffer_not_mapped(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   rig.cmd_va = NOWHERE;
   rig.num_packets = 1;
   rig_submit(&rig);
   check_fault(&rig, DRM_NPU_FAULT_UNMAPPED, DRM_NPU_FAULT_ACCESS_COMMAND, NOWHERE, 0);
}

static void
command_buffer_too_long(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   for (unsigned i = 0; i < RIG_CMD_B / 64; i++)
      rig.cmd[i * 64] = NPU_PACKET_NOP;
   rig.num_packets = RIG_CMD_B / 64 + 5;
   rig_submit(&rig);
   check_fault(&rig, DRM_NPU_FAULT_UNMAPPED, DRM_NPU_FAULT_ACCESS_COMMAND, rig.cmd_va + RIG_CMD_B,
               RIG_CMD_B / 64);
}

/* A DISPATCH of one work-item faults at its first instruction. */
static void
check_kernel_fault(struct rig *rig, enum drm_npu_fault_type type, uint64_t code_va)
{
   struct plan *plan = rig->plan;

   rig_dispatch(rig, code_va, 77);
   rig_submit(rig);
   struct drm_npu_ctx_get_state state = rig_finish_faulted(rig);
   CHECK_EQ(state.fault.type, type);
   CHECK_EQ(state.fault.flags, DRM_NPU_FAULT_IN_KERNEL);
   CHECK_EQ(state.fault.kernel_id, 77);
   CHECK_EQ(state.fault.pc, code_va);
   CHECK_EQ(state.fault.group, 0);
   CHECK_EQ(state.fault.wave, 0);
   CHECK_EQ(state.fault.job, 1);
   if (type != DRM_NPU_FAULT_ILLEGAL_INSTR)
      CHECK_EQ(state.fault.access, DRM_NPU_FAULT_ACCESS_EXEC);
}

static void
illegal_instruction(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   memset(rig.data + 4096, 0xff, 4096);
   plan_vm_map(plan, plan->t, rig.vm_id, rig.data_handle, 4096, NOWHERE, 4096,
               DRM_NPU_VM_MAP_READ | DRM_NPU_VM_MAP_EXEC);
   check_kernel_fault(&rig, DRM_NPU_FAULT_ILLEGAL_INSTR, NOWHERE + 256);
}

static void
code_not_executable(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   check_kernel_fault(&rig, DRM_NPU_FAULT_PERMISSION, rig.data_va + 4096);
}

static void
code_not_mapped(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   check_kernel_fault(&rig, DRM_NPU_FAULT_UNMAPPED, NOWHERE);
}

static void
watchdog(struct plan *plan)
{
   struct rig rig, other;

   CHECK(plan->watchdog_ms > 0);
   rig_init(&rig, plan, plan->t);
   rig_init_sibling(&other, &rig, 1);
   rig_fill(&rig, rig.data_va + 64, 8, 1);
   rig_wait(&rig, rig_word_va(&rig, 0), 1);
   int64_t start = plan_now_ns();
   rig_submit(&rig);
   rig_fill(&other, rig.data_va + 4096, 4096, 5);
   rig_submit(&other);
   rig_finish(&other);

   struct drm_npu_ctx_get_state state = rig_finish_faulted(&rig);
   int64_t ms = (plan_now_ns() - start) / PLAN_MS;
   CHECK_EQ(state.fault.type, DRM_NPU_FAULT_WATCHDOG);
   CHECK_EQ(state.fault.job, 1);
   CHECK_EQ(state.fault.pc, rig.cmd_va + 64);
   CHECK(ms >= plan->watchdog_ms / 2);
   CHECK_EQ(rig.data[64], 1);
}

/* Progress feeds the watchdog: a job that takes long, but moves, lives. */
static void
watchdog_minds_progress(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   for (unsigned i = 0; i < 6; i++)
      rig_wait(&rig, rig_word_va(&rig, i), 1);
   rig_submit(&rig);
   for (unsigned i = 0; i < 6; i++) {
      plan_sleep_ms(plan->watchdog_ms * 2 / 5);
      *rig_word(&rig, i) = 1;
   }
   rig_finish(&rig);
}

/* The faulting context dies, its queued jobs never run, their fences signal; everybody else lives
 * on. */
static void
only_its_context_dies(struct plan *plan)
{
   struct rig bad, good, third;

   rig_init(&bad, plan, plan->t);
   rig_init_sibling(&good, &bad, 1);
   rig_init_sibling(&third, &bad, 2);

   rig_fill(&bad, bad.data_va + 100, 1, 1);
   rig_submit(&bad); /* 1: good */
   rig_wait(&bad, rig_word_va(&bad, 0), 1);
   rig_fill(&bad, NOWHERE, 8, 1);
   rig_fill(&bad, bad.data_va + 101, 1, 1);
   rig_submit(&bad); /* 2: faults */
   for (unsigned i = 0; i < 30; i++) {
      rig_fill(&bad, bad.data_va + 102, 1, 1);
      rig_submit(&bad); /* 3 ...: never run */
   }
   /* Waits for a job that never runs: goes on when that is known. */
   rig_fill(&good, bad.data_va + 200, 1, 1);
   rig_submit_after(&good, bad.timeline, 20);
   *rig_word(&bad, 0) = 1;

   struct drm_npu_ctx_get_state state = rig_finish_faulted(&bad);
   CHECK_EQ(state.fault.job, 2);
   CHECK_EQ(state.jobs_completed, 1);
   CHECK_EQ(state.jobs_submitted, 32);
   CHECK_EQ(bad.data[100], 1);
   CHECK_EQ(bad.data[101], 0);
   CHECK_EQ(bad.data[102], 0);
   rig_finish(&good);
   CHECK_EQ(bad.data[200], 1);

   /* No more jobs; and a failed submit does not touch sync objects. */
   uint32_t sync = plan_syncobj_create(plan, plan->t, false);
   struct drm_npu_sync signal = {.handle = sync};
   struct drm_npu_submit args = {.ctx_id = bad.ctx_id,
                                 .signal_syncs = DRM_NPU_OBJ_ARRAY(&signal, 1)};
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_SUBMIT, &args), -EIO);
   CHECK_EQ(plan_syncobj_wait(plan->t, sync, 0, 0), -EINVAL);
   CHECK_EQ(plan_ctx_state(plan, plan->t, bad.ctx_id).jobs_submitted, 32);

   /* The VM is as good as before. */
   struct drm_npu_vm_get_state vm = {.vm_id = bad.vm_id};
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_VM_GET_STATE, &vm), 0);
   CHECK_EQ(vm.state, DRM_NPU_VM_STATE_USABLE);
   rig_fill(&third, bad.data_va + 300, 1, 1);
   rig_submit(&third);
   rig_finish(&third);
   CHECK_EQ(bad.data[300], 1);
}

/* More contexts fault at a time than the device has room for records. */
static void
more_faults_than_records(struct plan *plan)
{
   enum {
      NUM = 3 * NPU_FAULT_FIFO_SIZE
   };
   struct rig rig;
   static uint32_t ctxs[NUM], timelines[NUM];

   rig_init(&rig, plan, plan->t);
   uint32_t gate = plan_syncobj_create(plan, plan->t, false);
   rig_fill(&rig, NOWHERE, 8, 1);
   rig_wait(&rig, rig_word_va(&rig, 0), 1);
   struct drm_npu_cmdbuf bad = {.va = rig.cmd_va, .num_packets = 1};
   struct drm_npu_cmdbuf wait_cmd = {.va = rig.cmd_va + 64, .num_packets = 1};
   struct drm_npu_sync gate_sync = {.handle = gate};
   struct drm_npu_submit opener = {
      .ctx_id = rig.ctx_id,
      .cmdbufs = DRM_NPU_OBJ_ARRAY(&wait_cmd, 1),
      .signal_syncs = DRM_NPU_OBJ_ARRAY(&gate_sync, 1),
   };
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_SUBMIT, &opener), 0);

   for (unsigned i = 0; i < NUM; i++) {
      ctxs[i] = plan_ctx_create(plan, plan->t, rig.vm_id);
      timelines[i] = plan_syncobj_create(plan, plan->t, false);
      struct drm_npu_sync signal = {.handle = timelines[i],
                                    .flags = DRM_NPU_SYNC_TIMELINE,
                                    .point = 1};
      struct drm_npu_submit args = {
         .ctx_id = ctxs[i],
         .cmdbufs = DRM_NPU_OBJ_ARRAY(&bad, 1),
         .wait_syncs = DRM_NPU_OBJ_ARRAY(&gate_sync, 1),
         .signal_syncs = DRM_NPU_OBJ_ARRAY(&signal, 1),
      };
      CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_SUBMIT, &args), 0);
   }
   *rig_word(&rig, 0) = 1;
   for (unsigned i = 0; i < NUM; i++) {
      CHECK_EQ(plan_syncobj_wait(plan->t, timelines[i], 1, PLAN_PATIENCE_NS), 0);
      struct drm_npu_ctx_get_state state = plan_ctx_state(plan, plan->t, ctxs[i]);
      CHECK_EQ(state.state, DRM_NPU_CTX_STATE_FAULTED);
      CHECK_EQ(state.jobs_completed, 0);
      CHECK_EQ(state.fault.job, 1);
      /* A record may be lost, never wrong. */
      CHECK(state.fault.type == DRM_NPU_FAULT_UNMAPPED || state.fault.type == DRM_NPU_FAULT_NONE);
   }
   CHECK_EQ(plan_ctx_state(plan, plan->t, rig.ctx_id).state, DRM_NPU_CTX_STATE_ALIVE);
}

/* Memory is taken away from a running job: it faults. */
static void
unbound_while_running(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   uint32_t handle = plan_bo_create(plan, plan->t, 4096);
   volatile uint64_t *word = plan_bo_map(plan, plan->t, handle, 4096);
   plan_vm_map(plan, plan->t, rig.vm_id, handle, 0, NOWHERE, 4096, PLAN_RW);
   rig_wait(&rig, NOWHERE, 1);
   rig_submit(&rig);
   CHECK_EQ(plan_syncobj_wait(plan->t, rig.timeline, 1, 20 * PLAN_MS), -ETIME);
   plan_vm_unmap(plan, plan->t, rig.vm_id, NOWHERE, 4096);
   *word = 1; /* nobody sees it */
   check_fault(&rig, DRM_NPU_FAULT_UNMAPPED, DRM_NPU_FAULT_ACCESS_READ, NOWHERE, 0);
}

/* A context that faulted is destroyed, another one takes its place: no trace of the fault. */
static void
new_context_is_clean(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   rig_fill(&rig, NOWHERE, 8, 1);
   rig_submit(&rig);
   rig_finish_faulted(&rig);
   struct drm_npu_ctx_destroy destroy = {.ctx_id = rig.ctx_id};
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_CTX_DESTROY, &destroy), 0);

   struct rig next;
   rig_init_sibling(&next, &rig, 1);
   CHECK_EQ(next.ctx_id, rig.ctx_id);
   struct drm_npu_ctx_get_state state = plan_ctx_state(plan, plan->t, next.ctx_id);
   static const struct drm_npu_fault none;
   CHECK_EQ(state.state, DRM_NPU_CTX_STATE_ALIVE);
   CHECK_EQ(state.jobs_submitted, 0);
   CHECK(!memcmp(&state.fault, &none, sizeof(none)));
   rig_fill(&next, next.data_va, 8, 1);
   rig_submit(&next);
   rig_finish(&next);
}

static const struct plan_case cases[] = {
   {"write to an unmapped address", unmapped_write},
   {"read from an unmapped address", unmapped_read},
   {"running over the end of a buffer", overrun},
   {"write to read-only memory", write_to_read_only},
   {"unknown packet", unknown_packet},
   {"zeros instead of a packet", zeros_are_no_packet},
   {"unknown packet flag", unknown_packet_flag},
   {"reserved bytes of a packet", reserved_bytes},
   {"ring packets in a command buffer", ring_packets_are_refused},
   {"misaligned operand of a packet", misaligned_operand},
   {"command buffer that is not mapped", command_buffer_not_mapped},
   {"command buffer that is too long", command_buffer_too_long},
   {"illegal instruction", illegal_instruction},
   {"code in memory that is not executable", code_not_executable},
   {"code that is not mapped", code_not_mapped},
   {"watchdog ends a job without progress", watchdog},
   {"watchdog minds progress", watchdog_minds_progress},
   {"only the faulting context dies", only_its_context_dies},
   {"more faults than records", more_faults_than_records},
   {"memory unbound while a job uses it", unbound_while_running},
   {"a new context in place of a dead one is clean", new_context_is_clean},
};
PLAN_SUITE(fault, cases);
