// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Defects of the command processor on demand, for tests of drivers: what a healthy device does only when
// a program asks for it, or never. A defect belongs to a number of command buffers, or to those at one
// address only, so that a test can hit one process and not another.

#include <time.h>

#include "npu_sim_priv.h"

void
npu_sim_inject(struct npu_sim *sim, enum npu_sim_defect defect, uint32_t count, uint64_t va)
{
   pthread_mutex_lock(&sim->lock);
   sim->defect = count ? defect : NPU_SIM_DEFECT_NONE;
   sim->defect_left = count;
   sim->defect_va = va;
   pthread_mutex_unlock(&sim->lock);
}

/* Which defect the command buffer at va has; counts it. */
enum npu_sim_defect
npu_defect_take(struct npu_sim *sim, uint64_t va)
{
   enum npu_sim_defect defect = NPU_SIM_DEFECT_NONE;

   pthread_mutex_lock(&sim->lock);
   if (sim->defect_left && (!sim->defect_va || sim->defect_va == va)) {
      defect = sim->defect;
      sim->defect_left--;
   }
   pthread_mutex_unlock(&sim->lock);
   return defect;
}

static void
sleep_until(const _Atomic int *stop, bool only_reset)
{
   const struct timespec pause = {.tv_nsec = 500000};
   int now;

   while ((now = atomic_load(stop)) != NPU_STOP_RESET && (only_reset || now == NPU_STOP_NONE))
      nanosleep(&pause, NULL);
}

/* In front of the EXEC: returns when the device is reset. */
void
npu_defect_stall(struct npu_queue *queue)
{
   sleep_until(&queue->stop, true);
}

/* Inside the EXEC, instead of its packets. Returns false if they are to be executed. */
bool
npu_defect_run(struct npu_queue *queue, enum npu_sim_defect defect, uint64_t va)
{
   struct npu_fault_report report = {
      .access = NPU_ACCESS_COMMAND,
      .pc = va,
      .address = va,
   };

   switch (defect) {
   case NPU_SIM_DEFECT_HANG:
      sleep_until(&queue->stop, false);
      npu_queue_note_stop(queue, &report);
      return true;
   case NPU_SIM_DEFECT_PAGE_FAULT:
      report.type = NPU_FAULT_UNMAPPED;
      npu_queue_fault(queue, &report);
      return true;
   case NPU_SIM_DEFECT_ECC:
      report.type = NPU_FAULT_MEMORY_ERROR;
      npu_queue_fault(queue, &report);
      return true;
   case NPU_SIM_DEFECT_NONE:
   case NPU_SIM_DEFECT_STALL:
      break;
   }
   return false;
}
