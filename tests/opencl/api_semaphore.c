// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Binary semaphores (cl_khr_semaphore): kernels of several queues in the order that signals and waits give them, waits
 * that are enqueued before their signals, what the payload is when, errors of commands that pass on to waits, and
 * objects that are released while commands use them. */

#include "cl_api.h"

#include <CL/cl_ext.h>

enum {
   ROUNDS = 50,
   SPIN = 20000, /* iterations, for a kernel that others would overtake */
};

static struct {
   clCreateSemaphoreWithPropertiesKHR_fn create;
   clRetainSemaphoreKHR_fn retain;
   clReleaseSemaphoreKHR_fn release;
   clGetSemaphoreInfoKHR_fn info;
   clEnqueueWaitSemaphoresKHR_fn wait;
   clEnqueueSignalSemaphoresKHR_fn signal;
} fn;

static void
need_semaphores(void)
{
   if (!clt_has_extension("cl_khr_semaphore"))
      clt_skip("the device has no cl_khr_semaphore");
#define GET(member, name)                                                                          \
   do {                                                                                            \
      fn.member = (name##_fn)clGetExtensionFunctionAddressForPlatform(clt.platform, #name);        \
      if (!fn.member)                                                                              \
         clt_fatal("there is no " #name);                                                          \
   } while (0)
   GET(create, clCreateSemaphoreWithPropertiesKHR);
   GET(retain, clRetainSemaphoreKHR);
   GET(release, clReleaseSemaphoreKHR);
   GET(info, clGetSemaphoreInfoKHR);
   GET(wait, clEnqueueWaitSemaphoresKHR);
   GET(signal, clEnqueueSignalSemaphoresKHR);
#undef GET
}

static void
release_semaphore(void *semaphore)
{
   fn.release(semaphore);
}

static cl_semaphore_khr
new_semaphore(void)
{
   static const cl_semaphore_properties_khr properties[] = {CL_SEMAPHORE_TYPE_KHR,
                                                            CL_SEMAPHORE_TYPE_BINARY_KHR, 0};
   cl_int error;
   cl_semaphore_khr semaphore = fn.create(clt.context, properties, &error);

   clt_require(error, "clCreateSemaphoreWithPropertiesKHR");
   return semaphore;
}

static cl_semaphore_khr
own_semaphore(void)
{
   cl_semaphore_khr semaphore = new_semaphore();

   clt_defer(release_semaphore, semaphore);
   return semaphore;
}

static void
enqueue_signal(cl_command_queue queue, cl_semaphore_khr semaphore)
{
   CLT_CALL(fn.signal(queue, 1, &semaphore, NULL, 0, NULL, NULL));
}

static void
enqueue_wait(cl_command_queue queue, cl_semaphore_khr semaphore)
{
   CLT_CALL(fn.wait(queue, 1, &semaphore, NULL, 0, NULL, NULL));
}

static cl_semaphore_payload_khr
payload(cl_semaphore_khr semaphore)
{
   cl_semaphore_payload_khr value = ~0u;

   CLT_CALL(fn.info(semaphore, CL_SEMAPHORE_PAYLOAD_KHR, sizeof(value), &value, NULL));
   return value;
}

/* value = value * factor + add, once it has spun: two of them in the wrong order or at the same time
 * give another value. */
static cl_kernel
step_kernel(cl_mem mem, cl_uint factor, cl_uint add)
{
   cl_kernel kernel = clt_kernel(
      "kernel void step(global volatile uint *value, uint factor, uint add, int spin) {\n"
      "   uint v = *value;\n"
      "   for (int i = 0; i < spin; i++) v += value[1];\n"
      "   *value = v * factor + add;\n"
      "}\n",
      "", "step");

   clt_arg_mem(kernel, 0, mem);
   clt_arg(kernel, 1, sizeof(factor), &factor);
   clt_arg(kernel, 2, sizeof(add), &add);
   clt_arg_i32(kernel, 3, SPIN);
   return kernel;
}

static void
enqueue(cl_command_queue queue, cl_kernel kernel)
{
   const size_t one = 1;

   CLT_CALL(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, &one, 0, NULL, NULL));
}

static void
test_info(const void *arg)
{
   const cl_semaphore_properties_khr properties[] = {
      CL_SEMAPHORE_DEVICE_HANDLE_LIST_KHR,
      (cl_semaphore_properties_khr)(uintptr_t)clt.device,
      CL_SEMAPHORE_DEVICE_HANDLE_LIST_END_KHR,
      CL_SEMAPHORE_TYPE_KHR,
      CL_SEMAPHORE_TYPE_BINARY_KHR,
      0,
   };
   cl_semaphore_properties_khr got[8] = {0};
   cl_semaphore_type_khr type = 0;
   cl_device_id device = NULL;
   cl_context context = NULL;
   cl_uint count = 0;
   size_t size_B = 0;
   cl_int error;

   need_semaphores();
   cl_semaphore_khr semaphore = fn.create(clt.context, properties, &error);
   clt_require(error, "clCreateSemaphoreWithPropertiesKHR");
   clt_defer(release_semaphore, semaphore);
   CLT_CALL(fn.info(semaphore, CL_SEMAPHORE_TYPE_KHR, sizeof(type), &type, NULL));
   CLT_CHECK(type == CL_SEMAPHORE_TYPE_BINARY_KHR, "the type is %u", type);
   CLT_CALL(fn.info(semaphore, CL_SEMAPHORE_CONTEXT_KHR, sizeof(context), &context, NULL));
   CLT_CHECK(context == clt.context, "it is of another context");
   CLT_CALL(fn.info(semaphore, CL_SEMAPHORE_DEVICE_HANDLE_LIST_KHR, sizeof(device), &device, NULL));
   CLT_CHECK(device == clt.device, "it is of another device");
   CLT_CALL(fn.info(semaphore, CL_SEMAPHORE_PROPERTIES_KHR, sizeof(got), got, &size_B));
   CLT_CHECK(size_B == sizeof(properties), "the properties have %zu bytes", size_B);
   clt_same("the properties", got, properties, sizeof(properties));
   CLT_CALL(fn.retain(semaphore));
   CLT_CALL(fn.info(semaphore, CL_SEMAPHORE_REFERENCE_COUNT_KHR, sizeof(count), &count, NULL));
   CLT_CHECK(count == 2, "it has %u references", count);
   CLT_CALL(fn.release(semaphore));
   CLT_EXPECT(fn.info(semaphore, 0xdead, sizeof(count), &count, NULL), CL_INVALID_VALUE);
   CLT_EXPECT(fn.info(semaphore, CL_SEMAPHORE_CONTEXT_KHR, 1, &count, NULL), CL_INVALID_VALUE);
   CLT_EXPECT(fn.info((cl_semaphore_khr)clt.queue, CL_SEMAPHORE_TYPE_KHR, sizeof(type), &type,
                      NULL),
              CL_INVALID_SEMAPHORE_KHR);
}

static void
test_creation_errors(const void *arg)
{
   const cl_semaphore_properties_khr device = (cl_semaphore_properties_khr)(uintptr_t)clt.device;
   const cl_semaphore_properties_khr type = CL_SEMAPHORE_TYPE_KHR;
   const cl_semaphore_properties_khr binary = CL_SEMAPHORE_TYPE_BINARY_KHR;
   const cl_semaphore_properties_khr list = CL_SEMAPHORE_DEVICE_HANDLE_LIST_KHR;
   const struct {
      const char *name;
      cl_semaphore_properties_khr properties[8];
      cl_int error;
   } cases[] = {
      {"no type", {list, device, 0, 0}, CL_INVALID_VALUE},
      {"another type", {type, 77, 0}, CL_INVALID_PROPERTY},
      {"unknown name", {type, binary, 0xdead, 1, 0}, CL_INVALID_PROPERTY},
      {"type twice", {type, binary, type, binary, 0}, CL_INVALID_PROPERTY},
      {"no device", {type, binary, list, 0, 0}, CL_INVALID_DEVICE},
      {"two devices", {type, binary, list, device, device, 0, 0}, CL_INVALID_DEVICE},
      {"list twice", {type, binary, list, device, 0, list, device, 0}, CL_INVALID_PROPERTY},
   };
   cl_int error;

   need_semaphores();
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(cases); i++) {
      cl_semaphore_khr semaphore = fn.create(clt.context, cases[i].properties, &error);

      CLT_CHECK(!semaphore && error == cases[i].error, "%s: %s, expected %s", cases[i].name,
                cl_error_name(error), cl_error_name(cases[i].error));
   }
   CLT_CHECK(!fn.create(clt.context, NULL, &error) && error == CL_INVALID_VALUE,
             "no properties: %s", cl_error_name(error));
   CLT_CHECK(!fn.create(NULL, cases[0].properties, &error) && error == CL_INVALID_CONTEXT,
             "no context: %s", cl_error_name(error));
}

static void
test_payload(const void *arg)
{
   need_semaphores();
   cl_semaphore_khr semaphore = own_semaphore();

   CLT_CHECK(payload(semaphore) == 0, "a new one is signaled");
   for (unsigned i = 0; i < 3; i++) {
      cl_event go = clt_user_event();

      CLT_CALL(fn.signal(clt.queue, 1, &semaphore, NULL, 1, &go, NULL));
      CLT_CALL(clFlush(clt.queue));
      CLT_CHECK(payload(semaphore) == 0, "round %u: signaled before the command is done", i);
      CLT_CALL(clSetUserEventStatus(go, CL_COMPLETE));
      CLT_CALL(clFinish(clt.queue));
      CLT_CHECK(payload(semaphore) == 1, "round %u: not signaled", i);
      enqueue_wait(clt.queue, semaphore);
      CLT_CALL(clFinish(clt.queue));
      CLT_CHECK(payload(semaphore) == 0, "round %u: still signaled after a wait", i);
   }
}

/* Two queues take turns; each goes on when the other has signaled. */
static void
test_turns(const void *arg)
{
   const cl_command_queue_properties *properties = arg;
   const cl_uint init[2] = {1, 0};
   cl_uint expected = 1, got[2];

   need_semaphores();
   cl_mem mem = clt_buffer(sizeof(init), init);
   cl_command_queue queues[2] = {clt_queue(*properties), clt_queue(*properties)};
   cl_kernel kernels[2] = {step_kernel(mem, 3, 1), step_kernel(mem, 5, 2)};
   cl_semaphore_khr semaphores[2] = {own_semaphore(), own_semaphore()};

   for (unsigned i = 0; i < ROUNDS; i++) {
      unsigned mine = i % 2;

      if (i > 0) {
         enqueue_wait(queues[mine], semaphores[1 - mine]);
         CLT_CALL(clEnqueueBarrierWithWaitList(queues[mine], 0, NULL, NULL));
      }
      enqueue(queues[mine], kernels[mine]);
      CLT_CALL(clEnqueueBarrierWithWaitList(queues[mine], 0, NULL, NULL));
      enqueue_signal(queues[mine], semaphores[mine]);
      expected = expected * (mine ? 5 : 3) + 1 + mine;
   }
   /* The last one's queue leads to all the others. */
   CLT_CALL(clFinish(queues[(ROUNDS - 1) % 2]));
   clt_read(mem, 0, sizeof(got), got);
   CLT_CHECK(got[0] == expected, "the value is %u, expected %u", got[0], expected);
}

/* A queue already waits when another signals. */
static void
test_wait_first(const void *arg)
{
   const cl_uint init[2] = {1, 0};
   cl_uint got[2];

   need_semaphores();
   cl_mem mem = clt_buffer(sizeof(init), init);
   cl_command_queue first = clt_queue(0), second = clt_queue(0);
   cl_semaphore_khr semaphore = own_semaphore();
   cl_kernel times = step_kernel(mem, 7, 0), plus = step_kernel(mem, 1, 3);
   cl_event done;
   cl_int status;

   enqueue_wait(second, semaphore);
   enqueue(second, times);
   CLT_CALL(clEnqueueMarkerWithWaitList(second, 0, NULL, &done));
   clt_own_event(done);
   CLT_CALL(clFlush(second));
   enqueue(first, plus);
   CLT_CALL(clGetEventInfo(done, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, NULL));
   CLT_CHECK(status > CL_COMPLETE, "the wait did not wait: %d", status);
   enqueue_signal(first, semaphore);
   CLT_CALL(clWaitForEvents(1, &done));
   clt_read(mem, 0, sizeof(got), got);
   CLT_CHECK(got[0] == 28, "the value is %u, expected (1 + 3) * 7", got[0]);
   CLT_CHECK(payload(semaphore) == 0, "it is signaled after the wait");
}

/* One command waits for the signals of several queues, another signals several semaphores. */
static void
test_many(const void *arg)
{
   enum {
      NUM = 4
   };
   cl_uint zeros[2 * NUM] = {0}, got[2 * NUM];
   cl_command_queue queues[NUM];
   cl_semaphore_khr done[NUM], start[NUM];

   need_semaphores();
   for (unsigned i = 0; i < NUM; i++) {
      queues[i] = clt_queue(0);
      done[i] = own_semaphore();
      start[i] = own_semaphore();
   }
   cl_mem parts[NUM], all = clt_buffer(sizeof(zeros), zeros);
   CLT_CALL(fn.signal(clt.queue, NUM, start, (cl_semaphore_payload_khr[NUM]){0}, 0, NULL, NULL));
   for (unsigned i = 0; i < NUM; i++) {
      parts[i] = clt_buffer(8, zeros);
      enqueue_wait(queues[i], start[i]);
      enqueue(queues[i], step_kernel(parts[i], 1, 11 * (i + 1)));
      enqueue_signal(queues[i], done[i]);
   }
   CLT_CALL(fn.wait(clt.queue, NUM, done, NULL, 0, NULL, NULL));
   for (unsigned i = 0; i < NUM; i++)
      CLT_CALL(clEnqueueCopyBuffer(clt.queue, parts[i], all, 0, 8 * i, 8, 0, NULL, NULL));
   clt_read(all, 0, sizeof(got), got);
   for (unsigned i = 0; i < NUM; i++)
      CLT_CHECK(got[2 * i] == 11 * (i + 1), "part %u is %u", i, got[2 * i]);
}

/* A signal that fails fails the wait, whichever was enqueued first. */
static void
test_failed_signal(const void *arg)
{
   need_semaphores();
   for (unsigned wait_first = 0; wait_first < 2; wait_first++) {
      cl_command_queue first = clt_queue(0), second = clt_queue(0);
      cl_semaphore_khr semaphore = own_semaphore();
      cl_event bad = clt_user_event(), waited;
      cl_int status = 0;

      if (wait_first)
         CLT_CALL(fn.wait(second, 1, &semaphore, NULL, 0, NULL, &waited));
      CLT_CALL(fn.signal(first, 1, &semaphore, NULL, 1, &bad, NULL));
      if (!wait_first)
         CLT_CALL(fn.wait(second, 1, &semaphore, NULL, 0, NULL, &waited));
      clt_own_event(waited);
      CLT_CALL(clFlush(second));
      CLT_CALL(clSetUserEventStatus(bad, -77));
      CLT_EXPECT(clWaitForEvents(1, &waited), CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
      CLT_CALL(
         clGetEventInfo(waited, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, NULL));
      CLT_CHECK(status < 0, "the wait's status is %d", status);
      CLT_EXPECT(fn.wait(second, 1, &semaphore, NULL, 1, &bad, NULL),
                 CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
   }
   clt_fresh_context();
   clt_computes("in a new context");
}

/* Released when its commands are enqueued, and they still run. */
static void
test_released(const void *arg)
{
   const cl_uint init[2] = {1, 0};
   cl_uint got[2];
   cl_event events[2];

   need_semaphores();
   cl_mem mem = clt_buffer(sizeof(init), init);
   cl_command_queue first = clt_queue(0), second = clt_queue(0);
   cl_semaphore_khr semaphore = new_semaphore();

   enqueue(first, step_kernel(mem, 1, 3));
   CLT_CALL(fn.signal(first, 1, &semaphore, NULL, 0, NULL, &events[0]));
   CLT_CALL(fn.wait(second, 1, &semaphore, NULL, 0, NULL, &events[1]));
   CLT_CALL(fn.release(semaphore));
   enqueue(second, step_kernel(mem, 7, 0));
   CLT_CALL(clFinish(second));
   clt_read(mem, 0, sizeof(got), got);
   CLT_CHECK(got[0] == 28, "the value is %u, expected (1 + 3) * 7", got[0]);
   for (unsigned i = 0; i < 2; i++) {
      cl_command_type type = 0;

      clt_own_event(events[i]);
      CLT_CALL(clGetEventInfo(events[i], CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL));
      CLT_CHECK(type == (i ? CL_COMMAND_SEMAPHORE_WAIT_KHR : CL_COMMAND_SEMAPHORE_SIGNAL_KHR),
                "event %u is of a command 0x%x", i, type);
   }
}

static void
test_enqueue_errors(const void *arg)
{
   need_semaphores();
   cl_semaphore_khr semaphore = own_semaphore(), wrong = (cl_semaphore_khr)clt.context, none = NULL;
   cl_context other = clCreateContext(NULL, 1, &clt.device, NULL, NULL, NULL);
   cl_command_queue queue = clCreateCommandQueueWithProperties(other, clt.device, NULL, NULL);

   /* Waits and signals have the same arguments. */
   for (unsigned i = 0; i < 2; i++) {
      clEnqueueWaitSemaphoresKHR_fn call = i ? fn.signal : fn.wait;

      CLT_EXPECT(call(NULL, 1, &semaphore, NULL, 0, NULL, NULL), CL_INVALID_COMMAND_QUEUE);
      CLT_EXPECT(call(clt.queue, 0, &semaphore, NULL, 0, NULL, NULL), CL_INVALID_VALUE);
      CLT_EXPECT(call(clt.queue, 1, NULL, NULL, 0, NULL, NULL), CL_INVALID_VALUE);
      CLT_EXPECT(call(clt.queue, 1, &wrong, NULL, 0, NULL, NULL), CL_INVALID_SEMAPHORE_KHR);
      CLT_EXPECT(call(clt.queue, 1, &none, NULL, 0, NULL, NULL), CL_INVALID_SEMAPHORE_KHR);
      CLT_EXPECT(call(clt.queue, 1, &semaphore, NULL, 1, NULL, NULL), CL_INVALID_EVENT_WAIT_LIST);
      CLT_EXPECT(call(queue, 1, &semaphore, NULL, 0, NULL, NULL), CL_INVALID_CONTEXT);
   }
   CLT_EXPECT(fn.retain(NULL), CL_INVALID_SEMAPHORE_KHR);
   CLT_EXPECT(fn.release(wrong), CL_INVALID_SEMAPHORE_KHR);
   CLT_CHECK(payload(semaphore) == 0, "a call that failed signaled it");
   clReleaseCommandQueue(queue);
   clReleaseContext(other);
}

int
main(int argc, char **argv)
{
   static const cl_command_queue_properties in_order = 0,
                                            out_of_order = CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE;

   clt_init(argc, argv, "semaphores");
   clt_run(test_info, NULL, "info");
   clt_run(test_creation_errors, NULL, "creation_errors");
   clt_run(test_enqueue_errors, NULL, "enqueue_errors");
   clt_run_fresh(test_payload, NULL);
   clt_run(test_turns, &in_order, "turns, in order");
   clt_run(test_turns, &out_of_order, "turns, out of order");
   clt_run_fresh(test_wait_first, NULL);
   clt_run_fresh(test_many, NULL);
   clt_run_fresh(test_failed_signal, NULL);
   clt_run_fresh(test_released, NULL);
   return clt_done();
}
