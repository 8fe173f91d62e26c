/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The transport "drm": a file below /dev/accel, ioctl() and mmap().
 */

#include "npu_transport.h"

#include "drm.h"
#include "drm/npu_accel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Minor numbers of accelerators are 0 .. 127. */
#define MAX_NODES 128

struct drm_transport {
   struct npu_transport base;
   int fd;
};

static int
ioctl_restarted(int fd, unsigned long request, void *arg)
{
   int ret;

   do {
      ret = ioctl(fd, request, arg);
   } while (ret < 0 && (errno == EINTR || errno == EAGAIN));
   return ret < 0 ? -errno : 0;
}

static int
drm_ioctl(struct npu_transport *transport, unsigned long request, void *arg)
{
   return ioctl_restarted(((struct drm_transport *)transport)->fd, request, arg);
}

static int
drm_mmap(struct npu_transport *transport, size_t size_B, uint64_t offset, void **out_map)
{
   int fd = ((struct drm_transport *)transport)->fd;
   void *map = mmap(NULL, size_B, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);

   if (map == MAP_FAILED)
      return -errno;
   *out_map = map;
   return 0;
}

static int
drm_mmap_at(struct npu_transport *transport, void *at, size_t size_B, uint64_t offset)
{
   int fd = ((struct drm_transport *)transport)->fd;
   void *map = mmap(at, size_B, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, fd,
                    (off_t)offset);

   if (map == MAP_FAILED)
      return -errno;
   if (map != at) { /* a kernel that does not know the flag */
      munmap(map, size_B);
      return -EEXIST;
   }
   return 0;
}

static void
drm_munmap(struct npu_transport *transport, void *map, size_t size_B)
{
   munmap(map, size_B);
}

static void
drm_destroy(struct npu_transport *transport)
{
   close(((struct drm_transport *)transport)->fd);
   free(transport);
}

/* Of the link from the character device to its bus device, whose last part is "0000:00:03.0". The DRM library's
 * drmGetDevice() looks for devices of the DRM major number only.
 */
static bool
drm_pci(struct npu_transport *transport, struct npu_transport_pci *out)
{
   char path[64], link[256];
   unsigned domain, bus, device, function;
   struct stat status;
   int end = 0;

   if (fstat(((struct drm_transport *)transport)->fd, &status))
      return false;
   snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/device", major(status.st_rdev),
            minor(status.st_rdev));
   ssize_t length = readlink(path, link, sizeof(link) - 1);
   if (length < 0)
      return false;
   link[length] = 0;
   const char *slash = strrchr(link, '/');
   const char *name = slash ? slash + 1 : link;
   if (sscanf(name, "%x:%2x:%2x.%1x%n", &domain, &bus, &device, &function, &end) != 4 ||
       name[end] || domain > UINT16_MAX)
      return false;
   *out = (struct npu_transport_pci){
      .domain = (uint16_t)domain,
      .bus = (uint8_t)bus,
      .device = (uint8_t)device,
      .function = (uint8_t)function,
   };
   return true;
}

static const struct npu_transport_ops drm_ops = {
   .name = "drm",
   .ioctl = drm_ioctl,
   .mmap = drm_mmap,
   .mmap_at = drm_mmap_at,
   .munmap = drm_munmap,
   .destroy = drm_destroy,
   .pci = drm_pci,
};

/* 0 if the file is a device of our driver with a uAPI we can use, else why not. */
static int
check_driver(int fd)
{
   char name[16] = "";
   struct drm_version version = {.name = name, .name_len = sizeof(name) - 1};
   int ret = ioctl_restarted(fd, DRM_IOCTL_VERSION, &version);

   if (ret)
      return ret;
   if (strcmp(name, DRM_NPU_DRIVER_NAME))
      return -ENODEV;
   return version.version_major == DRM_NPU_UAPI_MAJOR ? 0 : -EPROTONOSUPPORT;
}

struct npu_transport *
npu_transport_drm_open(char *why, size_t why_size)
{
   int error = ENODEV;

   snprintf(why, why_size, "there is no NPU below /dev/accel");
   for (int i = 0; i < MAX_NODES; i++) {
      char path[32];

      snprintf(path, sizeof(path), "/dev/accel/accel%d", i);
      int fd = open(path, O_RDWR | O_CLOEXEC);
      if (fd < 0) {
         if (errno != ENOENT && errno != ENOTDIR) {
            error = errno;
            snprintf(why, why_size, "%s cannot be opened: %s", path, strerror(error));
         }
         continue;
      }

      int ret = check_driver(fd);
      struct drm_transport *transport = ret ? NULL : calloc(1, sizeof(*transport));
      if (transport) {
         transport->base.ops = &drm_ops;
         transport->fd = fd;
         return &transport->base;
      }
      close(fd);
      if (!ret)
         ret = -ENOMEM;
      if (ret != -ENODEV) {
         error = -ret;
         snprintf(why, why_size, "%s cannot be used: %s", path, strerror(error));
      }
   }
   errno = error;
   return NULL;
}
