/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/* Copyright © 2026 The NPU stack authors */

#ifndef _UAPI_NPU_ACCEL_H_
#define _UAPI_NPU_ACCEL_H_

#include "drm.h"

#if defined(__cplusplus)
extern "C" {
#endif

/**
 * DOC: Rules
 *
 * These rules hold for every ioctl below, and for whoever extends this header:
 *
 * 1. Structures are the same for 32-bit and 64-bit user space: fixed-size types only, every field
 *    naturally aligned, every size a multiple of 8 bytes, all padding explicit.
 * 2. Fields named pad, flag bits that are not defined here and fields marked MBZ must be zero, else
 *    the call fails with EINVAL. So all of them can get a meaning later.
 * 3. Structures grow at the end only. A field a caller does not know of is zero, and zero means the
 *    old behaviour. The size of an ioctl's structure travels in the ioctl number; arrays of
 *    structures travel as &struct drm_npu_obj_array, which says the size of an element. An element
 *    longer than the driver knows is accepted when all the bytes it does not know are zero, else
 *    E2BIG.
 * 4. Every addition to this header increments %DRM_NPU_UAPI_MINOR; DRM_IOCTL_VERSION reports it.
 *    Nothing is ever removed or given another meaning.
 * 5. A call succeeds as a whole or changes nothing: all arguments are checked and all memory is
 *    allocated before the first effect. An interrupted call (EINTR) can be repeated as it is.
 * 6. Handles and ids belong to the open file that made them: those of another file do not exist
 *    here. Ids start at 1; 0 never names an object.
 * 7. User pointers travel as __u64. A pointer that cannot be read or written gives EFAULT.
 * 8. Times are absolute, in nanoseconds of CLOCK_MONOTONIC.
 */

/**
 * DOC: Objects
 *
 * A **buffer object** (BO) is memory the device can use: a GEM handle, closed with
 * DRM_IOCTL_GEM_CLOSE, shared with DRM_IOCTL_PRIME_HANDLE_TO_FD and DRM_IOCTL_PRIME_FD_TO_HANDLE.
 * Its content starts as zeros.
 *
 * A **VM** is an address space of the device. Binding a BO gives it an address there; the binding
 * keeps the memory alive when the handle is closed. Nothing else can be reached by the work of the
 * VM's contexts.
 *
 * A **context** (CTX) runs jobs in one VM. Jobs of one context run one after the other, in the
 * order of their submission; jobs of different contexts have no order but the one made by sync
 * objects. A fault ends its own context and no other.
 *
 * A **job** is what one DRM_IOCTL_NPU_SUBMIT queues: command buffers, the sync objects to wait for
 * before it starts, and the sync objects to signal when it has finished. Jobs are numbered from 1
 * in each context.
 *
 * Synchronisation is explicit and uses DRM sync objects, binary and timeline, with the generic
 * DRM_IOCTL_SYNCOBJ_* calls.
 */

/**
 * DOC: Errors
 *
 * ========== =====================================================================================
 * Error      Meaning
 * ========== =====================================================================================
 * EINVAL     an argument is out of its range, misaligned, or a field that must be zero is not
 * ENOENT     a handle or an id that does not exist in this file
 * EFAULT     a pointer to memory that cannot be accessed
 * E2BIG      an array element is longer than this driver knows, with something in the unknown part
 * ENOSPC     no device memory, address space identifier or handle is left
 * ENOMEM     no system memory is left
 * EBUSY      the object is in use by another one (said at each call)
 * EPERM      the object forbids this use (said at each call)
 * EACCES     the caller lacks the privilege
 * EIO        the context died of a fault, or the VM is unusable
 * EINTR      a signal arrived: repeat the call
 * ENODEV     the device is gone; only closing handles still works
 * ========== =====================================================================================
 */

/** define DRM_NPU_UAPI_MAJOR - major version reported by DRM_IOCTL_VERSION; changes never. */
#define DRM_NPU_UAPI_MAJOR 1
/** define DRM_NPU_UAPI_MINOR - minor version reported by DRM_IOCTL_VERSION. */
#define DRM_NPU_UAPI_MINOR 2

/** define DRM_NPU_DRIVER_NAME - driver name reported by DRM_IOCTL_VERSION. */
#define DRM_NPU_DRIVER_NAME "npu"

/** define DRM_NPU_MAX_BIND_OPS - most operations one &struct drm_npu_vm_bind may have. */
#define DRM_NPU_MAX_BIND_OPS 1024
/** define DRM_NPU_MAX_SYNCS - most elements an array of &struct drm_npu_sync may have. */
#define DRM_NPU_MAX_SYNCS 1024
/** define DRM_NPU_MAX_CMDBUFS - most command buffers one &struct drm_npu_submit may have. */
#define DRM_NPU_MAX_CMDBUFS 1024
/** define DRM_NPU_MAX_LABEL_SIZE - longest label of a buffer, in bytes. */
#define DRM_NPU_MAX_LABEL_SIZE 128
/** define DRM_NPU_MAX_OBJ_STRIDE - longest array element a driver looks at, in bytes. */
#define DRM_NPU_MAX_OBJ_STRIDE 256

/**
 * enum drm_npu_ioctl_id - ioctl numbers, counted from DRM_COMMAND_BASE
 */
enum drm_npu_ioctl_id {
	/** @DRM_NPU_DEV_QUERY: &struct drm_npu_dev_query */
	DRM_NPU_DEV_QUERY = 0,
	/** @DRM_NPU_BO_CREATE: &struct drm_npu_bo_create */
	DRM_NPU_BO_CREATE,
	/** @DRM_NPU_BO_MMAP_OFFSET: &struct drm_npu_bo_mmap_offset */
	DRM_NPU_BO_MMAP_OFFSET,
	/** @DRM_NPU_BO_GET_INFO: &struct drm_npu_bo_get_info */
	DRM_NPU_BO_GET_INFO,
	/** @DRM_NPU_VM_CREATE: &struct drm_npu_vm_create */
	DRM_NPU_VM_CREATE,
	/** @DRM_NPU_VM_DESTROY: &struct drm_npu_vm_destroy */
	DRM_NPU_VM_DESTROY,
	/** @DRM_NPU_VM_BIND: &struct drm_npu_vm_bind */
	DRM_NPU_VM_BIND,
	/** @DRM_NPU_VM_GET_STATE: &struct drm_npu_vm_get_state */
	DRM_NPU_VM_GET_STATE,
	/** @DRM_NPU_CTX_CREATE: &struct drm_npu_ctx_create */
	DRM_NPU_CTX_CREATE,
	/** @DRM_NPU_CTX_DESTROY: &struct drm_npu_ctx_destroy */
	DRM_NPU_CTX_DESTROY,
	/** @DRM_NPU_CTX_GET_STATE: &struct drm_npu_ctx_get_state */
	DRM_NPU_CTX_GET_STATE,
	/** @DRM_NPU_SUBMIT: &struct drm_npu_submit */
	DRM_NPU_SUBMIT,
	/** @DRM_NPU_BO_SET_LABEL: &struct drm_npu_bo_set_label */
	DRM_NPU_BO_SET_LABEL,
};

/* ----------------------------------------------------------------------------- common pieces -- */

/**
 * struct drm_npu_obj_array - an array of structures in user memory
 */
struct drm_npu_obj_array {
	/**
	 * @stride: Bytes from one element to the next: sizeof the structure as the caller knows it.
	 * At least the size of the first version of the structure, at most %DRM_NPU_MAX_OBJ_STRIDE,
	 * a multiple of 8. Zero if @count is.
	 */
	__u32 stride;
	/** @count: Number of elements. */
	__u32 count;
	/** @array: Pointer to the first element. Zero if @count is. */
	__u64 array;
};

/**
 * define DRM_NPU_OBJ_ARRAY - initializer of &struct drm_npu_obj_array
 * @ptr: pointer to the first element
 * @n: number of elements, not zero
 */
#define DRM_NPU_OBJ_ARRAY(ptr, n) \
	{.stride = sizeof((ptr)[0]), .count = (n), .array = (__u64)(uintptr_t)(ptr)}

/**
 * enum drm_npu_sync_flags - kind of a sync object
 */
enum drm_npu_sync_flags {
	/** @DRM_NPU_SYNC_TIMELINE: The point of a timeline; without it, a binary sync object. */
	DRM_NPU_SYNC_TIMELINE = 1 << 0,
};

/**
 * struct drm_npu_sync - a sync object to wait for or to signal
 */
struct drm_npu_sync {
	/** @handle: Sync object of this file. */
	__u32 handle;
	/** @flags: enum drm_npu_sync_flags. */
	__u32 flags;
	/**
	 * @point: With %DRM_NPU_SYNC_TIMELINE the point, not 0; else 0. A sync object to wait for
	 * must have a fence (at that point) already, else EINVAL.
	 */
	__u64 point;
};

/* ------------------------------------------------------------------------------ device query -- */

/**
 * enum drm_npu_dev_query_type - what DRM_IOCTL_NPU_DEV_QUERY can tell
 */
enum drm_npu_dev_query_type {
	/** @DRM_NPU_DEV_QUERY_DEVICE: &struct drm_npu_device_info */
	DRM_NPU_DEV_QUERY_DEVICE = 0,
	/** @DRM_NPU_DEV_QUERY_MEMORY: &struct drm_npu_memory_info */
	DRM_NPU_DEV_QUERY_MEMORY,
	/** @DRM_NPU_DEV_QUERY_TIMESTAMP: &struct drm_npu_timestamp_info */
	DRM_NPU_DEV_QUERY_TIMESTAMP,
	/** @DRM_NPU_DEV_QUERY_COUNTERS: &struct drm_npu_counter_info */
	DRM_NPU_DEV_QUERY_COUNTERS,
};

/**
 * struct drm_npu_dev_query - argument of DRM_IOCTL_NPU_DEV_QUERY
 */
struct drm_npu_dev_query {
	/** @type: enum drm_npu_dev_query_type. */
	__u32 type;
	/**
	 * @size: In: bytes at @pointer. Out: bytes of the structure the driver has. The driver
	 * writes the smaller one of both.
	 */
	__u32 size;
	/** @pointer: Where the structure goes. Zero: only ask for @size. */
	__u64 pointer;
};

/**
 * enum drm_npu_ctx_priority - priority of a context
 */
enum drm_npu_ctx_priority {
	/** @DRM_NPU_CTX_PRIORITY_LOW: Runs when nothing else can. */
	DRM_NPU_CTX_PRIORITY_LOW = 0,
	/** @DRM_NPU_CTX_PRIORITY_MEDIUM: The usual one. */
	DRM_NPU_CTX_PRIORITY_MEDIUM,
	/** @DRM_NPU_CTX_PRIORITY_HIGH: Before all others; may need CAP_SYS_NICE. */
	DRM_NPU_CTX_PRIORITY_HIGH,
};

/**
 * struct drm_npu_device_info - constant facts about the device
 */
struct drm_npu_device_info {
	/** @arch_version: Version of instruction set, packets and execution model. */
	__u32 arch_version;
	/** @vendor_id: PCI vendor id. */
	__u16 vendor_id;
	/** @device_id: PCI device id. */
	__u16 device_id;
	/** @num_cores: Cores that run work-groups. */
	__u32 num_cores;
	/** @waves_per_core: Waves one core holds at a time. */
	__u32 waves_per_core;
	/** @wave_size: Lanes of a wave. */
	__u32 wave_size;
	/** @max_group_size: Most work-items of a work-group. */
	__u32 max_group_size;
	/** @local_mem_size: Bytes of local memory of a core. */
	__u32 local_mem_size;
	/** @num_hw_queues: Queues the hardware serves at a time. */
	__u32 num_hw_queues;
	/** @va_start: Lowest address that can be bound. */
	__u64 va_start;
	/** @va_end: First address behind those that can be bound. */
	__u64 va_end;
	/**
	 * @page_sizes: Bit n set: pages of 2^n bytes; the lowest one is the unit of sizes and
	 * addresses.
	 */
	__u64 page_sizes;
	/** @max_priority: Highest enum drm_npu_ctx_priority this caller may ask for. */
	__u32 max_priority;
	/** @watchdog_ms: A job without progress for so long is killed; 0: never. */
	__u32 watchdog_ms;
	/**
	 * @uuid: The same for the same device in every process; different for different devices.
	 */
	__u8 uuid[16];
	/** @name: Name of the product, NUL-terminated UTF-8. */
	char name[64];
};

/**
 * struct drm_npu_memory_info - memory the device can use, in bytes
 */
struct drm_npu_memory_info {
	/** @device_total: Device-local memory. */
	__u64 device_total;
	/** @device_used: Of it allocated now, by all users together. */
	__u64 device_used;
	/** @device_mappable: Of @device_total what the CPU can map. */
	__u64 device_mappable;
	/** @system_total: System memory buffer objects may live in; 0 if they cannot. */
	__u64 system_total;
	/** @system_used: Of it allocated now, by all users together. */
	__u64 system_used;
};

/**
 * struct drm_npu_timestamp_info - the clock of timestamp packets
 */
struct drm_npu_timestamp_info {
	/** @frequency: Ticks per second. */
	__u64 frequency;
	/** @timestamp: The clock now. */
	__u64 timestamp;
	/** @cpu_ns: CLOCK_MONOTONIC at the same moment, in nanoseconds. */
	__u64 cpu_ns;
};

/**
 * struct drm_npu_counter_info - performance counters of the device
 *
 * Since minor 2. They count the work of all users together from the moment the device got power,
 * modulo 2^64, and nothing resets them: whoever measures takes the difference of two readings.
 * Because they tell of others, reading them needs CAP_PERFMON where there are others; without it
 * DRM_IOCTL_NPU_DEV_QUERY fails with EACCES.
 */
struct drm_npu_counter_info {
	/** @timestamp: The clock of timestamp packets at the time of the reading. */
	__u64 timestamp;
	/**
	 * @busy_ns: Time in which hardware queues executed command buffers, summed over the
	 * queues.
	 */
	__u64 busy_ns;
	/** @command_buffers: Command buffers that were executed, to their end or not. */
	__u64 command_buffers;
	/** @packets: Packets of command buffers that were completed. */
	__u64 packets;
	/** @dispatches: Of those, dispatches with work-groups. */
	__u64 dispatches;
	/** @groups: Work-groups that were started. */
	__u64 groups;
	/** @waves: Waves of those. */
	__u64 waves;
	/** @copied_bytes: Bytes that completed copies and fills have written. */
	__u64 copied_bytes;
	/** @faults: Faults, recorded or lost. */
	__u64 faults;
};

/* ---------------------------------------------------------------------------- buffer objects -- */

/**
 * enum drm_npu_bo_flags - properties of a buffer object
 */
enum drm_npu_bo_flags {
	/** @DRM_NPU_BO_PLACE_DEVICE: It may live in device-local memory. */
	DRM_NPU_BO_PLACE_DEVICE = 1 << 0,
	/** @DRM_NPU_BO_PLACE_SYSTEM: It may live in system memory. */
	DRM_NPU_BO_PLACE_SYSTEM = 1 << 1,
	/** @DRM_NPU_BO_NO_MMAP: The CPU never maps it. */
	DRM_NPU_BO_NO_MMAP = 1 << 2,
};

/**
 * struct drm_npu_bo_create - argument of DRM_IOCTL_NPU_BO_CREATE
 *
 * Makes a buffer object full of zeros. ENOSPC if no place named in @flags has room for it.
 */
struct drm_npu_bo_create {
	/** @size: In: bytes, not 0. Out: rounded up to the page size. */
	__u64 size;
	/**
	 * @flags: enum drm_npu_bo_flags; at least one place, and one of those named must exist. The
	 * driver takes the first place that has room: device before system memory.
	 */
	__u32 flags;
	/**
	 * @vm_id: Not 0: only this VM will ever bind it, and it is never exported. Cheaper to
	 * submit with.
	 */
	__u32 vm_id;
	/** @handle: Out: GEM handle. */
	__u32 handle;
	/** @pad: MBZ. */
	__u32 pad;
};

/**
 * struct drm_npu_bo_mmap_offset - argument of DRM_IOCTL_NPU_BO_MMAP_OFFSET
 *
 * Gives the offset to mmap() the buffer at. The mapping is coherent with the device and outlives
 * the handle. EPERM for buffers with %DRM_NPU_BO_NO_MMAP and for imported ones (map those through
 * their dma-buf).
 */
struct drm_npu_bo_mmap_offset {
	/** @handle: GEM handle. */
	__u32 handle;
	/** @pad: MBZ. */
	__u32 pad;
	/** @offset: Out: the offset. */
	__u64 offset;
};

/**
 * struct drm_npu_bo_get_info - argument of DRM_IOCTL_NPU_BO_GET_INFO
 */
struct drm_npu_bo_get_info {
	/** @handle: GEM handle. */
	__u32 handle;
	/**
	 * @flags: Out: enum drm_npu_bo_flags as at creation, for an imported buffer those it has.
	 */
	__u32 flags;
	/** @size: Out: bytes. */
	__u64 size;
	/** @vm_id: Out: the VM it is private to, or 0. */
	__u32 vm_id;
	/** @imported: Out: 1 if another device's or driver's buffer, else 0. */
	__u32 imported;
};

/**
 * struct drm_npu_bo_set_label - argument of DRM_IOCTL_NPU_BO_SET_LABEL
 *
 * Since minor 1. Names a buffer for people: core dumps and debugfs show it. By convention the label
 * of code is the name of the kernel. EINVAL if the label is too long.
 */
struct drm_npu_bo_set_label {
	/** @handle: GEM handle. */
	__u32 handle;
	/** @size: Bytes of the label, at most %DRM_NPU_MAX_LABEL_SIZE; 0 takes it away. */
	__u32 size;
	/** @label: Pointer to the label, which needs no NUL at its end. Zero if @size is. */
	__u64 label;
};

/* -------------------------------------------------------------------------------------- VMs -- */

/**
 * struct drm_npu_vm_create - argument of DRM_IOCTL_NPU_VM_CREATE
 *
 * Makes an empty address space. ENOSPC if the device has no address space identifier left.
 */
struct drm_npu_vm_create {
	/** @flags: MBZ. */
	__u32 flags;
	/** @vm_id: Out: the id. */
	__u32 vm_id;
};

/**
 * struct drm_npu_vm_destroy - argument of DRM_IOCTL_NPU_VM_DESTROY
 *
 * Removes all bindings and the VM. EBUSY while it has contexts. Asynchronous binds that wait for
 * their sync objects are dropped; what they should have signalled is signalled with an error.
 */
struct drm_npu_vm_destroy {
	/** @vm_id: The VM. */
	__u32 vm_id;
	/** @pad: MBZ. */
	__u32 pad;
};

/**
 * enum drm_npu_vm_bind_op_type - operations on bindings
 */
enum drm_npu_vm_bind_op_type {
	/**
	 * @DRM_NPU_VM_BIND_OP_MAP: Bind a piece of a BO; what was bound in the range is replaced.
	 */
	DRM_NPU_VM_BIND_OP_MAP = 0,
	/** @DRM_NPU_VM_BIND_OP_UNMAP: Remove bindings; a range without any is no error. */
	DRM_NPU_VM_BIND_OP_UNMAP,
};

/**
 * enum drm_npu_vm_map_flags - what the device may do through a binding
 */
enum drm_npu_vm_map_flags {
	/** @DRM_NPU_VM_MAP_READ: Read. Must be set. */
	DRM_NPU_VM_MAP_READ = 1 << 0,
	/** @DRM_NPU_VM_MAP_WRITE: Write. */
	DRM_NPU_VM_MAP_WRITE = 1 << 1,
	/** @DRM_NPU_VM_MAP_EXEC: Execute code. */
	DRM_NPU_VM_MAP_EXEC = 1 << 2,
};

/**
 * struct drm_npu_vm_bind_op - one operation of DRM_IOCTL_NPU_VM_BIND
 */
struct drm_npu_vm_bind_op {
	/** @op: enum drm_npu_vm_bind_op_type. */
	__u32 op;
	/** @flags: For maps enum drm_npu_vm_map_flags, else 0. */
	__u32 flags;
	/** @handle: For maps the GEM handle, else 0. */
	__u32 handle;
	/** @pad: MBZ. */
	__u32 pad;
	/**
	 * @bo_offset: For maps where the piece starts in the BO, in bytes, page aligned; else 0.
	 */
	__u64 bo_offset;
	/** @va: Start of the range, page aligned. */
	__u64 va;
	/** @size: Bytes of the range, page aligned, not 0. */
	__u64 size;
};

/**
 * enum drm_npu_vm_bind_flags - ways to bind
 */
enum drm_npu_vm_bind_flags {
	/**
	 * @DRM_NPU_VM_BIND_ASYNC: Return at once; do the work when the sync objects to wait for are
	 * signalled and all earlier asynchronous binds of the VM are done, then signal. Without it
	 * the work is done when the call returns, and there must be no sync objects.
	 */
	DRM_NPU_VM_BIND_ASYNC = 1 << 0,
};

/**
 * struct drm_npu_vm_bind - argument of DRM_IOCTL_NPU_VM_BIND
 *
 * Changes bindings: all operations, in their order, or none. A synchronous bind waits neither for
 * pending asynchronous ones nor for jobs: taking away memory a job uses makes the job fault. EIO if
 * the VM is unusable; EPERM for a buffer private to another VM.
 */
struct drm_npu_vm_bind {
	/** @vm_id: The VM. */
	__u32 vm_id;
	/** @flags: enum drm_npu_vm_bind_flags. */
	__u32 flags;
	/**
	 * @ops: Array of &struct drm_npu_vm_bind_op, at most %DRM_NPU_MAX_BIND_OPS. May be empty
	 * with %DRM_NPU_VM_BIND_ASYNC only.
	 */
	struct drm_npu_obj_array ops;
	/** @wait_syncs: Array of &struct drm_npu_sync to wait for. */
	struct drm_npu_obj_array wait_syncs;
	/** @signal_syncs: Array of &struct drm_npu_sync to signal. */
	struct drm_npu_obj_array signal_syncs;
};

/**
 * enum drm_npu_vm_state - state of a VM
 */
enum drm_npu_vm_state {
	/** @DRM_NPU_VM_STATE_USABLE: All is well. */
	DRM_NPU_VM_STATE_USABLE = 0,
	/**
	 * @DRM_NPU_VM_STATE_UNUSABLE: An asynchronous bind could not be completed. Its contexts are
	 * dead, and it can only be destroyed.
	 */
	DRM_NPU_VM_STATE_UNUSABLE,
};

/**
 * struct drm_npu_vm_get_state - argument of DRM_IOCTL_NPU_VM_GET_STATE
 */
struct drm_npu_vm_get_state {
	/** @vm_id: The VM. */
	__u32 vm_id;
	/** @state: Out: enum drm_npu_vm_state. */
	__u32 state;
};

/* ---------------------------------------------------------------------------------- contexts -- */

/**
 * struct drm_npu_ctx_create - argument of DRM_IOCTL_NPU_CTX_CREATE
 *
 * Makes a context. EACCES if the caller may not use the priority.
 */
struct drm_npu_ctx_create {
	/** @vm_id: The VM its jobs run in. */
	__u32 vm_id;
	/** @priority: enum drm_npu_ctx_priority. */
	__u32 priority;
	/** @flags: MBZ. */
	__u32 flags;
	/** @ctx_id: Out: the id. */
	__u32 ctx_id;
};

/**
 * struct drm_npu_ctx_destroy - argument of DRM_IOCTL_NPU_CTX_DESTROY
 *
 * Removes a context. Its unfinished jobs are killed; the sync objects they should have signalled
 * are signalled with an error.
 */
struct drm_npu_ctx_destroy {
	/** @ctx_id: The context. */
	__u32 ctx_id;
	/** @pad: MBZ. */
	__u32 pad;
};

/**
 * enum drm_npu_ctx_state - state of a context
 */
enum drm_npu_ctx_state {
	/** @DRM_NPU_CTX_STATE_ALIVE: It takes jobs. */
	DRM_NPU_CTX_STATE_ALIVE = 0,
	/** @DRM_NPU_CTX_STATE_FAULTED: A job of its own faulted. */
	DRM_NPU_CTX_STATE_FAULTED,
	/** @DRM_NPU_CTX_STATE_INNOCENT: Lost in a device reset somebody else caused. */
	DRM_NPU_CTX_STATE_INNOCENT,
	/** @DRM_NPU_CTX_STATE_LOST: The device is gone. */
	DRM_NPU_CTX_STATE_LOST,
};

/**
 * enum drm_npu_fault_type - what went wrong
 *
 * The numbers are those of the hardware (FAULT_INFO.TYPE).
 */
enum drm_npu_fault_type {
	/** @DRM_NPU_FAULT_NONE: Nothing. */
	DRM_NPU_FAULT_NONE = 0,
	/** @DRM_NPU_FAULT_UNMAPPED: Access to an address without a binding. */
	DRM_NPU_FAULT_UNMAPPED,
	/** @DRM_NPU_FAULT_PERMISSION: Access the binding does not allow. */
	DRM_NPU_FAULT_PERMISSION,
	/** @DRM_NPU_FAULT_ILLEGAL_INSTR: Reserved or truncated instruction. */
	DRM_NPU_FAULT_ILLEGAL_INSTR,
	/** @DRM_NPU_FAULT_BAD_PACKET: Malformed packet. */
	DRM_NPU_FAULT_BAD_PACKET,
	/** @DRM_NPU_FAULT_LOCAL_BOUNDS: Local memory access outside the work-group's allocation. */
	DRM_NPU_FAULT_LOCAL_BOUNDS,
	/** @DRM_NPU_FAULT_PRIVATE_BOUNDS: Private memory access outside the lane's allocation. */
	DRM_NPU_FAULT_PRIVATE_BOUNDS,
	/** @DRM_NPU_FAULT_WATCHDOG: No progress for the time of the watchdog. */
	DRM_NPU_FAULT_WATCHDOG,
	/** @DRM_NPU_FAULT_TRAP: The program asked for it. */
	DRM_NPU_FAULT_TRAP,
	/** @DRM_NPU_FAULT_KILLED: Killed by the driver: the job took longer than jobs may. */
	DRM_NPU_FAULT_KILLED,
	/** @DRM_NPU_FAULT_BARRIER: Waves of a work-group wait at different barriers. */
	DRM_NPU_FAULT_BARRIER,
	/** @DRM_NPU_FAULT_BAD_PAGE_TABLE: The driver's page tables are damaged. */
	DRM_NPU_FAULT_BAD_PAGE_TABLE,
	/** @DRM_NPU_FAULT_MEMORY_ERROR: The memory behind a binding does not work. */
	DRM_NPU_FAULT_MEMORY_ERROR,
	/** @DRM_NPU_FAULT_MISALIGNED: Address of an atomic or packet operand is not aligned. */
	DRM_NPU_FAULT_MISALIGNED,
};

/**
 * enum drm_npu_fault_access - the access that faulted
 *
 * The numbers are those of the hardware (FAULT_INFO.ACCESS).
 */
enum drm_npu_fault_access {
	/** @DRM_NPU_FAULT_ACCESS_NONE: The fault is not about an address. */
	DRM_NPU_FAULT_ACCESS_NONE = 0,
	/** @DRM_NPU_FAULT_ACCESS_READ: Load, or source of a copy. */
	DRM_NPU_FAULT_ACCESS_READ,
	/** @DRM_NPU_FAULT_ACCESS_WRITE: Store, or destination of a copy or fill. */
	DRM_NPU_FAULT_ACCESS_WRITE,
	/** @DRM_NPU_FAULT_ACCESS_EXEC: Instruction fetch. */
	DRM_NPU_FAULT_ACCESS_EXEC,
	/** @DRM_NPU_FAULT_ACCESS_ATOMIC: Atomic read-modify-write. */
	DRM_NPU_FAULT_ACCESS_ATOMIC,
	/** @DRM_NPU_FAULT_ACCESS_COMMAND: Fetch of a packet. */
	DRM_NPU_FAULT_ACCESS_COMMAND,
};

/**
 * enum drm_npu_fault_flags - which fields of a fault record hold something
 */
enum drm_npu_fault_flags {
	/** @DRM_NPU_FAULT_IN_KERNEL: group, kernel_id, core, wave and lane_mask. */
	DRM_NPU_FAULT_IN_KERNEL = 1 << 0,
};

/**
 * struct drm_npu_fault - the first fault of a context
 *
 * Fields without a meaning for the type are 0.
 */
struct drm_npu_fault {
	/** @type: enum drm_npu_fault_type. */
	__u32 type;
	/** @access: enum drm_npu_fault_access. */
	__u32 access;
	/** @flags: enum drm_npu_fault_flags. */
	__u32 flags;
	/**
	 * @code: Trap: code of the instruction. Malformed packet: byte offset of the offending
	 * field in the packet.
	 */
	__u32 code;
	/** @job: Number of the job in its context. */
	__u64 job;
	/** @address: Address of the access; an offset for local and private memory. */
	__u64 address;
	/** @pc: Address of the instruction, or of the packet without %DRM_NPU_FAULT_IN_KERNEL. */
	__u64 pc;
	/** @group: Work-group, x + grid_x * (y + grid_y * z). */
	__u64 group;
	/** @kernel_id: Cookie of the dispatch packet. */
	__u32 kernel_id;
	/** @core: Core. */
	__u32 core;
	/** @wave: Wave in its work-group. */
	__u32 wave;
	/** @lane_mask: Lanes that faulted; for faults that are not about lanes the active ones. */
	__u32 lane_mask;
	/** @time_ns: The clock of timestamp packets when it happened. */
	__u64 time_ns;
};

/**
 * struct drm_npu_ctx_get_state - argument of DRM_IOCTL_NPU_CTX_GET_STATE
 */
struct drm_npu_ctx_get_state {
	/** @ctx_id: The context. */
	__u32 ctx_id;
	/** @state: Out: enum drm_npu_ctx_state. */
	__u32 state;
	/** @jobs_submitted: Out: number of the last job submitted; 0: none. */
	__u64 jobs_submitted;
	/** @jobs_completed: Out: number of the last job that was completed without an error. */
	__u64 jobs_completed;
	/** @fault: Out: the fault, for %DRM_NPU_CTX_STATE_FAULTED, else zeros. */
	struct drm_npu_fault fault;
};

/* ------------------------------------------------------------------------------------ submit -- */

/**
 * struct drm_npu_cmdbuf - a command buffer
 */
struct drm_npu_cmdbuf {
	/** @va: Address of the first packet in the context's VM, a multiple of 64. */
	__u64 va;
	/** @num_packets: Number of packets of 64 bytes, not 0. */
	__u32 num_packets;
	/** @flags: MBZ. */
	__u32 flags;
};

/**
 * struct drm_npu_submit - argument of DRM_IOCTL_NPU_SUBMIT
 *
 * Queues a job and returns before it has run. EIO if the context is dead.
 *
 * The device looks at the command buffers when the job runs: the memory must stay bound and
 * unchanged until it has finished. Sync objects are signalled when a job ends in any way; one that
 * was killed or never ran ends with an error, and DRM_IOCTL_NPU_CTX_GET_STATE tells.
 */
struct drm_npu_submit {
	/** @ctx_id: The context. */
	__u32 ctx_id;
	/** @flags: MBZ. */
	__u32 flags;
	/**
	 * @cmdbufs: Array of &struct drm_npu_cmdbuf, at most %DRM_NPU_MAX_CMDBUFS, run one after
	 * the other. May be empty: such a job only waits and signals.
	 */
	struct drm_npu_obj_array cmdbufs;
	/** @wait_syncs: Array of &struct drm_npu_sync to wait for. */
	struct drm_npu_obj_array wait_syncs;
	/** @signal_syncs: Array of &struct drm_npu_sync to signal. */
	struct drm_npu_obj_array signal_syncs;
	/** @job: Out: number of the job in its context. */
	__u64 job;
};

#define DRM_IOCTL_NPU_DEV_QUERY \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_DEV_QUERY, struct drm_npu_dev_query)
#define DRM_IOCTL_NPU_BO_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_BO_CREATE, struct drm_npu_bo_create)
#define DRM_IOCTL_NPU_BO_MMAP_OFFSET \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_BO_MMAP_OFFSET, struct drm_npu_bo_mmap_offset)
#define DRM_IOCTL_NPU_BO_GET_INFO \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_BO_GET_INFO, struct drm_npu_bo_get_info)
#define DRM_IOCTL_NPU_VM_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_VM_CREATE, struct drm_npu_vm_create)
#define DRM_IOCTL_NPU_VM_DESTROY \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_VM_DESTROY, struct drm_npu_vm_destroy)
#define DRM_IOCTL_NPU_VM_BIND DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_VM_BIND, struct drm_npu_vm_bind)
#define DRM_IOCTL_NPU_VM_GET_STATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_VM_GET_STATE, struct drm_npu_vm_get_state)
#define DRM_IOCTL_NPU_CTX_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_CTX_CREATE, struct drm_npu_ctx_create)
#define DRM_IOCTL_NPU_CTX_DESTROY \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_CTX_DESTROY, struct drm_npu_ctx_destroy)
#define DRM_IOCTL_NPU_CTX_GET_STATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_CTX_GET_STATE, struct drm_npu_ctx_get_state)
#define DRM_IOCTL_NPU_SUBMIT DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_SUBMIT, struct drm_npu_submit)
#define DRM_IOCTL_NPU_BO_SET_LABEL \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_BO_SET_LABEL, struct drm_npu_bo_set_label)

#if defined(__cplusplus)
}
#endif

#endif /* _UAPI_NPU_ACCEL_H_ */
