/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * A transport carries the uAPI of include/uapi/drm/npu_accel.h: one object stands for one open file
 * of the device. Everything above asks through it and cannot tell who answers; the tests of the
 * uAPI run through it as well, unchanged on every transport.
 */

#ifndef NPU_TRANSPORT_H
#define NPU_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct npu_transport;

/* Where a device is plugged in. */
struct npu_transport_pci {
   uint16_t domain;
   uint8_t bus, device, function;
};

struct npu_transport_ops {
   /* "sim", "drm" */
   const char *name;

   /* An ioctl, with the argument structure at arg (read and written). Returns 0 or -errno, the
    * errno the kernel driver gives. -EINTR and -EAGAIN never appear: interrupted calls are
    * repeated. Any thread may call it at any time.
    */
   int (*ioctl)(struct npu_transport *transport, unsigned long request, void *arg);

   /* Maps size_B bytes of a buffer into this process, readable and writable and coherent with the
    * device; offset is what DRM_IOCTL_NPU_BO_MMAP_OFFSET gave, plus a multiple of the page size to
    * start further on. 0 or -errno.
    */
   int (*mmap)(struct npu_transport *transport, size_t size_B, uint64_t offset, void **out_map);

   /* The same, at this address of the process (page aligned). -EEXIST if something is there. */
   int (*mmap_at)(struct npu_transport *transport, void *at, size_t size_B, uint64_t offset);

   /* Undoes mmap or mmap_at; map and size_B as there. */
   void (*munmap)(struct npu_transport *transport, void *map, size_t size_B);

   /* Closes the file, whatever its work is doing: contexts are killed, handles closed, VMs
    * destroyed. Mappings and exported file descriptors stay valid. No other call may be under way.
    */
   void (*destroy)(struct npu_transport *transport);

   /* Where the device is plugged in; false: not into a PCI bus, or nobody knows. NULL: never. */
   bool (*pci)(struct npu_transport *transport, struct npu_transport_pci *out);
};

struct npu_transport {
   const struct npu_transport_ops *ops;

   /* Set by a caller that passes none but valid pointers: a transport in this process then need not
    * turn wild ones into EFAULT, which costs it several system calls per ioctl.
    */
   bool trusts_pointers;
};

/* Opens the accelerator of that name, or the default one for NULL and "" (drm if there is a device,
 * else sim). Returns NULL, sets errno and writes one line about the reason to why (may be NULL).
 *
 * errno: EINVAL unknown name, ENODEV no such device, ENOMEM, EACCES, ...
 */
struct npu_transport *npu_transport_open(const char *name, char *why, size_t why_size);

/* The device model in this process: the in-process counterpart of the kernel driver. All opens in
 * one process share one device, configured by the environment variable NPU_SIM at the first open
 * and destroyed after the last close.
 */
struct npu_transport *npu_transport_sim_open(char *why, size_t why_size);

/* The first NPU below /dev/accel. */
struct npu_transport *npu_transport_drm_open(char *why, size_t why_size);

static inline int
npu_transport_ioctl(struct npu_transport *transport, unsigned long request, void *arg)
{
   return transport->ops->ioctl(transport, request, arg);
}

#endif
