/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Test plan of the uAPI: suites of cases that know nothing but struct npu_transport, so the same
 * plan runs on every transport. plan_main.c is the runner; each plan_*.c exports one suite.
 *
 * The runner opens a file of its own for each case (plan.t) and closes it afterwards, whatever the
 * case left behind; then the memory of the device in use must be what it was before.
 */

#ifndef PLAN_H
#define PLAN_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drm.h"
#include "drm/npu_accel.h"

#include "npu_isa/npu_regs.h"
#include "npu_transport.h"

struct plan {
   struct npu_transport *t;        /* the file of this case */
   struct npu_transport *extra[8]; /* further files: plan_open() */
   unsigned num_extra;
   struct plan_map {
      struct npu_transport *t;
      void *map;
      uint64_t size_B;
   } *maps; /* of plan_bo_map */
   unsigned num_maps;
   const char *transport_name; /* as given on the command line */
   bool is_sim;
   uint64_t seed;        /* for random tests */
   uint32_t watchdog_ms; /* of the device */

   bool failed;
   char message[1024]; /* of the first failure */
   jmp_buf abort;      /* CHECK leaves the case through it */
};

struct plan_suite {
   const char *name;
   unsigned num_cases;
   const char *(*case_name)(unsigned index);
   void (*run)(struct plan *plan, unsigned index);
};

/* A suite of functions. */
struct plan_case {
   const char *name;
   void (*func)(struct plan *plan);
};

#define PLAN_SUITE(suite_name, cases)                                                              \
   static const char *suite_name##_case_name(unsigned index)                                       \
   {                                                                                               \
      return cases[index].name;                                                                    \
   }                                                                                               \
   static void suite_name##_run(struct plan *plan, unsigned index)                                 \
   {                                                                                               \
      cases[index].func(plan);                                                                     \
   }                                                                                               \
   const struct plan_suite plan_##suite_name = {                                                   \
      .name = #suite_name,                                                                         \
      .num_cases = sizeof(cases) / sizeof(cases[0]),                                               \
      .case_name = suite_name##_case_name,                                                         \
      .run = suite_name##_run,                                                                     \
   }

extern const struct plan_suite plan_bind;
extern const struct plan_suite plan_bo;
extern const struct plan_suite plan_fault;
extern const struct plan_suite plan_fuzz;
extern const struct plan_suite plan_kernel;
extern const struct plan_suite plan_misuse;
extern const struct plan_suite plan_misuse_generic;
extern const struct plan_suite plan_query;
extern const struct plan_suite plan_share;
extern const struct plan_suite plan_stress;
extern const struct plan_suite plan_submit;
extern const struct plan_suite plan_syncobj;

/* ------------------------------------------------------------------------------------- checks -- */

/* Notes a failure; _now also leaves the case (only from its own thread). */
void plan_fail(struct plan *plan, const char *file, int line, const char *format, ...)
   __attribute__((format(printf, 4, 5)));
void plan_fail_now(struct plan *plan) __attribute__((noreturn));

#define CHECK(condition)                                                                           \
   do {                                                                                            \
      if (!(condition)) {                                                                          \
         plan_fail(plan, __FILE__, __LINE__, "%s", #condition);                                    \
         plan_fail_now(plan);                                                                      \
      }                                                                                            \
   } while (0)

#define CHECK_EQ(actual, expected)                                                                 \
   do {                                                                                            \
      long long actual_ = (long long)(actual), expected_ = (long long)(expected);                  \
      if (actual_ != expected_) {                                                                  \
         plan_fail(plan, __FILE__, __LINE__, "%s is %lld (0x%llx), not %lld (0x%llx)", #actual,    \
                   actual_, actual_, expected_, expected_);                                        \
         plan_fail_now(plan);                                                                      \
      }                                                                                            \
   } while (0)

/* ------------------------------------------------------------------------------------ helpers -- */

/* These check that the call succeeds. */
struct npu_transport *plan_open(struct plan *plan);
void plan_close(struct plan *plan, struct npu_transport *t);
uint32_t plan_bo_create(struct plan *plan, struct npu_transport *t, uint64_t size_B);
void plan_bo_close(struct plan *plan, struct npu_transport *t, uint32_t handle);
/* Undone with the file, if not before. */
void *plan_bo_map(struct plan *plan, struct npu_transport *t, uint32_t handle, uint64_t size_B);
void plan_bo_unmap(struct plan *plan, void *map);
uint32_t plan_vm_create(struct plan *plan, struct npu_transport *t);
void plan_vm_map(struct plan *plan, struct npu_transport *t, uint32_t vm_id, uint32_t handle,
                 uint64_t bo_offset, uint64_t va, uint64_t size_B, uint32_t flags);
void plan_vm_unmap(struct plan *plan, struct npu_transport *t, uint32_t vm_id, uint64_t va,
                   uint64_t size_B);
uint32_t plan_ctx_create(struct plan *plan, struct npu_transport *t, uint32_t vm_id);
struct drm_npu_ctx_get_state plan_ctx_state(struct plan *plan, struct npu_transport *t,
                                            uint32_t ctx_id);
uint32_t plan_syncobj_create(struct plan *plan, struct npu_transport *t, bool signalled);
void plan_syncobj_destroy(struct plan *plan, struct npu_transport *t, uint32_t handle);
void plan_syncobj_signal(struct plan *plan, struct npu_transport *t, uint32_t handle);
void plan_timeline_signal(struct plan *plan, struct npu_transport *t, uint32_t handle,
                          uint64_t point);
uint64_t plan_timeline_query(struct plan *plan, struct npu_transport *t, uint32_t handle);
uint64_t plan_memory_used(struct plan *plan, struct npu_transport *t);
struct drm_npu_device_info plan_device_info(struct plan *plan, struct npu_transport *t);

/* 0 or -errno. timeout_ns is relative; point 0: binary. */
int plan_syncobj_wait(struct npu_transport *t, uint32_t handle, uint64_t point, int64_t timeout_ns);
int64_t plan_now_ns(void);
void plan_sleep_ms(unsigned ms);

#define PLAN_RWX (DRM_NPU_VM_MAP_READ | DRM_NPU_VM_MAP_WRITE | DRM_NPU_VM_MAP_EXEC)
#define PLAN_RW  (DRM_NPU_VM_MAP_READ | DRM_NPU_VM_MAP_WRITE)
#define PLAN_MS  1000000ll

/* By what limits are multiplied on a machine that is known to be slow: NPU_TEST_TIME_FACTOR, of tools/vm-check. */
unsigned plan_time_factor(void);
/* Longest time anything a test waits for may take; valgrind and loaded machines are slow. */
#define PLAN_PATIENCE_NS (20000 * PLAN_MS * plan_time_factor())

/* A place to work: a VM with a data buffer and a buffer for packets, a context and a timeline. */
struct rig {
   struct plan *plan;
   struct npu_transport *t;
   uint32_t vm_id, ctx_id;
   uint32_t data_handle, cmd_handle;
   uint64_t data_va, data_size_B, cmd_va;
   uint8_t *data;
   uint8_t *cmd;
   uint32_t num_packets;  /* built since the last rig_submit */
   uint32_t first_packet; /* of those, position in the packet buffer */
   uint32_t timeline;     /* point n is signalled by the n-th rig_submit */
   uint64_t point;
};

#define RIG_DATA_VA     0x10000000ull
#define RIG_DATA_B      (4ull << 20)
/* The last MiB of the data buffer is executable at RIG_CODE_VA. */
#define RIG_CODE_OFFSET (3ull << 20)
#define RIG_CODE_VA     0x1f000000ull
#define RIG_CMD_VA      0x20000000ull
#define RIG_CMD_B       (1ull << 20)

void rig_init(struct rig *rig, struct plan *plan, struct npu_transport *t);
/* A second context in the VM of a rig, with its own packets and timeline; n tells them apart (1
 * ..). */
void rig_init_sibling(struct rig *rig, const struct rig *of, unsigned n);

/* Builders: append a packet. */
void rig_packet(struct rig *rig, const void *packet);
void rig_fill(struct rig *rig, uint64_t va, uint64_t size_B, uint8_t byte);
void rig_copy(struct rig *rig, uint64_t dst_va, uint64_t src_va, uint64_t size_B);
void rig_wait(struct rig *rig, uint64_t va, uint64_t value);
void rig_signal(struct rig *rig, uint64_t va, uint64_t value);
void rig_timestamp(struct rig *rig, uint64_t va);
/* One work-item. */
void rig_dispatch(struct rig *rig, uint64_t code_va, uint32_t kernel_id);

/* Submits what was built as one command buffer, after the waits; signals the next point. 0 or
 * -errno. */
int rig_try_submit(struct rig *rig, const struct drm_npu_sync *waits, uint32_t num_waits);
void rig_submit(struct rig *rig);
/* Signals nothing. */
void rig_submit_without_point(struct rig *rig);
void rig_submit_after(struct rig *rig, uint32_t handle, uint64_t point);
/* Waits until everything submitted has finished (at most some seconds) and checks that it did. */
void rig_finish(struct rig *rig);
/* Waits for it and checks that the context died; returns its state. */
struct drm_npu_ctx_get_state rig_finish_faulted(struct rig *rig);
/* 64-bit word n of the data buffer. */
volatile uint64_t *rig_word(struct rig *rig, unsigned n);
uint64_t rig_word_va(const struct rig *rig, unsigned n);

#endif
