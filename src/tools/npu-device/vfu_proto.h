/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * vfio-user on the wire, version 0.0: what a virtual machine monitor sends to a device process over
 * a UNIX stream socket. Region, interrupt and device structures are those of <linux/vfio.h>.
 *
 * Every message starts with struct vfu_header; size counts it. File descriptors travel as
 * SCM_RIGHTS beside the first byte.
 */

#ifndef VFU_PROTO_H
#define VFU_PROTO_H

#include <stdint.h>

#define VFU_VERSION_MAJOR 0
#define VFU_VERSION_MINOR 0

/* Most file descriptors beside one message, and most payload bytes of a region access. */
#define VFU_MAX_FDS         16
#define VFU_MAX_TRANSFER_B  (1024 * 1024)
#define VFU_MAX_MESSAGE_B   (VFU_MAX_TRANSFER_B + 4096)
#define VFU_MAX_DMA_MAPS    65535
#define VFU_REGION_INFO_CAP sizeof(struct vfio_region_info)

enum vfu_command {
   VFU_VERSION = 1,
   VFU_DMA_MAP = 2,
   VFU_DMA_UNMAP = 3,
   VFU_DEVICE_GET_INFO = 4,
   VFU_DEVICE_GET_REGION_INFO = 5,
   VFU_DEVICE_GET_REGION_IO_FDS = 6,
   VFU_DEVICE_GET_IRQ_INFO = 7,
   VFU_DEVICE_SET_IRQS = 8,
   VFU_REGION_READ = 9,
   VFU_REGION_WRITE = 10,
   VFU_DMA_READ = 11,
   VFU_DMA_WRITE = 12,
   VFU_DEVICE_RESET = 13,
   VFU_DIRTY_PAGES = 14,
   VFU_REGION_WRITE_MULTI = 15,
};

#define VFU_FLAG_TYPE_MASK 0xfu
#define VFU_FLAG_COMMAND   0x0u
#define VFU_FLAG_REPLY     0x1u
#define VFU_FLAG_NO_REPLY  0x10u
#define VFU_FLAG_ERROR     0x20u

struct vfu_header {
   uint16_t id;
   uint16_t command; /* enum vfu_command */
   uint32_t size;    /* of the whole message, in bytes */
   uint32_t flags;   /* VFU_FLAG_* */
   uint32_t error;   /* errno, in a reply with VFU_FLAG_ERROR */
};

/* Followed by a NUL-terminated JSON object of capabilities. */
struct vfu_version {
   uint16_t major, minor;
};

#define VFU_DMA_MAP_READ    1u
#define VFU_DMA_MAP_WRITE   2u
#define VFU_DMA_UNMAP_DIRTY 1u
#define VFU_DMA_UNMAP_ALL   2u

struct vfu_dma_map {
   uint32_t argsz, flags;
   uint64_t offset, address, size;
};

struct vfu_dma_unmap {
   uint32_t argsz, flags;
   uint64_t address, size;
};

/* From the server to the client; followed by data like a region access. */
struct vfu_dma_access {
   uint64_t address, count;
};

/* Followed by count bytes of data in a write and in the reply of a read. */
struct vfu_region_access {
   uint64_t offset;
   uint32_t region, count;
};

#endif
