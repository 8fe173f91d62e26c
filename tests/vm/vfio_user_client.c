/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The monitor's side of vfio-user, for tests.
 */

#include "vfio_user_client.h"

#include <errno.h>
#include <linux/vfio.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct vfu_server *server;
int sock = -1;
uint8_t reply[MAX_REPLY];
uint32_t reply_size;
int reply_fd;

static pthread_t thread;
static int serve_fd, serve_result;
static uint16_t next_id;

static void *
serve_main(void *data)
{
   serve_result = vfu_server_serve(server, serve_fd, -1);
   return NULL;
}

void
connect_client(void)
{
   int pair[2];

   if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
      printf("Bail out! socketpair: %s\n", strerror(errno));
      exit(1);
   }
   sock = pair[0];
   serve_fd = pair[1];
   pthread_create(&thread, NULL, serve_main, NULL);
}

/* Returns what vfu_server_serve() did. */
int
hang_up(void)
{
   if (sock >= 0)
      close(sock);
   sock = -1;
   num_held = 0;
   pthread_join(thread, NULL);
   return serve_result;
}

bool
send_raw(const void *data, size_t size_B, const int *fds, unsigned num_fds)
{
   union {
      struct cmsghdr align;
      char bytes[CMSG_SPACE(VFU_MAX_FDS * sizeof(int))];
   } control = {0};
   struct iovec iov = {(void *)data, size_B};
   struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

   if (num_fds) {
      msg.msg_control = control.bytes;
      msg.msg_controllen = CMSG_SPACE(num_fds * sizeof(int));
      struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
      c->cmsg_level = SOL_SOCKET;
      c->cmsg_type = SCM_RIGHTS;
      c->cmsg_len = CMSG_LEN(num_fds * sizeof(int));
      memcpy(CMSG_DATA(c), fds, num_fds * sizeof(int));
   }
   return sendmsg(sock, &msg, MSG_NOSIGNAL) == (ssize_t)size_B;
}

static bool
receive(void *to, size_t size_B)
{
   for (size_t done_B = 0; done_B < size_B;) {
      union {
         struct cmsghdr align;
         char bytes[CMSG_SPACE(sizeof(int))];
      } control;
      struct iovec iov = {(uint8_t *)to + done_B, size_B - done_B};
      struct msghdr msg = {
         .msg_iov = &iov,
         .msg_iovlen = 1,
         .msg_control = control.bytes,
         .msg_controllen = sizeof(control.bytes),
      };
      struct pollfd poll_in = {.fd = sock, .events = POLLIN};
      if (poll(&poll_in, 1, 10000) != 1)
         return false;
      ssize_t got_B = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
      if (got_B <= 0)
         return false;
      struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
      if (c && c->cmsg_type == SCM_RIGHTS)
         memcpy(&reply_fd, CMSG_DATA(c), sizeof(int));
      done_B += (size_t)got_B;
   }
   return true;
}

uint8_t *asked_ram;
unsigned num_asked;
bool refuse;

/* A command of the server. */
struct question {
   struct vfu_header header;
   uint8_t payload[sizeof(struct vfu_dma_access) + 65536];
};

bool hold;
unsigned num_held;
static struct question held[16];

static bool
answer(const struct question *question)
{
   struct vfu_dma_access access;
   static struct {
      struct vfu_header header;
      struct vfu_dma_access access;
      uint8_t data[65536];
   } out;

   memcpy(&access, question->payload, sizeof(access));
   out.header = question->header;
   out.header.flags = VFU_FLAG_REPLY;
   out.header.size = sizeof(out.header) + sizeof(out.access);
   out.access = access;
   num_asked++;
   if (refuse || !asked_ram || access.address < RAM_IOVA ||
       access.address + access.count > RAM_IOVA + RAM_B)
   {
      out.header.flags |= VFU_FLAG_ERROR;
      out.header.error = EFAULT;
      out.header.size = sizeof(out.header);
   } else if (question->header.command == VFU_DMA_WRITE) {
      memcpy(asked_ram + (access.address - RAM_IOVA), question->payload + sizeof(access),
             access.count);
   } else {
      memcpy(out.data, asked_ram + (access.address - RAM_IOVA), access.count);
      out.header.size += (uint32_t)access.count;
   }
   return send_raw(&out, out.header.size, NULL, 0);
}

/* Receives what follows the header of a command of the server, and answers or keeps it. */
static bool
take_question(const struct vfu_header *header)
{
   static struct question question;
   uint32_t size_B = header->size - (uint32_t)sizeof(*header);
   struct vfu_dma_access access;

   if (size_B > sizeof(question.payload) || size_B < sizeof(access) ||
       !receive(question.payload, size_B))
      return false;
   memcpy(&access, question.payload, sizeof(access));
   if (access.count > 65536 ||
       size_B != sizeof(access) + (header->command == VFU_DMA_WRITE ? access.count : 0))
      return false;
   question.header = *header;
   if (!hold)
      return answer(&question);
   if (num_held == sizeof(held) / sizeof(held[0]))
      return false;
   held[num_held++] = question;
   return true;
}

void
answer_held(void)
{
   for (unsigned i = 0; i < num_held; i++)
      answer(&held[i]);
   num_held = 0;
}

bool
wait_until_held(int timeout_ms)
{
   struct pollfd poll_in = {.fd = sock, .events = POLLIN};
   struct vfu_header header;

   return num_held || (poll(&poll_in, 1, timeout_ms) == 1 && receive(&header, sizeof(header)) &&
                       take_question(&header));
}

void
take_questions(void)
{
   struct pollfd poll_in = {.fd = sock, .events = POLLIN};
   struct vfu_header header;

   while (poll(&poll_in, 1, 1) == 1 && receive(&header, sizeof(header)) && take_question(&header))
      ;
}

/* Receives the header of a reply, and takes what the server asks before. */
static bool
receive_reply(struct vfu_header *header)
{
   for (;;) {
      if (!receive(header, sizeof(*header)))
         return false;
      bool dma = header->command == VFU_DMA_READ || header->command == VFU_DMA_WRITE;
      if ((header->flags & VFU_FLAG_TYPE_MASK) != VFU_FLAG_COMMAND || !dma)
         return true;
      if (!take_question(header))
         return false;
   }
}

/* Sends a command and receives its reply. 0, the errno of the reply, or -1 if there was none. */
int
call_fds(unsigned command, const void *payload, uint32_t size_B, const int *fds, unsigned num_fds)
{
   static uint8_t message[MAX_REPLY];
   struct vfu_header header = {
      .id = ++next_id,
      .command = (uint16_t)command,
      .size = (uint32_t)sizeof(header) + size_B,
   };

   memcpy(message, &header, sizeof(header));
   if (size_B)
      memcpy(message + sizeof(header), payload, size_B);
   reply_fd = -1;
   if (!send_raw(message, header.size, fds, num_fds) || !receive_reply(&header))
      return -1;
   if (header.id != next_id || header.command != command ||
       (header.flags & VFU_FLAG_TYPE_MASK) != VFU_FLAG_REPLY || header.size > MAX_REPLY)
      return -1;
   reply_size = header.size - (uint32_t)sizeof(header);
   if (reply_size && !receive(reply, reply_size))
      return -1;
   return header.flags & VFU_FLAG_ERROR ? (int)header.error : 0;
}

int
call(unsigned command, const void *payload, uint32_t size_B)
{
   return call_fds(command, payload, size_B, NULL, 0);
}

int
say_version(void)
{
   static const struct {
      struct vfu_version version;
      char caps[124];
   } hello = {
      {0, 0},
      "{\"capabilities\":{\"pgsizes\":4096,\"max_msg_fds\":16,\"max_data_xfer_size\":1048576}}",
   };
   return call(VFU_VERSION, &hello, sizeof(hello));
}

int
region_read(unsigned region, uint64_t offset, void *to, uint32_t count)
{
   const struct vfu_region_access access = {.offset = offset, .region = region, .count = count};
   int ret = call(VFU_REGION_READ, &access, sizeof(access));

   if (!ret && reply_size != sizeof(access) + count)
      return -1;
   if (!ret)
      memcpy(to, reply + sizeof(access), count);
   return ret;
}

int
region_write(unsigned region, uint64_t offset, const void *from, uint32_t count)
{
   uint8_t payload[sizeof(struct vfu_region_access) + 64];
   const struct vfu_region_access access = {.offset = offset, .region = region, .count = count};

   memcpy(payload, &access, sizeof(access));
   memcpy(payload + sizeof(access), from, count);
   return call(VFU_REGION_WRITE, payload, (uint32_t)sizeof(access) + count);
}

uint64_t
reg_read(uint32_t reg)
{
   uint64_t value = 0xdeadbeef;
   region_read(VFIO_PCI_BAR0_REGION_INDEX, reg, &value, sizeof(value));
   return value;
}

void
reg_write(uint32_t reg, uint64_t value)
{
   region_write(VFIO_PCI_BAR0_REGION_INDEX, reg, &value, sizeof(value));
}

uint32_t
config_read(uint32_t offset, uint32_t size_B)
{
   uint32_t value = 0;
   region_read(VFIO_PCI_CONFIG_REGION_INDEX, offset, &value, size_B);
   return value;
}

void
config_write(uint32_t offset, uint32_t value, uint32_t size_B)
{
   region_write(VFIO_PCI_CONFIG_REGION_INDEX, offset, &value, size_B);
}

int
dma_map(uint64_t address, uint64_t size_B, int fd, uint64_t offset)
{
   const struct vfu_dma_map map = {
      .argsz = sizeof(map),
      .flags = VFU_DMA_MAP_READ | VFU_DMA_MAP_WRITE,
      .offset = offset,
      .address = address,
      .size = size_B,
   };
   return call_fds(VFU_DMA_MAP, &map, sizeof(map), &fd, fd >= 0);
}

int
dma_unmap(uint64_t address, uint64_t size_B)
{
   const struct vfu_dma_unmap unmap = {.argsz = sizeof(unmap), .address = address, .size = size_B};
   return call(VFU_DMA_UNMAP, &unmap, sizeof(unmap));
}

int
set_irqs(uint32_t flags, uint32_t index, uint32_t start, uint32_t count, const int *fds,
         unsigned num_fds)
{
   const struct vfio_irq_set set = {
      .argsz = sizeof(set),
      .flags = flags,
      .index = index,
      .start = start,
      .count = count,
   };
   return call_fds(VFU_DEVICE_SET_IRQS, &set, sizeof(set), fds, num_fds);
}
