/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The NPU as a PCI function: configuration space, BARs, interrupts and resets around the model.
 * Knows nothing of vfio-user; whoever owns it brings accesses to it and takes interrupts and DMA
 * from it.
 *
 *    BAR0  64 KiB, registers (docs/hardware); MSI-X table and pending bits in its last 8 KiB
 *    BAR2  device-local memory, 64-bit, prefetchable
 *
 * Threads: accesses come from one thread. npu_pci_inject() and npu_pci_get_state() may be called
 * from any. Interrupts and DMA happen on threads of the model.
 */

#ifndef NPU_PCI_H
#define NPU_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "npu_sim.h"

/* The ids QEMU's registry keeps for experiments; nobody's product has them. */
#define NPU_PCI_VENDOR_ID 0x1af4
#define NPU_PCI_DEVICE_ID 0x10f0

#define NPU_PCI_NUM_VECTORS   1
#define NPU_PCI_CONFIG_SIZE_B 4096
#define NPU_PCI_BAR_REGS      0
#define NPU_PCI_BAR_MEM       2
#define NPU_PCI_MSIX_TABLE_B  0xe000 /* offsets in BAR0 */
#define NPU_PCI_MSIX_PBA_B    0xf000

struct npu_pci;

/* What the device asks of the outside. Called from threads of the model. */
struct npu_pci_host {
   void *data;
   void (*interrupt)(void *data, unsigned vector);
   bool (*dma_read)(void *data, uint64_t address, void *to, size_t size_B);
   bool (*dma_write)(void *data, uint64_t address, const void *from, size_t size_B);
   /* Whether DMA may have to wait for something that only the thread of accesses can bring: then it
    * must not wait for DMA. NULL: never. */
   bool (*dma_asks)(void *data);
};

/* Defects that can be injected. */
struct npu_pci_defects {
   bool dead;               /* reads give all ones, writes are lost, no interrupts, no DMA */
   bool removed;            /* dead, and gone from configuration space */
   bool deaf;               /* doorbells are lost */
   uint32_t lose_irqs;      /* so many interrupts are lost; UINT32_MAX: all */
   uint32_t lose_doorbells; /* so many doorbells are lost */
   uint32_t slow_us;        /* every access to a register takes so long */
};

/* Figures for tests and the curious. */
struct npu_pci_state {
   uint64_t reg_reads, reg_writes, doorbells, irqs, irqs_lost, resets, dma_errors;
};

/* The model stays the caller's and must outlive the device. NULL without memory or threads. */
struct npu_pci *npu_pci_create(struct npu_sim *sim, const struct npu_pci_host *host);
void npu_pci_destroy(struct npu_pci *pci);

/* Configuration space; offset + size_B within it, else nothing happens (reads give ones). */
void npu_pci_config_read(struct npu_pci *pci, uint32_t offset, void *to, uint32_t size_B);
void npu_pci_config_write(struct npu_pci *pci, uint32_t offset, const void *from, uint32_t size_B);

/* BARs. False: there is no such BAR or the range is not inside it. */
bool npu_pci_bar_read(struct npu_pci *pci, unsigned bar, uint64_t offset, void *to, size_t size_B);
bool npu_pci_bar_write(struct npu_pci *pci, unsigned bar, uint64_t offset, const void *from,
                       size_t size_B);
/* 0: no such BAR. */
uint64_t npu_pci_bar_size_B(const struct npu_pci *pci, unsigned bar);
/* Where software has put it. */
uint64_t npu_pci_bar_address(const struct npu_pci *pci, unsigned bar);
/* The file behind a BAR that may be mapped, or -1. The device's. */
int npu_pci_bar_fd(const struct npu_pci *pci, unsigned bar);

/* Conventional reset: everything but the content of the memory. Waits until it is complete, so accesses to
 * memory must not need the calling thread (npu_pci_host.dma_asks) meanwhile. */
void npu_pci_reset(struct npu_pci *pci);

void npu_pci_inject(struct npu_pci *pci, const struct npu_pci_defects *defects);
/* Defects of command buffers, see npu_sim_inject(). */
void npu_pci_inject_job(struct npu_pci *pci, enum npu_sim_defect defect, uint32_t count,
                        uint64_t va);
void npu_pci_get_state(struct npu_pci *pci, struct npu_pci_state *state,
                       struct npu_pci_defects *defects);

#endif
