// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// The engine "jit": kernels and their host code.
//
// A kernel's code is found by its words among all that was compiled in the process; each queue
// keeps the kernels it has seen. npu_jit_group.c runs them.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npu_jit.h"

#define CACHED_KERNELS 64
#define CACHED_CODES   256

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
   struct npu_jit_kernel run; /* first: what dispatch->kernel points to */
   struct npu_interp_kernel *interp;
   struct npu_jit_flow *flow;
   struct code *code;
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
   kernel->run.interp = kernel->interp;
   if (kernel->code && kernel->code->code) {
      kernel->run.fn = npu_jit_code_fn(kernel->code->code);
      kernel->run.entry_of = kernel->flow->entry_of;
      kernel->run.num_entries = kernel->flow->num_entries;
   }
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
         kernel->run.in_window = is_in_window(dispatch->vm);
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
   put_library(state->library);
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
