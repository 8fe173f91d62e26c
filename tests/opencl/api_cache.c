// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* The disk cache of compiled kernels: a second process compiles nothing and computes the same; damaged
 * files, a directory that cannot be written, no cache at all make no difference but time.
 *
 * Each case runs this program again as children with a cache directory of their own. A child computes with
 * a few kernels and prints a checksum; with NPU_DEBUG=stats the driver prints a line for each kernel that it
 * really compiles, and the parent counts those. */

#include "cl_api.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define CACHE_VARIABLE "MESA_SHADER_CACHE_DIR"

/* The child */

static const char source[] =
   "kernel void a(global uint *p) { uint i = get_global_id(0); p[i] = i * 2654435761u; }\n"
   "kernel void b(global uint *p)\n"
   "{ uint i = get_global_id(0); local uint l[64]; l[get_local_id(0)] = p[i];\n"
   "  barrier(CLK_LOCAL_MEM_FENCE); p[i] = l[63 - get_local_id(0)] ^ i; }\n"
   "kernel void c(global uint *p)\n"
   "{ uint i = get_global_id(0); float f = (float)p[i]; p[i] ^= as_uint(sqrt(f) + sin(f)); }\n";

static int
child(void)
{
   enum {
      N = 256
   };
   static const char *const names[] = {"a", "b", "c"};
   const char *text = source;
   uint32_t data[N], sum = 1;
   const size_t global = N, local = 64;
   cl_int error;

   cl_program program = clCreateProgramWithSource(clt.context, 1, &text, NULL, &error);
   error = clBuildProgram(program, 0, NULL, "", NULL, NULL);
   cl_mem mem = clCreateBuffer(clt.context, CL_MEM_READ_WRITE, sizeof(data), NULL, NULL);
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(names) && error == CL_SUCCESS; i++) {
      cl_kernel k = clCreateKernel(program, names[i], &error);
      if (error == CL_SUCCESS)
         error = clSetKernelArg(k, 0, sizeof(mem), &mem);
      if (error == CL_SUCCESS)
         error = clEnqueueNDRangeKernel(clt.queue, k, 1, NULL, &global, &local, 0, NULL, NULL);
   }
   if (error == CL_SUCCESS)
      error = clEnqueueReadBuffer(clt.queue, mem, CL_TRUE, 0, sizeof(data), data, 0, NULL, NULL);
   if (error != CL_SUCCESS) {
      printf("error %s\n", cl_error_name(error));
      return 1;
   }
   for (int i = 0; i < N; i++)
      sum = sum * 31 + data[i];
   printf("sum %" PRIu32 "\n", sum);
   return 0;
}

/* The parent */

struct run {
   uint32_t sum;
   unsigned compiled; /* kernels the driver compiled */
};

/* Reads all of a file descriptor. */
static char *
read_all(int fd)
{
   struct clt_text text = {0};
   char part[4096];
   ssize_t n;

   while ((n = read(fd, part, sizeof(part) - 1)) > 0) {
      part[n] = '\0';
      clt_append(&text, "%s", part);
   }
   return text.text ? text.text : clt_format("%s", "");
}

/* Runs the child with this cache directory (NULL: cache disabled). */
static struct run
run_child(const char *directory)
{
   char *args[] = {"api_cache", clt_format("--device=%s", clt.device_name), "--", "child", NULL};
   posix_spawn_file_actions_t actions;
   struct run run = {0};
   int out[2], status;
   pid_t pid;

   setenv("NPU_DEBUG", "stats", 1);
   if (directory) {
      setenv(CACHE_VARIABLE, directory, 1);
      setenv("MESA_SHADER_CACHE_DISABLE", "false", 1);
   } else {
      setenv("MESA_SHADER_CACHE_DISABLE", "true", 1);
   }
   if (pipe(out))
      clt_fatal("pipe: %s", strerror(errno));
   posix_spawn_file_actions_init(&actions);
   posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
   posix_spawn_file_actions_adddup2(&actions, out[1], STDERR_FILENO);
   posix_spawn_file_actions_addclose(&actions, out[0]);
   int error = posix_spawn(&pid, "/proc/self/exe", &actions, NULL, args, environ);
   posix_spawn_file_actions_destroy(&actions);
   close(out[1]);
   if (error)
      clt_fatal("posix_spawn: %s", strerror(error));
   char *text = read_all(out[0]);
   close(out[0]);
   waitpid(pid, &status, 0);

   char *sum = strstr(text, "sum ");
   if (!WIFEXITED(status) || WEXITSTATUS(status) || !sum)
      clt_fatal("the child ended with status 0x%x:\n%s", status, text);
   run.sum = strtoul(sum + 4, NULL, 10);
   for (char *p = text; (p = strstr(p, " instrs")); p++)
      run.compiled++;
   return run;
}

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
   return remove(path);
}

static void
remove_directory(void *path)
{
   nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static char *
new_directory(void)
{
   char *path = clt_format("/tmp/npu-cache-XXXXXX");

   if (!mkdtemp(path))
      clt_fatal("%s: %s", path, strerror(errno));
   clt_defer(remove_directory, path);
   return path;
}

/* The first child takes long, because it converts the library of built-in functions as well. Its cache
 * directory is made once; cases work on copies.
 */
static struct run seed_run;
static char seed_directory[] = "/tmp/npu-cache-XXXXXX";
static const char *copy_to;

static int
copy_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
   char *to = clt_format("%s%s", copy_to, path + strlen(seed_directory));
   int error = 0;

   if (type == FTW_D) {
      error = mkdir(to, 0755) && errno != EEXIST;
   } else {
      char *bytes = clt_alloc(st->st_size);
      FILE *in = fopen(path, "rb"), *out = fopen(to, "wb");
      error = !in || !out || fread(bytes, 1, st->st_size, in) != (size_t)st->st_size ||
              fwrite(bytes, 1, st->st_size, out) != (size_t)st->st_size;
      if (in)
         fclose(in);
      if (out && fclose(out))
         error = 1;
   }
   if (error)
      clt_fatal("%s could not be copied to %s", path, to);
   return 0;
}

static char *
new_copy_of_seed(void)
{
   char *directory = new_directory();

   copy_to = directory;
   nftw(seed_directory, copy_entry, 16, FTW_PHYS);
   return directory;
}

static unsigned damaged_files;
static enum damage {
   FLIP,
   TRUNCATE,
   NOISE,
   EMPTY
} damage_kind;

static int
damage_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
   if (type != FTW_F || !st->st_size)
      return 0;

   int fd = open(path, O_RDWR);
   if (fd < 0)
      return 0;
   damaged_files++;
   switch (damage_kind) {
   case FLIP:
      for (off_t at = 0; at < st->st_size; at += 97) {
         uint8_t byte;
         if (pread(fd, &byte, 1, at) == 1) {
            byte ^= 0x10;
            if (pwrite(fd, &byte, 1, at) != 1)
               damaged_files = 0;
         }
      }
      break;
   case TRUNCATE:
      if (ftruncate(fd, st->st_size / 2))
         damaged_files = 0;
      break;
   case NOISE: {
      uint8_t *noise = malloc(st->st_size);
      clt_random_bytes(noise, st->st_size, st->st_size);
      if (pwrite(fd, noise, st->st_size, 0) != st->st_size)
         damaged_files = 0;
      free(noise);
      break;
   }
   case EMPTY:
      if (ftruncate(fd, 0))
         damaged_files = 0;
      break;
   }
   close(fd);
   return 0;
}

static void
damage(const char *directory, enum damage kind)
{
   damaged_files = 0;
   damage_kind = kind;
   nftw(directory, damage_entry, 16, FTW_PHYS);
   if (!damaged_files)
      clt_fatal("%s holds nothing that could be damaged", directory);
}

static void
first_run_compiles(const void *arg)
{
   if (!mkdtemp(seed_directory))
      clt_fatal("%s: %s", seed_directory, strerror(errno));
   seed_run = run_child(seed_directory);
   CLT_CHECK(seed_run.compiled >= 3, "the first run compiled %u kernels", seed_run.compiled);
}

static void
second_run_compiles_nothing(const void *arg)
{
   struct run warm = run_child(new_copy_of_seed());

   CLT_CHECK(warm.compiled == 0, "the second run compiled %u kernels", warm.compiled);
   CLT_CHECK(seed_run.sum == warm.sum, "sums %" PRIu32 " and %" PRIu32, seed_run.sum, warm.sum);
}

static void
no_cache(const void *arg)
{
   struct run run = run_child(NULL);

   CLT_CHECK(run.compiled == seed_run.compiled, "%u kernels compiled, %u with a cache",
             run.compiled, seed_run.compiled);
   CLT_CHECK(run.sum == seed_run.sum, "sums %" PRIu32 " and %" PRIu32, seed_run.sum, run.sum);
}

/* Flags that change the code do not share entries with the code without them. */
static void
compiler_flags_separate_entries(const void *arg)
{
   setenv("NPU_COMPILER_DEBUG", "noopt", 1);
   struct run flagged = run_child(new_copy_of_seed());
   unsetenv("NPU_COMPILER_DEBUG");
   CLT_CHECK(flagged.compiled >= 3, "only %u kernels were compiled with other flags",
             flagged.compiled);
   CLT_CHECK(flagged.sum == seed_run.sum, "sums %" PRIu32 " and %" PRIu32, seed_run.sum,
             flagged.sum);
}

static void
damaged_cache(const void *arg)
{
   const enum damage *kind = arg;
   char *directory = new_copy_of_seed();

   damage(directory, *kind);
   struct run damaged = run_child(directory), again = run_child(directory);
   CLT_CHECK(damaged.sum == seed_run.sum && again.sum == seed_run.sum,
             "sums %" PRIu32 ", with a damaged cache %" PRIu32 ", after that %" PRIu32,
             seed_run.sum, damaged.sum, again.sum);
}

/* The directory's place is taken by a file. */
static void
unusable_directory(const void *arg)
{
   char *path = clt_format("%s/file", new_directory());
   int fd = open(path, O_CREAT | O_WRONLY, 0644);

   if (fd < 0)
      clt_fatal("%s: %s", path, strerror(errno));
   close(fd);
   struct run unusable = run_child(path);
   CLT_CHECK(unusable.compiled >= 3, "%u kernels compiled", unusable.compiled);
   CLT_CHECK(unusable.sum == seed_run.sum, "sums %" PRIu32 " and %" PRIu32, seed_run.sum,
             unusable.sum);
}

int
main(int argc, char **argv)
{
   static const enum damage kinds[] = {FLIP, TRUNCATE, NOISE, EMPTY};
   static const char *const kind_names[] = {"flipped bits", "truncated", "noise", "empty"};

   clt_init(argc, argv, "the disk cache of compiled kernels");
   if (clt.argc == 1)
      return child();
   clt_run(first_run_compiles, NULL, "first_run_compiles");
   clt_run(second_run_compiles_nothing, NULL, "second_run_compiles_nothing");
   clt_run(no_cache, NULL, "no_cache");
   clt_run(compiler_flags_separate_entries, NULL, "compiler_flags_separate_entries");
   for (unsigned i = 0; i < CLT_ARRAY_SIZE(kinds); i++)
      clt_run(damaged_cache, &kinds[i], "damaged cache: %s", kind_names[i]);
   clt_run(unusable_directory, NULL, "unusable_directory");
   remove_directory(seed_directory);
   return clt_done();
}
