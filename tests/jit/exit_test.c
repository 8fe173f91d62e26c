// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// The end of a process, or of its device, and fork(), while kernels are compiled: also when the compiler does not
// come to an end (NPU_JIT_DEBUG=stall). Each case is a process of its own.

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../sim/sim_check.h"

#define STATUS     42
#define WAIT_S     5 /* what the JIT grants a compilation */
#define MAX_WAIT_S 60
#define ROUNDS     3000
#define EXITS      24

/* out[lane] = 3 * ROUNDS * lane; the number of the process makes the code a new one. */
static const char text_format[] = "   rdsr s0, args\n"
                                  "   ld_s.b64 s2, [s0]\n"
                                  "   mov.b32 s3, %u\n"
                                  "   mov.b32 s4, %u\n"
                                  "   rdsr v0, lane_id\n"
                                  "   mov.b32 v1, 0\n"
                                  "again:\n"
                                  "   imad.i32 v1, v0, 3, v1\n"
                                  "   isub.i32 s3, s3, 1\n"
                                  "   br.nz s3, again\n"
                                  "   st_u.b32 [s2 + lane], v1\n"
                                  "   end\n";

struct device {
   struct npu_rig *rig;
   uint64_t code_va, args_va;
   uint32_t *out;
};

static struct device
create(const char *configuration, unsigned number)
{
   struct npu_sim_config config;
   struct device device;
   char *error, text[sizeof(text_format) + 32];

   npu_sim_config_parse(&config, configuration);
   device.rig = npu_rig_create(&config, &error);
   if (!device.rig)
      _exit(2);
   snprintf(text, sizeof(text), text_format, ROUNDS, number);
   struct npu_asm_result program = npu_asm(text, "program");
   if (program.num_errors)
      _exit(3);
   device.code_va = npu_rig_alloc(device.rig, 4096, NPU_RIG_RX);
   device.args_va = npu_rig_alloc(device.rig, 64, NPU_RIG_R);
   uint64_t out_va = npu_rig_alloc(device.rig, 4096, NPU_RIG_RW);
   device.out = npu_rig_ptr(device.rig, out_va);
   memcpy(npu_rig_ptr(device.rig, device.args_va), &out_va, sizeof(out_va));
   memcpy(npu_rig_ptr(device.rig, device.code_va), program.code, program.num_words * 8);
   npu_asm_finish(&program);
   return device;
}

static uint64_t
submit(struct device *device, unsigned num_groups)
{
   struct npu_packet_dispatch d = npu_rig_dispatch(device->code_va, device->args_va, num_groups,
                                                   32);

   return npu_rig_submit(device->rig, 0, NPU_RIG_ASID, &d, 1);
}

/* Runs groups enough that host code is asked for; status 4: not finished, 5: wrong. */
static void
run(struct device *device)
{
   if (!npu_rig_wait(device->rig, 0, submit(device, 500), 60000))
      _exit(4);
   for (unsigned l = 0; l < 32; l++) {
      if (device->out[l] != 3 * ROUNDS * l)
         _exit(5);
   }
}

/* ---- processes --------------------------------------------------------------------------- */

static void
nap(unsigned us)
{
   const struct timespec time = {.tv_nsec = us * 1000l};

   nanosleep(&time, NULL);
}

static void
end_stalled(unsigned number)
{
   struct device device = create("tiered,cores=1", number);

   run(&device);
   run(&device);
   printf("written before the end\n");
   exit(STATUS);
}

static void
destroy_stalled(unsigned number)
{
   struct device device = create("tiered,cores=1", number);

   run(&device);
   npu_rig_destroy(device.rig);
   /* And another one works. */
   device = create("tiered,cores=1", number);
   run(&device);
   printf("written before the end\n");
   exit(STATUS);
}

static void
end_after(unsigned number, unsigned us)
{
   struct device device = create("jit,cores=1", number);

   submit(&device, 1);
   nap(us);
   printf("written before the end\n");
   exit(STATUS);
}

/* Exits somewhere in the midst of the first compilation. */
static void
end_compiling(unsigned number)
{
   end_after(number, number * 1500);
}

/* As another thread than the main one. */
static void *
end_thread(void *number)
{
   struct device first = create("jit,cores=1", 0);

   run(&first);
   end_compiling(*(unsigned *)number);
   return NULL;
}

static void
in_thread(void *(*thread_main)(void *), unsigned number)
{
   pthread_t thread;

   if (pthread_create(&thread, NULL, thread_main, &number))
      _exit(6);
   pthread_join(thread, NULL);
}

static void
end_compiling_elsewhere(unsigned number)
{
   in_thread(end_thread, number);
}

/* The same in the midst of making the compiler, or shortly before. */
static void *
end_thread_early(void *number)
{
   end_after(0, *(unsigned *)number * 250);
   return NULL;
}

static void
end_making_elsewhere(unsigned number)
{
   in_thread(end_thread_early, number);
}

/* A thread that has made a device ends before there is a compiler: that must be no obstacle. */
static void *
create_only(void *device)
{
   *(struct device *)device = create("jit,cores=1", 0);
   return NULL;
}

static void
thread_ends_first(unsigned number)
{
   struct device device;
   pthread_t thread;

   if (pthread_create(&thread, NULL, create_only, &device))
      _exit(6);
   pthread_join(thread, NULL);
   run(&device);
   printf("written before the end\n");
   exit(STATUS);
}

/* A child runs a kernel that its parent has not. Whether it has made host code for it. */
static bool
child_compiles(unsigned number)
{
   char line[256];
   bool compiled = false;
   int status = 0;
   FILE *messages = tmpfile();

   if (!messages)
      _exit(6);
   fflush(stdout);
   pid_t pid = fork();
   if (pid == 0) {
      alarm(MAX_WAIT_S / 2);
      dup2(fileno(messages), STDERR_FILENO);
      struct device device = create("jit,cores=1", number + 1000);
      run(&device);
      exit(STATUS);
   }
   waitpid(pid, &status, 0);
   if (!WIFEXITED(status) || WEXITSTATUS(status) != STATUS)
      _exit(8);
   rewind(messages);
   while (fgets(line, sizeof(line), messages))
      compiled |= strstr(line, " compiled ") != NULL;
   fclose(messages);
   return compiled;
}

/* Somewhere from the making of the compiler to the end of the first compilation. */
static void
fork_compiling(unsigned number)
{
   struct device device = create("jit,cores=1", number);

   if (!freopen("/dev/null", "w", stderr))
      _exit(6);
   submit(&device, 1);
   nap(number * 1000);
   if (!child_compiles(number))
      _exit(9);
   run(&device);
   printf("written before the end\n");
   exit(STATUS);
}

static void
fork_stalled(unsigned number)
{
   struct device device = create("tiered,cores=1", number);

   run(&device);
   run(&device);
   if (child_compiles(number))
      _exit(9);
   printf("written before the end\n");
   fflush(stdout);
   _exit(STATUS);
}

/* Runs such a process: how long it took, in seconds, if it ended as it should, else -1. */
static int
time_process(struct tap *tap, void (*main_of)(unsigned), unsigned number)
{
   struct timespec before, after;
   char text[64] = "";
   int fds[2], status = 0;

   fflush(stdout);
   if (pipe(fds))
      return -1;
   clock_gettime(CLOCK_MONOTONIC, &before);
   pid_t pid = fork();
   if (pid == 0) {
      alarm(MAX_WAIT_S);
      dup2(fds[1], STDOUT_FILENO);
      close(fds[0]);
      close(fds[1]);
      main_of(number);
      _exit(7);
   }
   close(fds[1]);
   FILE *file = fdopen(fds[0], "r");
   bool written = file && fgets(text, sizeof(text), file) &&
                  !strcmp(text, "written before the end\n");
   waitpid(pid, &status, 0);
   clock_gettime(CLOCK_MONOTONIC, &after);
   if (file)
      fclose(file);
   if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS && written)
      return (int)(after.tv_sec - before.tv_sec);
   tap_problem(tap, "process %u: %s %d, %s", number, WIFSIGNALED(status) ? "signal" : "status",
               WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
               written ? "output written" : "output lost");
   return -1;
}

int
main(void)
{
   struct tap tap = {0};

   for (unsigned i = 1; i <= EXITS; i++)
      time_process(&tap, end_compiling, i);
   tap_case(&tap, "the main thread exits while a kernel is compiled");
   for (unsigned i = 1; i <= EXITS; i++)
      time_process(&tap, end_compiling_elsewhere, i);
   tap_case(&tap, "another thread exits while a kernel is compiled");
   for (unsigned i = 0; i < 2 * EXITS; i++)
      time_process(&tap, end_making_elsewhere, i);
   tap_case(&tap, "another thread exits while the compiler is made");
   time_process(&tap, thread_ends_first, 0);
   tap_case(&tap, "a thread with a device ends before the compiler is made");

   setenv("NPU_JIT_DEBUG", "tier", 1);
   for (unsigned i = 0; i < EXITS; i++)
      time_process(&tap, fork_compiling, i);
   tap_case(&tap, "children compile although they are forked while a kernel is compiled");

   setenv("NPU_JIT_DEBUG", "stall", 1);
   int s = time_process(&tap, end_stalled, 0);
   if (s < WAIT_S - 1)
      tap_problem(&tap, "after %d s", s);
   tap_case(&tap, "kernels run and the process ends although a compilation does not");
   s = time_process(&tap, destroy_stalled, 0);
   if (s < WAIT_S - 1)
      tap_problem(&tap, "after %d s", s);
   tap_case(&tap, "devices end and begin although a compilation does not end");
   s = time_process(&tap, fork_stalled, 0);
   if (s < WAIT_S - 1)
      tap_problem(&tap, "after %d s", s);
   tap_case(&tap, "children run kernels although a compilation does not end");
   return tap_done(&tap);
}
