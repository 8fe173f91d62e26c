// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// The fault record fifo: what went wrong, in the order it happened, until the driver has read it.

#include "npu_sim_priv.h"

/* Adds a record and raises the interrupt. Called with no lock held. */
void
npu_fault_push(struct npu_sim *sim, const struct npu_fault_record *record)
{
   npu_count(sim, NPU_COUNTER(FAULTS), 1);
   pthread_mutex_lock(&sim->lock);
   if (sim->num_faults < NPU_FAULT_FIFO_SIZE) {
      unsigned slot = (sim->first_fault + sim->num_faults++) % NPU_FAULT_FIFO_SIZE;
      sim->faults[slot] = *record;
   } else {
      sim->fault_overflow = true;
   }
   pthread_mutex_unlock(&sim->lock);
   npu_irq_raise(sim, NPU_INT_STATUS_FAULT__MASK);
}

/* Registers from FAULT_STATUS to FAULT_TIME. Holds sim->lock. */
uint64_t
npu_fault_reg_read_locked(struct npu_sim *sim, uint32_t offset)
{
   static const struct npu_fault_record none;
   const struct npu_fault_record *record = sim->num_faults ? &sim->faults[sim->first_fault] : &none;

   switch (offset) {
   case NPU_REG_FAULT_STATUS:
      return NPU_SET(NPU_FAULT_STATUS_COUNT, sim->num_faults) |
             NPU_SET(NPU_FAULT_STATUS_OVERFLOW, sim->fault_overflow);
   case NPU_REG_FAULT_INFO:
      return record->info;
   case NPU_REG_FAULT_CONTEXT:
      return record->context;
   case NPU_REG_FAULT_KERNEL:
      return record->kernel;
   case NPU_REG_FAULT_PC:
      return record->pc;
   case NPU_REG_FAULT_ADDRESS:
      return record->address;
   case NPU_REG_FAULT_GROUP:
      return record->group;
   case NPU_REG_FAULT_SEQNO:
      return record->seqno;
   case NPU_REG_FAULT_TIME:
      return record->time_ns;
   default:
      return 0;
   }
}

/* Holds sim->lock. */
void
npu_fault_ack_locked(struct npu_sim *sim, uint64_t value)
{
   if ((value & NPU_FAULT_ACK_POP__MASK) && sim->num_faults) {
      sim->first_fault = (sim->first_fault + 1) % NPU_FAULT_FIFO_SIZE;
      sim->num_faults--;
   }
   if (value & NPU_FAULT_ACK_CLEAR_OVERFLOW__MASK)
      sim->fault_overflow = false;
}
