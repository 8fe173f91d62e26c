// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Events: order, status, callbacks, user events, profiling on the device's clock. */

#include "cl_api.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static cl_int
status_of(cl_event event)
{
   cl_int status = 999;

   CLT_CALL(
      clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, NULL));
   return status;
}

static cl_ulong
time_of(cl_event event, cl_profiling_info which)
{
   cl_ulong ns = 0;

   CLT_CALL(clGetEventProfilingInfo(event, which, sizeof(ns), &ns, NULL));
   return ns;
}

/* A fill of the whole buffer with one byte, with an event that belongs to the case. */
static cl_event
fill(cl_command_queue queue, cl_mem mem, size_t size_B, uint8_t byte, cl_uint num_waits,
     const cl_event *waits)
{
   cl_event event;

   CLT_CALL(clEnqueueFillBuffer(queue, mem, &byte, 1, 0, size_B, num_waits, waits, &event));
   return clt_own_event(event);
}

static uint8_t
first_byte(cl_command_queue queue, cl_mem mem)
{
   uint8_t byte = 0;

   CLT_CALL(clEnqueueReadBuffer(queue, mem, CL_TRUE, 0, 1, &byte, 0, NULL, NULL));
   return byte;
}

static void
event_describes_its_command(const void *arg)
{
   cl_mem mem = clt_buffer(64, NULL);
   cl_event event = fill(clt.queue, mem, 64, 1, 0, NULL);
   cl_command_type type = 0;
   cl_command_queue queue = NULL;
   cl_context context = NULL;

   CLT_CALL(clGetEventInfo(event, CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL));
   CLT_CALL(clGetEventInfo(event, CL_EVENT_COMMAND_QUEUE, sizeof(queue), &queue, NULL));
   CLT_CALL(clGetEventInfo(event, CL_EVENT_CONTEXT, sizeof(context), &context, NULL));
   CLT_CHECK(type == CL_COMMAND_FILL_BUFFER, "command type is 0x%x", type);
   CLT_CHECK(queue == clt.queue && context == clt.context, "wrong queue or context");
   CLT_CALL(clWaitForEvents(1, &event));
   CLT_CHECK(status_of(event) == CL_COMPLETE, "status is %d after the wait", status_of(event));
}

/* Nothing behind a user event runs before it is set. */
static void
user_event_holds_back(const void *arg)
{
   cl_mem mem = clt_buffer(64, NULL);
   cl_event gate = clt_user_event();
   cl_event event = fill(clt.queue, mem, 64, 9, 1, &gate);

   CLT_CALL(clFlush(clt.queue));
   usleep(30000);
   CLT_CHECK(status_of(event) > CL_COMPLETE, "the command is complete before its user event");
   CLT_CALL(clSetUserEventStatus(gate, CL_COMPLETE));
   CLT_CALL(clWaitForEvents(1, &event));
   CLT_CHECK(first_byte(clt.queue, mem) == 9, "the fill did not take place");
}

/* A failed user event fails what waits for it; the command does not run. That is no error of the queue. */
static void
failed_user_event_fails_its_dependents(const void *arg)
{
   cl_mem mem = clt_buffer(64, NULL);
   cl_event gate = clt_user_event();
   cl_event event = fill(clt.queue, mem, 64, 9, 1, &gate);
   cl_command_queue other = clt_queue(0);

   CLT_CALL(clFlush(clt.queue));
   CLT_CALL(clSetUserEventStatus(gate, -77));
   CLT_EXPECT(clWaitForEvents(1, &event), CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
   CLT_CHECK(status_of(event) < 0, "status is %d, expected an error", status_of(event));
   CLT_CHECK(first_byte(other, mem) == 0, "the command ran");
   CLT_EXPECT(clFinish(clt.queue), CL_SUCCESS);
}

/* Chains of events that go back and forth between queues. */
static void
events_order_queues(const void *arg)
{
   enum {
      QUEUES = 4,
      ROUNDS = 50,
      N = 4096
   };
   cl_command_queue queues[QUEUES];
   cl_mem mem[2] = {clt_buffer(N, NULL), clt_buffer(N, NULL)};
   uint8_t *out = clt_alloc(N), *want = clt_alloc(N);
   cl_event last = NULL;

   for (int q = 0; q < QUEUES; q++)
      queues[q] = clt_queue(q % 2 ? CL_QUEUE_PROFILING_ENABLE : 0);
   for (int i = 1; i <= ROUNDS; i++) {
      cl_event copied;

      last = fill(queues[i % QUEUES], mem[i % 2], N, i, last != NULL, last ? &last : NULL);
      CLT_CALL(clEnqueueCopyBuffer(queues[(i + 1) % QUEUES], mem[i % 2], mem[1 - i % 2], 0, 0, N, 1,
                                   &last, &copied));
      last = clt_own_event(copied);
   }
   CLT_CALL(
      clEnqueueReadBuffer(clt.queue, mem[1 - ROUNDS % 2], CL_TRUE, 0, N, out, 1, &last, NULL));
   memset(want, ROUNDS, N);
   clt_same("last copy", out, want, N);
}

static void
out_of_order_queue(const void *arg)
{
   enum {
      N = 1024,
      CHAINS = 8,
      LENGTH = 10
   };
   cl_command_queue queue = clt_queue(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
   cl_mem mem[CHAINS];

   for (int c = 0; c < CHAINS; c++)
      mem[c] = clt_buffer(N, NULL);
   for (int c = 0; c < CHAINS; c++) {
      cl_event last = NULL;
      for (int i = 1; i <= LENGTH; i++)
         last = fill(queue, mem[c], N, c * 16 + i, last != NULL, last ? &last : NULL);
   }
   CLT_CALL(clFinish(queue));
   for (int c = 0; c < CHAINS; c++) {
      unsigned got = first_byte(queue, mem[c]);
      CLT_CHECK(got == c * 16u + LENGTH, "chain %d ends with %u", c, got);
   }
}

static void
markers_and_barriers(const void *arg)
{
   cl_command_queue queue = clt_queue(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
   cl_mem mem = clt_buffer(64, NULL);
   cl_event marker, barrier;

   cl_event first = fill(queue, mem, 64, 1, 0, NULL);
   CLT_CALL(clEnqueueMarkerWithWaitList(queue, 0, NULL, &marker));
   clt_own_event(marker);
   CLT_CALL(clWaitForEvents(1, &marker));
   CLT_CHECK(status_of(first) == CL_COMPLETE, "the marker came before the fill");

   CLT_CALL(clEnqueueBarrierWithWaitList(queue, 1, &first, &barrier));
   clt_own_event(barrier);
   cl_event second = fill(queue, mem, 64, 2, 0, NULL);
   CLT_CALL(clWaitForEvents(1, &second));
   CLT_CHECK(status_of(barrier) == CL_COMPLETE, "the barrier did not hold the second fill back");
   CLT_CHECK(first_byte(queue, mem) == 2, "the second fill did not take place");
}

/* Callbacks */

struct called {
   _Atomic int count, status;
};

static void CL_CALLBACK
note_call(cl_event event, cl_int status, void *data)
{
   struct called *called = data;

   called->status = status;
   called->count++;
}

/* Waits up to a few seconds for a number of calls. */
static bool
wait_called(struct called *called, int count)
{
   for (int i = 0; i < 5000 && called->count < count; i++)
      usleep(1000);
   return called->count == count;
}

static void
callbacks_are_called_once(const void *arg)
{
   struct called *called = clt_alloc(3 * sizeof(*called));
   cl_mem mem = clt_buffer(64, NULL);
   cl_event gate = clt_user_event();
   cl_event event = fill(clt.queue, mem, 64, 9, 1, &gate);

   CLT_CALL(clSetEventCallback(event, CL_COMPLETE, note_call, &called[0]));
   CLT_CALL(clSetEventCallback(event, CL_RUNNING, note_call, &called[1]));
   CLT_CALL(clFlush(clt.queue));
   usleep(10000);
   CLT_CHECK(called[0].count == 0, "called before the command is complete");
   CLT_CALL(clSetUserEventStatus(gate, CL_COMPLETE));
   CLT_CALL(clFinish(clt.queue));
   CLT_CHECK(wait_called(&called[0], 1), "%d calls, expected 1", called[0].count);
   CLT_CHECK(called[0].status == CL_COMPLETE, "called with status %d", called[0].status);
   CLT_CHECK(wait_called(&called[1], 1), "%d calls for CL_RUNNING, expected 1", called[1].count);

   /* a callback for what has already happened comes as well */
   CLT_CALL(clSetEventCallback(event, CL_COMPLETE, note_call, &called[2]));
   CLT_CHECK(wait_called(&called[2], 1), "%d late calls, expected 1", called[2].count);
}

/* Callbacks of what fails, and of what has failed already, tell the error. */
static void
callbacks_tell_errors(const void *arg)
{
   const cl_int types[] = {CL_COMPLETE, CL_RUNNING, CL_SUBMITTED};
   struct called *called = clt_alloc(4 * CLT_ARRAY_SIZE(types) * sizeof(*called));
   cl_event gate = clt_user_event();
   cl_event event = fill(clt.queue, clt_buffer(64, NULL), 64, 9, 1, &gate);
   unsigned num = 0;

   for (unsigned i = 0; i < CLT_ARRAY_SIZE(types); i++)
      CLT_CALL(clSetEventCallback(event, types[i], note_call, &called[num++]));
   CLT_CALL(clSetEventCallback(gate, CL_COMPLETE, note_call, &called[num++]));
   CLT_CALL(clFlush(clt.queue));
   CLT_CALL(clSetUserEventStatus(gate, -77));
   clWaitForEvents(1, &event);
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(types); i++)
      CLT_CALL(clSetEventCallback(event, types[i], note_call, &called[num++]));
   CLT_CALL(clSetEventCallback(gate, CL_COMPLETE, note_call, &called[num++]));
   for (unsigned i = 0; i < num; i++) {
      CLT_CHECK(wait_called(&called[i], 1), "callback %u: %d calls, expected 1", i,
                called[i].count);
      CLT_CHECK(called[i].status < 0, "callback %u: status %d", i, called[i].status);
   }
}

static void CL_CALLBACK
note_destruction(cl_mem mem, void *data)
{
   atomic_fetch_add((_Atomic int *)data, 1);
}

static void
buffer_destructor_is_called(const void *arg)
{
   _Atomic int *count = clt_alloc(sizeof(*count));
   cl_int error;
   cl_mem mem = clCreateBuffer(clt.context, CL_MEM_READ_WRITE, 64, NULL, &error);
   cl_event event;
   uint8_t byte = 1;

   clt_require(error, "clCreateBuffer");
   CLT_CALL(clSetMemObjectDestructorCallback(mem, note_destruction, (void *)count));
   CLT_CALL(clEnqueueFillBuffer(clt.queue, mem, &byte, 1, 0, 64, 0, NULL, &event));
   CLT_CALL(clReleaseMemObject(mem)); /* the command still uses it */
   CLT_CALL(clWaitForEvents(1, &event));
   clReleaseEvent(event);
   CLT_CALL(clFinish(clt.queue));
   for (int i = 0; i < 5000 && !*count; i++)
      usleep(1000);
   CLT_CHECK(*count == 1, "%d calls, expected 1", *count);
}

/* Profiling */

static void
profiling_times_are_in_order(const void *arg)
{
   enum {
      ROUNDS = 30,
      N = 1 << 20
   };
   cl_mem mem[2] = {clt_mem(CL_MEM_READ_WRITE, N, NULL), clt_mem(CL_MEM_READ_WRITE, N, NULL)};
   cl_event events[2 * ROUNDS];
   cl_ulong last_end = 0;

   for (int i = 0; i < ROUNDS; i++) {
      events[2 * i] = fill(clt.queue, mem[0], N, i, 0, NULL);
      CLT_CALL(
         clEnqueueCopyBuffer(clt.queue, mem[0], mem[1], 0, 0, N, 0, NULL, &events[2 * i + 1]));
      clt_own_event(events[2 * i + 1]);
   }
   CLT_CALL(clFinish(clt.queue));
   for (int i = 0; i < 2 * ROUNDS && !clt_failed(); i++) {
      cl_ulong queued = time_of(events[i], CL_PROFILING_COMMAND_QUEUED);
      cl_ulong submit = time_of(events[i], CL_PROFILING_COMMAND_SUBMIT);
      cl_ulong start = time_of(events[i], CL_PROFILING_COMMAND_START);
      cl_ulong end = time_of(events[i], CL_PROFILING_COMMAND_END);

      CLT_CHECK(queued > 0 && queued <= submit && submit <= start && start <= end,
                "command %d: queued %llu, submitted %llu, started %llu, ended %llu", i,
                (unsigned long long)queued, (unsigned long long)submit, (unsigned long long)start,
                (unsigned long long)end);
      CLT_CHECK(last_end <= start, "command %d starts before the one before it ends", i);
      last_end = end;
   }
}

/* Profiling does not tear a batch apart: the first command starts after the last one was handed over. */
static void
profiled_commands_go_together(const void *arg)
{
   enum {
      N = 100
   };
   cl_mem mem = clt_buffer(64, NULL);
   cl_event events[N];

   CLT_CALL(clFinish(clt.queue));
   for (int i = 0; i < N; i++)
      events[i] = fill(clt.queue, mem, 64, i, 0, NULL);
   CLT_CALL(clFinish(clt.queue));
   cl_ulong start = time_of(events[0], CL_PROFILING_COMMAND_START);
   cl_ulong last = time_of(events[N - 1], CL_PROFILING_COMMAND_SUBMIT);
   CLT_CHECK(start >= last, "the first command started at %llu, the last was submitted at %llu",
             (unsigned long long)start, (unsigned long long)last);
}

static void CL_CALLBACK
note_thread(cl_event event, cl_int status, void *data)
{
   *(pthread_t *)data = pthread_self();
}

/* Whoever waits for all commands executes them: no other thread is woken up. */
static void
waiting_thread_executes(const void *arg)
{
   cl_mem mem = clt_buffer(64, NULL);

   CLT_CALL(clFinish(clt.queue));
   for (int i = 0; i < 20; i++) {
      pthread_t thread = 0;
      cl_event event = fill(clt.queue, mem, 64, i, 0, NULL);

      CLT_CALL(clSetEventCallback(event, CL_COMPLETE, note_thread, &thread));
      if (i % 2)
         CLT_CALL(clWaitForEvents(1, &event));
      else
         CLT_CALL(clFinish(clt.queue));
      CLT_CHECK(pthread_equal(thread, pthread_self()), "round %d: another thread was at work", i);
   }
}

/* Waiting for one command does not mean to execute what comes behind it, which may need the caller. */
static void
waiting_thread_gets_away(const void *arg)
{
   cl_mem mem = clt_buffer(64, NULL);

   for (int i = 0; i < 20; i++) {
      cl_event gate = clt_user_event();
      cl_event first = fill(clt.queue, mem, 64, 1, 0, NULL);
      cl_event second = fill(clt.queue, mem, 64, 2, 1, &gate);

      if (i % 2)
         CLT_CALL(clFlush(clt.queue));
      CLT_CALL(clWaitForEvents(1, &first));
      CLT_CALL(clSetUserEventStatus(gate, CL_COMPLETE));
      CLT_CALL(clWaitForEvents(1, &second));
   }
}

/* The device's clock runs at the host's rate: what the events say fits into what the host measured.
 */
static void
profiling_clock_is_plausible(const void *arg)
{
   enum {
      N = 64 << 20
   };
   cl_mem mem = clt_mem(CL_MEM_READ_WRITE, N, NULL);

   CLT_CALL(clFinish(clt.queue));
   double begin = clt_seconds();
   cl_event first = fill(clt.queue, mem, N, 1, 0, NULL);
   CLT_CALL(clFinish(clt.queue));
   usleep(50000);
   cl_event last = fill(clt.queue, mem, N, 2, 0, NULL);
   CLT_CALL(clFinish(clt.queue));
   double host_ns = (clt_seconds() - begin) * 1e9;

   double device_ns = (double)(time_of(last, CL_PROFILING_COMMAND_END) -
                               time_of(first, CL_PROFILING_COMMAND_QUEUED));
   CLT_CHECK(device_ns >= 50e6 && device_ns <= host_ns, "device: %.0f ns, host: %.0f ns", device_ns,
             host_ns);
}

static void
device_timer_fits_events(const void *arg)
{
   cl_ulong device_before, host_before, device_after, host_after;
   cl_mem mem = clt_buffer(64, NULL);

   CLT_CALL(clGetDeviceAndHostTimer(clt.device, &device_before, &host_before));
   cl_event event = fill(clt.queue, mem, 64, 1, 0, NULL);
   CLT_CALL(clFinish(clt.queue));
   CLT_CALL(clGetDeviceAndHostTimer(clt.device, &device_after, &host_after));
   CLT_CHECK(host_before < host_after, "the host timer stands still");

   cl_ulong start = time_of(event, CL_PROFILING_COMMAND_START);
   cl_ulong end = time_of(event, CL_PROFILING_COMMAND_END);
   CLT_CHECK(device_before <= start && end <= device_after,
             "timer %llu to %llu, command %llu to %llu", (unsigned long long)device_before,
             (unsigned long long)device_after, (unsigned long long)start, (unsigned long long)end);
}

static void
profiling_errors(const void *arg)
{
   cl_command_queue plain = clt_queue(0);
   cl_mem mem = clt_buffer(64, NULL);
   cl_event gate = clt_user_event();
   cl_event unprofiled = fill(plain, mem, 64, 1, 0, NULL);
   cl_event pending = fill(clt.queue, mem, 64, 1, 1, &gate);
   cl_ulong ns;

   CLT_CALL(clFinish(plain));
   CLT_CALL(clFlush(clt.queue));
   CLT_EXPECT(clGetEventProfilingInfo(unprofiled, CL_PROFILING_COMMAND_END, sizeof(ns), &ns, NULL),
              CL_PROFILING_INFO_NOT_AVAILABLE);
   CLT_EXPECT(clGetEventProfilingInfo(pending, CL_PROFILING_COMMAND_END, sizeof(ns), &ns, NULL),
              CL_PROFILING_INFO_NOT_AVAILABLE);
   CLT_EXPECT(clGetEventProfilingInfo(gate, CL_PROFILING_COMMAND_END, sizeof(ns), &ns, NULL),
              CL_PROFILING_INFO_NOT_AVAILABLE);
   CLT_CALL(clSetUserEventStatus(gate, CL_COMPLETE));
   CLT_CALL(clFinish(clt.queue));
}

static void
wait_errors(const void *arg)
{
   cl_event gate = clt_user_event();

   CLT_EXPECT(clWaitForEvents(0, NULL), CL_INVALID_VALUE);
   CLT_EXPECT(clSetUserEventStatus(gate, 1), CL_INVALID_VALUE);
   CLT_CALL(clSetUserEventStatus(gate, CL_COMPLETE));
   CLT_EXPECT(clSetUserEventStatus(gate, CL_COMPLETE), CL_INVALID_OPERATION);
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "events and profiling");
   clt_run_fresh(event_describes_its_command, NULL);
   clt_run_fresh(user_event_holds_back, NULL);
   clt_run_fresh(failed_user_event_fails_its_dependents, NULL);
   clt_run_fresh(events_order_queues, NULL);
   clt_run_fresh(out_of_order_queue, NULL);
   clt_run_fresh(markers_and_barriers, NULL);
   clt_run_fresh(callbacks_are_called_once, NULL);
   clt_run_fresh(callbacks_tell_errors, NULL);
   clt_run_fresh(buffer_destructor_is_called, NULL);
   clt_run_fresh(profiling_times_are_in_order, NULL);
   clt_run_fresh(profiled_commands_go_together, NULL);
   clt_run_fresh(waiting_thread_executes, NULL);
   clt_run_fresh(waiting_thread_gets_away, NULL);
   clt_run_fresh(profiling_clock_is_plausible, NULL);
   clt_run_fresh(device_timer_fits_events, NULL);
   clt_run_fresh(profiling_errors, NULL);
   clt_run_fresh(wait_errors, NULL);
   return clt_done();
}
