/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Access to user memory, and the driver's own.
 *
 * A kernel driver survives wild pointers because copy_from_user() checks them. In this process the
 * kernel does the same for us: process_vm_readv() and process_vm_writev() on ourselves fail with
 * EFAULT instead of raising a signal. Where they are forbidden (some sandboxes) plain memcpy must
 * do, and a wild pointer crashes the caller: the only thing this transport does not promise there.
 * Memcpy also serves callers that vouch for their pointers (npu_transport.trusts_pointers), as the
 * winsys does: two system calls for each copy would be most of what a launch costs.
 */

#include "npu_kmd.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static _Thread_local long fail_after = -1;

/* The ioctl this thread is in comes from a caller whose pointers are valid. */
static _Thread_local bool trusted;

void
npu_kmd_trust_pointers(bool trust)
{
   trusted = trust;
}

long
npu_kmd_fail_alloc_after(long count)
{
   long left = fail_after;
   fail_after = count;
   return left;
}

void *
npu_kmd_zalloc(size_t size_B)
{
   if (fail_after >= 0 && fail_after-- == 0)
      return NULL;
   return calloc(1, size_B ? size_B : 1);
}

void
npu_kmd_free(void *memory)
{
   free(memory);
}

/* Whether the system calls work: 0 not known, 1 yes, 2 no. */
static atomic_int checked_copy;

static bool
use_checked_copy(void)
{
   if (trusted)
      return false;

   int state = atomic_load_explicit(&checked_copy, memory_order_relaxed);

   if (!state) {
      int from = 42, to = 0;
      struct iovec local = {&to, sizeof(to)}, remote = {&from, sizeof(from)};
      ssize_t done = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
      state = done == sizeof(to) && to == from ? 1 : 2;
      atomic_store_explicit(&checked_copy, state, memory_order_relaxed);
   }
   return state == 1;
}

int
npu_kmd_copy_in(void *to, uint64_t from_user, size_t size_B)
{
   struct iovec local = {to, size_B}, remote = {(void *)(uintptr_t)from_user, size_B};

   if (!size_B)
      return 0;
   if (!use_checked_copy()) {
      if (!from_user)
         return -EFAULT;
      memcpy(to, remote.iov_base, size_B);
      return 0;
   }
   return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size_B ? 0 : -EFAULT;
}

int
npu_kmd_copy_out(uint64_t to_user, const void *from, size_t size_B)
{
   struct iovec local = {(void *)from, size_B}, remote = {(void *)(uintptr_t)to_user, size_B};

   if (!size_B)
      return 0;
   if (!use_checked_copy()) {
      if (!to_user)
         return -EFAULT;
      memcpy(remote.iov_base, from, size_B);
      return 0;
   }
   return process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size_B ? 0 : -EFAULT;
}

int
npu_kmd_copy_array(const struct drm_npu_obj_array *array, size_t size_B, uint32_t max_count,
                   void **out)
{
   *out = NULL;

   if (!array->count)
      return array->stride || array->array ? -EINVAL : 0;
   if (array->count > max_count || array->stride < size_B ||
       array->stride > DRM_NPU_MAX_OBJ_STRIDE || array->stride % 8)
      return -EINVAL;

   size_t total_B = (size_t)array->stride * array->count;
   uint8_t *raw = npu_kmd_zalloc(total_B);
   if (!raw)
      return -ENOMEM;
   if (npu_kmd_copy_in(raw, array->array, total_B)) {
      npu_kmd_free(raw);
      return -EFAULT;
   }

   /* Move the known part of each element together; what is longer must say nothing. */
   for (uint32_t i = 0; i < array->count; i++) {
      const uint8_t *element = raw + (size_t)i * array->stride;
      for (size_t byte = size_B; byte < array->stride; byte++) {
         if (element[byte]) {
            npu_kmd_free(raw);
            return -E2BIG;
         }
      }
      memmove(raw + i * size_B, element, size_B);
   }

   *out = raw;
   return 0;
}
