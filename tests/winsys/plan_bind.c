/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Address spaces: what is bound can be reached with the permissions it was bound with, and nothing
 * else.
 */

#include "plan.h"

#include <errno.h>
#include <string.h>

#define VA 0x40000000ull

/* Whether a job may read (or write) a byte. A fresh context each time: a fault ends it. */
static bool
reachable(struct rig *rig, uint64_t va, bool write)
{
   struct plan *plan = rig->plan;
   struct drm_npu_ctx_destroy destroy;
   struct rig probe;

   rig_init_sibling(&probe, rig, 15);
   if (write)
      rig_copy(&probe, va, rig->data_va, 1);
   else
      rig_copy(&probe, rig->data_va + 64, va, 1);
   rig_submit(&probe);
   CHECK_EQ(plan_syncobj_wait(rig->t, probe.timeline, 1, PLAN_PATIENCE_NS), 0);
   struct drm_npu_ctx_get_state state = plan_ctx_state(plan, rig->t, probe.ctx_id);
   if (state.state != DRM_NPU_CTX_STATE_ALIVE) {
      CHECK(state.fault.type == DRM_NPU_FAULT_UNMAPPED ||
            state.fault.type == DRM_NPU_FAULT_PERMISSION);
      CHECK_EQ(state.fault.address, va);
   }
   plan_bo_unmap(plan, probe.cmd);
   plan_vm_unmap(plan, rig->t, rig->vm_id, probe.cmd_va, RIG_CMD_B);
   plan_bo_close(plan, rig->t, probe.cmd_handle);
   plan_syncobj_destroy(plan, rig->t, probe.timeline);
   destroy = (struct drm_npu_ctx_destroy){.ctx_id = probe.ctx_id};
   CHECK_EQ(npu_transport_ioctl(rig->t, DRM_IOCTL_NPU_CTX_DESTROY, &destroy), 0);
   return state.state == DRM_NPU_CTX_STATE_ALIVE;
}

#define CHECK_READABLE(rig, va) CHECK(reachable(rig, va, false))
#define CHECK_WRITABLE(rig, va) CHECK(reachable(rig, va, true))
#define CHECK_FAULTS(rig, va)   CHECK(!reachable(rig, va, false))

static void
map_and_unmap(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   uint32_t handle = plan_bo_create(plan, plan->t, 4096 * 4);
   CHECK_FAULTS(&rig, VA);
   plan_vm_map(plan, plan->t, rig.vm_id, handle, 0, VA, 4096 * 4, PLAN_RW);
   CHECK_READABLE(&rig, VA);
   CHECK_READABLE(&rig, VA + 4096 * 4 - 1);
   CHECK_FAULTS(&rig, VA - 1);
   CHECK_FAULTS(&rig, VA + 4096 * 4);
   plan_vm_unmap(plan, plan->t, rig.vm_id, VA, 4096 * 4);
   CHECK_FAULTS(&rig, VA);
   /* Nothing there: no error. */
   plan_vm_unmap(plan, plan->t, rig.vm_id, VA, 4096 * 4);
}

static void
permissions(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   uint32_t handle = plan_bo_create(plan, plan->t, 4096);
   plan_vm_map(plan, plan->t, rig.vm_id, handle, 0, VA, 4096, DRM_NPU_VM_MAP_READ);
   plan_vm_map(plan, plan->t, rig.vm_id, handle, 0, VA + 4096, 4096, PLAN_RW);
   plan_vm_map(plan, plan->t, rig.vm_id, handle, 0, VA + 8192, 4096,
               DRM_NPU_VM_MAP_READ | DRM_NPU_VM_MAP_EXEC);
   plan_vm_map(plan, plan->t, rig.vm_id, handle, 0, VA + 12288, 4096, PLAN_RWX);
   CHECK_READABLE(&rig, VA);
   CHECK(!reachable(&rig, VA, true));
   CHECK_WRITABLE(&rig, VA + 4096);
   CHECK_READABLE(&rig, VA + 8192);
   CHECK(!reachable(&rig, VA + 8192, true));
   CHECK_WRITABLE(&rig, VA + 12288);
}

static void
remap_replaces(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   uint32_t a = plan_bo_create(plan, plan->t, 4096 * 3);
   uint32_t b = plan_bo_create(plan, plan->t, 4096 * 3);
   memset(plan_bo_map(plan, plan->t, a, 4096 * 3), 'a', 4096 * 3);
   memset(plan_bo_map(plan, plan->t, b, 4096 * 3), 'b', 4096 * 3);

   plan_vm_map(plan, plan->t, rig.vm_id, a, 0, VA, 4096 * 3, PLAN_RW);
   plan_vm_map(plan, plan->t, rig.vm_id, b, 4096, VA + 4096, 4096, PLAN_RW);
   rig_copy(&rig, rig.data_va, VA, 4096 * 3);
   rig_submit(&rig);
   rig_finish(&rig);
   CHECK_EQ(rig.data[0], 'a');
   CHECK_EQ(rig.data[4095], 'a');
   CHECK_EQ(rig.data[4096], 'b');
   CHECK_EQ(rig.data[8191], 'b');
   CHECK_EQ(rig.data[8192], 'a');
}

/* Large pages, with a hole in the middle, with edges cut, and remapped with small offsets. */
static void
large_pages_are_split(struct plan *plan)
{
   const uint64_t size_B = 8 << 20;
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   uint32_t handle = plan_bo_create(plan, plan->t, size_B);
   uint32_t *map = plan_bo_map(plan, plan->t, handle, size_B);
   for (uint64_t i = 0; i < size_B / 4; i += 1024)
      map[i] = i / 1024;

   plan_vm_map(plan, plan->t, rig.vm_id, handle, 0, VA, size_B, PLAN_RW);
   plan_vm_unmap(plan, plan->t, rig.vm_id, VA + 0x301000, 4096);
   CHECK_READABLE(&rig, VA + 0x300fff);
   CHECK_FAULTS(&rig, VA + 0x301000);
   CHECK_FAULTS(&rig, VA + 0x301fff);
   CHECK_READABLE(&rig, VA + 0x302000);

   /* All pages are where they were, but the hole. */
   rig_copy(&rig, rig.data_va, VA + 0x200000, 0x101000);
   rig_copy(&rig, rig.data_va + 0x102000, VA + 0x302000, 0xfe000);
   rig_submit(&rig);
   rig_finish(&rig);
   for (uint32_t page = 0; page < 0x200; page++)
      CHECK_EQ(((uint32_t *)rig.data)[page * 1024], page == 0x101 ? 0 : 0x200 + page);

   /* An odd page offset in place of a part of it: no large pages there. */
   plan_vm_map(plan, plan->t, rig.vm_id, handle, 4096, VA + 0x3ff000, 0x202000, PLAN_RW);
   rig_copy(&rig, rig.data_va, VA + 0x3fe000, 0x205000);
   rig_submit(&rig);
   rig_finish(&rig);
   CHECK_EQ(((uint32_t *)rig.data)[0], 0x3fe);
   CHECK_EQ(((uint32_t *)rig.data)[1024], 1);
   CHECK_EQ(((uint32_t *)rig.data)[1024 * 0x202], 0x202);
   CHECK_EQ(((uint32_t *)rig.data)[1024 * 0x203], 0x601);
}

/* A piece of every size at odd places, all unmapped in one go. */
static void
unmap_spans_bindings(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   uint32_t handle = plan_bo_create(plan, plan->t, 4 << 20);
   for (unsigned i = 0; i < 20; i++)
      plan_vm_map(plan, plan->t, rig.vm_id, handle, 4096 * i, VA + 0x100000 * i, 4096 * (i + 1),
                  PLAN_RW);
   plan_vm_unmap(plan, plan->t, rig.vm_id, VA + 0x1000, 0x100000 * 10 + 0x1000);
   CHECK_READABLE(&rig, VA);
   CHECK_FAULTS(&rig, VA + 0x100000);
   CHECK_FAULTS(&rig, VA + 0x900000);
   CHECK_FAULTS(&rig, VA + 0xa01000);
   CHECK_READABLE(&rig, VA + 0xa02000);
   CHECK_READABLE(&rig, VA + 0xb00000);
}

static void
ends_of_the_address_space(struct plan *plan)
{
   struct drm_npu_device_info info = plan_device_info(plan, plan->t);
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   uint32_t handle = plan_bo_create(plan, plan->t, 8192);
   plan_vm_map(plan, plan->t, rig.vm_id, handle, 0, info.va_start, 8192, PLAN_RW);
   plan_vm_map(plan, plan->t, rig.vm_id, handle, 0, info.va_end - 8192, 8192, PLAN_RW);
   CHECK_WRITABLE(&rig, info.va_start);
   CHECK_WRITABLE(&rig, info.va_end - 1);
   CHECK_FAULTS(&rig, 0);
   CHECK_FAULTS(&rig, info.va_start - 1);
   CHECK_FAULTS(&rig, info.va_end);
   CHECK_FAULTS(&rig, UINT64_MAX);
   CHECK_FAULTS(&rig, 1ull << 48);
}

/* A second operation that is wrong keeps the first from being done. */
static void
all_or_nothing(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   uint32_t handle = plan_bo_create(plan, plan->t, 8192);
   plan_vm_map(plan, plan->t, rig.vm_id, handle, 0, VA, 4096, PLAN_RW);
   struct drm_npu_vm_bind_op ops[3] = {
      {.op = DRM_NPU_VM_BIND_OP_UNMAP, .va = VA, .size = 4096},
      {.op = DRM_NPU_VM_BIND_OP_MAP,
       .flags = PLAN_RW,
       .handle = handle,
       .va = VA + 4096,
       .size = 4096},
      {.op = DRM_NPU_VM_BIND_OP_MAP,
       .flags = PLAN_RW,
       .handle = 4711,
       .va = VA + 8192,
       .size = 4096},
   };
   struct drm_npu_vm_bind args = {.vm_id = rig.vm_id, .ops = DRM_NPU_OBJ_ARRAY(ops, 3)};
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_VM_BIND, &args), -ENOENT);
   CHECK_READABLE(&rig, VA);
   CHECK_FAULTS(&rig, VA + 4096);

   /* Operations of one call are done in their order. */
   ops[2].handle = handle;
   ops[2].va = VA;
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_VM_BIND, &args), 0);
   CHECK_READABLE(&rig, VA);
   CHECK_READABLE(&rig, VA + 4096);
}

static void
most_operations(struct plan *plan)
{
   static struct drm_npu_vm_bind_op ops[DRM_NPU_MAX_BIND_OPS];
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   uint32_t handle = plan_bo_create(plan, plan->t, 4096 * 2);
   for (unsigned i = 0; i < DRM_NPU_MAX_BIND_OPS; i++) {
      ops[i] = (struct drm_npu_vm_bind_op){
         .op = DRM_NPU_VM_BIND_OP_MAP,
         .flags = PLAN_RW,
         .handle = handle,
         .bo_offset = 4096 * (i % 2),
         .va = VA + 8192ull * i,
         .size = 4096,
      };
   }
   struct drm_npu_vm_bind args = {.vm_id = rig.vm_id,
                                  .ops = DRM_NPU_OBJ_ARRAY(ops, DRM_NPU_MAX_BIND_OPS)};
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_VM_BIND, &args), 0);
   CHECK_READABLE(&rig, VA);
   CHECK_FAULTS(&rig, VA + 4096);
   CHECK_READABLE(&rig, VA + 8192ull * (DRM_NPU_MAX_BIND_OPS - 1));

   for (unsigned i = 0; i < DRM_NPU_MAX_BIND_OPS; i++)
      ops[i] = (struct drm_npu_vm_bind_op){.op = DRM_NPU_VM_BIND_OP_UNMAP,
                                           .va = ops[i].va,
                                           .size = 4096};
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_VM_BIND, &args), 0);
   CHECK_FAULTS(&rig, VA + 8192ull * (DRM_NPU_MAX_BIND_OPS - 1));
}

static void
freed_memory_faults(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   uint64_t before_B = plan_memory_used(plan, plan->t);
   uint32_t handle = plan_bo_create(plan, plan->t, 4096);
   plan_vm_map(plan, plan->t, rig.vm_id, handle, 0, VA, 4096, PLAN_RW);
   plan_bo_close(plan, plan->t, handle);
   CHECK_READABLE(&rig, VA); /* the binding holds it */
   plan_vm_unmap(plan, plan->t, rig.vm_id, VA, 4096);
   CHECK_FAULTS(&rig, VA);
   CHECK_EQ(plan_memory_used(plan, plan->t), before_B);
}

/* The same address in two VMs: two memories; and what is bound in one does not exist in the other. */
static void
vms_are_isolated(struct plan *plan)
{
   struct npu_transport *other = plan_open(plan);
   struct rig mine, theirs;

   rig_init(&mine, plan, plan->t);
   rig_init(&theirs, plan, other);
   rig_fill(&mine, mine.data_va, 4096, 0x11);
   rig_fill(&theirs, theirs.data_va, 4096, 0x22);
   rig_submit(&mine);
   rig_submit(&theirs);
   rig_finish(&mine);
   rig_finish(&theirs);
   CHECK_EQ(mine.data[0], 0x11);
   CHECK_EQ(theirs.data[0], 0x22);

   uint32_t handle = plan_bo_create(plan, plan->t, 4096);
   plan_vm_map(plan, plan->t, mine.vm_id, handle, 0, VA, 4096, PLAN_RW);
   CHECK_READABLE(&mine, VA);
   rig_copy(&theirs, theirs.data_va, VA, 8);
   rig_submit(&theirs);
   struct drm_npu_ctx_get_state state = rig_finish_faulted(&theirs);
   CHECK_EQ(state.fault.type, DRM_NPU_FAULT_UNMAPPED);
   CHECK_EQ(state.fault.address, VA);

   /* Two VMs of one file are as far apart. */
   struct rig second;
   rig_init(&second, plan, plan->t);
   CHECK_FAULTS(&second, VA);
   CHECK_EQ(second.data[0], 0);
}

/* A VM gets the identifier of a dead one; nothing of the old shows. */
static void
reused_vm_is_empty(struct plan *plan)
{
   for (unsigned round = 0; round < 5; round++) {
      struct npu_transport *t = plan_open(plan);
      struct rig rig;

      rig_init(&rig, plan, t);
      CHECK_FAULTS(&rig, VA);
      uint32_t handle = plan_bo_create(plan, t, 4 << 20);
      plan_vm_map(plan, t, rig.vm_id, handle, 0, VA, 4 << 20, PLAN_RW);
      CHECK_READABLE(&rig, VA);
      plan_close(plan, t);
   }
}

static void
limit_of_vms(struct plan *plan)
{
   struct npu_transport *other = plan_open(plan);
   struct drm_npu_vm_create args = {0};
   unsigned count = 0;
   int ret;

   while ((ret = npu_transport_ioctl(other, DRM_IOCTL_NPU_VM_CREATE, &args)) == 0 && count < 5000)
      count++;
   /* A driver that shares identifiers among idle VMs has no limit here. */
   CHECK(ret == -ENOSPC || count == 5000);
   CHECK(count >= 100);
   plan_close(plan, other);
   plan_vm_create(plan, plan->t);
}

static void
async_waits_and_signals(struct plan *plan)
{
   struct rig rig;

   rig_init(&rig, plan, plan->t);
   uint32_t handle = plan_bo_create(plan, plan->t, 4096);
   uint32_t gate = plan_syncobj_create(plan, plan->t, false);
   uint32_t done = plan_syncobj_create(plan, plan->t, false);
   uint32_t placeholder = plan_syncobj_create(plan, plan->t, false);
   struct drm_npu_vm_bind_op op = {
      .op = DRM_NPU_VM_BIND_OP_MAP, .flags = PLAN_RW, .handle = handle, .va = VA, .size = 4096};
   struct drm_npu_sync waits[1], signals[2];

   /* The gate opens when a job finishes that waits for a word in memory. */
   struct rig slow;
   rig_init_sibling(&slow, &rig, 1);
   rig_wait(&slow, rig_word_va(&rig, 0), 1);
   rig_submit(&slow);

   waits[0] = (struct drm_npu_sync){.handle = slow.timeline,
                                    .flags = DRM_NPU_SYNC_TIMELINE,
                                    .point = 1};
   signals[0] = (struct drm_npu_sync){.handle = done};
   signals[1] = (struct drm_npu_sync){.handle = gate, .flags = DRM_NPU_SYNC_TIMELINE, .point = 7};
   struct drm_npu_vm_bind args = {
      .vm_id = rig.vm_id,
      .flags = DRM_NPU_VM_BIND_ASYNC,
      .ops = DRM_NPU_OBJ_ARRAY(&op, 1),
      .wait_syncs = DRM_NPU_OBJ_ARRAY(waits, 1),
      .signal_syncs = DRM_NPU_OBJ_ARRAY(signals, 2),
   };
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_VM_BIND, &args), 0);
   plan_bo_close(plan, plan->t, handle); /* the bind holds it */

   /* A job behind the bind sees its memory. */
   rig_fill(&rig, VA, 4096, 0x3c);
   rig_copy(&rig, rig.data_va + 4096, VA, 4096);
   rig_submit_after(&rig, done, 0);

   /* A bind without anything to wait for stays behind the one before. */
   struct drm_npu_sync later = {.handle = placeholder};
   struct drm_npu_vm_bind empty = {
      .vm_id = rig.vm_id,
      .flags = DRM_NPU_VM_BIND_ASYNC,
      .signal_syncs = DRM_NPU_OBJ_ARRAY(&later, 1),
   };
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_VM_BIND, &empty), 0);

   CHECK_EQ(plan_syncobj_wait(plan->t, done, 0, 30 * PLAN_MS), -ETIME);
   CHECK_EQ(plan_syncobj_wait(plan->t, placeholder, 0, 0), -ETIME);
   CHECK_FAULTS(&rig, VA);
   *rig_word(&rig, 0) = 1;
   rig_finish(&rig);
   CHECK_EQ(plan_syncobj_wait(plan->t, gate, 7, PLAN_PATIENCE_NS), 0);
   CHECK_EQ(plan_syncobj_wait(plan->t, placeholder, 0, PLAN_PATIENCE_NS), 0);
   CHECK_EQ(rig.data[4096], 0x3c);
   CHECK_EQ(rig.data[8191], 0x3c);
}

/* Destroying a VM drops what still waits, and says so to those who wait for it. */
static void
async_is_dropped_with_the_vm(struct plan *plan)
{
   uint32_t vm_id = plan_vm_create(plan, plan->t);
   uint32_t handle = plan_bo_create(plan, plan->t, 1 << 20);
   uint32_t done = plan_syncobj_create(plan, plan->t, false);
   struct rig slow;
   rig_init(&slow, plan, plan->t);
   rig_wait(&slow, rig_word_va(&slow, 0), 1);
   rig_submit(&slow);

   struct drm_npu_vm_bind_op op = {
      .op = DRM_NPU_VM_BIND_OP_MAP, .flags = PLAN_RW, .handle = handle, .va = VA, .size = 1 << 20};
   struct drm_npu_sync wait = {.handle = slow.timeline, .flags = DRM_NPU_SYNC_TIMELINE, .point = 1};
   struct drm_npu_sync signal = {.handle = done};
   struct drm_npu_vm_bind args = {
      .vm_id = vm_id,
      .flags = DRM_NPU_VM_BIND_ASYNC,
      .ops = DRM_NPU_OBJ_ARRAY(&op, 1),
      .wait_syncs = DRM_NPU_OBJ_ARRAY(&wait, 1),
      .signal_syncs = DRM_NPU_OBJ_ARRAY(&signal, 1),
   };
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_VM_BIND, &args), 0);
   CHECK_EQ(plan_syncobj_wait(plan->t, done, 0, 0), -ETIME);
   struct drm_npu_vm_destroy destroy = {.vm_id = vm_id};
   CHECK_EQ(npu_transport_ioctl(plan->t, DRM_IOCTL_NPU_VM_DESTROY, &destroy), 0);
   CHECK_EQ(plan_syncobj_wait(plan->t, done, 0, PLAN_PATIENCE_NS), 0);
   *rig_word(&slow, 0) = 1;
   rig_finish(&slow);
}

static const struct plan_case cases[] = {
   {"what is mapped can be reached, what is unmapped faults", map_and_unmap},
   {"permissions of a binding hold", permissions},
   {"a map replaces what was there", remap_replaces},
   {"large pages are split", large_pages_are_split},
   {"an unmap spans several bindings", unmap_spans_bindings},
   {"first and last page of the address space", ends_of_the_address_space},
   {"VM_BIND does all its operations or none", all_or_nothing},
   {"VM_BIND takes as many operations as it says", most_operations},
   {"freed memory faults", freed_memory_faults},
   {"VMs are isolated", vms_are_isolated},
   {"a VM with the identifier of a dead one is empty", reused_vm_is_empty},
   {"VMs run out with ENOSPC", limit_of_vms},
   {"asynchronous binds wait, signal and keep their order", async_waits_and_signals},
   {"asynchronous binds are dropped with their VM", async_is_dropped_with_the_vm},
};
PLAN_SUITE(bind, cases);
