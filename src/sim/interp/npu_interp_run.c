// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Runs work-groups: the waves of a group in turn on the calling thread.
//
// A wave runs until it ends, waits at a barrier, faults, or has used up its budget of backward
// branches. The budget makes progress fair: a wave that spins until another wave of its group
// writes something waits at most for one turn of the others. When every wave has ended or waits,
// the barrier opens.
//
// Host faults in the window (npu_sim_guard.c) come back to the loop, which repeats the instruction
// in npu_interp_memory_exact() or npu_interp_atomic_exact(): there it either works or becomes a
// fault record that names the lanes and the address.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npu_isa/npu_disasm.h"
#include "npu_interp.h"

#define BACKWARD_BRANCHES_PER_TURN 1000
#define CACHED_KERNELS             32
#define POISON_WORD                0xdeadbeefu

/* Decoded kernels of a queue, owned by its thread. */
struct kernel_cache {
   struct npu_interp_kernel *kernels[CACHED_KERNELS];
   uint64_t uses;
};

/* ---- kernels ----------------------------------------------------------------------------- */

static void *
prepare(struct npu_dispatch *dispatch)
{
   struct npu_queue *queue = dispatch->queue;
   struct kernel_cache *cache = queue->engine_state;
   uint64_t code_va = dispatch->packet.code_va;
   unsigned victim = 0;

   if (!cache)
      cache = queue->engine_state = calloc(1, sizeof(*cache));
   if (cache) {
      for (unsigned i = 0; i < CACHED_KERNELS; i++) {
         struct npu_interp_kernel *kernel = cache->kernels[i];
         if (kernel && kernel->code_va == code_va && kernel->asid == dispatch->vm->asid) {
            if (npu_interp_kernel_current(dispatch->vm, kernel)) {
               kernel->last_use = ++cache->uses;
               return kernel;
            }
            victim = i;
            break;
         }
         const struct npu_interp_kernel *oldest = cache->kernels[victim];
         if (oldest && (!kernel || kernel->last_use < oldest->last_use))
            victim = i;
      }
      npu_interp_kernel_free(cache->kernels[victim]);
      cache->kernels[victim] = npu_interp_decode(dispatch->vm, code_va);
      if (cache->kernels[victim]) {
         cache->kernels[victim]->last_use = ++cache->uses;
         return cache->kernels[victim];
      }
   }

   struct npu_fault_report report = {
      .type = NPU_FAULT_MEMORY_ERROR,
      .access = NPU_ACCESS_EXECUTE,
      .pc = queue->packet_va,
      .address = code_va,
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
   struct kernel_cache *cache = queue->engine_state;

   for (unsigned i = 0; cache && i < CACHED_KERNELS; i++)
      npu_interp_kernel_free(cache->kernels[i]);
   free(cache);
   queue->engine_state = NULL;
}

static bool
create_core(struct npu_core *core)
{
   struct npu_interp_core *state = aligned_alloc(64, (sizeof(*state) + 63) & ~(size_t)63);
   struct npu_wave *waves = aligned_alloc(64, NPU_WAVES_PER_CORE * sizeof(*waves));

   if (!state || !waves) {
      free(state);
      free(waves);
      return false;
   }
   memset(state, 0, sizeof(*state));
   memset(waves, 0, NPU_WAVES_PER_CORE * sizeof(*waves));
   state->core = core;
   state->waves = waves;
   core->engine_state = state;
   return true;
}

static void
destroy_core(struct npu_core *core)
{
   struct npu_interp_core *state = core->engine_state;

   free(state->waves);
   free(state);
   core->engine_state = NULL;
}

/* ---- faults ------------------------------------------------------------------------------ */

const struct npu_uop *
npu_interp_fault(struct npu_wave *wave, const struct npu_uop *uop, enum npu_fault type,
                 enum npu_access access, uint32_t lanes, uint64_t address)
{
   struct npu_fault_report report = {
      .type = type,
      .access = access,
      .in_kernel = true,
      .core = (uint16_t)wave->core->core->index,
      .code = type == NPU_FAULT_TRAP ? uop->inst.sr_or_code : 0,
      .wave = (uint8_t)wave->index,
      .lanes = lanes,
      .kernel_id = wave->dispatch->packet.kernel_id,
      .pc = uop->pc,
      .address = address,
      .group = wave->core->group_linear,
   };

   npu_queue_fault(wave->core->core->queue, &report);
   wave->state = NPU_WAVE_STOPPED;
   return NULL;
}

/* ---- one wave ---------------------------------------------------------------------------- */

/* Garbage, different from lane to lane, into the inactive lanes of a destination. */
static void
poison(struct npu_wave *wave, const struct npu_uop *uop)
{
   unsigned regs = npu_inst_operand_regs(&uop->inst, -1);
   uint32_t *dst = npu_uop_dst(wave, uop);
   bool pairs = npu_inst_operand_bits(&uop->inst, -1) == 64;

   for (unsigned i = 0; i < regs * NPU_INTERP_LANES; i++) {
      /* In a pair, lanes 0-15 are in the first register. */
      unsigned lane = pairs ? (i % (2 * NPU_INTERP_LANES)) / 2 : i % NPU_INTERP_LANES;
      if (!(NPU_WAVE_EXEC(wave) >> lane & 1))
         dst[i] = POISON_WORD + lane * 0x01010101u;
   }
}

static void
trace(const struct npu_wave *wave, const struct npu_uop *uop)
{
   char text[256];

   if (uop->fn == npu_interp_goto_uop)
      return;
   if (uop->fn == npu_interp_fault_uop)
      snprintf(text, sizeof(text), "(not executable)");
   else
      npu_disasm_inst(text, sizeof(text), &uop->inst);
   fprintf(stderr, "npu: core %u group %llu wave %u %#llx exec %08x  %s\n", wave->core->core->index,
           (unsigned long long)wave->core->group_linear, wave->index, (unsigned long long)uop->pc,
           NPU_WAVE_EXEC(wave), text);
}

static void
note_coverage(struct npu_sim *sim, const struct npu_uop *uop)
{
   const struct npu_op_info *info = &npu_op_infos[uop->inst.op];
   bool scalar = info->has_dst && !uop->inst.noret && npu_reg_is_s(uop->inst.dst);
   uint8_t bits = scalar ? NPU_SIM_COVERED_SCALAR : NPU_SIM_COVERED_VECTOR;

   if (uop->inst.masked)
      bits |= NPU_SIM_COVERED_MASKED;
   atomic_fetch_or_explicit(&sim->coverage[uop->inst.op], bits, memory_order_relaxed);
}

/* The loop with everything that is not wanted in the fast one. */
static void
run_checked(struct npu_wave *wave, const struct npu_uop *uop)
{
   struct npu_sim *sim = wave->core->core->queue->sim;
   const struct npu_sim_config *config = &sim->config;

   while (uop) {
      const struct npu_uop *next;
      if (config->trace)
         trace(wave, uop);
      if (config->coverage)
         note_coverage(sim, uop);
      next = uop->fn(wave, uop);
      if (config->poison && uop->poison && wave->state == NPU_WAVE_READY)
         poison(wave, uop);
      uop = next;
   }
}

/* Runs the wave from its pc on until a handler returns NULL; after_fault: the instruction there met
 * a host fault. */
static void __attribute__((noinline))
run_from_pc(struct npu_wave *wave, bool after_fault)
{
   const struct npu_sim_config *config = &wave->core->core->queue->sim->config;
   const struct npu_uop *uop = wave->pc;

   if (after_fault) {
      bool atomic = npu_op_infos[uop->inst.op].is_atomic;
      uop = atomic ? npu_interp_atomic_exact(wave, uop) : npu_interp_memory_exact(wave, uop);
   }
   if (config->trace || config->poison || config->coverage) {
      run_checked(wave, uop);
   } else {
      while (uop)
         uop = uop->fn(wave, uop);
   }
}

static void
run_wave(struct npu_wave *wave, struct npu_guard *guard)
{
   /* What is used behind a host fault must not be in a register. */
   struct npu_wave *volatile my_wave = wave;
   struct npu_guard *volatile my_guard = guard;
   bool after_fault = sigsetjmp(guard->jump, 0) != 0;

   if (!after_fault)
      npu_guard_arm(my_guard);
   run_from_pc(my_wave, after_fault);
   npu_guard_disarm(my_guard);
}

/* ---- one group --------------------------------------------------------------------------- */

static void
start_wave(struct npu_interp_core *core, const struct npu_dispatch *dispatch, unsigned index)
{
   const struct npu_interp_kernel *kernel = dispatch->kernel;
   struct npu_wave *wave = &core->waves[index];
   unsigned lanes = dispatch->group_size - index * NPU_INTERP_LANES;
   uint64_t slot = (uint64_t)core->core->index * NPU_WAVES_PER_CORE + index;

   memset(wave->v, 0, kernel->num_vregs * sizeof(wave->v[0]));
   memset(wave->s, 0, sizeof(wave->s));
   memset(wave->m, 0, sizeof(wave->m));
   wave->full = lanes >= NPU_INTERP_LANES ? UINT32_MAX : (1u << lanes) - 1;
   NPU_WAVE_EXEC(wave) = wave->full;
   wave->base[NPU_UOP_SRC_REG] = (const uint8_t *)wave;
   wave->base[NPU_UOP_SRC_CONST] = kernel->consts;
   wave->core = core;
   wave->dispatch = dispatch;
   wave->kernel = kernel;
   wave->pc = kernel->uops;
   wave->state = NPU_WAVE_READY;
   wave->index = index;
   wave->private_va = dispatch->packet.scratch_va +
                      slot * dispatch->packet.private_size_B * (uint64_t)NPU_INTERP_LANES;
}

/* Runs the group that is set in core to its end. False: stopped. */
static bool
run_group(struct npu_interp_core *core, const struct npu_dispatch *dispatch,
          struct npu_guard *guard)
{
   const struct npu_sim *sim = core->core->queue->sim;

   if (sim->config.poison) {
      uint32_t *local = (uint32_t *)core->core->local;
      for (unsigned i = 0; i < NPU_SIM_LOCAL_MEM_B / 4; i++)
         local[i] = POISON_WORD + i;
   }
   for (unsigned i = 0; i < core->num_waves; i++)
      start_wave(core, dispatch, i);

   unsigned ended = 0;
   while (ended < core->num_waves) {
      unsigned waiting = 0;
      for (unsigned i = 0; i < core->num_waves; i++) {
         struct npu_wave *wave = &core->waves[i];
         if (wave->state == NPU_WAVE_READY) {
            wave->budget = BACKWARD_BRANCHES_PER_TURN;
            run_wave(wave, guard);
            if (wave->state == NPU_WAVE_STOPPED)
               return false;
            ended += wave->state == NPU_WAVE_ENDED;
         }
         waiting += wave->state == NPU_WAVE_AT_BARRIER;
      }
      if (waiting + ended == core->num_waves) {
         for (unsigned i = 0; i < core->num_waves; i++) {
            if (core->waves[i].state == NPU_WAVE_AT_BARRIER)
               core->waves[i].state = NPU_WAVE_READY;
         }
      }
   }
   return true;
}

void
npu_interp_make_local_ids(struct npu_interp_core *core, const uint16_t block[3])
{
   if (!memcmp(core->block, block, sizeof(core->block)))
      return;
   memcpy(core->block, block, sizeof(core->block));

   /* All lanes of all waves; those behind the last work-item begin again. */
   unsigned lanes = (unsigned)block[0] * block[1] * block[2] + NPU_INTERP_LANES - 1;
   uint32_t id[3] = {0};
   lanes -= lanes % NPU_INTERP_LANES;
   for (unsigned i = 0; i < lanes; i++) {
      for (unsigned k = 0; k < 3; k++)
         core->local_id[k][i] = id[k];
      for (unsigned k = 0; k < 3 && ++id[k] == block[k]; k++)
         id[k] = 0;
   }
}

static bool
run_workgroups(struct npu_core *core, struct npu_dispatch *dispatch, uint64_t first, uint64_t count)
{
   struct npu_interp_core *state = core->engine_state;
   const struct npu_packet_dispatch *packet = &dispatch->packet;
   struct npu_vm *vm = dispatch->vm;

   pthread_rwlock_rdlock(&vm->lock);
   state->window = vm->window;
   /* No access is larger than the margin, so none that starts below the limit leaves the window. */
   const bool fast = vm->window && core->queue->guarded && !core->queue->sim->config.exact;
   state->fast_limit = fast ? vm->window_size_B - NPU_INTERP_FAST_MARGIN_B : 0;
   pthread_rwlock_unlock(&vm->lock);

   struct npu_guard guard = {
      .range = {{(uintptr_t)state->window,
                 (uintptr_t)state->window + state->fast_limit + NPU_INTERP_FAST_MARGIN_B}},
   };
   npu_interp_make_local_ids(state, packet->block);
   state->num_waves = dispatch->num_waves;
   for (uint64_t group = first; group < first + count; group++) {
      state->group_linear = group;
      state->group_id[0] = (uint32_t)(group % packet->grid[0]);
      state->group_id[1] = (uint32_t)(group / packet->grid[0] % packet->grid[1]);
      state->group_id[2] = (uint32_t)(group / packet->grid[0] / packet->grid[1]);
      if (npu_queue_stopped(core->queue) != NPU_STOP_NONE) {
         struct npu_fault_report report = {
            .kernel_id = packet->kernel_id,
            .pc = core->queue->packet_va,
            .group = group,
            .core = (uint16_t)core->index,
         };
         npu_queue_note_stop(core->queue, &report);
         return false;
      }
      if (!run_group(state, dispatch, &guard))
         return false;
      npu_queue_progress(core->queue);
   }
   return true;
}

/* The handlers for the host's instruction set. */
const struct npu_interp_ops *
npu_interp_ops(const struct npu_sim *sim)
{
#ifdef NPU_INTERP_HAVE_V3
   if (!sim->config.portable && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
       __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("f16c"))
      return &npu_interp_ops_v3;
#endif
   return &npu_interp_ops_base;
}

const struct npu_engine_ops npu_engine_interp = {
   .name = "interp",
   .prepare = prepare,
   .finish = finish,
   .destroy_queue = destroy_queue,
   .create_core = create_core,
   .destroy_core = destroy_core,
   .run_workgroups = run_workgroups,
};
