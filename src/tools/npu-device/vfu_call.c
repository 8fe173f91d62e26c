/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Each call is a DMA_READ or DMA_WRITE command of at most VFU_MAX_CALL_B bytes with a number of its own. The
 * caller sleeps until the thread that receives messages has found the reply with that number, or the
 * connection ends. Several threads may have a call under way each.
 */

#include "vfu_call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* Of a message: small enough for every client. */
#define VFU_MAX_CALL_B 65536u

struct call {
   struct call *next;
   uint16_t id, command;
   uint8_t *to; /* of a read */
   uint32_t size_B;
   bool done, good;
};

struct vfu_calls {
   pthread_mutex_t send_lock;

   pthread_mutex_t lock; /* protects what follows */
   pthread_cond_t reply;
   struct call *pending;
   uint16_t next_id;
   bool refused;
   int fd;
};

struct vfu_calls *
vfu_calls_create(void)
{
   struct vfu_calls *calls = calloc(1, sizeof(*calls));

   if (!calls)
      return NULL;
   pthread_mutex_init(&calls->send_lock, NULL);
   pthread_mutex_init(&calls->lock, NULL);
   pthread_cond_init(&calls->reply, NULL);
   calls->fd = -1;
   return calls;
}

void
vfu_calls_destroy(struct vfu_calls *calls)
{
   if (!calls)
      return;
   pthread_cond_destroy(&calls->reply);
   pthread_mutex_destroy(&calls->lock);
   pthread_mutex_destroy(&calls->send_lock);
   free(calls);
}

static void
abort_locked(struct vfu_calls *calls)
{
   for (struct call *call = calls->pending; call; call = call->next)
      call->done = true;
   calls->pending = NULL;
   pthread_cond_broadcast(&calls->reply);
}

void
vfu_calls_connect(struct vfu_calls *calls, int fd)
{
   pthread_mutex_lock(&calls->lock);
   abort_locked(calls);
   calls->fd = fd;
   pthread_mutex_unlock(&calls->lock);
   /* Nobody is still writing to the old one when this returns. */
   pthread_mutex_lock(&calls->send_lock);
   pthread_mutex_unlock(&calls->send_lock);
}

void
vfu_calls_refuse(struct vfu_calls *calls, bool on)
{
   pthread_mutex_lock(&calls->lock);
   calls->refused = on;
   if (on)
      abort_locked(calls);
   pthread_mutex_unlock(&calls->lock);
}

pthread_mutex_t *
vfu_calls_send_lock(struct vfu_calls *calls)
{
   return &calls->send_lock;
}

static bool
send_call(struct vfu_calls *calls, const struct call *call, uint64_t address, const void *from)
{
   const struct vfu_dma_access access = {.address = address, .count = call->size_B};
   struct vfu_header header = {
      .id = call->id,
      .command = call->command,
      .size = (uint32_t)(sizeof(header) + sizeof(access) + (from ? call->size_B : 0)),
   };
   struct iovec iov[3] = {
      {&header, sizeof(header)},
      {(void *)&access, sizeof(access)},
      {(void *)from, from ? call->size_B : 0},
   };
   struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 3};

   pthread_mutex_lock(&calls->send_lock);
   pthread_mutex_lock(&calls->lock);
   int fd = call->done ? -1 : calls->fd;
   pthread_mutex_unlock(&calls->lock);
   bool good = fd >= 0;
   for (size_t left_B = header.size; good && left_B;) {
      ssize_t sent_B = sendmsg(fd, &msg, MSG_NOSIGNAL);
      if (sent_B < 0) {
         good = errno == EINTR;
         continue;
      }
      left_B -= (size_t)sent_B;
      for (unsigned i = 0; i < 3; i++) {
         size_t part_B = (size_t)sent_B < iov[i].iov_len ? (size_t)sent_B : iov[i].iov_len;
         iov[i].iov_base = (uint8_t *)iov[i].iov_base + part_B;
         iov[i].iov_len -= part_B;
         sent_B -= (ssize_t)part_B;
      }
   }
   pthread_mutex_unlock(&calls->send_lock);
   return good;
}

static void
forget_locked(struct vfu_calls *calls, const struct call *call)
{
   for (struct call **link = &calls->pending; *link; link = &(*link)->next) {
      if (*link == call) {
         *link = call->next;
         return;
      }
   }
}

static bool
call_client(struct vfu_calls *calls, uint64_t address, void *to, const void *from, uint32_t size_B)
{
   struct call call = {
      .command = to ? VFU_DMA_READ : VFU_DMA_WRITE,
      .to = to,
      .size_B = size_B,
   };

   pthread_mutex_lock(&calls->lock);
   if (calls->fd < 0 || calls->refused) {
      pthread_mutex_unlock(&calls->lock);
      return false;
   }
   call.id = calls->next_id++;
   call.next = calls->pending;
   calls->pending = &call;
   pthread_mutex_unlock(&calls->lock);

   bool sent = send_call(calls, &call, address, from);

   pthread_mutex_lock(&calls->lock);
   while (sent && !call.done)
      pthread_cond_wait(&calls->reply, &calls->lock);
   forget_locked(calls, &call);
   pthread_mutex_unlock(&calls->lock);
   return call.good;
}

bool
vfu_calls_access(struct vfu_calls *calls, uint64_t address, void *to, const void *from,
                 size_t size_B)
{
   for (size_t done_B = 0; done_B < size_B;) {
      size_t left_B = size_B - done_B;
      uint32_t piece_B = left_B < VFU_MAX_CALL_B ? (uint32_t)left_B : VFU_MAX_CALL_B;

      if (!call_client(calls, address + done_B, to ? (uint8_t *)to + done_B : NULL,
                       from ? (const uint8_t *)from + done_B : NULL, piece_B))
         return false;
      done_B += piece_B;
   }
   return true;
}

bool
vfu_calls_reply(struct vfu_calls *calls, const struct vfu_header *header, const uint8_t *payload,
                size_t size_B)
{
   struct vfu_dma_access access;
   struct call *call;
   bool sense = true;

   pthread_mutex_lock(&calls->lock);
   for (call = calls->pending; call && call->id != header->id; call = call->next)
      ;
   if (call && header->command != call->command) {
      sense = false;
   } else if (call) {
      /* Without one, it was aborted. */
      call->good = !(header->flags & VFU_FLAG_ERROR);
      if (call->good && call->to) {
         sense = size_B >= sizeof(access);
         if (sense)
            memcpy(&access, payload, sizeof(access));
         sense = sense && access.count == call->size_B && size_B - sizeof(access) == call->size_B;
         if (sense)
            memcpy(call->to, payload + sizeof(access), call->size_B);
         call->good = sense;
      }
      call->done = true;
      forget_locked(calls, call);
      pthread_cond_broadcast(&calls->reply);
   }
   pthread_mutex_unlock(&calls->lock);
   return sense;
}
