/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors
 *
 * What an execution engine provides. The command processor validates a dispatch, distributes its
 * work-groups over the cores and collects faults; the engine runs work-groups.
 */

#ifndef NPU_SIM_ENGINE_H
#define NPU_SIM_ENGINE_H

#include "npu_sim_priv.h"

struct npu_engine_ops {
   const char *name;

   /* Gets a kernel ready to run: dispatch->packet, vm and the counts are valid. Called by the queue
    * thread before each dispatch; the engine caches what it translated, but must notice if the code
    * in memory has changed. Returns NULL after recording a fault with npu_queue_fault(). */
   void *(*prepare)(struct npu_dispatch *dispatch);

   /* The dispatch is over; dispatch->kernel is not used any more. */
   void (*finish)(struct npu_dispatch *dispatch);

   /* Frees queue->engine_state, which is the engine's to use from the queue's thread. */
   void (*destroy_queue)(struct npu_queue *queue);

   /* Makes and frees core->engine_state. create returns false if there is not enough memory. */
   bool (*create_core)(struct npu_core *core);
   void (*destroy_core)(struct npu_core *core);

   /* Runs the work-groups with linear ids first to first + count - 1, each to its end, on the
    * calling thread; other cores run other groups of the same dispatch meanwhile. Calls
    * npu_queue_progress() for each that retires. Watches npu_queue_stopped() at least at every
    * backward branch: if it is set, calls npu_queue_note_stop() and returns false. Returns false
    * after recording a fault, too. */
   bool (*run_workgroups)(struct npu_core *core, struct npu_dispatch *dispatch, uint64_t first,
                          uint64_t count);
};

extern const struct npu_engine_ops npu_engine_interp;
extern const struct npu_engine_ops npu_engine_jit;

#endif
