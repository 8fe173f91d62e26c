// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* npu-bench-worker: one benchmark on one OpenCL device, told by lines on standard input when to run.
 *
 * A process per device and benchmark keeps implementations apart that do not get on (two Mesas,
 * several LLVMs), survives their crashes, and lets whoever tells them interleave the runs, so that
 * a change of the machine's speed hits all devices alike. Answers are single lines:
 *
 *   (start)        "ready UNIT WORK LESS_IS_BETTER SETUP_S"
 *   "warm S"       runs for S seconds and for at least two runs; "warm RUN_S", seconds per run
 *   "run COUNT"    COUNT runs, one wait at the end; "time WALL_S CPU_S" for all of them together,
 *                  CPU_S of all threads of the process
 *   "check"        "right" or "wrong REASON"
 *   any time       "error TEXT", and the process ends
 *
 * Without standard input from npu-bench it is usable by hand: echo 'run 10'. */

#include "bench.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const char help[] =
   "usage: npu-bench-worker [OPTION...]\n"
   "\n"
   "Runs one benchmark on one OpenCL device; npu-bench calls it. Commands come as lines from\n"
   "standard input: warm SECONDS, run COUNT, check.\n"
   "\n"
   "  --devices          print the devices: index, type, name, platform\n"
   "  --list             print the benchmarks\n"
   "  --benchmark=NAME   the benchmark\n"
   "  --device=INDEX     the device's index over all platforms (default 0)\n"
   "  --quick            the small problem\n"
   "  --size=N           the problem's size instead of the default\n"
   "  --local=X[xY[xZ]]  the work-group's shape instead of the default\n"
   "  --help             this text\n";

enum {
   MAX_DEVICES = 32
};

struct found {
   cl_device_id id[MAX_DEVICES];
   cl_platform_id platform[MAX_DEVICES];
   unsigned count;
};

static void
find_devices(struct found *f)
{
   cl_platform_id platforms[16];
   cl_uint num_platforms = 0;

   f->count = 0;
   if (clGetPlatformIDs(16, platforms, &num_platforms) != CL_SUCCESS)
      return;
   for (cl_uint p = 0; p < num_platforms && p < 16; p++) {
      cl_device_id ids[MAX_DEVICES];
      cl_uint n = 0;

      if (clGetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL, MAX_DEVICES, ids, &n) != CL_SUCCESS)
         continue;
      for (cl_uint i = 0; i < n && i < MAX_DEVICES && f->count < MAX_DEVICES; i++) {
         f->id[f->count] = ids[i];
         f->platform[f->count++] = platforms[p];
      }
   }
}

static void
print_devices(const struct found *f)
{
   for (unsigned i = 0; i < f->count; i++) {
      char name[256] = "", platform[256] = "";
      cl_device_type type = 0;

      BENCH_CALL(clGetDeviceInfo(f->id[i], CL_DEVICE_NAME, sizeof(name), name, NULL));
      BENCH_CALL(clGetDeviceInfo(f->id[i], CL_DEVICE_TYPE, sizeof(type), &type, NULL));
      BENCH_CALL(
         clGetPlatformInfo(f->platform[i], CL_PLATFORM_NAME, sizeof(platform), platform, NULL));
      printf("%u\t%s\t%s\t%s\n", i,
             type & CL_DEVICE_TYPE_ACCELERATOR ? "accelerator"
             : type & CL_DEVICE_TYPE_GPU       ? "gpu"
                                               : "cpu",
             name, platform);
   }
}

static double
cpu_now_s(void)
{
   struct rusage u;

   getrusage(RUSAGE_SELF, &u);
   return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

/* Wall time of count runs, without what the benchmark itself excluded. */
static double
run_many(struct run *r, unsigned long count)
{
   double start = bench_now_s();

   r->excluded_s = 0;
   for (unsigned long i = 0; i < count; i++)
      r->benchmark->run(r);
   BENCH_CALL(clFinish(r->queue));
   return bench_now_s() - start - r->excluded_s;
}

static void
serve(struct run *r)
{
   char line[256];

   while (fgets(line, sizeof(line), stdin)) {
      double seconds, start = bench_now_s();
      unsigned long count;

      if (sscanf(line, "warm %lf", &seconds) == 1) {
         double last = run_many(r, 1);

         do {
            last = run_many(r, 1);
         } while (bench_now_s() - start < seconds);
         printf("warm %.9f\n", last);
      } else if (sscanf(line, "run %lu", &count) == 1) {
         double cpu_s = cpu_now_s(), wall_s = run_many(r, count);
         printf("time %.9f %.6f\n", wall_s, cpu_now_s() - cpu_s);
      } else if (!strcmp(line, "check\n")) {
         if (r->benchmark->reset)
            r->benchmark->reset(r);
         run_many(r, 1);
         bool right = !r->benchmark->check || r->benchmark->check(r);
         printf(right ? "right\n" : "wrong %s\n", r->reason ? r->reason : "");
      } else {
         bench_die("\"%.*s\" is no command", (int)strcspn(line, "\n"), line);
      }
      fflush(stdout);
   }
}

static bool
parse_local(const char *text, size_t local[3])
{
   unsigned x, y = 1, z = 1;
   char rest;
   int n = sscanf(text, "%ux%ux%u%c", &x, &y, &z, &rest);

   if (n < 1 || n > 3 || !x || !y || !z)
      return false;
   local[0] = x;
   local[1] = y;
   local[2] = z;
   return true;
}

static void
open_run(struct run *r, cl_device_id device)
{
   cl_int error;

   r->device = device;
   r->context = clCreateContext(NULL, 1, &device, NULL, NULL, &error);
   bench_require(error, "clCreateContext");
   r->queue = clCreateCommandQueueWithProperties(r->context, device, NULL, &error);
   bench_require(error, "clCreateCommandQueueWithProperties");
}

int
main(int argc, char **argv)
{
   static const struct option options[] = {
      {"devices", no_argument, NULL, 'D'},
      {"list", no_argument, NULL, 'L'},
      {"benchmark", required_argument, NULL, 'b'},
      {"device", required_argument, NULL, 'd'},
      {"quick", no_argument, NULL, 'q'},
      {"size", required_argument, NULL, 's'},
      {"local", required_argument, NULL, 'l'},
      {"help", no_argument, NULL, 'h'},
      {0},
   };
   const char *benchmark = NULL;
   unsigned long device = 0, size = 0;
   size_t local[3] = {0};
   bool quick = false, devices = false;
   struct found found;
   struct run r = {0};
   int option;

   while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
      switch (option) {
      case 'D':
         devices = true;
         break;
      case 'L':
         bench_list();
         return 0;
      case 'b':
         benchmark = optarg;
         break;
      case 'd':
         device = strtoul(optarg, NULL, 10);
         break;
      case 'q':
         quick = true;
         break;
      case 's':
         size = strtoul(optarg, NULL, 10);
         break;
      case 'l':
         if (!parse_local(optarg, local)) {
            fprintf(stderr, "npu-bench-worker: \"%s\" is no work-group shape\n", optarg);
            return 2;
         }
         break;
      case 'h':
         fputs(help, stdout);
         return 0;
      default:
         return 2;
      }
   }
   if (optind < argc) {
      fprintf(stderr, "npu-bench-worker: unexpected \"%s\" (see --help)\n", argv[optind]);
      return 2;
   }
   find_devices(&found);
   if (devices) {
      print_devices(&found);
      return 0;
   }
   r.benchmark = benchmark ? bench_find(benchmark) : NULL;
   if (!r.benchmark)
      bench_die("there is no benchmark \"%s\"", benchmark ? benchmark : "");
   if (device >= found.count)
      bench_die("there is no device %lu", device);

   r.n = size ? size : quick ? r.benchmark->quick_n : r.benchmark->n;
   memcpy(r.local, local[0] && !r.benchmark->fixed_local ? local : r.benchmark->local,
          sizeof(local));
   for (unsigned i = 0; i < 3; i++)
      r.local[i] = r.local[i] ? r.local[i] : 1;
   if (r.n % r.benchmark->multiple)
      bench_die("the size must be a multiple of %zu", r.benchmark->multiple);

   open_run(&r, found.id[device]);
   double start = bench_now_s();
   r.benchmark->setup(&r);
   BENCH_CALL(clFinish(r.queue));
   printf("ready %s %.9g %d %.6f\n", r.benchmark->unit, r.work, r.benchmark->less_is_better,
          bench_now_s() - start);
   fflush(stdout);
   serve(&r);
   return 0;
}
