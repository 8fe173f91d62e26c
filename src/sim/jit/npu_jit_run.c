// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// The engine "jit": kernels and their host code, and running work-groups with it.
//
// A kernel's code is found by its words among all that was compiled in the process; each queue
// keeps the kernels it has seen. The waves of a group run in turn, each until it ends, waits at a
// barrier or gives way. A wave is at an entry of the host code, or in the interpreter: there after a
// budget of backward branches is used up (it may be waiting for another wave), for an instruction
// that always faults, and from the start if there is no host code.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npu_jit.h"

#define CACHED_KERNELS             64
#define CACHED_CODES               256
#define BACKWARD_BRANCHES_PER_TURN (1 << 20)
#define NO_UOP                     UINT32_MAX
#define IN_INTERPRETER             UINT32_MAX

/* ---- compiled code, shared by all queues of the process ---------------------------------- */

/* The code of a kernel, by its words. */
struct code {
   uint64_t *key; /* ranges relative to the entry, then the words */
   size_t key_words;
   uint64_t hash;
   unsigned users;
   uint64_t last_use;
   struct npu_jit_code *code; /* NULL: cannot be compiled */
};

struct library {
   struct library *next;
   unsigned users;
   struct npu_jit_options options;
   struct npu_jit_compiler *compiler;
   struct code *codes[CACHED_CODES];
   uint64_t uses;
};

static pthread_mutex_t libraries_lock = PTHREAD_MUTEX_INITIALIZER;
static struct library *libraries; /* guarded by libraries_lock, with all in them */

static struct library *
get_library(const struct npu_jit_options *options)
{
   struct library *library;

   pthread_mutex_lock(&libraries_lock);
   for (library = libraries; library; library = library->next) {
      if (library->options.cpu == options->cpu &&
          library->options.canonical_nans == options->canonical_nans)
         break;
   }
   if (!library && (library = calloc(1, sizeof(*library)))) {
      char *why;
      library->options = *options;
      library->compiler = npu_jit_compiler_create(options, &why);
      if (!library->compiler)
         fprintf(stderr, "npu: no JIT, using the interpreter: %s\n", why ? why : "out of memory");
      free(why);
      library->next = libraries;
      libraries = library;
   }
   if (library)
      library->users++;
   pthread_mutex_unlock(&libraries_lock);
   return library;
}

static void
free_code(struct code *code)
{
   if (!code)
      return;
   npu_jit_code_free(code->code);
   free(code->key);
   free(code);
}

static void
put_library(struct library *library)
{
   if (!library)
      return;
   pthread_mutex_lock(&libraries_lock);
   if (--library->users == 0) {
      struct library **link = &libraries;
      while (*link != library)
         link = &(*link)->next;
      *link = library->next;
      for (unsigned i = 0; i < CACHED_CODES; i++)
         free_code(library->codes[i]);
      npu_jit_compiler_free(library->compiler);
      free(library);
   }
   pthread_mutex_unlock(&libraries_lock);
}

static uint64_t *
make_key(const struct npu_interp_kernel *kernel, size_t *words)
{
   size_t num_words = 0;

   for (size_t i = 0; i < kernel->num_ranges; i++)
      num_words += kernel->ranges[i].count;
   *words = 2 * kernel->num_ranges + num_words;
   uint64_t *key = malloc((*words + 1) * sizeof(*key));
   if (!key)
      return NULL;
   for (size_t i = 0; i < kernel->num_ranges; i++) {
      key[2 * i] = kernel->ranges[i].va - kernel->code_va;
      key[2 * i + 1] = kernel->ranges[i].count;
   }
   memcpy(key + 2 * kernel->num_ranges, kernel->words, num_words * sizeof(*key));
   return key;
}

static uint64_t
hash_of(const uint64_t *words, size_t count)
{
   uint64_t hash = 0x9e3779b97f4a7c15ull;

   for (size_t i = 0; i < count; i++) {
      hash = (hash ^ words[i]) * 0xff51afd7ed558ccdull;
      hash ^= hash >> 32;
   }
   return hash;
}

static struct npu_jit_code *
compile(struct library *library, const struct npu_jit_flow *flow)
{
   char *why = NULL;
   struct npu_jit_code *code = npu_jit_compile(library->compiler, flow, &why);

   if (!code)
      fprintf(stderr, "npu: a kernel stays in the interpreter: %s\n", why ? why : "out of memory");
   free(why);
   return code;
}

/* The code of a kernel, compiled if it was not. NULL: out of memory. */
static struct code *
get_code(struct library *library, const struct npu_interp_kernel *kernel,
         const struct npu_jit_flow *flow)
{
   size_t words;
   uint64_t *key = make_key(kernel, &words);
   struct code *code = NULL;
   unsigned victim = 0;

   if (!key || !library->compiler) {
      free(key);
      return NULL;
   }
   uint64_t hash = hash_of(key, words);
   pthread_mutex_lock(&libraries_lock);
   for (unsigned i = 0; i < CACHED_CODES; i++) {
      struct code *known = library->codes[i], *old = library->codes[victim];
      if (known && known->hash == hash && known->key_words == words &&
          !memcmp(known->key, key, words * sizeof(*key)))
      {
         code = known;
         break;
      }
      bool unused = !known || known->users == 0;
      if (unused && (!known || (old && (old->users || known->last_use < old->last_use))))
         victim = i;
   }
   struct code *old = library->codes[victim];
   if (!code && (!old || !old->users) && (code = calloc(1, sizeof(*code)))) {
      free_code(old);
      library->codes[victim] = code;
      code->key = key;
      code->key_words = words;
      code->hash = hash;
      code->code = compile(library, flow);
      key = NULL;
   }
   if (code) {
      code->users++;
      code->last_use = ++library->uses;
   }
   pthread_mutex_unlock(&libraries_lock);
   free(key);
   return code;
}

static void
put_code(struct code *code)
{
   if (!code)
      return;
   pthread_mutex_lock(&libraries_lock);
   code->users--;
   pthread_mutex_unlock(&libraries_lock);
}

/* ---- kernels of a queue ------------------------------------------------------------------ */

struct kernel {
   struct npu_interp_kernel *interp;
   struct npu_jit_flow *flow;
   struct code *code;
   npu_jit_fn fn;  /* NULL: in the interpreter */
   bool in_window; /* all memory of the address space is in the window */
};

struct queue_state {
   struct library *library;
   struct kernel kernels[CACHED_KERNELS];
   uint64_t uses;
};

static void
clear_kernel(struct kernel *kernel)
{
   put_code(kernel->code);
   npu_jit_flow_free(kernel->flow);
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
   kernel->flow = npu_jit_flow_create(kernel->interp);
   if (kernel->flow)
      kernel->code = get_code(state->library, kernel->interp, kernel->flow);
   if (kernel->code && kernel->code->code)
      kernel->fn = npu_jit_code_fn(kernel->code->code);
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

static bool
is_in_window(struct npu_vm *vm)
{
   bool all = true;

   pthread_rwlock_rdlock(&vm->lock);
   for (size_t i = 0; i < vm->num_runs && all; i++) {
      const struct npu_vm_run *run = &vm->runs[i];
      bool usable = (run->perms & (NPU_PERM_R | NPU_PERM_W)) && !(run->perms & NPU_PERM_BAD);
      all = !usable || run->in_window;
   }
   pthread_rwlock_unlock(&vm->lock);
   return all;
}

static void *
prepare(struct npu_dispatch *dispatch)
{
   struct npu_queue *queue = dispatch->queue;
   struct queue_state *state = queue->engine_state;

   if (!state && (state = queue->engine_state = calloc(1, sizeof(*state)))) {
      const struct npu_sim_config *config = &queue->sim->config;
      struct npu_jit_options options = {
         .cpu = (enum npu_jit_cpu)config->jit_cpu,
         .canonical_nans = config->jit_canonical_nans,
      };
      state->library = get_library(&options);
   }
   if (state && state->library) {
      struct kernel *kernel = find_kernel(state, dispatch->vm, dispatch->packet.code_va);
      if (kernel) {
         kernel->interp->last_use = ++state->uses;
         kernel->in_window = is_in_window(dispatch->vm);
         return kernel;
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
   put_library(state->library);
   free(state);
   queue->engine_state = NULL;
}

/* ---- cores ------------------------------------------------------------------------------- */

struct core_state {
   struct npu_interp_core interp;
   struct npu_jit_frame frame;
   uint32_t entry[NPU_WAVES_PER_CORE]; /* or IN_INTERPRETER */
   /* Where the work is: what must be known after a host fault. */
   const struct npu_dispatch *dispatch;
   uint64_t group, end_group;
   unsigned wave, ended, waiting;
   bool in_group;
};

static bool
create_core(struct npu_core *core)
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

static void
destroy_core(struct npu_core *core)
{
   struct core_state *state = core->engine_state;

   free(state->interp.waves);
   free(state);
   core->engine_state = NULL;
}

/* ---- calls from host code ---------------------------------------------------------------- */

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

/* The interpreter's handler of a uop. A host fault in it is dealt with here, so that translated code
 * goes on when the access turns out to be allowed. */
static uint32_t
handle(struct npu_wave *wave, const struct npu_uop *uop)
{
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

/* ---- one wave ---------------------------------------------------------------------------- */

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

/* Calls the host code at the wave's entry. */
static void __attribute__((noinline))
call(struct core_state *state, struct npu_wave *wave, const struct kernel *kernel)
{
   struct npu_jit_frame *frame = &state->frame;
   unsigned first = wave->index * NPU_INTERP_LANES;

   frame->entry = state->entry[wave->index];
   frame->private_va = wave->private_va;
   frame->sr[NPU_SR_WAVE_ID] = wave->index;
   for (unsigned i = 0; i < 3; i++)
      frame->local_id[i] = state->interp.local_id[i] + first;
   frame->access_uop = NO_UOP;

   uint64_t result = kernel->fn(frame, wave);
   uint32_t index = (uint32_t)(result >> 8);
   switch ((enum npu_jit_result)(result & 0xff)) {
   case NPU_JIT_ENDED:
      wave->state = NPU_WAVE_ENDED;
      break;
   case NPU_JIT_BARRIER:
      wave->state = NPU_WAVE_AT_BARRIER;
      state->entry[wave->index] = (uint32_t)kernel->flow->entry_of[index];
      break;
   case NPU_JIT_LEAVE:
      wave->pc = &kernel->interp->uops[index];
      state->entry[wave->index] = IN_INTERPRETER;
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
interpret(struct core_state *state, struct npu_wave *wave, const struct kernel *kernel,
          bool after_fault)
{
   const struct npu_uop *uop = wave->pc;

   if (after_fault)
      uop = repeat_exactly(wave, uop);
   while (uop)
      uop = uop->fn(wave, uop);
   if (wave->state == NPU_WAVE_AT_BARRIER && kernel->fn)
      state->entry[wave->index] = (uint32_t)kernel->flow->entry_of[wave->pc - kernel->interp->uops];
}

/* ---- groups ------------------------------------------------------------------------------ */

/* What holds for all groups of a dispatch. */
static void
set_up(struct core_state *state, const struct npu_dispatch *dispatch)
{
   const struct kernel *kernel = dispatch->kernel;
   const struct npu_packet_dispatch *packet = &dispatch->packet;
   struct npu_interp_core *interp = &state->interp;
   struct npu_core *core = interp->core;
   struct npu_jit_frame *frame = &state->frame;

   interp->num_waves = dispatch->num_waves;
   frame->uops = kernel->interp->uops;
   frame->window = interp->window;
   frame->fast_limit = kernel->in_window ? interp->fast_limit : 0;
   frame->local = core->local;
   frame->local_size_B = packet->local_size_B;
   frame->private_size_B = packet->private_size_B;
   frame->stop = &core->queue->stop;
   frame->handler = handle;
   for (unsigned i = 0; i < 3; i++) {
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
start_wave(struct core_state *state, struct npu_wave *wave, const struct kernel *kernel)
{
   wave->state = NPU_WAVE_READY;
   state->entry[wave->index] = kernel->fn ? 0 : IN_INTERPRETER;
   if (!kernel->fn) {
      memset(wave->v, 0, kernel->interp->num_vregs * sizeof(wave->v[0]));
      memset(wave->s, 0, sizeof(wave->s));
      memset(wave->m, 0, sizeof(wave->m));
      wave->pc = kernel->interp->uops;
   }
   NPU_WAVE_EXEC(wave) = wave->full;
}

static void
start_group(struct core_state *state)
{
   const struct npu_packet_dispatch *packet = &state->dispatch->packet;
   const struct kernel *kernel = state->dispatch->kernel;
   struct npu_interp_core *interp = &state->interp;
   const uint64_t group = state->group;

   interp->group_linear = group;
   interp->group_id[0] = (uint32_t)(group % packet->grid[0]);
   interp->group_id[1] = (uint32_t)(group / packet->grid[0] % packet->grid[1]);
   interp->group_id[2] = (uint32_t)(group / packet->grid[0] / packet->grid[1]);
   state->frame.sr[NPU_SR_GROUP_LINEAR] = group;
   for (unsigned i = 0; i < 3; i++)
      state->frame.sr[NPU_SR_GROUP_ID_X + i] = interp->group_id[i];
   for (unsigned i = 0; i < interp->num_waves; i++)
      start_wave(state, &interp->waves[i], kernel);
   state->wave = state->ended = state->waiting = 0;
   state->in_group = true;
}

/* One turn of the wave state->wave. */
static void
run_wave(struct core_state *state, bool after_fault)
{
   const struct kernel *kernel = state->dispatch->kernel;
   struct npu_wave *wave = &state->interp.waves[state->wave];
   bool alone = state->ended + state->waiting + 1 == state->interp.num_waves;

   state->frame.budget = alone ? INT32_MAX : BACKWARD_BRANCHES_PER_TURN;
   wave->budget = state->frame.budget;
   if (state->entry[state->wave] == IN_INTERPRETER)
      interpret(state, wave, kernel, after_fault);
   else if (after_fault)
      npu_jit_access_fault(wave, &kernel->interp->uops[state->frame.access_uop]);
   else
      call(state, wave, kernel);
   state->ended += wave->state == NPU_WAVE_ENDED;
   state->waiting += wave->state == NPU_WAVE_AT_BARRIER;
}

/* Runs the group to its end. False: stopped. */
static bool
run_group(struct core_state *state, bool after_fault)
{
   struct npu_interp_core *interp = &state->interp;

   for (;;) {
      for (; state->wave < interp->num_waves; state->wave++) {
         struct npu_wave *wave = &interp->waves[state->wave];
         if (wave->state != NPU_WAVE_READY)
            continue;
         run_wave(state, after_fault);
         after_fault = false;
         if (wave->state == NPU_WAVE_STOPPED)
            return false;
      }
      if (state->ended == interp->num_waves)
         return true;
      if (state->waiting + state->ended == interp->num_waves) {
         state->waiting = 0;
         for (unsigned i = 0; i < interp->num_waves; i++) {
            if (interp->waves[i].state == NPU_WAVE_AT_BARRIER)
               interp->waves[i].state = NPU_WAVE_READY;
         }
      }
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
      npu_queue_progress(core->queue);
   }
   return true;
}

static bool
run_workgroups(struct npu_core *core, struct npu_dispatch *dispatch, uint64_t first, uint64_t count)
{
   struct core_state *state = core->engine_state;
   struct npu_interp_core *interp = &state->interp;
   const struct npu_packet_dispatch *packet = &dispatch->packet;
   struct npu_vm *vm = dispatch->vm;

   pthread_rwlock_rdlock(&vm->lock);
   interp->window = vm->window;
   const bool fast = vm->window && npu_guard_activate();
   interp->fast_limit = fast ? vm->window_size_B - NPU_INTERP_FAST_MARGIN_B : 0;
   pthread_rwlock_unlock(&vm->lock);

   npu_interp_make_local_ids(interp, packet->block);
   set_up(state, dispatch);
   state->dispatch = dispatch;
   state->group = first;
   state->end_group = first + count;
   state->in_group = false;

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

const struct npu_engine_ops npu_engine_jit = {
   .name = "jit",
   .prepare = prepare,
   .finish = finish,
   .destroy_queue = destroy_queue,
   .create_core = create_core,
   .destroy_core = destroy_core,
   .run_workgroups = run_workgroups,
};
