/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 */

#include "front_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/ralloc.h"
#include "util/u_math.h"

#include "npu_cl.h"
#include "npu_compile.h"
#include "npu_rig.h"

#define MAX_BUFFERS 16
#define TIMEOUT_MS  20000

struct front_program {
   struct npu_cl_program *cl;
};

struct front_device {
   struct npu_rig *rig;
   uint64_t cores;

   /* Device memory is never freed before the device is: it is allocated once per slot and size. */
   struct slot {
      uint64_t va;
      size_t size_B;
   } code, args, scratch, buffers[MAX_BUFFERS];
};

static bool
fail(const char *kernel, const char *what, const char *detail)
{
   printf("# %s: %s: %s\n", kernel, what, detail ? detail : "out of memory");
   return false;
}

struct front_program *
front_program_create(const char *source, const char *name, const char *const *options,
                     unsigned num_options)
{
   char *log;
   struct front_program *program = calloc(1, sizeof(*program));

   program->cl = npu_cl_program_create(source, name, options, num_options, &log);
   if (!program->cl) {
      fail(name, "compilation failed", log);
      free(program);
      program = NULL;
   }
   free(log);
   return program;
}

void
front_program_destroy(struct front_program *program)
{
   npu_cl_program_destroy(program->cl);
   free(program);
}

struct front_device *
front_device_create(void)
{
   struct front_device *device = calloc(1, sizeof(*device));
   struct npu_sim_config config;
   char *error;

   /* Garbage in everything undefined: code that relies on it fails. */
   npu_sim_config_parse(&config, "interp,cores=2,mem=256M,watchdog=10000,poison");
   device->rig = npu_rig_create(&config, &error);
   if (!device->rig) {
      fail("model", "creation failed", error);
      free(error);
      free(device);
      return NULL;
   }
   device->cores = NPU_GET(npu_sim_reg_read(npu_rig_sim(device->rig), NPU_REG_CAPS),
                           NPU_CAPS_NUM_CORES);
   return device;
}

void
front_device_destroy(struct front_device *device)
{
   npu_rig_destroy(device->rig);
   free(device);
}

/* Device memory of at least size_B bytes; host pointer to it. */
static void *
reserve(struct front_device *device, struct slot *slot, size_t size_B, unsigned perms)
{
   if (slot->size_B < size_B) {
      slot->size_B = align64(MAX2(size_B, 4096), 4096);
      slot->va = npu_rig_alloc(device->rig, slot->size_B, perms);
   }
   return npu_rig_ptr(device->rig, slot->va);
}

static void
write_hidden(uint8_t *block, const struct npu_cl_kernel *kernel, const struct front_launch *launch,
             uint64_t constants_va)
{
   for (unsigned i = kernel->num_own_args; i < kernel->num_args; i++) {
      const struct npu_cl_arg *arg = &kernel->args[i];
      uint64_t wide[3] = {0};
      uint32_t narrow[3];

      if (arg->dead)
         continue;
      for (unsigned d = 0; d < 3; d++)
         narrow[d] = launch->groups[d];

      switch (arg->kind) {
      case NPU_CL_ARG_CONSTANTS:
         memcpy(block + arg->offset_B, &constants_va, 8);
         break;
      case NPU_CL_ARG_GLOBAL_SIZE:
         for (unsigned d = 0; d < 3; d++)
            wide[d] = (uint64_t)launch->groups[d] * launch->block[d];
         memcpy(block + arg->offset_B, wide, sizeof(wide));
         break;
      case NPU_CL_ARG_NUM_GROUPS:
         memcpy(block + arg->offset_B, narrow, sizeof(narrow));
         break;
      case NPU_CL_ARG_WORK_DIM:
         block[arg->offset_B] = 3;
         break;
      default:
         break; /* offsets: zero; printf: not used here */
      }
   }
}

/* Fills the argument block; buffers are copied to the device. Returns the local memory needed. */
static uint32_t
write_args(struct front_device *device, const struct npu_cl_kernel *kernel,
           const struct npu_binary *bin, const struct front_launch *launch,
           const struct front_arg *args)
{
   size_t size_B = MAX3(kernel->args_size_B, bin->info.args_size_B, 8);
   uint8_t *block = reserve(device, &device->args, size_B, NPU_RIG_R);
   uint32_t local_B = bin->info.local_size_B;
   uint64_t constants_va = 0;
   unsigned slot = 0;

   memset(block, 0, size_B);
   for (unsigned i = 0; i < kernel->num_own_args; i++) {
      const struct npu_cl_arg *arg = &kernel->args[i];
      uint64_t value = 0;

      switch (args[i].kind) {
      case FRONT_BUFFER: {
         struct slot *buffer = &device->buffers[slot++];

         memcpy(reserve(device, buffer, args[i].size_B, NPU_RIG_RW), args[i].data, args[i].size_B);
         value = buffer->va;
         break;
      }
      case FRONT_LOCAL:
         value = local_B = align(local_B, 128);
         local_B += args[i].size_B;
         break;
      case FRONT_VALUE:
         if (!arg->dead)
            memcpy(block + arg->offset_B, args[i].data, args[i].size_B);
         continue;
      }
      if (!arg->dead)
         memcpy(block + arg->offset_B, &value, 8);
   }

   if (kernel->nir->constant_data_size) {
      memcpy(reserve(device, &device->buffers[slot], kernel->nir->constant_data_size, NPU_RIG_RW),
             kernel->nir->constant_data, kernel->nir->constant_data_size);
      constants_va = device->buffers[slot].va;
   }
   write_hidden(block, kernel, launch, constants_va);
   return local_B;
}

static bool
run_binary(struct front_device *device, const struct npu_cl_kernel *kernel,
           const struct npu_binary *bin, const struct front_launch *launch,
           const struct front_arg *args, const char *name)
{
   struct npu_rig_fault fault;
   char text[256];

   memcpy(reserve(device, &device->code, bin->code_size_B, NPU_RIG_RX), bin->code,
          bin->code_size_B);

   struct npu_packet_dispatch dispatch = npu_rig_dispatch(device->code.va, 0, 1, 1);
   dispatch.local_size_B = write_args(device, kernel, bin, launch, args);
   dispatch.args_va = device->args.va;
   dispatch.work_dim = 3;
   memcpy(dispatch.grid, launch->groups, sizeof(dispatch.grid));
   memcpy(dispatch.block, launch->block, sizeof(dispatch.block));
   dispatch.private_size_B = bin->info.private_size_B;
   if (bin->info.private_size_B) {
      reserve(device, &device->scratch,
              device->cores * NPU_WAVES_PER_CORE * NPU_WAVE_SIZE *
                 (uint64_t)bin->info.private_size_B,
              NPU_RIG_RW);
      dispatch.scratch_va = device->scratch.va;
   }

   uint64_t seqno = npu_rig_submit(device->rig, 0, NPU_RIG_ASID, &dispatch, 1);
   if (!npu_rig_wait(device->rig, 0, seqno, TIMEOUT_MS))
      return fail(name, "run", "not finished in time");
   if (npu_rig_pop_fault(device->rig, &fault)) {
      npu_rig_describe_fault(&fault, text, sizeof(text));
      return fail(name, "fault", text);
   }

   unsigned slot = 0;
   for (unsigned i = 0; i < kernel->num_own_args; i++) {
      if (args[i].kind == FRONT_BUFFER)
         memcpy(args[i].data, npu_rig_ptr(device->rig, device->buffers[slot++].va), args[i].size_B);
   }
   return true;
}

bool
front_run_kernel(struct front_device *device, const struct npu_cl_kernel *kernel, const char *name,
                 const struct front_launch *launch, const struct front_arg *args, unsigned num_args)
{
   const struct npu_compile_options options = {.name = name, .wave_rows = launch->rows};
   char *error;

   if (kernel->num_own_args != num_args)
      return fail(name, "wrong number of arguments", "test");

   struct npu_binary *bin = npu_compile(kernel->nir, &options, &error);
   if (!bin) {
      fail(name, "compilation failed", error);
      free(error);
      return false;
   }

   bool good = run_binary(device, kernel, bin, launch, args, name);
   npu_binary_destroy(bin);
   return good;
}

bool
front_run(struct front_device *device, struct front_program *program, const char *name,
          const struct front_launch *launch, const struct front_arg *args, unsigned num_args)
{
   void *mem_ctx = ralloc_context(NULL);
   char *log;
   struct npu_cl_kernel *kernel = npu_cl_kernel_create(program->cl, name, false, mem_ctx, &log);
   bool good = false;

   if (kernel)
      good = front_run_kernel(device, kernel, name, launch, args, num_args);
   else
      fail(name, "no NIR", log);

   free(log);
   ralloc_free(mem_ctx);
   return good;
}
