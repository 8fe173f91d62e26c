// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Runs work-groups with host code.
//
// The waves of a group run in turn, each until it ends, waits at a barrier or gives way. A wave is
// at an entry of the host code, or in the interpreter: there after a budget of backward branches is
// used up (it may be waiting for another wave), for an instruction that always faults, and from the
// start if there is no host code yet: then it goes over behind the next barrier, and in its next group,
// and until then the time is noted (npu_jit_tier.c). Neighbouring waves that are at entries run in one call; a kernel
// without barriers does so with whole groups. What is known of them behind the call, or after a host
// fault in it, is in the frame.

#include <stdlib.h>
#include <string.h>

#include "npu_jit_library.h"

#define BACKWARD_BRANCHES_PER_TURN          (1 << 20)
#define NO_ACCESS                           UINT32_MAX
/* In the interpreter, where they take longer. It is also how often time is noted. */
#define INTERPRETED_BRANCHES_PER_TURN       1000
#define INTERPRETED_BRANCHES_PER_TURN_ALONE 20000

struct core_state {
   struct npu_interp_core interp; /* first: wave->core leads here */
   struct npu_jit_frame frame;
   /* Where the work is: what must be known after a host fault. */
   const struct npu_dispatch *dispatch;
   uint64_t serial;               /* of the dispatch this is set up for */
   struct npu_jit_kernel *kernel; /* of all cores: what changes in it is atomic */
   npu_jit_fn fn;                 /* NULL: in the interpreter */
   uint64_t since_ns;             /* in the interpreter: until when time has been noted */
   uint64_t group, end_group;
   unsigned wave, ended, waiting;
   bool in_group, in_host_code;
};

bool
npu_jit_create_core(struct npu_core *core)
{
   struct core_state *state = aligned_alloc(64, (sizeof(*state) + 63) & ~(size_t)63);
   struct npu_wave *waves = aligned_alloc(64, NPU_WAVES_PER_CORE * sizeof(*waves));

   if (!state || !waves) {
      free(state);
      free(waves);
      return false;
   }
   memset(state, 0, sizeof(*state));
   memset(waves, 0, NPU_WAVES_PER_CORE * sizeof(*waves));
   state->interp.core = core;
   state->interp.waves = waves;
   core->engine_state = state;
   return true;
}

void
npu_jit_destroy_core(struct npu_core *core)
{
   struct core_state *state = core->engine_state;

   free(state->interp.waves);
   free(state);
   core->engine_state = NULL;
}

/* ---- calls from host code ---------------------------------------------------------------- */

/* Host code has moved on to another group: tells the interpreter. */
static void
follow_group(struct core_state *state)
{
   const uint64_t *sr = state->frame.sr;

   state->group = state->interp.group_linear = sr[NPU_SR_GROUP_LINEAR];
   for (unsigned i = 0; i < 3; i++)
      state->interp.group_id[i] = (uint32_t)sr[NPU_SR_GROUP_ID_X + i];
}

static struct npu_guard
window_guard(const struct npu_interp_core *core)
{
   return (struct npu_guard){
      .range = {{(uintptr_t)core->window,
                 (uintptr_t)core->window + core->fast_limit + NPU_INTERP_FAST_MARGIN_B}},
   };
}

static const struct npu_uop *
repeat_exactly(struct npu_wave *wave, const struct npu_uop *uop)
{
   return npu_op_infos[uop->inst.op].is_atomic ? npu_interp_atomic_exact(wave, uop)
                                               : npu_interp_memory_exact(wave, uop);
}

/* The interpreter's handler of a uop. */
static uint32_t
handle(struct npu_wave *wave, const struct npu_uop *uop)
{
   follow_group((struct core_state *)wave->core);
   return uop->fn(wave, uop) != NULL;
}

/* The same if some memory is not in the window. A host fault is dealt with here, so that translated
 * code goes on when the access turns out to be allowed. */
static uint32_t
handle_guarded(struct npu_wave *wave, const struct npu_uop *uop)
{
   follow_group((struct core_state *)wave->core);
   if (!npu_op_infos[uop->inst.op].is_memory)
      return uop->fn(wave, uop) != NULL;

   struct npu_guard guard = window_guard(wave->core);
   struct npu_wave *volatile my_wave = wave;
   const struct npu_uop *volatile my_uop = uop;
   const struct npu_uop *next;
   if (sigsetjmp(guard.jump, 0) == 0) {
      npu_guard_arm(&guard);
      next = uop->fn(wave, uop);
   } else {
      next = repeat_exactly(my_wave, my_uop);
   }
   npu_guard_disarm(&guard);
   return next != NULL;
}

/* Looks whether there is host code by now. */
static void
look_for_host_code(struct core_state *state)
{
   if (!state->fn)
      state->fn = npu_jit_unit_fn(state->kernel->unit);
}

/* Notes time spent without host code, in which num_groups groups came to their end. */
static void
note_time(struct core_state *state, unsigned num_groups)
{
   uint64_t now_ns = npu_jit_now_ns();

   npu_jit_tier_note(&state->kernel->tier, now_ns - state->since_ns, num_groups);
   state->since_ns = now_ns;
}

/* ---- waves ------------------------------------------------------------------------------- */

static void
record_stop(struct npu_wave *wave, const struct npu_uop *uop)
{
   struct npu_fault_report report = {
      .in_kernel = true,
      .core = (uint16_t)wave->core->core->index,
      .wave = (uint8_t)wave->index,
      .lanes = NPU_WAVE_EXEC(wave),
      .kernel_id = wave->dispatch->packet.kernel_id,
      .pc = uop->pc,
      .group = wave->core->group_linear,
   };

   npu_queue_note_stop(wave->core->core->queue, &report);
   wave->state = NPU_WAVE_STOPPED;
}

/* Waves `first` to `end` - 1 ran in a call and do not go on now. */
static void
note_waves(struct core_state *state, unsigned first, unsigned end)
{
   for (unsigned i = first; i < end; i++) {
      struct npu_wave *wave = &state->interp.waves[i];
      if (state->kernel->unit->num_entries == 1 || state->frame.entry[i] == NPU_JIT_ENDED) {
         wave->state = NPU_WAVE_ENDED;
         state->ended++;
      } else {
         wave->state = NPU_WAVE_AT_BARRIER;
         state->waiting++;
      }
   }
}

/* A call that began in group `first` may have gone through groups of its own accord. */
static void
note_groups(struct core_state *state, uint64_t first)
{
   follow_group(state);
   if (state->group == first)
      return;
   state->ended = state->waiting = 0;
   state->wave = 0;
   for (unsigned i = 0; i < state->interp.num_waves; i++) {
      state->interp.waves[i].state = NPU_WAVE_READY;
      state->frame.entry[i] = 0;
   }
}

/* Calls the host code for the wave state->wave and those behind it that are at entries too. */
static void __attribute__((noinline))
call(struct core_state *state)
{
   const struct npu_jit_kernel *kernel = state->kernel;
   struct npu_interp_core *interp = &state->interp;
   struct npu_jit_frame *frame = &state->frame;
   const uint64_t group = state->group;
   unsigned end = state->wave;

   while (end < interp->num_waves && interp->waves[end].state == NPU_WAVE_READY &&
          frame->entry[end] != NPU_JIT_IN_INTERPRETER)
      end++;
   bool whole_group = state->wave == 0 && end == interp->num_waves;
   bool alone = state->ended + state->waiting + 1 == interp->num_waves;
   frame->wave = state->wave;
   frame->end_wave = end;
   frame->groups_left = whole_group && kernel->unit->num_entries == 1
                           ? state->end_group - state->group - 1
                           : 0;
   frame->full_budget = frame->budget = alone ? INT32_MAX : BACKWARD_BRANCHES_PER_TURN;
   frame->spent = 0;
   frame->access = NO_ACCESS;

   state->in_host_code = true;
   uint64_t result = state->fn(frame, interp->waves);
   state->in_host_code = false;
   uint32_t index = (uint32_t)(result >> 8);
   note_groups(state, group);
   if ((result & 0xff) == NPU_JIT_DONE) {
      note_waves(state, state->wave, end);
      state->wave = end;
      return;
   }
   struct npu_wave *wave = &interp->waves[frame->wave];
   note_waves(state, state->wave, frame->wave);
   state->wave = frame->wave + 1;
   switch ((enum npu_jit_result)(result & 0xff)) {
   case NPU_JIT_DONE:
      break;
   case NPU_JIT_LEAVE:
      wave->pc = &kernel->interp->uops[index];
      frame->entry[wave->index] = NPU_JIT_IN_INTERPRETER;
      break;
   case NPU_JIT_STOP:
      record_stop(wave, &kernel->interp->uops[index]);
      break;
   case NPU_JIT_FAULTED:
      wave->state = NPU_WAVE_STOPPED;
      break;
   }
}

/* Runs the interpreter from the wave's pc on until a handler returns NULL. */
static void __attribute__((noinline))
interpret(struct core_state *state, bool after_fault)
{
   const struct npu_jit_kernel *kernel = state->kernel;
   struct npu_wave *wave = &state->interp.waves[state->wave];
   const struct npu_uop *uop = wave->pc;

   wave->budget = state->ended + state->waiting + 1 == state->interp.num_waves
                     ? INTERPRETED_BRANCHES_PER_TURN_ALONE
                     : INTERPRETED_BRANCHES_PER_TURN;
   if (after_fault)
      uop = repeat_exactly(wave, uop);
   while (uop)
      uop = uop->fn(wave, uop);
   if (!state->fn && wave->state == NPU_WAVE_READY)
      note_time(state, 0);
   if (wave->state == NPU_WAVE_AT_BARRIER) {
      look_for_host_code(state);
      if (state->fn)
         state->frame.entry[wave->index] =
            (uint32_t)kernel->unit->entry_of[wave->pc - kernel->interp->uops];
   }
   state->ended += wave->state == NPU_WAVE_ENDED;
   state->waiting += wave->state == NPU_WAVE_AT_BARRIER;
   state->wave++;
}

/* To the start of the kernel, for the interpreter. */
static void
clear_wave(const struct core_state *state, struct npu_wave *wave)
{
   const struct npu_interp_kernel *kernel = state->kernel->interp;

   memset(wave->v, 0, kernel->num_vregs * sizeof(wave->v[0]));
   memset(wave->s, 0, sizeof(wave->s));
   memset(wave->m, 0, sizeof(wave->m));
   NPU_WAVE_EXEC(wave) = wave->full;
   wave->pc = kernel->uops;
}

/* A host fault where the wave had done nothing that counts, or in a loop that ran lane by lane: the wave goes on
 * in the interpreter, from its start or before the loop. False: the fault was elsewhere. */
static bool
restart_wave(struct core_state *state)
{
   struct npu_jit_frame *frame = &state->frame;

   if (frame->access == NO_ACCESS || !(frame->access & NPU_JIT_ACCESS_RESTART))
      return false;
   state->in_host_code = false;
   note_groups(state, state->group);
   struct npu_wave *wave = &state->interp.waves[frame->wave];
   note_waves(state, state->wave, frame->wave);
   state->wave = frame->wave;
   if (frame->access & NPU_JIT_ACCESS_START)
      clear_wave(state, wave);
   else
      wave->pc = &state->kernel->interp->uops[NPU_JIT_ACCESS_UOP(frame->access)];
   frame->entry[wave->index] = NPU_JIT_IN_INTERPRETER;
   return true;
}

/* A host fault in host code: its wave gets a record. */
static void
note_host_fault(struct core_state *state)
{
   struct npu_jit_frame *frame = &state->frame;

   state->in_host_code = false;
   follow_group(state);
   struct npu_wave *wave = &state->interp.waves[frame->wave];
   const struct npu_uop *uop = &state->kernel->interp->uops[NPU_JIT_ACCESS_UOP(frame->access)];
   if (!npu_op_infos[uop->inst.op].is_atomic)
      npu_jit_access_fault(frame, wave, uop);
   else if (npu_interp_atomic_exact(wave, uop))
      npu_interp_fault(wave, uop, NPU_FAULT_MEMORY_ERROR, NPU_ACCESS_ATOMIC, NPU_WAVE_EXEC(wave),
                       wave->address[wave->lane]);
}

/* ---- groups ------------------------------------------------------------------------------ */

/* Waves of a row of work-items, at least 1, if groups have several rows that waves fit; else 0. */
static uint32_t
row_waves(const struct npu_packet_dispatch *packet)
{
   uint32_t width = packet->block[0];

   if (packet->block[1] * packet->block[2] == 1 ||
       (width % NPU_INTERP_LANES && NPU_INTERP_LANES % width))
      return 0;
   return width > NPU_INTERP_LANES ? width / NPU_INTERP_LANES : 1;
}

/* What holds for all groups of a dispatch. */
static void
set_up(struct core_state *state, const struct npu_dispatch *dispatch)
{
   struct npu_jit_kernel *kernel = dispatch->kernel;
   const struct npu_packet_dispatch *packet = &dispatch->packet;
   struct npu_interp_core *interp = &state->interp;
   struct npu_core *core = interp->core;
   struct npu_jit_frame *frame = &state->frame;

   state->dispatch = dispatch;
   state->kernel = kernel;
   interp->num_waves = dispatch->num_waves;
   frame->uops = kernel->interp->uops;
   frame->local = core->local;
   frame->local_size_B = packet->local_size_B;
   frame->private_size_B = packet->private_size_B;
   frame->row_waves = row_waves(packet);
   frame->stop = &core->queue->stop;
   frame->handler = kernel->in_window ? handle : handle_guarded;
   for (unsigned i = 0; i < 3; i++) {
      frame->local_id[i] = interp->local_id[i];
      frame->sr[NPU_SR_NUM_GROUPS_X + i] = packet->grid[i];
      frame->sr[NPU_SR_LOCAL_SIZE_X + i] = packet->block[i];
   }
   frame->sr[NPU_SR_WORK_DIM] = packet->work_dim;
   frame->sr[NPU_SR_NUM_WAVES] = dispatch->num_waves;
   frame->sr[NPU_SR_ARGS] = packet->args_va;
   frame->sr[NPU_SR_CORE_ID] = core->index;
   frame->sr[NPU_SR_LOCAL_MEM_SIZE] = packet->local_size_B;
   frame->sr[NPU_SR_PRIVATE_SIZE] = packet->private_size_B;
   frame->sr[NPU_SR_KERNEL_ID] = packet->kernel_id;
   for (unsigned i = 0; i < dispatch->num_waves; i++) {
      struct npu_wave *wave = &interp->waves[i];
      unsigned lanes = dispatch->group_size - i * NPU_INTERP_LANES;
      uint64_t slot = (uint64_t)core->index * NPU_WAVES_PER_CORE + i;
      wave->full = lanes >= NPU_INTERP_LANES ? UINT32_MAX : (1u << lanes) - 1;
      wave->base[NPU_UOP_SRC_REG] = (const uint8_t *)wave;
      wave->base[NPU_UOP_SRC_CONST] = kernel->interp->consts;
      wave->core = interp;
      wave->dispatch = dispatch;
      wave->kernel = kernel->interp;
      wave->index = i;
      wave->private_va = packet->scratch_va +
                         slot * packet->private_size_B * (uint64_t)NPU_INTERP_LANES;
   }
}

static void
start_wave(struct core_state *state, struct npu_wave *wave)
{
   wave->state = NPU_WAVE_READY;
   state->frame.entry[wave->index] = state->fn ? 0 : NPU_JIT_IN_INTERPRETER;
   if (!state->fn)
      clear_wave(state, wave);
}

static void
start_group(struct core_state *state)
{
   const struct npu_packet_dispatch *packet = &state->dispatch->packet;
   struct npu_interp_core *interp = &state->interp;
   uint64_t *sr = state->frame.sr;

   sr[NPU_SR_GROUP_LINEAR] = state->group;
   sr[NPU_SR_GROUP_ID_X] = state->group % packet->grid[0];
   sr[NPU_SR_GROUP_ID_Y] = state->group / packet->grid[0] % packet->grid[1];
   sr[NPU_SR_GROUP_ID_Z] = state->group / packet->grid[0] / packet->grid[1];
   follow_group(state);
   look_for_host_code(state);
   for (unsigned i = 0; i < interp->num_waves; i++)
      start_wave(state, &interp->waves[i]);
   state->wave = state->ended = state->waiting = 0;
   state->in_group = true;
}

/* All waves have ended or wait. */
static void
open_barrier(struct core_state *state)
{
   state->waiting = 0;
   for (unsigned i = 0; i < state->interp.num_waves; i++) {
      if (state->interp.waves[i].state == NPU_WAVE_AT_BARRIER)
         state->interp.waves[i].state = NPU_WAVE_READY;
   }
}

/* Runs the group to its end, and perhaps others behind it. False: stopped. */
static bool
run_group(struct core_state *state, bool after_fault)
{
   struct npu_interp_core *interp = &state->interp;

   if (after_fault && state->in_host_code) {
      if (!restart_wave(state)) {
         note_host_fault(state);
         return false;
      }
      after_fault = false;
   }
   for (;;) {
      while (state->wave < interp->num_waves) {
         unsigned wave = state->wave;
         if (interp->waves[wave].state != NPU_WAVE_READY) {
            state->wave++;
            continue;
         }
         if (state->frame.entry[wave] == NPU_JIT_IN_INTERPRETER)
            interpret(state, after_fault);
         else
            call(state);
         after_fault = false;
         if (state->wave && interp->waves[state->wave - 1].state == NPU_WAVE_STOPPED)
            return false;
      }
      if (state->ended == interp->num_waves)
         return true;
      if (state->waiting + state->ended == interp->num_waves)
         open_barrier(state);
      state->wave = 0;
   }
}

/* Runs the groups from state->group on; after_fault: the wave at work met a host fault. */
static bool __attribute__((noinline))
run_groups(struct core_state *state, bool after_fault)
{
   struct npu_core *core = state->interp.core;

   for (; state->group < state->end_group; state->group++) {
      if (npu_queue_stopped(core->queue) != NPU_STOP_NONE && !state->in_group) {
         struct npu_fault_report report = {
            .kernel_id = state->dispatch->packet.kernel_id,
            .pc = core->queue->packet_va,
            .group = state->group,
            .core = (uint16_t)core->index,
         };
         npu_queue_note_stop(core->queue, &report);
         return false;
      }
      if (!state->in_group)
         start_group(state);
      if (!run_group(state, after_fault))
         return false;
      after_fault = false;
      state->in_group = false;
      if (!state->fn)
         note_time(state, 1);
      npu_queue_progress(core->queue);
   }
   return true;
}

bool
npu_jit_run_workgroups(struct npu_core *core, struct npu_dispatch *dispatch, uint64_t first,
                       uint64_t count)
{
   struct core_state *state = core->engine_state;
   struct npu_interp_core *interp = &state->interp;
   const struct npu_packet_dispatch *packet = &dispatch->packet;
   struct npu_vm *vm = dispatch->vm;

   pthread_rwlock_rdlock(&vm->lock);
   interp->window = vm->window;
   const bool fast = vm->window && core->queue->guarded;
   interp->fast_limit = fast ? vm->window_size_B - NPU_INTERP_FAST_MARGIN_B : 0;
   pthread_rwlock_unlock(&vm->lock);

   if (state->serial != dispatch->serial) {
      npu_interp_make_local_ids(interp, packet->block);
      set_up(state, dispatch);
      state->serial = dispatch->serial;
   }
   state->frame.window = interp->window;
   state->frame.fast_limit = state->kernel->in_window ? interp->fast_limit : 0;
   state->fn = NULL;
   state->group = first;
   state->end_group = first + count;
   state->in_group = state->in_host_code = false;
   look_for_host_code(state);
   if (!state->fn)
      state->since_ns = npu_jit_now_ns();

   /* One guard for all: what the work needs behind a host fault is in *state. */
   struct npu_guard guard = window_guard(interp);
   struct core_state *volatile my_state = state;
   bool after_fault = sigsetjmp(guard.jump, 0) != 0;
   if (!after_fault)
      npu_guard_arm(&guard);
   bool good = run_groups(my_state, after_fault);
   npu_guard_disarm(&guard);
   return good;
}
