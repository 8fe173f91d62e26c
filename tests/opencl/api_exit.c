// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* The end of a process with OpenCL objects alive and work in flight: it exits with its own status,
 * promptly. Each case runs this program again as a child that ends in its own way. */

#include "cl_api.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define STATUS    37
#define TIMEOUT_S 30

/* Ways to end, in the child */

static cl_kernel
endless_kernel(void)
{
   const char *text = "kernel void f(global int *p, int z)\n"
                      "{ while (z == 0) ((volatile global int *)p)[get_global_id(0)] += 1; }\n";
   cl_int error, zero = 0;
   cl_program program = clCreateProgramWithSource(clt.context, 1, &text, NULL, &error);

   clBuildProgram(program, 0, NULL, "", NULL, NULL);
   cl_kernel k = clCreateKernel(program, "f", &error);
   cl_mem mem = clCreateBuffer(clt.context, CL_MEM_READ_WRITE, 4096, NULL, &error);
   clSetKernelArg(k, 0, sizeof(mem), &mem);
   clSetKernelArg(k, 1, sizeof(zero), &zero);
   return k;
}

/* A program with memory of its own, which a forked child gets from no device. */
static void
build_constants(void)
{
   const char *text = "constant int a[3] = {1, 2, 3}; global int b[3] = {4, 5, 6};\n"
                      "kernel void f(global int *p) { p[0] = a[p[1]] + b[p[2]]++; }\n";
   cl_program program = clCreateProgramWithSource(clt.context, 1, &text, NULL, NULL);

   if (clBuildProgram(program, 0, NULL, "-cl-std=CL3.0", NULL, NULL) != CL_SUCCESS)
      clReleaseProgram(program);
}

static void
launch_endless(void)
{
   const size_t global = 64;

   if (clEnqueueNDRangeKernel(clt.queue, endless_kernel(), 1, NULL, &global, NULL, 0, NULL, NULL) !=
          CL_SUCCESS ||
       clFlush(clt.queue) != CL_SUCCESS)
      exit(1);
   usleep(50000); /* it runs by now */
}

static void *
exit_thread(void *data)
{
   exit(STATUS);
}

static void
child(const char *how)
{
   if (!strcmp(how, "return")) {
      /* leaves from main() below */
   } else if (!strcmp(how, "live objects")) {
      endless_kernel();
      clCreateUserEvent(clt.context, NULL);
      exit(STATUS);
   } else if (!strcmp(how, "pending fills")) {
      cl_mem mem = clCreateBuffer(clt.context, CL_MEM_READ_WRITE, 64 << 20, NULL, NULL);
      for (int i = 0; i < 20; i++)
         clEnqueueFillBuffer(clt.queue, mem, &i, 4, 0, 64 << 20, 0, NULL, NULL);
      clFlush(clt.queue);
      exit(STATUS);
   } else if (!strcmp(how, "unflushed work")) {
      cl_mem mem = clCreateBuffer(clt.context, CL_MEM_READ_WRITE, 4096, NULL, NULL);
      clEnqueueFillBuffer(clt.queue, mem, "x", 1, 0, 4096, 0, NULL, NULL);
      exit(STATUS);
   } else if (!strcmp(how, "running kernel")) {
      launch_endless();
      exit(STATUS);
   } else if (!strcmp(how, "running kernel, quick exit")) {
      launch_endless();
      _exit(STATUS);
   } else if (!strcmp(how, "blocked on a user event")) {
      cl_event gate = clCreateUserEvent(clt.context, NULL);
      cl_mem mem = clCreateBuffer(clt.context, CL_MEM_READ_WRITE, 4096, NULL, NULL);
      clEnqueueFillBuffer(clt.queue, mem, "x", 1, 0, 4096, 1, &gate, NULL);
      clFlush(clt.queue);
      exit(STATUS);
   } else if (!strcmp(how, "another thread")) {
      pthread_t thread;
      pthread_create(&thread, NULL, exit_thread, NULL);
      clFinish(clt.queue);
      pause();
   } else if (!strncmp(how, "forked child", 12)) {
      /* the child of a process that used OpenCL may exit without touching it; what it tries may fail */
      pid_t pid = fork();
      if (pid == 0) {
         if (how[12])
            build_constants();
         exit(STATUS);
      }
      int status = 0;
      waitpid(pid, &status, 0);
      exit(WIFEXITED(status) && WEXITSTATUS(status) == STATUS ? STATUS : 1);
   } else {
      exit(1);
   }
}

/* The parent */

static void
process_ends(const void *arg)
{
   const char *how = arg;
   char *args[] = {"api_exit", "--", (char *)how, NULL, NULL};
   posix_spawn_file_actions_t actions;
   char device[300];
   pid_t pid;
   int status;

   snprintf(device, sizeof(device), "--device=%s", clt.device_name);
   args[1] = device;
   args[2] = "--";
   args[3] = (char *)how;
   posix_spawn_file_actions_init(&actions);
   posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 1 /* O_WRONLY */, 0);
   int error = posix_spawn(&pid, "/proc/self/exe", &actions, NULL, args, environ);
   posix_spawn_file_actions_destroy(&actions);
   if (error)
      clt_fatal("posix_spawn: %s", strerror(error));

   for (int ms = 0; ms < TIMEOUT_S * 1000; ms += 10) {
      if (waitpid(pid, &status, WNOHANG) == pid) {
         CLT_CHECK(!WIFSIGNALED(status), "the process died of signal %d", WTERMSIG(status));
         CLT_CHECK(WIFSIGNALED(status) || WEXITSTATUS(status) == STATUS,
                   "exit status %d, expected %d", WEXITSTATUS(status), STATUS);
         return;
      }
      usleep(10000);
   }
   kill(pid, SIGKILL);
   waitpid(pid, &status, 0);
   clt_fail("the process did not end in %d seconds", TIMEOUT_S);
}

int
main(int argc, char **argv)
{
   static const char *const ways[] = {
      "return",
      "live objects",
      "pending fills",
      "unflushed work",
      "running kernel",
      "running kernel, quick exit",
      "blocked on a user event",
      "another thread",
      "forked child",
      "forked child, which builds a program",
   };

   clt_init(argc, argv, "the end of a process that uses OpenCL");
   if (clt.argc == 1) {
      child(clt.argv[0]);
      return STATUS;
   }
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(ways); i++)
      clt_run(process_ends, ways[i], "exit: %s", ways[i]);
   return clt_done();
}
