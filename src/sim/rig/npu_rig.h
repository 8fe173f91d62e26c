/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors
 *
 * The smallest driver there is for a device of the model: for npu-run and the model's tests. It
 * allocates device memory by counting up, writes page tables, and submits command buffers one ring
 * at a time. Nothing is ever freed before the device is. docs/simulator.md walks through it as an
 * example.
 *
 * Not thread-safe, except that the interrupt callback runs on threads of the device.
 */

#ifndef NPU_RIG_H
#define NPU_RIG_H

#include "npu_isa/npu_regs.h"
#include "npu_sim.h"

#define NPU_RIG_R  1u
#define NPU_RIG_W  2u
#define NPU_RIG_X  4u
#define NPU_RIG_RW (NPU_RIG_R | NPU_RIG_W)
#define NPU_RIG_RX (NPU_RIG_R | NPU_RIG_X)

#define NPU_RIG_ASID 1u /* the address space that npu_rig_create() makes */

struct npu_rig;

/* Creates a device with address space NPU_RIG_ASID and interrupts enabled. Sets *error like
 * npu_sim_create(). */
struct npu_rig *npu_rig_create(const struct npu_sim_config *config, char **error);
void npu_rig_destroy(struct npu_rig *rig);

struct npu_sim *npu_rig_sim(struct npu_rig *rig);

/* Physical memory: size_B bytes aligned to align_B (a power of two, at least a page), zero. Aborts
 * with a message if the device memory is used up. */
uint64_t npu_rig_alloc_pa(struct npu_rig *rig, uint64_t size_B, uint64_t align_B);
void *npu_rig_pa_ptr(struct npu_rig *rig, uint64_t pa);

/* Makes address space asid (1 to 255) with an empty page table. */
void npu_rig_make_vm(struct npu_rig *rig, unsigned asid);
/* Maps pages of level 0 (4 KiB), 1 (2 MiB) or 2 (1 GiB); va, pa, size_B are multiples of the page.
 * perms 0 removes the mapping. Does not invalidate. */
void npu_rig_set_pages(struct npu_rig *rig, unsigned asid, uint64_t va, uint64_t pa,
                       uint64_t size_B, unsigned perms, unsigned level);
/* The entry that maps va at a level, or NULL if there is no table yet. */
uint64_t *npu_rig_pte(struct npu_rig *rig, unsigned asid, uint64_t va, unsigned level);
void npu_rig_invalidate(struct npu_rig *rig, unsigned asid, uint64_t va, uint64_t size_B);
/* npu_rig_set_pages() with small pages, and invalidation. */
void npu_rig_map(struct npu_rig *rig, unsigned asid, uint64_t va, uint64_t pa, uint64_t size_B,
                 unsigned perms);

/* Memory and a mapping for it in NPU_RIG_ASID; returns the address. An unmapped page follows. */
uint64_t npu_rig_alloc(struct npu_rig *rig, uint64_t size_B, unsigned perms);
/* Host pointer to what npu_rig_alloc() made: to its bytes [va, end of the allocation). */
void *npu_rig_ptr(struct npu_rig *rig, uint64_t va);

/* Enables a queue with a ring of 2^size_log2 packets. npu_rig_submit() does it with 2^6. */
void npu_rig_enable_queue(struct npu_rig *rig, unsigned queue, unsigned size_log2);
/* Puts a packet into the ring (waiting for room) without ringing the doorbell. */
void npu_rig_push(struct npu_rig *rig, unsigned queue, const void *packet);
void npu_rig_doorbell(struct npu_rig *rig, unsigned queue);

/* Copies packets into a command buffer and submits EXEC and FENCE. The context id is 100 + queue.
 * Returns the seqno to wait for. */
uint64_t npu_rig_submit(struct npu_rig *rig, unsigned queue, unsigned asid, const void *packets,
                        uint32_t num_packets);
/* Waits until the queue's fence has reached seqno. False: not within timeout_ms. */
bool npu_rig_wait(struct npu_rig *rig, unsigned queue, uint64_t seqno, unsigned timeout_ms);

/* A fault record in readable form. */
struct npu_rig_fault {
   enum npu_fault type;
   enum npu_access access;
   bool in_kernel;
   unsigned queue, asid, wave, core, code;
   uint32_t context_id, lanes, kernel_id;
   uint64_t pc, address, group, seqno, time_ns;
};

/* Takes the oldest fault record. False: there is none. */
bool npu_rig_pop_fault(struct npu_rig *rig, struct npu_rig_fault *fault);
/* Writes one line about a fault into buffer. */
void npu_rig_describe_fault(const struct npu_rig_fault *fault, char *buffer, size_t size_B);

/* Number of interrupts so far. */
unsigned npu_rig_num_irqs(struct npu_rig *rig);

/* A DISPATCH packet with the fields nearly everybody wants. */
struct npu_packet_dispatch npu_rig_dispatch(uint64_t code_va, uint64_t args_va, uint32_t groups,
                                            uint16_t group_size);

#endif
