/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * A file with one object of each kind, and a valid call of each ioctl: what misuse starts from.
 */

#ifndef PLAN_MISUSE_H
#define PLAN_MISUSE_H

#include "plan.h"

/* Where a row of the table breaks the call. */
enum misuse_target {
   IN_ARGS,    /* the argument structure */
   IN_OPS,     /* element 1 of the array of bind operations */
   IN_CMDBUFS, /* ... of command buffers */
   IN_WAITS,   /* ... of sync objects to wait for */
   IN_SIGNALS, /* ... of sync objects to signal */
   IN_HANDLES, /* handle 1 of the array of handles */
};

/* Elements of arrays, longer than the structures so that strides can grow. */
union misuse_element {
   struct drm_npu_vm_bind_op op;
   struct drm_npu_cmdbuf cmdbuf;
   struct drm_npu_sync sync;
   uint8_t bytes[256];
};

struct misuse_fixture {
   struct plan *plan;
   struct npu_transport *t;

   /* Objects; those of which there is only one have id 1. */
   uint32_t vm_id, other_vm_id, empty_vm_id, ctx_id;
   uint32_t bo, private_bo, no_mmap_bo; /* 64 KiB each; private to other_vm_id */
   uint32_t signalled, unsignalled;     /* binary sync objects, unsignalled one without a fence */
   uint32_t timeline;                   /* points up to 5 are signalled */
   int bo_fd, syncobj_fd, sync_file_fd, foreign_fd;

   /* The call. */
   unsigned long request;
   union {
      uint64_t words[32];
      uint8_t bytes[256];
   } args;
   union misuse_element ops[2], cmdbufs[2], waits[2], signals[2];
   uint32_t handles[2];
   uint64_t points[2];
   uint8_t out[256]; /* where queries go */
};

struct misuse_base {
   const char *name;
   void (*build)(struct misuse_fixture *f);
};

/* All ioctls, each with a call that succeeds on a fresh fixture. */
enum misuse_call {
   CALL_VERSION,
   CALL_GET_CAP,
   CALL_GEM_CLOSE,
   CALL_PRIME_HANDLE_TO_FD,
   CALL_PRIME_FD_TO_HANDLE,
   CALL_SYNCOBJ_CREATE,
   CALL_SYNCOBJ_DESTROY,
   CALL_SYNCOBJ_HANDLE_TO_FD,
   CALL_SYNCOBJ_EXPORT_SYNC_FILE,
   CALL_SYNCOBJ_FD_TO_HANDLE,
   CALL_SYNCOBJ_IMPORT_SYNC_FILE,
   CALL_SYNCOBJ_WAIT,
   CALL_SYNCOBJ_TIMELINE_WAIT,
   CALL_SYNCOBJ_RESET,
   CALL_SYNCOBJ_SIGNAL,
   CALL_SYNCOBJ_TIMELINE_SIGNAL,
   CALL_SYNCOBJ_QUERY,
   CALL_SYNCOBJ_TRANSFER,
   CALL_DEV_QUERY,
   CALL_BO_CREATE,
   CALL_BO_MMAP_OFFSET,
   CALL_BO_GET_INFO,
   CALL_BO_SET_LABEL,
   CALL_VM_CREATE,
   CALL_VM_DESTROY,
   CALL_VM_BIND,
   CALL_VM_BIND_ASYNC,
   CALL_VM_GET_STATE,
   CALL_CTX_CREATE,
   CALL_CTX_DESTROY,
   CALL_CTX_GET_STATE,
   CALL_SUBMIT,
   NUM_CALLS,
};

extern const struct misuse_base misuse_bases[NUM_CALLS];

void misuse_fixture_init(struct misuse_fixture *f, struct plan *plan, struct npu_transport *t);
void misuse_fixture_fini(struct misuse_fixture *f); /* closes the file descriptors */
void misuse_build(struct misuse_fixture *f, enum misuse_call call);
int misuse_call_now(struct misuse_fixture *f);
/* Closes the file descriptor that a call which succeeded has made, if it makes one. */
void misuse_close_fd(const struct misuse_fixture *f, enum misuse_call call);

/* What a failed call must not change. */
struct misuse_state {
   uint64_t memory_used_B;
   uint32_t next_bo, next_vm, next_ctx, next_syncobj; /* ids the next create will give */
   uint64_t jobs_submitted;
   uint32_t ctx_state;
   uint64_t timeline_point, timeline_last_submitted;
   int wait_signalled, wait_unsignalled; /* results of polling the binary sync objects */
   int next_fd;
};

void misuse_get_state(struct misuse_fixture *f, struct misuse_state *state);
void misuse_check_state(struct plan *plan, const struct misuse_state *before,
                        const struct misuse_state *after);

#endif
