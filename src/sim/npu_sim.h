/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors
 *
 * The NPU as a library: the device interface of the model (libnpusim).
 *
 * A device has registers (npu_isa/npu_regs.h), device-local memory and an interrupt. Whoever owns
 * it plays the kernel driver: writes page tables and rings into the memory, rings doorbells, reads
 * fences and fault records. docs/hardware/ specifies the device, docs/simulator.md this library.
 *
 * Threads: every function may be called from any thread at any time unless it says otherwise. The
 * device runs on its own threads, which are made when they are first needed.
 *
 * fork: the threads of the device do not exist in a child process. There, the device is inert:
 * registers read as zero, writes do nothing, npu_sim_destroy() releases the child's mappings and
 * returns at once.
 */

#ifndef NPU_SIM_H
#define NPU_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct npu_sim;

/* How kernels are executed. */
enum npu_sim_engine {
   NPU_SIM_ENGINE_INTERP, /* reference interpreter */
   NPU_SIM_ENGINE_JIT,    /* translation to host code before a kernel runs */
   NPU_SIM_ENGINE_TIERED, /* interpreter, then translation when it pays */
};

/* Which instructions of the host the JIT uses. */
enum npu_sim_cpu {
   NPU_SIM_CPU_NATIVE, /* all it has */
   NPU_SIM_CPU_SSE2,
   NPU_SIM_CPU_AVX2,
   NPU_SIM_CPU_AVX512,
};

#define NPU_SIM_MAX_CORES 1024

struct npu_sim_config {
   enum npu_sim_engine engine;
   /* Cores of the device, 1 to NPU_SIM_MAX_CORES; 0: one for each CPU this process may use. */
   unsigned num_cores;
   /* Device-local memory in bytes, a multiple of 2 MiB, at least 16 MiB. It is sparse: only what is
    * written takes memory of the host. */
   uint64_t mem_size_B;
   /* Width of virtual addresses, 30 to 40. */
   unsigned va_bits;
   /* If the host's address space is too small for 2^va_bits: take fewer bits (and say so on
    * standard error) instead of failing. */
   bool va_bits_may_shrink;
   /* QUEUE_WATCHDOG of every queue after reset, in milliseconds; 0: off until the driver sets it. */
   unsigned watchdog_ms;
   /* Write garbage wherever the specification says "undefined": inactive lanes, local memory of a
    * new work-group. Finds code that relies on such values. */
   bool poison;
   /* Print every executed instruction to standard error (slow; sensible with cores=1). */
   bool trace;
   /* Translate every access in software instead of trying it in the host's address space. Slow; the
    * result must not differ. */
   bool exact;
   /* Do not use vector instructions of the host beyond its base set. The result must not differ. */
   bool portable;
   enum npu_sim_cpu jit_cpu;
   /* NaN results of the JIT have the bits that the interpreter's have, for comparisons. */
   bool jit_canonical_nans;
   bool jit_quick; /* host code made quickly instead of well */
   /* Note which operations are executed, for npu_sim_op_coverage(). */
   bool coverage;
};

/* Fills *config with the defaults, then applies text: a comma separated list as in the environment
 * variable NPU_SIM ("jit", "cores=4", "mem=2G", "watchdog=500", "va-bits=38", "poison",
 * "trace"). text may be NULL or empty. Each word that is not understood is reported on standard
 * error and otherwise ignored; the function returns false if there was one. */
bool npu_sim_config_parse(struct npu_sim_config *config, const char *text);

/* npu_sim_config_parse() with the value of the environment variable of that name (usually
 * "NPU_SIM"). */
bool npu_sim_config_from_env(struct npu_sim_config *config, const char *variable);

/* Creates a device in its reset state. config NULL: defaults. On failure returns NULL and, if error
 * is not NULL, sets *error to a message that the caller frees with free(). */
struct npu_sim *npu_sim_create(const struct npu_sim_config *config, char **error);

/* To be called by each thread that uses the device, at least once, as npu_sim_create() does for its caller: if it calls
 * exit(), what must not be interrupted then comes to its end first. Cheap after the first time. */
void npu_sim_watch_exit(const struct npu_sim *sim);

/* Stops and releases the device, whatever it is doing. Nobody may use it any more, but mappings of
 * its memory that the caller made from npu_sim_mem_fd() stay. NULL is allowed. Must not be called
 * from the interrupt callback. After it returns the interrupt callback is not called any more. */
void npu_sim_destroy(struct npu_sim *sim);

/* Reads or writes the 64-bit register at an offset in bytes from the start of the register space.
 * Unknown or unaligned offsets read as zero and ignore writes. Writes of RESET and TLB_CONTROL
 * return when the operation is complete. From the interrupt callback everything but RESET is
 * allowed. */
uint64_t npu_sim_reg_read(struct npu_sim *sim, uint32_t offset);
void npu_sim_reg_write(struct npu_sim *sim, uint32_t offset, uint64_t value);

/* Device-local memory: physical address 0 is offset 0 of the file and the first byte at the
 * pointer. The file descriptor stays the device's (dup it to keep it); mmap it shared. New memory
 * is zero. A range may be given back to the host with fallocate(FALLOC_FL_PUNCH_HOLE), after which
 * it is zero again. */
int npu_sim_mem_fd(const struct npu_sim *sim);
void *npu_sim_mem_ptr(const struct npu_sim *sim);
uint64_t npu_sim_mem_size_B(const struct npu_sim *sim);

/* Sets the interrupt callback. It is called from a thread of the device, with no lock held, after
 * every event whose bit is enabled in INT_ENABLE (events during a call of it share the next call),
 * and when INT_ENABLE is written and a newly enabled bit is already set. There is one vector, 0.
 * Calls of it never overlap. callback NULL: none. After the function has returned the old callback
 * is not called any more, unless it is called from the callback itself. */
void npu_sim_set_irq(struct npu_sim *sim, void (*callback)(void *data, unsigned vector),
                     void *data);

/* Lends the calling thread to a hardware queue: executes packets of its ring as the queue's own
 * thread would, until until(data) is true after one, the ring is empty, the queue is stopped, or
 * another thread is at it already. until() is called with no lock held, and may read registers.
 * Returns whether until(data) became true. A thread that has nothing to do but wait for a queue
 * saves two switches of threads this way, which take longer than a small kernel. A thread with less
 * than 4 MiB of stack is no help: false. The interrupt
 * callback may be called on this thread; so no lock may be held that the callback takes. Not from
 * the callback. */
bool npu_sim_lend_thread(struct npu_sim *sim, unsigned queue, bool (*until)(void *data),
                         void *data);

/* Writes a queue's TAIL register without waking up its thread, if that sleeps. The caller lends a
 * thread soon, or writes the register as usual. */
void npu_sim_ring_quietly(struct npu_sim *sim, unsigned queue, uint32_t tail);

/* System memory as a bus master sees it: physical addresses with bit 47 set, which is removed. Both
 * functions copy size_B bytes and return false if the address does not exist; they may be called
 * from any thread of the device at once. Without them such addresses are memory errors. Atomics on
 * system memory are only atomic among the accesses of the device. */
struct npu_sim_host_ops {
   void *data;
   bool (*read)(void *data, uint64_t address, void *to, size_t size_B);
   bool (*write)(void *data, uint64_t address, const void *from, size_t size_B);
};

/* Only before the first doorbell. The structure is copied. NULL: no system memory. */
void npu_sim_set_host_dma(struct npu_sim *sim, const struct npu_sim_host_ops *ops);

/* The clock of TIME, TIMESTAMP and the special register: nanoseconds, CLOCK_MONOTONIC of the host. */
uint64_t npu_sim_time_ns(const struct npu_sim *sim);

/* With config.coverage: in which forms the operation with this opcode (enum npu_op) has been
 * executed on the device so far, a combination of the bits below, 0 if it has not. */
#define NPU_SIM_COVERED_VECTOR 1u /* destination is a vector or mask, or there is none */
#define NPU_SIM_COVERED_SCALAR 2u /* destination is a scalar register */
#define NPU_SIM_COVERED_MASKED 4u /* with bit M */
unsigned npu_sim_op_coverage(const struct npu_sim *sim, unsigned opcode);

/* Defects of the command processor, for tests of drivers. */
enum npu_sim_defect {
   NPU_SIM_DEFECT_NONE,
   NPU_SIM_DEFECT_HANG,       /* runs without progress until it is killed or the watchdog comes */
   NPU_SIM_DEFECT_STALL,      /* its queue stops in front of it, until the device is reset */
   NPU_SIM_DEFECT_PAGE_FAULT, /* cannot be fetched: UNMAPPED */
   NPU_SIM_DEFECT_ECC,        /* cannot be fetched: MEMORY_ERROR */
};

/* The next count command buffers have the defect: those at virtual address va, or all if that is 0.
 * Replaces what was injected before; count 0 ends it. A reset does not. */
void npu_sim_inject(struct npu_sim *sim, enum npu_sim_defect defect, uint32_t count, uint64_t va);

/* Same as writing RESET: stops everything, forgets all state but the contents of memory. */
void npu_sim_reset(struct npu_sim *sim);

#ifdef __cplusplus
}
#endif

#endif
