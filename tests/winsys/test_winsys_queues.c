/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The winsys as a driver uses it: queues (points, order, faults) and devices that several
 * threads use. Runs on the transport NPU_TRANSPORT names.
 */

#include "test_winsys.h"

#include "npu_isa/npu_asm.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* -------------------------------------------------------------------------------------- queues -- */

static void
points_count_up(void)
{
   struct npu_device *dev = open_device();
   struct npu_bo *data = create_bo(dev, 4096, 0, "data");
   struct npu_queue *queue = npu_queue_create(dev, NPU_PRIORITY_MEDIUM);
   struct builder b = create_builder(dev);
   volatile uint64_t *words = npu_bo_map(data);

   CHECK_EQ(npu_queue_wait(queue, 0, 0), 0);
   CHECK_EQ(npu_queue_wait(queue, 1, 0), -EINVAL);
   add_wait(&b, data->va, 1);
   CHECK_EQ(submit(queue, &b, NULL, 0), 1);
   CHECK_EQ(submit(queue, &b, NULL, 0), 2); /* empty */
   add_fill(&b, data->va + 8, 8, 0xff);
   CHECK_EQ(submit(queue, &b, NULL, 0), 3);

   CHECK(npu_queue_point_done(queue, 0));
   CHECK(!npu_queue_point_done(queue, 1));
   CHECK_EQ(npu_queue_wait(queue, 3, in_ms(20)), -ETIME);
   CHECK_EQ(npu_queue_wait(queue, 1, 0), -ETIME);
   CHECK_EQ(npu_queue_wait(queue, 4, NEVER), -EINVAL);
   words[0] = 1;
   CHECK_EQ(npu_queue_wait(queue, 3, NEVER), 0);
   CHECK(npu_queue_point_done(queue, 3));
   CHECK_EQ(words[1], UINT64_MAX);
   CHECK_EQ(npu_queue_get_status(queue, NULL), NPU_RESET_NONE);
   npu_queue_destroy(queue);
   npu_bo_unref(b.bo);
   npu_bo_unref(data);
   npu_device_close(dev);
}

static void
queues_wait_for_each_other(void)
{
   struct npu_device *dev = open_device();
   struct npu_bo *data = create_bo(dev, 65536, 0, "data");
   struct npu_queue *a = npu_queue_create(dev, NPU_PRIORITY_LOW);
   struct npu_queue *b = npu_queue_create(dev, NPU_PRIORITY_MEDIUM);
   struct builder builder = create_builder(dev);
   uint8_t *map = npu_bo_map(data);

   add_wait(&builder, data->va, 1);
   add_fill(&builder, data->va + 4096, 4096, 0x31);
   const struct npu_queue_point first = {a, submit(a, &builder, NULL, 0)};
   add_copy(&builder, data->va + 8192, data->va + 4096, 4096);
   const struct npu_queue_point second = {b, submit(b, &builder, &first, 1)};
   const struct npu_queue_point both[2] = {second, first};
   add_copy(&builder, data->va + 12288, data->va + 8192, 4096);
   uint64_t third = submit(a, &builder, both, 2);

   CHECK_EQ(npu_queue_wait(b, second.point, in_ms(20)), -ETIME);
   *(volatile uint64_t *)map = 1;
   CHECK_EQ(npu_queue_wait(a, third, NEVER), 0);
   CHECK_EQ(map[12288], 0x31);
   CHECK_EQ(map[16383], 0x31);
   CHECK(npu_queue_point_done(b, second.point));

   /* Points nobody handed out, and queues of another device. */
   struct npu_device *other = open_device();
   struct npu_queue *foreign = npu_queue_create(other, NPU_PRIORITY_MEDIUM);
   const struct npu_queue_point bad[] = {{a, third + 1}, {foreign, 0}, {NULL, 0}};
   for (unsigned i = 0; i < 3; i++) {
      const struct npu_submit args = {.waits = &bad[i], .num_waits = 1};
      uint64_t point = 4711;
      CHECK_EQ(npu_queue_submit(b, &args, &point), -EINVAL);
      CHECK_EQ(point, 4711);
   }
   npu_queue_destroy(foreign);
   npu_device_close(other);
   npu_queue_destroy(a);
   npu_queue_destroy(b);
   npu_bo_unref(builder.bo);
   npu_bo_unref(data);
   npu_device_close(dev);
}

/* Work runs although nobody waits for it, also on a queue that was always waited for: the transport
 * may count on the waiter's thread, but must not depend on it.
 */
static void
work_starts_unasked(void)
{
   struct npu_device *dev = open_device();
   struct npu_bo *data = create_bo(dev, 4096, 0, "data");
   struct npu_queue *queue = npu_queue_create(dev, NPU_PRIORITY_MEDIUM);
   struct builder b = create_builder(dev);
   volatile uint8_t *map = npu_bo_map(data);

   for (unsigned round = 0; round < 20; round++) {
      for (unsigned i = 0; i < 20; i++) {
         add_fill(&b, data->va, 64, 0);
         CHECK_EQ(npu_queue_wait(queue, submit(queue, &b, NULL, 0), NEVER), 0);
         CHECK_EQ(map[0], 0);
      }
      add_fill(&b, data->va, 64, 1 + round);
      uint64_t point = submit(queue, &b, NULL, 0);

      int64_t until = in_ms(5000);
      while (map[0] != 1 + round && in_ms(0) < until)
         usleep(100);
      CHECK_EQ(map[0], 1 + round);
      if (round % 4 == 1)
         CHECK_EQ(npu_queue_wait(queue, point, in_ms(5000)), 0);
      if (round % 4 == 2)
         usleep(150000); /* longer than the transport remembers */
      if (round % 4 == 3) {
         while (!npu_queue_point_done(queue, point) && in_ms(0) < until)
            usleep(100);
         CHECK(npu_queue_point_done(queue, point));
      }
      CHECK_EQ(npu_queue_wait(queue, point, NEVER), 0);
   }
   npu_queue_destroy(queue);
   npu_bo_unref(b.bo);
   npu_bo_unref(data);
   npu_device_close(dev);
}

static void
malformed_submits(void)
{
   struct npu_device *dev = open_device();
   struct npu_queue *queue = npu_queue_create(dev, NPU_PRIORITY_MEDIUM);
   const struct npu_cmdbuf bad[] = {
      {.va = 0x100000, .num_packets = 0},
      {.va = 0x100001, .num_packets = 1},
      {.va = 0, .num_packets = 1},
      {.va = UINT64_MAX - 63, .num_packets = 1},
   };

   for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
      const struct npu_submit args = {.cmdbufs = &bad[i], .num_cmdbufs = 1};
      uint64_t point = 4711;
      CHECK_EQ(npu_queue_submit(queue, &args, &point), -EINVAL);
      CHECK_EQ(point, 4711);
   }
   CHECK_EQ(npu_queue_wait(queue, 1, 0), -EINVAL);
   CHECK(!npu_queue_create(dev, (enum npu_priority)17));
   CHECK_EQ(errno, EINVAL);
   npu_queue_destroy(queue);
   npu_queue_destroy(NULL);
   npu_device_close(dev);
}

/* A packet that overruns a labelled buffer; the queue dies, points before stay good, the text names
 * it. */
static void
fault_kills_the_queue(void)
{
   struct npu_device *dev = open_device();
   struct npu_bo *data = create_bo(dev, 4096, 0, "result");
   struct npu_queue *queue = npu_queue_create(dev, NPU_PRIORITY_MEDIUM);
   struct npu_queue *other = npu_queue_create(dev, NPU_PRIORITY_MEDIUM);
   struct builder b = create_builder(dev);
   struct npu_fault_info fault;
   char text[512], expected[512];

   CHECK_EQ(npu_queue_get_status(queue, &fault), NPU_RESET_NONE);
   CHECK_EQ(fault.type, NPU_FAULT_NONE);
   add_fill(&b, data->va, 64, 1);
   uint64_t good = submit(queue, &b, NULL, 0);
   /* The faulting job is held until the one after it is queued: a dead queue takes no more. */
   add_wait(&b, data->va + 1024, 1);
   add_fill(&b, data->va + 4096 + 64, 1, 1);
   uint64_t bad = submit(queue, &b, NULL, 0);
   uint64_t never = submit(queue, &b, NULL, 0);
   ((volatile uint64_t *)npu_bo_map(data))[1024 / 8] = 1;

   CHECK_EQ(npu_queue_wait(queue, never, NEVER), -EIO);
   CHECK_EQ(npu_queue_wait(queue, bad, NEVER), -EIO);
   CHECK_EQ(npu_queue_wait(queue, good, NEVER), 0);
   CHECK(npu_queue_point_done(queue, never));
   const struct npu_submit empty = {0};
   uint64_t point;
   CHECK_EQ(npu_queue_submit(queue, &empty, &point), -EIO);

   CHECK_EQ(npu_queue_get_status(queue, &fault), NPU_RESET_GUILTY);
   CHECK_EQ(fault.type, NPU_FAULT_UNMAPPED);
   CHECK_EQ(fault.access, NPU_ACCESS_WRITE);
   CHECK_EQ(fault.address, data->va + 4096 + 64);
   CHECK_EQ(fault.point, bad);
   CHECK(!fault.in_kernel);
   CHECK(fault.time_ns <= npu_device_get_timestamp_ns(dev));
   snprintf(expected, sizeof(expected),
            "write of unmapped address 0x%llx (64 bytes past the end of buffer \"result\"), packet "
            "0x%llx (buffer \"packets\" + 0x80)",
            (unsigned long long)data->va + 4160, (unsigned long long)b.bo->va + 128);
   npu_fault_describe(&fault, dev, text, sizeof(text));
   CHECK_STR(text, expected);

   /* Waiting for a dead queue does not block the living. */
   const struct npu_queue_point dead = {queue, never};
   add_fill(&b, data->va + 128, 64, 2);
   uint64_t alive = submit(other, &b, &dead, 1);
   CHECK_EQ(npu_queue_wait(other, alive, NEVER), 0);
   CHECK_EQ(((uint8_t *)npu_bo_map(data))[128], 2);
   npu_queue_destroy(queue);
   npu_queue_destroy(other);
   npu_bo_unref(b.bo);
   npu_bo_unref(data);
   npu_device_close(dev);
}

/* A program writes into its own code, which NPU_BO_EXEC forbids, and a read-only buffer, and a
 * freed one. */
static void
buffer_flags_hold(void)
{
   struct npu_device *dev = open_device();
   struct npu_asm_result result = npu_asm("   rdsr s0, args\n"
                                          "   ld_s.b64 s2, [s0]\n"
                                          "   st_s.b32 [s2], s0\n"
                                          "   end\n",
                                          "program");
   CHECK_EQ(result.num_errors, 0);
   struct npu_bo *code = create_bo(dev, result.num_words * 8, NPU_BO_EXEC, "code");
   memcpy(npu_bo_map(code), result.code, result.num_words * 8);
   npu_asm_finish(&result);
   struct npu_bo *args = create_bo(dev, 4096, NPU_BO_READ_ONLY, "args");
   struct npu_bo *out = create_bo(dev, 4096, 0, "out");
   struct npu_bo *freed = create_bo(dev, 4096, 0, "freed");
   uint64_t freed_va = freed->va;
   npu_bo_unref(freed);

   const struct {
      uint64_t target_va;
      enum npu_fault expected;
   } tries[] = {
      {out->va, NPU_FAULT_NONE},
      {code->va, NPU_FAULT_PERMISSION},
      {args->va, NPU_FAULT_PERMISSION},
      {freed_va, NPU_FAULT_UNMAPPED},
      {out->va + 4096, NPU_FAULT_UNMAPPED},
      {out->va - 4, NPU_FAULT_UNMAPPED},
      {0, NPU_FAULT_UNMAPPED},
   };
   for (unsigned i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
      struct npu_queue *queue = npu_queue_create(dev, NPU_PRIORITY_MEDIUM);
      struct builder b = create_builder(dev);
      struct npu_fault_info fault;
      const struct npu_packet_dispatch packet = {
         .type = NPU_PACKET_DISPATCH,
         .work_dim = 1,
         .kernel_id = 5,
         .code_va = code->va,
         .args_va = args->va,
         .grid = {1, 1, 1},
         .block = {1, 1, 1},
      };

      *(uint64_t *)npu_bo_map(args) = tries[i].target_va;
      add(&b, &packet);
      uint64_t point = submit(queue, &b, NULL, 0);
      CHECK_EQ(npu_queue_wait(queue, point, NEVER), tries[i].expected ? -EIO : 0);
      npu_queue_get_status(queue, &fault);
      CHECK_EQ(fault.type, tries[i].expected);
      if (tries[i].expected) {
         CHECK(fault.in_kernel);
         CHECK_EQ(fault.kernel_id, 5);
         CHECK_EQ(fault.address, tries[i].target_va);
         CHECK_EQ(fault.pc, code->va + 16);
      }
      npu_queue_destroy(queue);
      npu_bo_unref(b.bo);
   }
   CHECK_EQ(*(uint32_t *)npu_bo_map(out), (uint32_t)args->va);
   npu_bo_unref(out);
   npu_bo_unref(args);
   npu_bo_unref(code);
   npu_device_close(dev);
}

static void
destroy_waits_for_work(void)
{
   struct npu_device *dev = open_device();
   struct npu_bo *data = create_bo(dev, 1 << 20, 0, "data");
   struct npu_queue *queue = npu_queue_create(dev, NPU_PRIORITY_MEDIUM);
   struct builder b = create_builder(dev);

   for (unsigned i = 0; i < 100; i++) {
      add_fill(&b, data->va, 1 << 20, i);
      submit(queue, &b, NULL, 0);
   }
   npu_queue_destroy(queue);
   uint8_t *map = npu_bo_map(data);
   CHECK_EQ(map[0], 99);
   CHECK_EQ(map[(1 << 20) - 1], 99);
   npu_bo_unref(b.bo);
   npu_bo_unref(data);
   npu_device_close(dev);
}

/* ------------------------------------------------------------------------------------- threads -- */

struct thread {
   struct npu_device *dev;
   struct npu_queue *queue; /* shared by all */
   unsigned index;
   int error;
};

/* Each thread makes buffers, submits to its own and to the shared queue, and waits. */
static void *
work(void *data)
{
   struct thread *self = data;
   struct npu_queue *own = npu_queue_create(self->dev, NPU_PRIORITY_MEDIUM);

   self->error = own ? 0 : -1;
   for (unsigned i = 0; !self->error && i < 40; i++) {
      struct npu_bo *out = npu_bo_create(self->dev, 4096 << i % 5, 0, "out");
      struct npu_bo *cmd = npu_bo_create(self->dev, 4096, NPU_BO_UNINITIALIZED, "cmd");
      struct npu_queue *queue = i % 2 ? self->queue : own;
      uint64_t point;

      if (!out || !cmd || !npu_bo_map(cmd) || !npu_bo_map(out)) {
         self->error = -2;
         break;
      }
      *(struct npu_packet_fill *)npu_bo_map(cmd) = (struct npu_packet_fill){
         .type = NPU_PACKET_FILL,
         .pattern_size_B = 1,
         .dst_va = out->va,
         .size_B = out->size_B,
         .pattern = {self->index + 1},
      };
      const struct npu_cmdbuf cmdbuf = {.va = cmd->va, .num_packets = 1};
      const struct npu_submit args = {.cmdbufs = &cmdbuf, .num_cmdbufs = 1};
      if (npu_queue_submit(queue, &args, &point))
         self->error = -3;
      else if (npu_queue_wait(queue, point, in_ms(20000)))
         self->error = -4;
      else if (((uint8_t *)npu_bo_map(out))[out->size_B - 1] != self->index + 1)
         self->error = -5;
      npu_bo_unref(out);
      npu_bo_unref(cmd);
   }
   npu_queue_destroy(own);
   return NULL;
}

static void
eight_threads(void)
{
   struct npu_device *dev = open_device();
   struct npu_queue *shared = npu_queue_create(dev, NPU_PRIORITY_MEDIUM);
   struct thread threads[8];
   pthread_t ids[8];

   for (unsigned i = 0; i < 8; i++) {
      threads[i] = (struct thread){.dev = dev, .queue = shared, .index = i};
      CHECK_EQ(pthread_create(&ids[i], NULL, work, &threads[i]), 0);
   }
   for (unsigned i = 0; i < 8; i++)
      pthread_join(ids[i], NULL);
   for (unsigned i = 0; i < 8; i++)
      CHECK_EQ(threads[i].error, 0);
   npu_queue_destroy(shared);
   npu_device_close(dev);
}

static void *
unref_later(void *data)
{
   npu_bo_unref(data);
   return NULL;
}

/* Import and last unref of the same buffer from several threads: no handle is closed under
 * another's feet. */
static void *
import_and_drop(void *data)
{
   struct thread *self = data;

   for (unsigned i = 0; i < 200; i++) {
      struct npu_bo *bo = npu_bo_import_fd(self->dev, (int)self->index, 0);
      if (!bo || !npu_bo_map(bo) || *(uint32_t *)npu_bo_map(bo) != 0x1234567) {
         self->error = -1;
         return NULL;
      }
      npu_bo_unref(bo);
   }
   return NULL;
}

static void
imports_race_with_unrefs(void)
{
   struct npu_device *a = open_device(), *b = open_device();
   struct npu_bo *bo = create_bo(a, 4096, NPU_BO_SHAREABLE, "shared");
   struct thread threads[4];
   pthread_t ids[4], last;

   *(uint32_t *)npu_bo_map(bo) = 0x1234567;
   int fd = npu_bo_export_fd(bo);
   CHECK(fd >= 0);
   for (unsigned i = 0; i < 4; i++) {
      threads[i] = (struct thread){.dev = i % 2 ? a : b, .index = fd};
      CHECK_EQ(pthread_create(&ids[i], NULL, import_and_drop, &threads[i]), 0);
   }
   CHECK_EQ(pthread_create(&last, NULL, unref_later, bo), 0);
   for (unsigned i = 0; i < 4; i++)
      pthread_join(ids[i], NULL);
   pthread_join(last, NULL);
   for (unsigned i = 0; i < 4; i++)
      CHECK_EQ(threads[i].error, 0);
   close(fd);
   npu_device_close(a);
   npu_device_close(b);
}

static const struct tap_case cases[] = {
   {"queues: points count up", points_count_up},
   {"queues: wait for each other", queues_wait_for_each_other},
   {"queues: work starts unasked", work_starts_unasked},
   {"queues: malformed submits", malformed_submits},
   {"queues: a fault kills one and is explained", fault_kills_the_queue},
   {"queues: flags of buffers hold", buffer_flags_hold},
   {"queues: destruction waits for the work", destroy_waits_for_work},
   {"threads: eight on one device", eight_threads},
   {"threads: imports race with unrefs", imports_race_with_unrefs},
};

int
main(int argc, char **argv)
{
   return run_cases(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
