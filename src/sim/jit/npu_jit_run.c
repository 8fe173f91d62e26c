// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// The engines "jit" and "tiered": the kernels of a queue.
//
// Each queue keeps the kernels it has seen, decoded for the interpreter, each with its unit of host
// code (npu_jit_library.c). The engine "jit" waits until that is there; "tiered" begins without.
// npu_jit_group.c runs them.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npu_jit_library.h"

#define CACHED_KERNELS 64

/* ---- kernels of a queue ------------------------------------------------------------------ */

struct kernel {
   struct npu_jit_kernel run; /* first: what dispatch->kernel points to */
   struct npu_interp_kernel *interp;
};

struct queue_state {
   struct npu_jit_library *library;
   struct kernel kernels[CACHED_KERNELS];
   uint64_t uses;
};

static void
clear_kernel(struct kernel *kernel)
{
   npu_jit_unit_put(kernel->run.unit);
   npu_interp_kernel_free(kernel->interp);
   *kernel = (struct kernel){0};
}

static bool
make_kernel(struct queue_state *state, struct kernel *kernel, struct npu_vm *vm, uint64_t code_va)
{
   clear_kernel(kernel);
   kernel->interp = npu_interp_decode(vm, code_va);
   if (!kernel->interp)
      return false;
   kernel->run.interp = kernel->interp;
   kernel->run.unit = npu_jit_unit_get(state->library, kernel->interp);
   return true;
}

static struct kernel *
find_kernel(struct queue_state *state, struct npu_vm *vm, uint64_t code_va)
{
   struct kernel *victim = &state->kernels[0];

   for (unsigned i = 0; i < CACHED_KERNELS; i++) {
      struct kernel *kernel = &state->kernels[i];
      if (kernel->interp && kernel->interp->code_va == code_va && kernel->interp->asid == vm->asid)
      {
         if (npu_interp_kernel_current(vm, kernel->interp))
            return kernel;
         victim = kernel;
         break;
      }
      if (victim->interp &&
          (!kernel->interp || kernel->interp->last_use < victim->interp->last_use))
         victim = kernel;
   }
   return make_kernel(state, victim, vm, code_va) ? victim : NULL;
}

static void *
prepare(struct npu_dispatch *dispatch)
{
   struct npu_queue *queue = dispatch->queue;
   struct queue_state *state = queue->engine_state;

   if (!state && (state = queue->engine_state = calloc(1, sizeof(*state)))) {
      const struct npu_sim_config *config = &queue->sim->config;
      struct npu_jit_options options = {
         .cpu = config->portable ? NPU_JIT_CPU_SSE2 : (enum npu_jit_cpu)config->jit_cpu,
         .canonical_nans = config->jit_canonical_nans,
         .quick = config->jit_quick,
      };
      state->library = npu_jit_library_get(&options);
   }
   if (state && state->library) {
      struct kernel *kernel = find_kernel(state, dispatch->vm, dispatch->packet.code_va);
      if (kernel) {
         kernel->interp->last_use = ++state->uses;
         struct npu_jit_unit *unit = kernel->run.unit;
         kernel->run.in_window = atomic_load(&dispatch->vm->all_in_window);
         npu_jit_tier_start(&kernel->run.tier, unit, dispatch->num_groups);
         if (queue->sim->config.engine == NPU_SIM_ENGINE_JIT && unit)
            npu_jit_request_and_wait(unit, queue);
         return &kernel->run;
      }
   }
   struct npu_fault_report report = {
      .type = NPU_FAULT_MEMORY_ERROR,
      .access = NPU_ACCESS_EXECUTE,
      .pc = queue->packet_va,
      .address = dispatch->packet.code_va,
      .kernel_id = dispatch->packet.kernel_id,
   };
   npu_queue_fault(queue, &report);
   return NULL;
}

static void
finish(struct npu_dispatch *dispatch)
{
   /* The kernel stays in the cache. */
}

static void
destroy_queue(struct npu_queue *queue)
{
   struct queue_state *state = queue->engine_state;

   if (!state)
      return;
   for (unsigned i = 0; i < CACHED_KERNELS; i++)
      clear_kernel(&state->kernels[i]);
   npu_jit_library_put(state->library);
   free(state);
   queue->engine_state = NULL;
}

const struct npu_engine_ops npu_engine_jit = {
   .name = "jit",
   .prepare = prepare,
   .finish = finish,
   .destroy_queue = destroy_queue,
   .create_core = npu_jit_create_core,
   .destroy_core = npu_jit_destroy_core,
   .run_workgroups = npu_jit_run_workgroups,
};
