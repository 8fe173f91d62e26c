/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The winsys: what a driver needs from an NPU, and nothing else.
 *
 *    device   one open file of the accelerator and the one address space (VM) of this user
 *    bo       a buffer object: device memory that is allocated, bound and, on demand, mapped
 *    queue    an in-order stream of command buffers; its points form one timeline
 *
 * Below this header stands one uAPI (include/uapi/drm/npu_accel.h) and a transport that carries it:
 * "drm" to the kernel driver, "sim" to the model in this process (npu_transport.h). Nothing above
 * this header can tell which one it is, apart from npu_device_info.transport.
 *
 * Conventions, for every function:
 *  - Thread-safe. Two threads may use the same object at once; only the last unref / destroy of an
 *    object must not race with its use.
 *  - Failure: a function that returns a pointer returns NULL and sets errno; one that returns int
 *    returns 0 or a negative errno. Nothing is left half done.
 *  - Sizes are bytes (_B), times nanoseconds (_ns), absolute timeouts are CLOCK_MONOTONIC.
 *  - A forked child must not touch objects of its parent.
 */

#ifndef NPU_WINSYS_H
#define NPU_WINSYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "npu_isa/npu_regs.h" /* enum npu_fault, enum npu_access */

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------ device -- */

struct npu_device;

/* Constant facts about a device. All strings are NUL-terminated. */
struct npu_device_info {
   char name[64];      /* marketing name, for example "NPU Model v1 (2 cores)" */
   char transport[16]; /* "sim" or "drm" */

   uint32_t arch_version;   /* architecture version of the ISA and the packets: 1 */
   uint32_t num_cores;      /* cores that run work-groups */
   uint32_t waves_per_core; /* waves resident on one core; scratch has so many slots per core */
   uint32_t wave_size;      /* lanes per wave: 32 */
   uint32_t max_group_size; /* work-items per work-group: 1024 */
   uint32_t local_mem_B;    /* local memory of one core */
   uint32_t num_queues;     /* hardware queues */

   uint64_t mem_size_B;   /* device memory of the whole device */
   uint64_t max_alloc_B;  /* largest single BO the address space can hold */
   uint32_t va_bits;      /* device addresses are below 2^va_bits */
   uint64_t va_start;     /* lowest address a BO can have */
   uint32_t page_size_B;  /* BO sizes and addresses are multiples of it */
   uint64_t timestamp_hz; /* tick rate of TIMESTAMP packets: 1000000000 */

   uint8_t device_uuid[16]; /* the same for the same device in every process */
   uint8_t driver_uuid[16]; /* changes with the uAPI version */

   bool is_pci; /* the four fields below are valid */
   uint16_t pci_domain;
   uint8_t pci_bus, pci_dev, pci_func;
   uint16_t vendor_id, device_id; /* PCI ids; the model without a bus reports the same ids */
};

/* Memory in use now, in bytes. */
struct npu_memory_usage {
   uint64_t total_B;  /* device memory */
   uint64_t used_B;   /* of it allocated, by all users of the device */
   uint64_t cached_B; /* of it kept by this npu_device's BO cache */
};

/* Opens the default device. NPU_TRANSPORT=sim|drm chooses the transport; unset, "drm" is taken when
 * an NPU stands below /dev/accel, else "sim". Several npu_devices may be open at once: they share
 * the hardware but neither memory nor faults.
 *
 * errno: ENODEV no such device, EINVAL NPU_TRANSPORT names none, ENOMEM, or what the transport
 * says. A message on stderr tells why.
 */
struct npu_device *npu_device_open(void);

/* Closes the device. All its queues and BOs must be gone; those that are not are reported on stderr
 * and their memory is reclaimed by the transport. NULL is allowed.
 */
void npu_device_close(struct npu_device *dev);

/* Never fails; the pointer lives as long as the device. */
const struct npu_device_info *npu_device_get_info(const struct npu_device *dev);

/* The clock TIMESTAMP packets write, in ns. Monotonic. */
uint64_t npu_device_get_timestamp_ns(struct npu_device *dev);

int npu_device_get_memory_usage(struct npu_device *dev, struct npu_memory_usage *usage);

/* ---------------------------------------------------------------------------------------- BO -- */

enum npu_bo_flags {
   /* Code: the device may read and execute it, not write it. Without this flag: read and write. */
   NPU_BO_EXEC = 1u << 0,

   /* The device may only read it. */
   NPU_BO_READ_ONLY = 1u << 1,

   /* The content need not be zero at the start: the buffer may be one this npu_device used before,
    * with its old content (never memory of another npu_device or process).
    */
   NPU_BO_UNINITIALIZED = 1u << 2,

   /* npu_bo_export_fd will be called. Other BOs stay private to this npu_device, and their memory
    * may be kept for reuse after the last unref.
    */
   NPU_BO_SHAREABLE = 1u << 3,

   /* Mapped into this process at the address the device knows it by: npu_bo_map() returns va. For
    * pointers that both sides follow. ENOSPC if the process has no such address to spare.
    */
   NPU_BO_AT_HOST_ADDRESS = 1u << 4,
};

/* A buffer in device memory, bound in the address space of its npu_device. Reference counted. The
 * fields may be read, never written, by users.
 */
struct npu_bo {
   struct npu_device *dev;
   uint64_t va;     /* device address, at least page aligned (2 MiB aligned from 2 MiB size on) */
   uint64_t size_B; /* rounded up to pages; accesses from va + size_B on fault */
   uint32_t flags;  /* enum npu_bo_flags */
   uint32_t handle; /* GEM handle in this npu_device's file */
};

/* Allocates, zeroes and binds a buffer of at least size_B bytes (1 .. max_alloc_B). The pages just
 * before and after the buffer are never mapped, so that running over either end faults. label (may
 * be NULL; copied) names the buffer in diagnostics.
 *
 * errno: EINVAL size 0 or unknown flags, ENOMEM host memory, ENOSPC device memory or address space.
 */
struct npu_bo *npu_bo_create(struct npu_device *dev, uint64_t size_B, uint32_t flags,
                             const char *label);

struct npu_bo *npu_bo_ref(struct npu_bo *bo);

/* Drops a reference; the last one unbinds and frees the buffer (or gives it to the cache) at once:
 * the device must be done with it, else the work that still uses it faults or sees other data. NULL
 * is allowed.
 */
void npu_bo_unref(struct npu_bo *bo);

/* The buffer in this process's memory: mapped at the first call, valid as long as the BO, coherent
 * with the device (what a queue point covers is visible once that point is waited for; what the CPU
 * wrote before a submit is visible to that submit). NULL + errno on failure.
 */
void *npu_bo_map(struct npu_bo *bo);

/* A file descriptor (dma-buf) another npu_device, process or driver may import; the caller closes
 * it. -EPERM for BOs without NPU_BO_SHAREABLE. Returns the descriptor or a negative errno.
 */
int npu_bo_export_fd(struct npu_bo *bo);

/* The buffer behind a dma-buf, bound in dev's address space. flags: NPU_BO_EXEC and
 * NPU_BO_READ_ONLY. The descriptor stays the caller's. Importing the same buffer again gives the
 * same npu_bo with one reference more.
 */
struct npu_bo *npu_bo_import_fd(struct npu_device *dev, int fd, uint32_t flags);

/* ------------------------------------------------------------------------------------- queue -- */

struct npu_queue;

enum npu_priority {
   NPU_PRIORITY_LOW,
   NPU_PRIORITY_MEDIUM,
   NPU_PRIORITY_HIGH, /* may need a privilege: -EACCES */
};

/* Creates a queue: one hardware context. A fault of its work ends this queue only. */
struct npu_queue *npu_queue_create(struct npu_device *dev, enum npu_priority priority);

/* Waits until the queue's work is finished (or killed by the watchdog), then destroys it. NULL is
 * allowed.
 */
void npu_queue_destroy(struct npu_queue *queue);

/* Packets in device memory; see docs/hardware for their format. */
struct npu_cmdbuf {
   uint64_t va;          /* address of the first packet, multiple of 64 */
   uint32_t num_packets; /* 64-byte packets, >= 1 */
};

/* A point on a queue's timeline: everything submitted to it up to and including that submit. */
struct npu_queue_point {
   struct npu_queue *queue;
   uint64_t point; /* from npu_queue_submit; 0 is always reached */
};

struct npu_submit {
   const struct npu_cmdbuf *cmdbufs; /* run one after the other */
   uint32_t num_cmdbufs;             /* may be 0: just a point behind the waits */

   /* Points (of this or other queues of the same npu_device) to reach before the first packet runs.
    * They must have been submitted already: -EINVAL otherwise.
    */
   const struct npu_queue_point *waits;
   uint32_t num_waits;
};

/* Queues work and returns before it is finished. *out_point (not NULL) is the point that is reached
 * when it is; points of a queue count 1, 2, 3 ... in the order of the calls. Memory the command
 * buffers use must stay alive until then.
 *
 * Errors leave nothing queued and no point used: -EINVAL malformed, -EIO the queue died of a fault
 * (npu_queue_get_status tells why), -ENOMEM, -ENODEV.
 */
int npu_queue_submit(struct npu_queue *queue, const struct npu_submit *submit, uint64_t *out_point);

/* Waits until the queue reaches the point or CLOCK_MONOTONIC reaches abs_timeout_ns (a time of the
 * past polls; INT64_MAX waits for ever).
 *
 * 0: reached, with all its work done. -ETIME: not yet. -EIO: the queue died and the work of this
 * point was not, or not completely, done. -EINVAL: a point that was never handed out.
 */
int npu_queue_wait(struct npu_queue *queue, uint64_t point, int64_t abs_timeout_ns);

/* Whether waiting would return something else than -ETIME. Cheap: no system call when it is known. */
bool npu_queue_point_done(struct npu_queue *queue, uint64_t point);

/* ------------------------------------------------------------------------------------ faults -- */

enum npu_reset_status {
   NPU_RESET_NONE,     /* alive */
   NPU_RESET_GUILTY,   /* this queue's own work faulted: see npu_fault_info */
   NPU_RESET_INNOCENT, /* the device was reset because of somebody else's work */
   NPU_RESET_LOST,     /* the device is gone */
};

/* The first fault of a queue. Fields that mean nothing for the type are 0. */
struct npu_fault_info {
   enum npu_fault type;
   enum npu_access access;
   bool in_kernel;     /* a program faulted: kernel_id, core, wave, lane_mask, group are valid */
   uint64_t point;     /* point of the submit that faulted */
   uint64_t address;   /* of the access; an offset for local and private memory */
   uint64_t pc;        /* address of the instruction, or of the packet if !in_kernel */
   uint64_t group;     /* linear work-group id, x + grid_x * (y + grid_y * z) */
   uint64_t time_ns;   /* when, on the clock of npu_device_get_timestamp_ns */
   uint32_t kernel_id; /* cookie of the DISPATCH packet */
   uint32_t core;      /* core that ran the wave */
   uint32_t wave;      /* index of the wave in its work-group */
   uint32_t lane_mask; /* lanes that faulted, or were active if the fault is not about lanes */
   uint32_t code;      /* code of a trap; for a bad packet the byte offset of the bad field */
};

/* The state of the queue; *out (may be NULL) is filled for NPU_RESET_GUILTY, else all zero. */
enum npu_reset_status npu_queue_get_status(struct npu_queue *queue, struct npu_fault_info *out);

/* Writes one line of English (no newline), at most size - 1 characters and always terminated, for
 * example "write to unmapped address 0x1000c0 at pc 0x20058 (buffer \"code\" + 0x58), kernel 3,
 * group 4, wave 1, core 0, lanes 0x00000001, 64 bytes past the end of buffer \"result\"". dev may
 * be NULL: buffers are then not named. Returns the length the whole text has, as snprintf does.
 */
int npu_fault_describe(const struct npu_fault_info *fault, struct npu_device *dev, char *buf,
                       size_t size);

/* ------------------------------------------------------------------------------------- debug -- */

/* Environment NPU_WINSYS_DEBUG, comma-separated:
 *    nocache   do not reuse freed BOs
 *    ioctl     print every ioctl with its result to stderr
 *    leak      report BOs alive at npu_device_close with their labels (default on in debug builds)
 *    sync      every submit waits until its work is finished
 *    help      list these
 */

#ifdef __cplusplus
}
#endif

#endif
