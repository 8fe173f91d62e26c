/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * File descriptors for objects: dma-bufs, sync objects and sync files, within this process.
 *
 * A user process cannot make files with methods of its own, so the descriptor handed out is one end
 * of a socket pair; the other end stays here:
 *  1. The inode number of the end handed out finds the object again, through any duplicate of it.
 *  2. When all duplicates are closed our end reads end-of-file: then the object is let go. That is
 * looked at whenever something is exported or memory is short; nothing else depends on it.
 *  3. A sync file becomes readable when its fence signals, as poll() expects: our end is shut down
 * then.
 *
 * What it misses: the descriptors mean nothing in other processes and to other drivers; a dma-buf
 * cannot be mapped or measured with lseek() (both fail, with ENODEV and ESPIPE;
 * DRM_IOCTL_NPU_BO_GET_INFO tells the size after import).
 */

#include "npu_kmd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct share {
   struct npu_list node; /* in npu_kmd.shares */
   enum npu_kmd_share_kind kind;
   void *object;
   ino_t inode; /* of the end handed out */
   dev_t device;
   int our_fd;
   struct npu_kmd_fence_cb cb; /* NPU_KMD_SHARE_FENCE */
};

static void
destroy_share(struct npu_kmd *kmd, struct share *share)
{
   switch (share->kind) {
   case NPU_KMD_SHARE_BO:
      npu_kmd_bo_unref(kmd, share->object);
      break;
   case NPU_KMD_SHARE_SYNCOBJ:
      npu_kmd_syncobj_unref(share->object);
      break;
   case NPU_KMD_SHARE_FENCE:
      npu_kmd_fence_remove_cb(&share->cb);
      npu_kmd_fence_unref(share->object);
      break;
   }
   close(share->our_fd);
   npu_list_remove(&share->node);
   npu_kmd_free(share);
}

void
npu_kmd_share_sweep(struct npu_kmd *kmd, bool all)
{
   npu_list_foreach_safe(node, &kmd->shares)
   {
      struct share *share = npu_container_of(node, struct share, node);
      struct pollfd poll_fd = {.fd = share->our_fd};

      if (all || (poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & POLLHUP)))
         destroy_share(kmd, share);
   }
}

static void
fence_signalled(struct npu_kmd *kmd, struct npu_kmd_fence_cb *cb)
{
   shutdown(npu_container_of(cb, struct share, cb)->our_fd, SHUT_WR);
}

static void
hold_object(struct share *share)
{
   switch (share->kind) {
   case NPU_KMD_SHARE_BO:
      npu_kmd_bo_ref(share->object);
      break;
   case NPU_KMD_SHARE_SYNCOBJ:
      npu_kmd_syncobj_ref(share->object);
      break;
   case NPU_KMD_SHARE_FENCE:
      npu_kmd_fence_ref(share->object);
      if (!npu_kmd_fence_add_cb(share->object, &share->cb, fence_signalled))
         shutdown(share->our_fd, SHUT_WR);
      break;
   }
}

int
npu_kmd_share_export(struct npu_kmd *kmd, enum npu_kmd_share_kind kind, void *object, bool cloexec)
{
   int fds[2];
   struct stat stat;

   npu_kmd_share_sweep(kmd, false);

   struct share *share = npu_kmd_zalloc(sizeof(*share));
   if (!share)
      return -ENOMEM;
   if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)) {
      npu_kmd_free(share);
      return -errno;
   }
   if (fstat(fds[0], &stat) || (!cloexec && fcntl(fds[0], F_SETFD, 0))) {
      int ret = -errno;
      close(fds[0]);
      close(fds[1]);
      npu_kmd_free(share);
      return ret;
   }

   share->kind = kind;
   share->object = object;
   share->inode = stat.st_ino;
   share->device = stat.st_dev;
   share->our_fd = fds[1]; /* the caller gets the lowest free one, as always */
   npu_list_append(&kmd->shares, &share->node);
   hold_object(share);
   return fds[0];
}

void *
npu_kmd_share_find(struct npu_kmd *kmd, enum npu_kmd_share_kind kind, int fd)
{
   struct stat stat;

   if (fstat(fd, &stat))
      return NULL;
   npu_list_foreach(node, &kmd->shares)
   {
      struct share *share = npu_container_of(node, struct share, node);
      if (share->kind == kind && share->inode == stat.st_ino && share->device == stat.st_dev)
         return share->object;
   }
   return NULL;
}
