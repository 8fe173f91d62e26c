/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The winsys as a driver uses it: devices and buffers. Runs on the transport NPU_TRANSPORT names.
 * test_winsys_queues.c has the queues.
 */

#include "test_winsys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -------------------------------------------------------------------------------------- device -- */

static void
device_info(void)
{
   struct npu_device *dev = open_device();
   const struct npu_device_info *info = npu_device_get_info(dev);

   CHECK(strlen(info->name) > 0);
   CHECK(!strcmp(info->transport, "sim") || !strcmp(info->transport, "drm"));
   CHECK_EQ(info->arch_version, NPU_ARCH_VERSION);
   CHECK_EQ(info->wave_size, 32);
   CHECK_EQ(info->waves_per_core, 32);
   CHECK_EQ(info->max_group_size, 1024);
   CHECK(info->num_cores >= 1);
   CHECK(info->local_mem_B >= 32768);
   CHECK_EQ(info->page_size_B, 4096);
   CHECK_EQ(info->timestamp_hz, 1000000000);
   CHECK(info->va_bits >= 30 && info->va_bits <= 40);
   CHECK(info->va_start >= 65536);
   CHECK(info->max_alloc_B > 0 && info->max_alloc_B <= info->mem_size_B);

   /* The same in every open; the driver differs from the device. */
   struct npu_device *again = open_device();
   CHECK(!memcmp(info->device_uuid, npu_device_get_info(again)->device_uuid, 16));
   CHECK(memcmp(info->device_uuid, info->driver_uuid, 16));

   uint64_t before = npu_device_get_timestamp_ns(dev);
   CHECK(before > 0);
   CHECK(npu_device_get_timestamp_ns(again) >= before);
   npu_device_close(again);
   npu_device_close(dev);
   npu_device_close(NULL);
}

static void
unknown_transport(void)
{
   char *old = getenv("NPU_TRANSPORT") ? strdup(getenv("NPU_TRANSPORT")) : NULL;

   setenv("NPU_TRANSPORT", "nonsense", 1);
   int saved = dup(2);
   FILE *null = fopen("/dev/null", "w");
   dup2(fileno(null), 2); /* the message */
   struct npu_device *dev = npu_device_open();
   int error = errno;
   dup2(saved, 2);
   close(saved);
   fclose(null);
   if (old)
      setenv("NPU_TRANSPORT", old, 1);
   else
      unsetenv("NPU_TRANSPORT");
   free(old);
   CHECK(!dev);
   CHECK_EQ(error, EINVAL);
}

static void
memory_usage(void)
{
   struct npu_device *dev = open_device();
   struct npu_memory_usage before, with, after;

   CHECK_EQ(npu_device_get_memory_usage(dev, &before), 0);
   struct npu_bo *bo = create_bo(dev, 1 << 20, 0, NULL);
   CHECK_EQ(npu_device_get_memory_usage(dev, &with), 0);
   CHECK(with.used_B >= before.used_B + (1 << 20));
   CHECK_EQ(with.total_B, before.total_B);
   npu_bo_unref(bo);
   CHECK_EQ(npu_device_get_memory_usage(dev, &after), 0);
   CHECK_EQ(after.used_B, before.used_B);
   CHECK_EQ(after.cached_B, 0);
   npu_device_close(dev);
}

/* Runs func with stderr in a buffer of the caller. */
static void
capture_stderr(void (*func)(void), const char *debug, char *text, size_t size)
{
   FILE *file = tmpfile();
   CHECK(file);
   int saved = dup(2);

   fflush(stderr);
   dup2(fileno(file), 2);
   setenv("NPU_WINSYS_DEBUG", debug, 1);
   func();
   unsetenv("NPU_WINSYS_DEBUG");
   fflush(stderr);
   dup2(saved, 2);
   close(saved);
   rewind(file);
   text[fread(text, 1, size - 1, file)] = 0;
   fclose(file);
}

/* Not lost for leak checkers. */
static struct npu_bo *volatile forgotten_bo;
static struct npu_queue *volatile forgotten_queue;

static void
leak_something(void)
{
   struct npu_device *dev = npu_device_open();
   forgotten_bo = npu_bo_create(dev, 5000, 0, "forgotten");
   forgotten_queue = npu_queue_create(dev, NPU_PRIORITY_LOW);
   npu_device_close(dev);
}

static void
leaks_are_reported(void)
{
   char text[1024];

   capture_stderr(leak_something, "leak", text, sizeof(text));
   CHECK_STR(text, "npu: 1 queues are alive when the device is closed\n"
                   "npu: buffer \"forgotten\" of 8192 bytes is alive when the device is closed\n");
}

static void
use_a_buffer(void)
{
   struct npu_device *dev = npu_device_open();
   struct npu_bo *bo = npu_bo_create(dev, 4096, NPU_BO_UNINITIALIZED, NULL);
   npu_bo_unref(bo);
   npu_device_close(dev);
}

static void
ioctls_are_traced(void)
{
   char text[16384];

   capture_stderr(use_a_buffer, "ioctl,nocache", text, sizeof(text));
   CHECK(strstr(text, ": NPU_DEV_QUERY(64)"));
   CHECK(strstr(text, ": NPU_VM_CREATE(68) 0 1 -> ok\n"));
   CHECK(strstr(text, ": NPU_BO_CREATE(65) 1000 0 1 1 1 0 -> ok\n"));
   CHECK(strstr(text, ": NPU_VM_BIND(70)"));
   /* Not kept in the cache: closed at once. */
   CHECK(strstr(text, ": GEM_CLOSE(9) 1 0 -> ok\n"));
}

static void
debug_help(void)
{
   char text[4096];

   capture_stderr(use_a_buffer, "help", text, sizeof(text));
   CHECK(strstr(text, "NPU_WINSYS_DEBUG is a comma-separated list of\n") == text);
   CHECK(strstr(text, "   sync     every submit waits until its work is finished\n"));
   capture_stderr(use_a_buffer, "hlep", text, sizeof(text));
   CHECK(strstr(text, "NPU_WINSYS_DEBUG: \"hlep\" is not known\n") == text);
}

/* ------------------------------------------------------------------------------------- buffers -- */

static void
bo_basics(void)
{
   struct npu_device *dev = open_device();
   struct npu_bo *a = create_bo(dev, 1, 0, "a"), *b = create_bo(dev, 3 << 20, 0, NULL);

   CHECK_EQ(a->size_B, 4096);
   CHECK(a->va >= npu_device_get_info(dev)->va_start && a->va % 4096 == 0);
   CHECK_EQ(b->va % (2 << 20), 0);
   /* Never next to each other. */
   CHECK(a->va + a->size_B < b->va || b->va + b->size_B < a->va);

   uint8_t *map = npu_bo_map(b);
   CHECK(map && npu_bo_map(b) == map);
   for (unsigned i = 0; i < 3 << 20; i++)
      CHECK_EQ(map[i], 0);
   CHECK(npu_bo_ref(b) == b);
   npu_bo_unref(b);
   map[0] = 1;
   npu_bo_unref(b);
   npu_bo_unref(a);
   npu_bo_unref(NULL);
   npu_device_close(dev);
}

static void
bo_errors(void)
{
   struct npu_device *dev = open_device();
   const struct npu_device_info *info = npu_device_get_info(dev);

   errno = 0;
   CHECK(!npu_bo_create(dev, 0, 0, "nothing"));
   CHECK_EQ(errno, EINVAL);
   CHECK(!npu_bo_create(dev, 4096, 1u << 31, "flag"));
   CHECK_EQ(errno, EINVAL);
   CHECK(!npu_bo_create(dev, info->max_alloc_B + 1, 0, "huge"));
   CHECK_EQ(errno, ENOSPC);
   CHECK(!npu_bo_create(dev, UINT64_MAX, 0, "huge"));
   CHECK_EQ(errno, ENOSPC);
   CHECK(!npu_bo_import_fd(dev, -1, 0));
   CHECK_EQ(errno, EBADF);
   CHECK(!npu_bo_import_fd(dev, 0, NPU_BO_UNINITIALIZED));
   CHECK_EQ(errno, EINVAL);
   struct npu_bo *bo = create_bo(dev, 4096, 0, NULL);
   CHECK_EQ(npu_bo_export_fd(bo), -EPERM);
   npu_bo_unref(bo);
   npu_device_close(dev);
}

static void
new_buffers_are_zero(void)
{
   struct npu_device *dev = open_device();

   for (unsigned round = 0; round < 20; round++) {
      struct npu_bo *bo = create_bo(dev, 65536, round % 2 ? NPU_BO_READ_ONLY : 0, "zero");
      uint64_t *map = npu_bo_map(bo);
      for (unsigned i = 0; i < 65536 / 8; i++)
         CHECK_EQ(map[i], 0);
      memset(map, 0xff, 65536);
      npu_bo_unref(bo);
   }
   npu_device_close(dev);
}

/* Only buffers whose content does not matter come from the cache, and never as others. */
static void
cache_reuses(void)
{
   struct npu_device *dev = open_device();
   struct npu_memory_usage usage;
   struct npu_bo *bo = create_bo(dev, 10000, NPU_BO_UNINITIALIZED, "first");

   CHECK_EQ(bo->size_B, 12288);
   memset(npu_bo_map(bo), 0xff, 12288);
   uint64_t va = bo->va;
   npu_bo_unref(bo);
   CHECK_EQ(npu_device_get_memory_usage(dev, &usage), 0);
   CHECK_EQ(usage.cached_B, 12288);

   /* One that must be zero. */
   struct npu_bo *zero = create_bo(dev, 12288, 0, "zero");
   CHECK_EQ(*(uint64_t *)npu_bo_map(zero), 0);
   CHECK(zero->va != va);
   /* One that fits. */
   bo = create_bo(dev, 12000, NPU_BO_UNINITIALIZED, "second");
   CHECK_EQ(bo->va, va);
   CHECK_EQ(npu_device_get_memory_usage(dev, &usage), 0);
   CHECK_EQ(usage.cached_B, 0);
   npu_bo_unref(bo);
   npu_bo_unref(zero);
   npu_device_close(dev);
}

/* With all memory in the cache a buffer of another kind still finds room. */
static void
cache_makes_room(void)
{
   struct npu_device *dev = open_device();
   struct npu_memory_usage usage;

   CHECK_EQ(npu_device_get_memory_usage(dev, &usage), 0);
   struct npu_bo *cached = create_bo(dev, 32 << 20, NPU_BO_UNINITIALIZED, "cached");
   npu_bo_unref(cached);
   CHECK_EQ(npu_device_get_memory_usage(dev, &usage), 0);
   CHECK_EQ(usage.cached_B, 32 << 20);
   uint64_t free_B = usage.total_B - usage.used_B;
   /* Page tables need a little. */
   struct npu_bo *rest = create_bo(dev, free_B - (8 << 20), 0, "rest");
   struct npu_bo *more = create_bo(dev, 24 << 20, 0, "more");
   npu_bo_unref(more);
   npu_bo_unref(rest);
   npu_device_close(dev);
}

static void
buffers_are_shared(void)
{
   struct npu_device *a = open_device(), *b = open_device();
   struct npu_bo *mine = create_bo(a, 8192, NPU_BO_SHAREABLE, "shared");

   strcpy(npu_bo_map(mine), "hello");
   int fd = npu_bo_export_fd(mine);
   CHECK(fd >= 0);
   struct npu_bo *theirs = npu_bo_import_fd(b, fd, 0);
   CHECK(theirs && theirs->size_B == 8192);
   CHECK(npu_bo_import_fd(b, fd, 0) == theirs); /* a reference more */
   CHECK(npu_bo_import_fd(a, fd, 0) == mine);
   close(fd);
   CHECK_STR(npu_bo_map(theirs), "hello");

   /* The device of b writes, a reads. */
   struct npu_queue *queue = npu_queue_create(b, NPU_PRIORITY_MEDIUM);
   struct builder builder = create_builder(b);
   add_fill(&builder, theirs->va, 4, 'x');
   uint64_t point = submit(queue, &builder, NULL, 0);
   CHECK_EQ(npu_queue_wait(queue, point, NEVER), 0);
   CHECK_STR(npu_bo_map(mine), "xxxxo");
   npu_queue_destroy(queue);
   npu_bo_unref(builder.bo);
   npu_bo_unref(theirs);
   npu_bo_unref(theirs);
   npu_bo_unref(mine);
   npu_bo_unref(mine);
   npu_device_close(a);
   npu_device_close(b);
}

static const struct tap_case cases[] = {
   {"a device tells what it is", device_info},
   {"an unknown transport is refused", unknown_transport},
   {"memory is counted", memory_usage},
   {"NPU_WINSYS_DEBUG=leak names what is left", leaks_are_reported},
   {"NPU_WINSYS_DEBUG=ioctl names the calls", ioctls_are_traced},
   {"NPU_WINSYS_DEBUG=help lists the flags", debug_help},
   {"buffers: size, address, mapping, references", bo_basics},
   {"buffers: errors", bo_errors},
   {"buffers: new ones are zero", new_buffers_are_zero},
   {"buffers: the cache reuses what need not be zero", cache_reuses},
   {"buffers: the cache makes room", cache_makes_room},
   {"buffers: shared between devices", buffers_are_shared},
};

int
main(int argc, char **argv)
{
   return run_cases(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
