/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * A queue of writes and one worker. As long as it is empty, writes that cannot wait go straight to the model. One
 * that waits goes into the queue, and then all that follow it do, so that the model sees them in order: a driver
 * that sets VM_TABLE_BASE and rings a doorbell finds its table. The exception is an invalidation. It says BUSY, so
 * the driver knows when it is over, and doorbells and acknowledgements go on meanwhile, as on hardware.
 *
 * Reads show what the queue will make of a register: the value that was written, or BUSY. Those of hardware queues
 * read as they are, which a driver sees whenever it is faster than the device.
 *
 * What it misses: more than NPU_POSTED_MAX writes behind one that waits are lost. A driver that sets the device up
 * makes some forty; whoever makes more does not look at what the device says.
 */

#include "npu_posted.h"

#include <pthread.h>
#include <stdlib.h>

#include "npu_isa/npu_regs.h"
#include "npu_sim.h"

#define NPU_POSTED_MAX 1024u

/* Instead of an offset: a function-level reset. */
#define FUNCTION_RESET UINT32_MAX

struct write {
   uint32_t offset;
   uint64_t value;
};

struct npu_posted {
   struct npu_sim *sim;
   pthread_t worker;

   pthread_mutex_t lock; /* protects what follows */
   pthread_cond_t change;
   bool quit;
   unsigned first, num;  /* the first one is under way */
   unsigned num_ordered; /* of those, all but invalidations */
   struct write writes[NPU_POSTED_MAX];
};

static struct write *
nth_locked(struct npu_posted *posted, unsigned n)
{
   return &posted->writes[(posted->first + n) % NPU_POSTED_MAX];
}

static void
carry_out(struct npu_posted *posted, const struct write *write)
{
   if (write->offset == FUNCTION_RESET)
      npu_sim_reset(posted->sim);
   else
      npu_sim_reg_write(posted->sim, write->offset, write->value);
}

static void *
worker_main(void *data)
{
   struct npu_posted *posted = data;

   pthread_mutex_lock(&posted->lock);
   for (;;) {
      while (!posted->num && !posted->quit)
         pthread_cond_wait(&posted->change, &posted->lock);
      if (!posted->num)
         break;
      const struct write write = *nth_locked(posted, 0);
      pthread_mutex_unlock(&posted->lock);
      carry_out(posted, &write);
      pthread_mutex_lock(&posted->lock);
      posted->first = (posted->first + 1) % NPU_POSTED_MAX;
      posted->num--;
      posted->num_ordered -= write.offset != NPU_REG_TLB_CONTROL;
      pthread_cond_broadcast(&posted->change);
   }
   pthread_mutex_unlock(&posted->lock);
   return NULL;
}

struct npu_posted *
npu_posted_create(struct npu_sim *sim)
{
   struct npu_posted *posted = calloc(1, sizeof(*posted));

   if (!posted)
      return NULL;
   posted->sim = sim;
   pthread_mutex_init(&posted->lock, NULL);
   pthread_cond_init(&posted->change, NULL);
   if (pthread_create(&posted->worker, NULL, worker_main, posted)) {
      pthread_cond_destroy(&posted->change);
      pthread_mutex_destroy(&posted->lock);
      free(posted);
      return NULL;
   }
   return posted;
}

void
npu_posted_destroy(struct npu_posted *posted)
{
   if (!posted)
      return;
   pthread_mutex_lock(&posted->lock);
   posted->quit = true;
   pthread_cond_broadcast(&posted->change);
   pthread_mutex_unlock(&posted->lock);
   pthread_join(posted->worker, NULL);
   pthread_cond_destroy(&posted->change);
   pthread_mutex_destroy(&posted->lock);
   free(posted);
}

static void
append_locked(struct npu_posted *posted, uint32_t offset, uint64_t value)
{
   if (posted->num == NPU_POSTED_MAX)
      return;
   *nth_locked(posted, posted->num++) = (struct write){offset, value};
   posted->num_ordered += offset != NPU_REG_TLB_CONTROL;
   pthread_cond_broadcast(&posted->change);
}

static bool
is_queued_locked(struct npu_posted *posted, uint32_t offset)
{
   for (unsigned i = 0; i < posted->num; i++) {
      if (nth_locked(posted, i)->offset == offset)
         return true;
   }
   return false;
}

/* Whether the model may wait for memory in it. */
static bool
waits(uint32_t offset)
{
   return offset == NPU_REG_RESET || offset == NPU_REG_TLB_CONTROL ||
          offset == NPU_REG_VM_TABLE_BASE;
}

void
npu_posted_write(struct npu_posted *posted, uint32_t offset, uint64_t value, bool may_wait)
{
   pthread_mutex_lock(&posted->lock);
   bool later = posted->num_ordered || (waits(offset) && (posted->num || !may_wait));
   /* While they say BUSY, these two ignore writes. */
   bool ignored = (offset == NPU_REG_RESET || offset == NPU_REG_TLB_CONTROL) &&
                  is_queued_locked(posted, offset);
   if (offset == NPU_REG_RESET && !(value & NPU_RESET_BUSY__MASK))
      ignored = true;
   if (later && !ignored)
      append_locked(posted, offset, value);
   pthread_mutex_unlock(&posted->lock);
   if (!later && !ignored)
      npu_sim_reg_write(posted->sim, offset, value);
}

void
npu_posted_reset(struct npu_posted *posted, bool may_wait)
{
   pthread_mutex_lock(&posted->lock);
   bool later = posted->num || !may_wait;
   if (posted->num > 1) {
      posted->num = 1;
      posted->num_ordered = nth_locked(posted, 0)->offset != NPU_REG_TLB_CONTROL;
   }
   if (later)
      append_locked(posted, FUNCTION_RESET, 0);
   pthread_mutex_unlock(&posted->lock);
   if (!later)
      npu_sim_reset(posted->sim);
}

bool
npu_posted_in_reset(struct npu_posted *posted)
{
   pthread_mutex_lock(&posted->lock);
   bool ret = is_queued_locked(posted, FUNCTION_RESET);
   pthread_mutex_unlock(&posted->lock);
   return ret;
}

/* What a register that is read as old reads as when write was carried out. */
static uint64_t
after(const struct write *write, uint64_t old)
{
   switch (write->offset) {
   case NPU_REG_RESET:
      return old | NPU_RESET_BUSY__MASK;
   case NPU_REG_TLB_CONTROL:
      return old | NPU_TLB_CONTROL_BUSY__MASK;
   case NPU_REG_VM_TABLE_BASE:
      return write->value & NPU_VM_TABLE_BASE_PA__MASK & ~(uint64_t)(NPU_PAGE_SIZE_B - 1);
   case NPU_REG_SCRATCH:
   case NPU_REG_TLB_VA:
   case NPU_REG_TLB_SIZE:
      return write->value;
   default:
      return old;
   }
}

uint64_t
npu_posted_read(struct npu_posted *posted, uint32_t offset)
{
   pthread_mutex_lock(&posted->lock);
   /* Under the lock: nothing leaves the queue between this and the look at it. */
   uint64_t value = npu_sim_reg_read(posted->sim, offset);
   for (unsigned i = 0; i < posted->num; i++) {
      const struct write *write = nth_locked(posted, i);
      if (write->offset == offset)
         value = after(write, value);
   }
   pthread_mutex_unlock(&posted->lock);
   return value;
}

void
npu_posted_wait(struct npu_posted *posted)
{
   pthread_mutex_lock(&posted->lock);
   while (posted->num)
      pthread_cond_wait(&posted->change, &posted->lock);
   pthread_mutex_unlock(&posted->lock);
}
