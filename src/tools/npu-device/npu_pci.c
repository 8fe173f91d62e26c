/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Configuration space is 256 bytes of values and 256 bytes of masks that say which bits software
 * may change; the few bits that do something are looked at after each write:
 *  1. COMMAND.BUS_MASTER off: the device does no DMA and sends no MSI.
 *  2. PMCSR to D3hot: registers read as ones; back to D0: reset (No_Soft_Reset is 0). The memory
 * keeps its content, it refreshes itself.
 *  3. DEVCTL bit 15: function-level reset.
 *
 * Resets and some registers wait for accesses to memory that are under way. Where those need the thread
 * that brought the register write (npu_pci_host.dma_asks), they happen behind it (npu_posted.c): the
 * registers say BUSY, as the specification allows, or read as ones in a function-level reset.
 *
 * Registers are 64 bits wide. An access of 4 bytes reads half of one; written, the low half goes
 * through with zeros above, the high half is kept for the write of the low half that follows.
 */

#include "npu_pci.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "npu_isa/npu_regs.h"
#include "npu_posted.h"

#define CAP_PM   0x40
#define CAP_MSIX 0x50
#define CAP_PCIE 0x60

#define CONFIG_COMMAND     0x04
#define COMMAND_BUS_MASTER 0x0004
#define CONFIG_PMCSR       (CAP_PM + 4)
#define CONFIG_DEVCTL      (CAP_PCIE + 8)
#define DEVCTL_FLR         0x8000
#define LEGACY_CONFIG_B    256

struct npu_pci {
   struct npu_sim *sim;
   struct npu_pci_host host;
   uint8_t config[LEGACY_CONFIG_B], writable[LEGACY_CONFIG_B];
   uint32_t high_half; /* of a register, written before its low half */
   uint32_t high_half_offset;

   atomic_bool may_dma; /* bus master, in D0 */

   struct npu_posted *posted;

   pthread_mutex_t lock; /* protects what follows */
   struct npu_pci_defects defects;
   struct npu_pci_state state;
};

/* Whether a register write or a reset may wait for memory. */
static bool
may_wait(const struct npu_pci *pci)
{
   return !pci->host.dma_asks || !pci->host.dma_asks(pci->host.data);
}

/* ----------------------------------------------------------------------- configuration space -- */

static void
put(uint8_t *at, uint64_t value, unsigned size_B)
{
   for (unsigned i = 0; i < size_B; i++)
      at[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t
get16(const struct npu_pci *pci, unsigned offset)
{
   return pci->config[offset] | (uint32_t)pci->config[offset + 1] << 8;
}

static void
reset_config(struct npu_pci *pci)
{
   uint8_t *c = pci->config, *w = pci->writable;
   uint64_t mem_size_B = npu_sim_mem_size_B(pci->sim);

   memset(c, 0, LEGACY_CONFIG_B);
   memset(w, 0, LEGACY_CONFIG_B);

   put(c + 0x00, NPU_PCI_VENDOR_ID, 2);
   put(c + 0x02, NPU_PCI_DEVICE_ID, 2);
   put(w + CONFIG_COMMAND, 0x0546, 2); /* memory, bus master, parity, SERR, INTx disable */
   put(c + 0x06, 0x0010, 2);           /* status: has capabilities */
   put(c + 0x08, NPU_GET(npu_sim_reg_read(pci->sim, NPU_REG_ID), NPU_ID_REVISION), 1);
   put(c + 0x09, 0x120000, 3); /* processing accelerator */
   put(w + 0x0c, 0xff, 1);     /* cache line size */
   put(w + 0x10, ~(uint64_t)(NPU_BAR_SIZE_B - 1), 4);
   put(c + 0x18, 0xc, 4); /* 64-bit, prefetchable */
   put(w + 0x18, ~(mem_size_B - 1), 8);
   put(c + 0x2c, NPU_PCI_VENDOR_ID, 2);
   put(c + 0x2e, NPU_PCI_DEVICE_ID, 2);
   put(c + 0x34, CAP_PM, 1);
   put(w + 0x3c, 0xff, 1); /* interrupt line */

   put(c + CAP_PM, 0x01, 1);
   put(c + CAP_PM + 1, CAP_MSIX, 1);
   put(c + CAP_PM + 2, 0x0003, 2); /* version 3; D3hot, no D1, D2, PME */
   put(w + CONFIG_PMCSR, 0x0003, 2);

   put(c + CAP_MSIX, 0x11, 1);
   put(c + CAP_MSIX + 1, CAP_PCIE, 1);
   put(c + CAP_MSIX + 2, NPU_PCI_NUM_VECTORS - 1, 2);
   put(w + CAP_MSIX + 2, 0xc000, 2);
   put(c + CAP_MSIX + 4, NPU_PCI_MSIX_TABLE_B | NPU_PCI_BAR_REGS, 4);
   put(c + CAP_MSIX + 8, NPU_PCI_MSIX_PBA_B | NPU_PCI_BAR_REGS, 4);

   put(c + CAP_PCIE, 0x10, 1);
   put(c + CAP_PCIE + 2, 0x0092, 2);     /* version 2, integrated endpoint */
   put(c + CAP_PCIE + 4, 0x10008000, 4); /* function-level reset, role-based errors */
   put(w + CONFIG_DEVCTL, 0x7fff, 2);
   put(c + CONFIG_DEVCTL, 0x2810, 2);
   pci->high_half_offset = UINT32_MAX;
}

static bool
is_awake(const struct npu_pci *pci)
{
   return (get16(pci, CONFIG_PMCSR) & 3) == 0;
}

static void
update_power(struct npu_pci *pci)
{
   atomic_store(&pci->may_dma, (get16(pci, CONFIG_COMMAND) & COMMAND_BUS_MASTER) && is_awake(pci));
}

void
npu_pci_config_read(struct npu_pci *pci, uint32_t offset, void *to, uint32_t size_B)
{
   uint8_t *bytes = to;

   pthread_mutex_lock(&pci->lock);
   bool removed = pci->defects.removed;
   pthread_mutex_unlock(&pci->lock);

   for (uint32_t i = 0; i < size_B; i++) {
      uint32_t at = offset + i;
      if (removed || at < offset || at >= NPU_PCI_CONFIG_SIZE_B)
         bytes[i] = 0xff;
      else
         bytes[i] = at < LEGACY_CONFIG_B ? pci->config[at] : 0;
   }
}

/* Function-level reset and waking up: need not be complete when this returns. */
static void
reset_function(struct npu_pci *pci)
{
   atomic_store(&pci->may_dma, false);
   npu_posted_reset(pci->posted, may_wait(pci));
   reset_config(pci);
   pthread_mutex_lock(&pci->lock);
   pci->state.resets++;
   pthread_mutex_unlock(&pci->lock);
}

void
npu_pci_config_write(struct npu_pci *pci, uint32_t offset, const void *from, uint32_t size_B)
{
   const uint8_t *bytes = from;
   bool was_awake = is_awake(pci), flr = false;

   pthread_mutex_lock(&pci->lock);
   bool removed = pci->defects.removed;
   pthread_mutex_unlock(&pci->lock);
   if (removed)
      return;

   for (uint32_t i = 0; i < size_B; i++) {
      uint32_t at = offset + i;
      if (at < offset || at >= LEGACY_CONFIG_B)
         break;
      pci->config[at] = (pci->config[at] & ~pci->writable[at]) | (bytes[i] & pci->writable[at]);
      if (at == CONFIG_DEVCTL + 1 && (bytes[i] & (DEVCTL_FLR >> 8)))
         flr = true;
   }
   update_power(pci);
   if (flr || (!was_awake && is_awake(pci)))
      reset_function(pci);
}

/* -------------------------------------------------------------------------- registers, memory -- */

static bool
is_doorbell(uint64_t offset)
{
   for (unsigned q = 0; q < NPU_NUM_QUEUES; q++) {
      if (offset == NPU_REG_QUEUE_TAIL(q))
         return true;
   }
   return false;
}

/* Accounts for an access and carries out what was injected. Returns whether the device answers. */
static bool
begin_access(struct npu_pci *pci, uint64_t offset, bool write)
{
   pthread_mutex_lock(&pci->lock);
   bool answers = !pci->defects.dead && !pci->defects.removed && is_awake(pci) &&
                  !npu_posted_in_reset(pci->posted);
   uint32_t slow_us = pci->defects.slow_us;

   if (write) {
      pci->state.reg_writes++;
      if (is_doorbell(offset)) {
         pci->state.doorbells++;
         if (pci->defects.deaf)
            answers = false;
         if (pci->defects.lose_doorbells) {
            pci->defects.lose_doorbells--;
            answers = false;
         }
      }
   } else {
      pci->state.reg_reads++;
   }
   pthread_mutex_unlock(&pci->lock);

   if (slow_us) {
      const struct timespec time = {.tv_sec = slow_us / 1000000,
                                    .tv_nsec = slow_us % 1000000 * 1000l};
      nanosleep(&time, NULL);
   }
   return answers;
}

static void
regs_read(struct npu_pci *pci, uint64_t offset, uint8_t *to, size_t size_B)
{
   while (size_B) {
      size_t piece_B = size_B >= 8 && offset % 8 == 0 ? 8 : 4 - offset % 4;
      if (piece_B > size_B)
         piece_B = size_B;

      uint64_t value = UINT64_MAX;
      if (begin_access(pci, offset & ~7ull, false))
         value = npu_posted_read(pci->posted, (uint32_t)offset & ~7u) >> (8 * (offset % 8));
      memcpy(to, &value, piece_B);
      to += piece_B;
      offset += piece_B;
      size_B -= piece_B;
   }
}

static void
regs_write(struct npu_pci *pci, uint64_t offset, const uint8_t *from, size_t size_B)
{
   uint64_t value = 0;

   memcpy(&value, from, size_B);
   if (size_B == 4 && offset % 8 == 4) {
      pci->high_half = (uint32_t)value;
      pci->high_half_offset = (uint32_t)offset - 4;
      return;
   }
   if (size_B == 4 && pci->high_half_offset == offset)
      value |= (uint64_t)pci->high_half << 32;
   pci->high_half_offset = UINT32_MAX;
   if (!begin_access(pci, offset, true))
      return;
   npu_posted_write(pci->posted, (uint32_t)offset, value, may_wait(pci));
}

uint64_t
npu_pci_bar_size_B(const struct npu_pci *pci, unsigned bar)
{
   switch (bar) {
   case NPU_PCI_BAR_REGS:
      return NPU_BAR_SIZE_B;
   case NPU_PCI_BAR_MEM:
      return npu_sim_mem_size_B(pci->sim);
   default:
      return 0;
   }
}

uint64_t
npu_pci_bar_address(const struct npu_pci *pci, unsigned bar)
{
   uint64_t value;

   memcpy(&value, pci->config + 0x10 + 4 * bar, sizeof(value));
   return bar == NPU_PCI_BAR_MEM ? value & ~0xfull : value & 0xfffffff0ull;
}

int
npu_pci_bar_fd(const struct npu_pci *pci, unsigned bar)
{
   return bar == NPU_PCI_BAR_MEM ? npu_sim_mem_fd(pci->sim) : -1;
}

static bool
in_bar(const struct npu_pci *pci, unsigned bar, uint64_t offset, size_t size_B)
{
   uint64_t bar_size_B = npu_pci_bar_size_B(pci, bar);

   return offset < bar_size_B && size_B <= bar_size_B - offset;
}

bool
npu_pci_bar_read(struct npu_pci *pci, unsigned bar, uint64_t offset, void *to, size_t size_B)
{
   if (!in_bar(pci, bar, offset, size_B))
      return false;
   if (bar == NPU_PCI_BAR_REGS)
      regs_read(pci, offset, to, size_B);
   else
      memcpy(to, (uint8_t *)npu_sim_mem_ptr(pci->sim) + offset, size_B);
   return true;
}

bool
npu_pci_bar_write(struct npu_pci *pci, unsigned bar, uint64_t offset, const void *from,
                  size_t size_B)
{
   if (!in_bar(pci, bar, offset, size_B))
      return false;
   if (bar == NPU_PCI_BAR_MEM) {
      memcpy((uint8_t *)npu_sim_mem_ptr(pci->sim) + offset, from, size_B);
   } else if (size_B == 8 || size_B == 4) {
      /* Narrower writes of registers mean nothing. */
      if (offset % size_B == 0)
         regs_write(pci, offset, from, size_B);
   }
   return true;
}

/* ------------------------------------------------------------------------ from the model's side --
 */

static void
on_interrupt(void *data, unsigned vector)
{
   struct npu_pci *pci = data;

   pthread_mutex_lock(&pci->lock);
   bool lost = pci->defects.dead || pci->defects.removed || !atomic_load(&pci->may_dma);
   if (pci->defects.lose_irqs) {
      if (pci->defects.lose_irqs != UINT32_MAX)
         pci->defects.lose_irqs--;
      lost = true;
   }
   pci->state.irqs++;
   pci->state.irqs_lost += lost;
   pthread_mutex_unlock(&pci->lock);
   if (!lost)
      pci->host.interrupt(pci->host.data, vector);
}

static bool
note_dma(struct npu_pci *pci, bool good)
{
   if (!good) {
      pthread_mutex_lock(&pci->lock);
      pci->state.dma_errors++;
      pthread_mutex_unlock(&pci->lock);
   }
   return good;
}

static bool
on_dma_read(void *data, uint64_t address, void *to, size_t size_B)
{
   struct npu_pci *pci = data;

   return note_dma(pci, atomic_load(&pci->may_dma) &&
                           pci->host.dma_read(pci->host.data, address, to, size_B));
}

static bool
on_dma_write(void *data, uint64_t address, const void *from, size_t size_B)
{
   struct npu_pci *pci = data;

   return note_dma(pci, atomic_load(&pci->may_dma) &&
                           pci->host.dma_write(pci->host.data, address, from, size_B));
}

/* --------------------------------------------------------------------------------------------- -- */

struct npu_pci *
npu_pci_create(struct npu_sim *sim, const struct npu_pci_host *host)
{
   struct npu_pci *pci = calloc(1, sizeof(*pci));

   if (!pci)
      return NULL;
   pci->sim = sim;
   pci->host = *host;
   pci->posted = npu_posted_create(sim);
   if (!pci->posted) {
      free(pci);
      return NULL;
   }
   pthread_mutex_init(&pci->lock, NULL);
   reset_config(pci);
   update_power(pci);

   const struct npu_sim_host_ops dma = {
      .data = pci,
      .read = on_dma_read,
      .write = on_dma_write,
   };
   npu_sim_set_host_dma(sim, &dma);
   npu_sim_set_irq(sim, on_interrupt, pci);
   return pci;
}

void
npu_pci_destroy(struct npu_pci *pci)
{
   if (!pci)
      return;
   npu_posted_destroy(pci->posted);
   npu_sim_reset(pci->sim);
   npu_sim_set_irq(pci->sim, NULL, NULL);
   pthread_mutex_destroy(&pci->lock);
   free(pci);
}

void
npu_pci_reset(struct npu_pci *pci)
{
   atomic_store(&pci->may_dma, false);
   npu_posted_wait(pci->posted);
   npu_sim_reset(pci->sim);
   reset_config(pci);
   pthread_mutex_lock(&pci->lock);
   pci->state.resets++;
   pthread_mutex_unlock(&pci->lock);
}

void
npu_pci_inject(struct npu_pci *pci, const struct npu_pci_defects *defects)
{
   pthread_mutex_lock(&pci->lock);
   pci->defects = *defects;
   pthread_mutex_unlock(&pci->lock);
}

void
npu_pci_inject_job(struct npu_pci *pci, enum npu_sim_defect defect, uint32_t count, uint64_t va)
{
   npu_sim_inject(pci->sim, defect, count, va);
}

void
npu_pci_get_state(struct npu_pci *pci, struct npu_pci_state *state, struct npu_pci_defects *defects)
{
   pthread_mutex_lock(&pci->lock);
   if (state)
      *state = pci->state;
   if (defects)
      *defects = pci->defects;
   pthread_mutex_unlock(&pci->lock);
}
