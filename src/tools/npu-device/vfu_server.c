/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The thread that owns the socket answers one message after the other; the device works on threads
 * of the model meanwhile. Answers come at once: the monitor stops the whole virtual machine while
 * it waits for one.
 *
 * Nothing the client sends is believed. A message whose size makes no sense ends the connection,
 * since the next one cannot be found; everything else that is wrong is answered with an errno.
 *
 * Interrupts are eventfds of the client. While it sets up vectors it takes all of them away for a
 * moment, so an interrupt without an eventfd is kept pending and fired when there is one again.
 *
 * Memory that the client has not passed as a file is reached by messages to it (vfu_call.h). Their replies
 * come to this thread, so it must not wait for the device meanwhile: what would is deferred (npu_pci.c).
 *
 * What it misses: migration, dirty page tracking (answered with ENOTSUP).
 */

#include "vfu_server.h"

#include <errno.h>
#include <linux/vfio.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vfu_call.h"
#include "vfu_dma.h"
#include "vfu_proto.h"

#define NUM_REGIONS VFIO_PCI_NUM_REGIONS
#define NUM_IRQS    VFIO_PCI_NUM_IRQS

struct vfu_server {
   struct npu_pci *pci;
   struct vfu_dma *dma;
   struct vfu_calls *calls;
   atomic_bool asks; /* the device may come upon memory that needs calls */
   bool verbose;

   int fd, stop_fd; /* of the connection */
   bool negotiated;
   uint8_t *in, *out; /* message without header, reply without header */

   pthread_mutex_t irq_lock; /* protects what follows */
   int eventfds[NPU_PCI_NUM_VECTORS];
   bool pending[NPU_PCI_NUM_VECTORS];
   int error_eventfd; /* kept for the client's sake, never fired */
};

struct message {
   struct vfu_header header;
   uint32_t size_B; /* of server->in */
   int fds[VFU_MAX_FDS];
   unsigned num_fds;
};

/* ----------------------------------------------------------------------------- interrupts, DMA -- */

static void
fire(int eventfd)
{
   const uint64_t one = 1;
   ssize_t done = write(eventfd, &one, sizeof(one));

   (void)done; /* full: the client has not looked at earlier ones yet */
}

static void
on_interrupt(void *data, unsigned vector)
{
   struct vfu_server *server = data;

   pthread_mutex_lock(&server->irq_lock);
   if (server->eventfds[vector] >= 0)
      fire(server->eventfds[vector]);
   else
      server->pending[vector] = true;
   pthread_mutex_unlock(&server->irq_lock);
}

/* Takes fd over. */
static void
set_eventfd(struct vfu_server *server, unsigned vector, int fd)
{
   pthread_mutex_lock(&server->irq_lock);
   if (server->eventfds[vector] >= 0)
      close(server->eventfds[vector]);
   server->eventfds[vector] = fd;
   if (fd >= 0 && server->pending[vector]) {
      server->pending[vector] = false;
      fire(fd);
   }
   pthread_mutex_unlock(&server->irq_lock);
}

static bool
on_dma_read(void *data, uint64_t address, void *to, size_t size_B)
{
   return vfu_dma_read(((struct vfu_server *)data)->dma, address, to, size_B);
}

static bool
on_dma_write(void *data, uint64_t address, const void *from, size_t size_B)
{
   return vfu_dma_write(((struct vfu_server *)data)->dma, address, from, size_B);
}

static bool
on_ask(void *data, uint64_t address, void *to, const void *from, size_t size_B)
{
   return vfu_calls_access(((struct vfu_server *)data)->calls, address, to, from, size_B);
}

static bool
on_asks(void *data)
{
   return atomic_load(&((struct vfu_server *)data)->asks);
}

/* ------------------------------------------------------------------------------------ messages -- */

/* Each handler reads server->in, fills server->out and returns its size, or -errno. A descriptor it
 * wants to keep is replaced by -1 in message->fds. *out_fd goes with the reply.
 */
typedef int64_t (*handler)(struct vfu_server *server, struct message *message, int *out_fd);

static int64_t
handle_version(struct vfu_server *server, struct message *message, int *out_fd)
{
   const struct vfu_version *in = (const void *)server->in;
   static const char caps[] = "{\"capabilities\":{\"max_msg_fds\":16,\"max_dma_maps\":65535,"
                              "\"max_data_xfer_size\":1048576,\"pgsizes\":4096}}";
   const struct vfu_version version = {VFU_VERSION_MAJOR, VFU_VERSION_MINOR};

   if (server->negotiated || message->size_B < sizeof(*in))
      return -EINVAL;
   if (in->major != VFU_VERSION_MAJOR)
      return -ENOTSUP;
   if (message->size_B > sizeof(*in) && server->in[message->size_B - 1] != '\0')
      return -EINVAL;

   server->negotiated = true;
   memcpy(server->out, &version, sizeof(version));
   /* Clients may have room only for as much as they sent. */
   if (message->size_B < sizeof(version) + sizeof(caps))
      return sizeof(version);
   memcpy(server->out + sizeof(version), caps, sizeof(caps));
   return sizeof(version) + sizeof(caps);
}

static int64_t
handle_dma_map(struct vfu_server *server, struct message *message, int *out_fd)
{
   const struct vfu_dma_map *in = (const void *)server->in;

   if (message->size_B < sizeof(*in) || in->argsz < sizeof(*in) || message->num_fds > 1)
      return -EINVAL;
   /* The client keeps the range page aligned, or a page would be shared with something else. */
   if ((in->address | in->size | in->offset) & 0xfff)
      return -EINVAL;
   uint32_t flags = in->flags;
   if (!message->num_fds) {
      /* ROMs, and the device's own memory at its address as a BAR: nothing the device has to reach, so
       * register writes need not be slower for their sake. */
      if (!(flags & VFU_DMA_MAP_WRITE) ||
          in->address == npu_pci_bar_address(server->pci, NPU_PCI_BAR_MEM))
         flags &= ~(VFU_DMA_MAP_READ | VFU_DMA_MAP_WRITE);
      else
         atomic_store(&server->asks, true);
   }
   return vfu_dma_map(server->dma, in->address, in->size, message->num_fds ? message->fds[0] : -1,
                      in->offset, flags);
}

static int64_t
handle_dma_unmap(struct vfu_server *server, struct message *message, int *out_fd)
{
   const struct vfu_dma_unmap *in = (const void *)server->in;
   int ret = 0;

   if (message->size_B < sizeof(*in) || in->argsz < sizeof(*in))
      return -EINVAL;
   if (in->flags & VFU_DMA_UNMAP_DIRTY)
      return -ENOTSUP;
   if (in->flags & ~VFU_DMA_UNMAP_ALL)
      return -EINVAL;
   if (in->flags & VFU_DMA_UNMAP_ALL) {
      if (in->address || in->size)
         return -EINVAL;
      vfu_dma_unmap_all(server->dma);
   } else {
      ret = vfu_dma_unmap(server->dma, in->address, in->size);
   }
   memcpy(server->out, in, sizeof(*in));
   return ret ? ret : (int64_t)sizeof(*in);
}

static int64_t
handle_get_info(struct vfu_server *server, struct message *message, int *out_fd)
{
   uint32_t argsz;

   if (message->size_B < 16)
      return -EINVAL;
   memcpy(&argsz, server->in, sizeof(argsz));
   if (argsz < 16)
      return -EINVAL;

   /* The first four words of struct vfio_device_info; newer ones are longer. */
   const uint32_t out[4] = {16, VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET, NUM_REGIONS,
                            NUM_IRQS};
   memcpy(server->out, out, sizeof(out));
   return sizeof(out);
}

static uint64_t
region_size_B(const struct vfu_server *server, uint32_t region)
{
   if (region == VFIO_PCI_CONFIG_REGION_INDEX)
      return NPU_PCI_CONFIG_SIZE_B;
   return region <= VFIO_PCI_BAR5_REGION_INDEX ? npu_pci_bar_size_B(server->pci, region) : 0;
}

static int64_t
handle_get_region_info(struct vfu_server *server, struct message *message, int *out_fd)
{
   struct vfio_region_info info;

   if (message->size_B < sizeof(info))
      return -EINVAL;
   memcpy(&info, server->in, sizeof(info));
   if (info.argsz < sizeof(info) || info.index >= NUM_REGIONS)
      return -EINVAL;

   info.argsz = sizeof(info);
   info.size = region_size_B(server, info.index);
   info.flags = info.size ? VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE : 0;
   info.cap_offset = 0;
   info.offset = 0;
   if (info.index <= VFIO_PCI_BAR5_REGION_INDEX) {
      *out_fd = npu_pci_bar_fd(server->pci, info.index);
      if (*out_fd >= 0)
         info.flags |= VFIO_REGION_INFO_FLAG_MMAP;
   }
   memcpy(server->out, &info, sizeof(info));
   return sizeof(info);
}

static int64_t
handle_get_irq_info(struct vfu_server *server, struct message *message, int *out_fd)
{
   struct vfio_irq_info info;

   if (message->size_B < sizeof(info))
      return -EINVAL;
   memcpy(&info, server->in, sizeof(info));
   if (info.argsz < sizeof(info) || info.index >= NUM_IRQS)
      return -EINVAL;

   info.argsz = sizeof(info);
   info.flags = info.count = 0;
   if (info.index == VFIO_PCI_MSIX_IRQ_INDEX || info.index == VFIO_PCI_ERR_IRQ_INDEX) {
      info.flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE;
      info.count = info.index == VFIO_PCI_MSIX_IRQ_INDEX ? NPU_PCI_NUM_VECTORS : 1;
   }
   memcpy(server->out, &info, sizeof(info));
   return sizeof(info);
}

static int64_t
set_msix(struct vfu_server *server, struct message *message, const struct vfio_irq_set *set,
         const uint8_t *data)
{
   switch (set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
   case VFIO_IRQ_SET_DATA_NONE:
      if (!set->count) {
         for (unsigned i = 0; i < NPU_PCI_NUM_VECTORS; i++)
            set_eventfd(server, i, -1);
      }
      for (uint32_t i = 0; i < set->count; i++)
         on_interrupt(server, set->start + i);
      return 0;
   case VFIO_IRQ_SET_DATA_BOOL:
      for (uint32_t i = 0; i < set->count; i++) {
         if (data[i])
            on_interrupt(server, set->start + i);
      }
      return 0;
   case VFIO_IRQ_SET_DATA_EVENTFD:
      /* No descriptors at all: take those of the range away. */
      if (message->num_fds && message->num_fds != set->count)
         return -EINVAL;
      for (uint32_t i = 0; i < set->count; i++) {
         set_eventfd(server, set->start + i, message->num_fds ? message->fds[i] : -1);
         message->fds[i] = -1;
      }
      return 0;
   default:
      return -EINVAL;
   }
}

static int64_t
handle_set_irqs(struct vfu_server *server, struct message *message, int *out_fd)
{
   struct vfio_irq_set set;

   if (message->size_B < sizeof(set))
      return -EINVAL;
   memcpy(&set, server->in, sizeof(set));
   if (set.argsz < sizeof(set))
      return -EINVAL;

   uint32_t available = set.index == VFIO_PCI_MSIX_IRQ_INDEX  ? NPU_PCI_NUM_VECTORS
                        : set.index == VFIO_PCI_ERR_IRQ_INDEX ? 1
                                                              : 0;
   if (set.start > available || set.count > available - set.start)
      return -EINVAL;
   if ((set.flags & VFIO_IRQ_SET_DATA_TYPE_MASK) == VFIO_IRQ_SET_DATA_BOOL &&
       message->size_B - sizeof(set) < set.count)
      return -EINVAL;
   if ((set.flags & VFIO_IRQ_SET_ACTION_TYPE_MASK) != VFIO_IRQ_SET_ACTION_TRIGGER)
      return available ? -EINVAL : 0; /* masking: MSI-X has none here */

   if (set.index == VFIO_PCI_MSIX_IRQ_INDEX)
      return set_msix(server, message, &set, server->in + sizeof(set));
   if (set.index == VFIO_PCI_ERR_IRQ_INDEX) {
      if (server->error_eventfd >= 0)
         close(server->error_eventfd);
      server->error_eventfd = message->num_fds == 1 ? message->fds[0] : -1;
      if (message->num_fds)
         message->fds[0] = -1;
   }
   return 0;
}

static int64_t
handle_region_read(struct vfu_server *server, struct message *message, int *out_fd)
{
   const struct vfu_region_access *in = (const void *)server->in;
   uint8_t *data = server->out + sizeof(*in);

   if (message->size_B < sizeof(*in) || in->count > VFU_MAX_TRANSFER_B)
      return -EINVAL;
   uint64_t size_B = region_size_B(server, in->region);
   if (in->offset > size_B || in->count > size_B - in->offset)
      return -EINVAL;

   memcpy(server->out, in, sizeof(*in));
   if (in->region == VFIO_PCI_CONFIG_REGION_INDEX)
      npu_pci_config_read(server->pci, (uint32_t)in->offset, data, in->count);
   else if (in->count && !npu_pci_bar_read(server->pci, in->region, in->offset, data, in->count))
      return -EINVAL;
   return (int64_t)sizeof(*in) + in->count;
}

static int64_t
handle_region_write(struct vfu_server *server, struct message *message, int *out_fd)
{
   const struct vfu_region_access *in = (const void *)server->in;
   const uint8_t *data = server->in + sizeof(*in);

   if (message->size_B < sizeof(*in) || message->size_B - sizeof(*in) != in->count)
      return -EINVAL;
   uint64_t size_B = region_size_B(server, in->region);
   if (in->offset > size_B || in->count > size_B - in->offset)
      return -EINVAL;

   if (in->region == VFIO_PCI_CONFIG_REGION_INDEX)
      npu_pci_config_write(server->pci, (uint32_t)in->offset, data, in->count);
   else if (in->count && !npu_pci_bar_write(server->pci, in->region, in->offset, data, in->count))
      return -EINVAL;
   memcpy(server->out, in, sizeof(*in));
   return sizeof(*in);
}

static int64_t
handle_reset(struct vfu_server *server, struct message *message, int *out_fd)
{
   /* This waits for the device, so the device must not wait for an answer to be received here. */
   vfu_calls_refuse(server->calls, true);
   npu_pci_reset(server->pci);
   vfu_calls_refuse(server->calls, false);
   pthread_mutex_lock(&server->irq_lock);
   memset(server->pending, 0, sizeof(server->pending));
   pthread_mutex_unlock(&server->irq_lock);
   return 0;
}

static const struct {
   const char *name;
   handler handle;
} commands[] = {
   [VFU_VERSION] = {"VERSION", handle_version},
   [VFU_DMA_MAP] = {"DMA_MAP", handle_dma_map},
   [VFU_DMA_UNMAP] = {"DMA_UNMAP", handle_dma_unmap},
   [VFU_DEVICE_GET_INFO] = {"GET_INFO", handle_get_info},
   [VFU_DEVICE_GET_REGION_INFO] = {"GET_REGION_INFO", handle_get_region_info},
   [VFU_DEVICE_GET_REGION_IO_FDS] = {"GET_REGION_IO_FDS", NULL},
   [VFU_DEVICE_GET_IRQ_INFO] = {"GET_IRQ_INFO", handle_get_irq_info},
   [VFU_DEVICE_SET_IRQS] = {"SET_IRQS", handle_set_irqs},
   [VFU_REGION_READ] = {"REGION_READ", handle_region_read},
   [VFU_REGION_WRITE] = {"REGION_WRITE", handle_region_write},
   [VFU_DMA_READ] = {"DMA_READ", NULL},
   [VFU_DMA_WRITE] = {"DMA_WRITE", NULL},
   [VFU_DEVICE_RESET] = {"RESET", handle_reset},
   [VFU_DIRTY_PAGES] = {"DIRTY_PAGES", NULL},
   [VFU_REGION_WRITE_MULTI] = {"REGION_WRITE_MULTI", NULL},
};

#define NUM_COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* ---------------------------------------------------------------------------------- the socket -- */

/* Waits until the socket is readable. False: told to stop. */
static bool
wait_readable(const struct vfu_server *server)
{
   struct pollfd polls[2] = {
      {.fd = server->fd, .events = POLLIN},
      {.fd = server->stop_fd, .events = POLLIN},
   };

   while (poll(polls, 2, -1) < 0) {
      if (errno != EINTR)
         return false;
   }
   return !polls[1].revents;
}

/* Reads exactly size_B bytes; descriptors that come along go to message (NULL: are closed). 1, 0 at
 * the end of the stream before the first byte, -1 for everything else.
 */
static int
read_exactly(struct vfu_server *server, void *to, size_t size_B, struct message *message)
{
   uint8_t *at = to;

   for (size_t done_B = 0; done_B < size_B;) {
      union {
         struct cmsghdr align;
         char bytes[CMSG_SPACE(VFU_MAX_FDS * sizeof(int))];
      } control;
      struct iovec iov = {at + done_B, size_B - done_B};
      struct msghdr msg = {
         .msg_iov = &iov,
         .msg_iovlen = 1,
         .msg_control = control.bytes,
         .msg_controllen = sizeof(control.bytes),
      };

      if (!wait_readable(server))
         return -1;
      ssize_t got_B = recvmsg(server->fd, &msg, MSG_CMSG_CLOEXEC);
      if (got_B < 0) {
         if (errno == EINTR || errno == EAGAIN)
            continue;
         return -1;
      }
      for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
         if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
         for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
            if (message->num_fds < VFU_MAX_FDS)
               message->fds[message->num_fds++] = fd;
            else
               close(fd);
         }
      }
      if (!got_B)
         return done_B ? -1 : 0;
      done_B += (size_t)got_B;
   }
   return 1;
}

static bool
send_reply(struct vfu_server *server, const struct vfu_header *to, int64_t result, int out_fd)
{
   struct vfu_header header = {
      .id = to->id,
      .command = to->command,
      .size = sizeof(header),
      .flags = VFU_FLAG_REPLY,
   };
   struct iovec iov[2] = {{&header, sizeof(header)}, {server->out, 0}};
   union {
      struct cmsghdr align;
      char bytes[CMSG_SPACE(sizeof(int))];
   } control;
   struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};

   if (result < 0) {
      header.flags |= VFU_FLAG_ERROR;
      header.error = (uint32_t)-result;
   } else {
      iov[1].iov_len = (size_t)result;
      header.size += (uint32_t)result;
      if (out_fd >= 0) {
         msg.msg_control = control.bytes;
         msg.msg_controllen = sizeof(control.bytes);
         struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
         c->cmsg_level = SOL_SOCKET;
         c->cmsg_type = SCM_RIGHTS;
         c->cmsg_len = CMSG_LEN(sizeof(int));
         memcpy(CMSG_DATA(c), &out_fd, sizeof(int));
      }
   }

   pthread_mutex_t *send_lock = vfu_calls_send_lock(server->calls);
   pthread_mutex_lock(send_lock);
   size_t left_B = header.size;
   bool good = true;
   while (good && left_B) {
      ssize_t sent_B = sendmsg(server->fd, &msg, MSG_NOSIGNAL);
      if (sent_B < 0) {
         good = errno == EINTR;
         continue;
      }
      left_B -= (size_t)sent_B;
      msg.msg_control = NULL;
      msg.msg_controllen = 0;
      for (unsigned i = 0; i < 2; i++) {
         size_t part_B = (size_t)sent_B < iov[i].iov_len ? (size_t)sent_B : iov[i].iov_len;
         iov[i].iov_base = (uint8_t *)iov[i].iov_base + part_B;
         iov[i].iov_len -= part_B;
         sent_B -= (ssize_t)part_B;
      }
   }
   pthread_mutex_unlock(send_lock);
   return good;
}

/* Why a header cannot be followed by a message we understand, or NULL. */
static const char *
header_error(const struct vfu_header *header)
{
   if (header->size < sizeof(*header))
      return "size is smaller than the header";
   if (header->size > VFU_MAX_MESSAGE_B)
      return "size is larger than was agreed on";
   if ((header->flags & VFU_FLAG_TYPE_MASK) > VFU_FLAG_REPLY)
      return "it is neither command nor reply";
   return NULL;
}

/* Receives and answers one message. 1, 0 at the end, -EPROTO. */
static int
serve_one(struct vfu_server *server)
{
   struct message message = {.num_fds = 0};
   int got = read_exactly(server, &message.header, sizeof(message.header), &message);
   int ret = got;
   const char *why = NULL;

   if (got == 1 && (why = header_error(&message.header))) {
      fprintf(stderr, "npu-device: bad message (command %u, size %u): %s\n", message.header.command,
              message.header.size, why);
      ret = -EPROTO;
   } else if (got == 1) {
      message.size_B = message.header.size - (uint32_t)sizeof(message.header);
      got = read_exactly(server, server->in, message.size_B, &message);
      ret = message.size_B && got != 1 ? -1 : 1;
   }

   if (ret == 1 && (message.header.flags & VFU_FLAG_TYPE_MASK) == VFU_FLAG_REPLY) {
      if (!vfu_calls_reply(server->calls, &message.header, server->in, message.size_B)) {
         fprintf(stderr, "npu-device: bad reply (command %u, size %u)\n", message.header.command,
                 message.header.size);
         ret = -EPROTO;
      }
   } else if (ret == 1) {
      uint32_t command = message.header.command;
      bool known = command < NUM_COMMANDS && commands[command].handle;
      int64_t result = -ENOTSUP;
      int out_fd = -1;

      if (known && (server->negotiated || command == VFU_VERSION))
         result = commands[command].handle(server, &message, &out_fd);
      else if (known)
         result = -EINVAL; /* before VERSION */
      if (server->verbose)
         fprintf(stderr, "npu-device: %s, %u bytes, %u descriptors: %lld\n",
                 command < NUM_COMMANDS && commands[command].name ? commands[command].name : "?",
                 message.header.size, message.num_fds, (long long)result);
      if (!(message.header.flags & VFU_FLAG_NO_REPLY) &&
          !send_reply(server, &message.header, result, out_fd))
         ret = 0;
   }

   for (unsigned i = 0; i < message.num_fds; i++) {
      if (message.fds[i] >= 0)
         close(message.fds[i]);
   }
   return ret == -1 ? 0 : ret;
}

/* --------------------------------------------------------------------------------------------- -- */

struct vfu_server *
vfu_server_create(struct npu_sim *sim, bool verbose)
{
   struct vfu_server *server = calloc(1, sizeof(*server));

   if (!server)
      return NULL;
   const struct npu_pci_host host = {
      .data = server,
      .interrupt = on_interrupt,
      .dma_read = on_dma_read,
      .dma_write = on_dma_write,
      .dma_asks = on_asks,
   };
   pthread_mutex_init(&server->irq_lock, NULL);
   server->verbose = verbose;
   server->fd = server->stop_fd = server->error_eventfd = -1;
   for (unsigned i = 0; i < NPU_PCI_NUM_VECTORS; i++)
      server->eventfds[i] = -1;
   server->dma = vfu_dma_create(on_ask, server);
   server->calls = vfu_calls_create();
   server->in = malloc(VFU_MAX_MESSAGE_B);
   server->out = malloc(VFU_MAX_MESSAGE_B);
   if (server->dma && server->calls && server->in && server->out)
      server->pci = npu_pci_create(sim, &host);
   if (!server->pci) {
      vfu_server_destroy(server);
      return NULL;
   }
   return server;
}

void
vfu_server_destroy(struct vfu_server *server)
{
   if (!server)
      return;
   npu_pci_destroy(server->pci);
   vfu_dma_destroy(server->dma);
   vfu_calls_destroy(server->calls);
   pthread_mutex_destroy(&server->irq_lock);
   free(server->in);
   free(server->out);
   free(server);
}

struct npu_pci *
vfu_server_get_pci(struct vfu_server *server)
{
   return server->pci;
}

int
vfu_server_serve(struct vfu_server *server, int fd, int stop_fd)
{
   int ret;

   server->fd = fd;
   server->stop_fd = stop_fd;
   server->negotiated = false;
   atomic_store(&server->asks, false);
   vfu_calls_connect(server->calls, fd);
   while ((ret = serve_one(server)) == 1)
      ;

   /* The device stops before the memory it may be using goes. */
   vfu_calls_connect(server->calls, -1);
   npu_pci_reset(server->pci);
   vfu_dma_unmap_all(server->dma);
   for (unsigned i = 0; i < NPU_PCI_NUM_VECTORS; i++)
      set_eventfd(server, i, -1);
   memset(server->pending, 0, sizeof(server->pending));
   if (server->error_eventfd >= 0)
      close(server->error_eventfd);
   server->error_eventfd = -1;
   close(fd);
   server->fd = -1;
   return ret;
}
