/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Launches: bindings and a grid become a DISPATCH packet.
 *
 * Rusticl binds, launches and unbinds everything around each launch, so nothing here stays bound
 * for long, and all that the device needs later is taken into the batch: arguments are copied,
 * buffers and the program referenced.
 *
 * A launch the device cannot run (too many work-items, too much local memory, a kernel that did not
 * compile) is refused: nothing is recorded, and the context is lost as after a fault, which makes
 * the command's event fail. Nothing a caller passes may crash.
 *
 * What it misses: indirect launches, which Rusticl never makes.
 */

#include <string.h>

#include "util/log.h"
#include "util/u_inlines.h"
#include "util/u_math.h"

#include "npu_isa/npu_regs.h"

#include "compiler/npu/npu_compile.h"

#include "npu_batch.h"
#include "npu_context.h"
#include "npu_drv_debug.h"
#include "npu_image_state.h"
#include "npu_launch.h"
#include "npu_program.h"
#include "npu_resource.h"
#include "npu_shape.h"

/* Kernels read their arguments with scalar loads of up to 4 x 8 bytes. */
#define ARGS_ALIGN_B 64

/*
 * Bindings
 */

/* handles[i] points into the argument block that will be bound next: 8 bytes, not aligned, that
 * hold an offset into the buffer and get the address.
 */
static void
set_global_binding(struct pipe_context *pctx, unsigned first, unsigned count,
                   struct pipe_resource **resources, uint32_t **handles)
{
   struct npu_context *ctx = npu_context(pctx);
   unsigned have = util_dynarray_num_elements(&ctx->globals, struct pipe_resource *);

   for (; have < first + count; have++)
      util_dynarray_append(&ctx->globals, struct pipe_resource *, NULL);

   for (unsigned i = 0; i < count; i++) {
      struct pipe_resource **slot = util_dynarray_element(&ctx->globals, struct pipe_resource *,
                                                          first + i);
      struct pipe_resource *pres = resources ? resources[i] : NULL;

      pipe_resource_reference(slot, pres);
      if (pres && handles && handles[i]) {
         uint64_t va;
         memcpy(&va, handles[i], sizeof(va));
         va += npu_resource(pres)->bo->va;
         memcpy(handles[i], &va, sizeof(va));
      }
   }

   while (ctx->globals.size && !util_dynarray_top(&ctx->globals, struct pipe_resource *))
      (void)util_dynarray_pop(&ctx->globals, struct pipe_resource *);
}

/* The bytes are copied at once: Rusticl changes them between the parts of a split launch. */
static void
set_constant_buffer(struct pipe_context *pctx, enum pipe_shader_type shader, unsigned index,
                    bool take_ownership, const struct pipe_constant_buffer *cb)
{
   struct npu_context *ctx = npu_context(pctx);
   const uint8_t *data = NULL;

   if (shader != PIPE_SHADER_COMPUTE || index != 0)
      return;

   util_dynarray_clear(&ctx->constbuf);
   if (!cb)
      return;
   if (cb->user_buffer) {
      data = cb->user_buffer;
   } else if (cb->buffer) {
      struct npu_resource *res = npu_resource(cb->buffer);
      npu_resource_wait(ctx, res, NPU_USAGE_READ, INT64_MAX);
      data = npu_resource_map(res);
      if (!data)
         npu_context_lose(ctx, "a constant buffer cannot be mapped");
   }
   if (data)
      memcpy(util_dynarray_grow_bytes(&ctx->constbuf, 1, cb->buffer_size), data + cb->buffer_offset,
             cb->buffer_size);
   if (take_ownership) {
      struct pipe_resource *pres = cb->buffer;
      pipe_resource_reference(&pres, NULL);
   }
}

static void
memory_barrier(struct pipe_context *pctx, unsigned flags)
{
   npu_batch_barrier(npu_context(pctx)->batch);
}

/*
 * Launch
 */

/* Local memory of a group before what the launch adds: the front end's count or the compiler's. */
static uint32_t
static_local_B(const struct npu_program *program, const struct npu_variant *variant)
{
   return MAX2(program->shared_B, variant->binary->info.local_size_B);
}

/* Whether a group has at most so many work-items, and at least one in each dimension. */
static bool
block_fits(const uint32_t block[3], uint32_t max_threads)
{
   uint64_t threads = 1;

   for (unsigned i = 0; i < 3; i++) {
      if (block[i] < 1 || block[i] > max_threads)
         return false;
      threads *= MIN2(block[i], UINT16_MAX);
   }
   return threads <= max_threads;
}

/* The binary for a launch, and the shape its groups get: not always the one in `shape`, which the caller has asked for.
 * NULL as npu_program_variant().
 */
static const struct npu_variant *
choose_variant(const struct npu_context *ctx, struct npu_program *program, bool may_reshape,
               struct npu_shape *shape)
{
   const struct npu_image_key *images = &ctx->images->key;
   const struct npu_kernel_info *first = program->first ? &program->first->binary->info : NULL;
   struct npu_shape better;

   if (may_reshape && first && !program->has_fixed_block &&
       !(ctx->screen->debug & NPU_DRV_NO_RESHAPE) &&
       npu_shape_choose(shape, program->free_dims, first->prefers_tiles,
                        MIN2(first->max_threads, ctx->screen->info->max_group_size), &better))
   {
      const struct npu_variant *variant = npu_program_variant(program, better.block, better.grid,
                                                              images);
      if (variant && block_fits(better.block, variant->binary->info.max_threads)) {
         *shape = better;
         return variant;
      }
   }
   return npu_program_variant(program, shape->block, shape->grid, images);
}

static bool
refuse_block(struct npu_context *ctx, const struct npu_program *program, const uint32_t block[3],
             uint32_t max_threads)
{
   if (block_fits(block, max_threads))
      return false;
   npu_context_lose(ctx, "kernel \"%s\": a work-group of %u x %u x %u does not fit (at most %u)",
                    program->name ? program->name : "?", block[0], block[1], block[2], max_threads);
   return true;
}

/* The binary of a launch the device can do, and the shape of its groups; otherwise the context is lost, with a
 * message, and NULL returned.
 */
static const struct npu_variant *
check_launch(struct npu_context *ctx, struct npu_program *program,
             const struct pipe_grid_info *grid, struct npu_shape *shape)
{
   const struct npu_device_info *device = ctx->screen->info;
   const uint32_t *block = grid->block;

   if (!program) {
      npu_context_lose(ctx, "launch without a kernel");
      return NULL;
   }
   if (grid->indirect) {
      npu_context_lose(ctx, "kernel \"%s\": indirect launches are not supported", program->name);
      return NULL;
   }
   if (refuse_block(ctx, program, block, device->max_group_size))
      return NULL;

   if (program->block[0] && memcmp(program->block, block, sizeof(program->block))) {
      npu_context_lose(ctx, "kernel \"%s\": a work-group of %u x %u x %u, it requires %u x %u x %u",
                       program->name, block[0], block[1], block[2], program->block[0],
                       program->block[1], program->block[2]);
      return NULL;
   }

   memcpy(shape->block, block, sizeof(shape->block));
   memcpy(shape->grid, grid->grid, sizeof(shape->grid));
   const struct npu_variant *variant = choose_variant(ctx, program, !grid->variable_shared_mem,
                                                      shape);
   if (!variant) {
      npu_context_lose(ctx, "launch of a kernel that could not be compiled: %s",
                       program->error ? program->error : "out of memory");
      return NULL;
   }

   const struct npu_kernel_info *info = &variant->binary->info;
   if (refuse_block(ctx, program, block, MIN2(info->max_threads, device->max_group_size)))
      return NULL;
   uint64_t local_B = (uint64_t)static_local_B(program, variant) + grid->variable_shared_mem;
   if (local_B > device->local_mem_B) {
      npu_context_lose(ctx, "kernel \"%s\": %llu bytes of local memory, the device has %u",
                       info->name, (unsigned long long)local_B, device->local_mem_B);
      return NULL;
   }
   return variant;
}

/* Private memory for every wave that can run at once, interleaved by dwords as the ISA says. */
static bool
ensure_scratch(struct npu_context *ctx, uint32_t private_size_B)
{
   const struct npu_device_info *device = ctx->screen->info;
   uint64_t slots = (uint64_t)device->num_cores * device->waves_per_core;
   uint64_t size_B = slots * device->wave_size * private_size_B;

   if (ctx->scratch && ctx->scratch->size_B >= size_B)
      return true;

   struct npu_bo *bo = npu_bo_create(ctx->screen->dev, size_B, NPU_BO_UNINITIALIZED,
                                     "private memory");
   if (!bo)
      return false;
   npu_bo_unref(ctx->scratch); /* batches that use it hold references */
   ctx->scratch = bo;
   return true;
}

/* The kernel's arguments, padded with zeroes to what the code may read, and behind them the
 * descriptors of its images. 0: out of memory.
 */
static uint64_t
upload_args(struct npu_context *ctx, const struct npu_kernel_info *info)
{
   uint32_t num_descs = info->num_textures + info->num_images;
   uint32_t descs_B = num_descs * sizeof(struct npu_image_desc);
   uint32_t given_B = num_descs ? MIN2(ctx->constbuf.size, info->descs_offset_B)
                                : ctx->constbuf.size;
   uint32_t size_B = MAX3(given_B, info->args_size_B, 8);
   uint64_t va;

   if (num_descs)
      size_B = MAX2(size_B, info->descs_offset_B + descs_B);
   uint8_t *args = npu_pool_alloc(ctx->batch, size_B, ARGS_ALIGN_B, &va);
   if (!args)
      return 0;
   if (given_B)
      memcpy(args, ctx->constbuf.data, given_B);
   memset(args + given_B, 0, size_B - given_B);
   if (num_descs)
      npu_image_state_write_descs(ctx, info,
                                  (struct npu_image_desc *)(args + info->descs_offset_B));
   return va;
}

static void
launch_grid(struct pipe_context *pctx, const struct pipe_grid_info *grid)
{
   struct npu_context *ctx = npu_context(pctx);
   struct npu_program *program = ctx->program;

   struct npu_shape shape;
   const struct npu_variant *variant = check_launch(ctx, program, grid, &shape);
   if (!variant)
      return;
   if (!grid->grid[0] || !grid->grid[1] || !grid->grid[2])
      return;

   const struct npu_kernel_info *info = &variant->binary->info;
   if (info->private_size_B && !ensure_scratch(ctx, info->private_size_B)) {
      npu_context_lose(ctx, "kernel \"%s\": out of memory for %u bytes of private memory per item",
                       info->name, info->private_size_B);
      return;
   }
   uint64_t args_va = upload_args(ctx, info);
   if (!args_va) {
      npu_context_lose(ctx, "kernel \"%s\": out of memory for its arguments", info->name);
      return;
   }

   struct npu_batch *batch = ctx->batch;
   struct npu_packet_dispatch packet = {
      .type = NPU_PACKET_DISPATCH,
      .work_dim = CLAMP(grid->work_dim, 1, 3),
      .kernel_id = program->kernel_id,
      .code_va = variant->code->va,
      .args_va = args_va,
      .scratch_va = info->private_size_B ? ctx->scratch->va : 0,
      .grid = {shape.grid[0], shape.grid[1], shape.grid[2]},
      .block = {npu_variant_width(variant->kind, shape.block[0]), shape.block[1], shape.block[2]},
      .local_size_B = static_local_B(program, variant) + grid->variable_shared_mem,
      .private_size_B = info->private_size_B,
   };

   npu_batch_begin(batch);
   util_dynarray_foreach(&ctx->globals, struct pipe_resource *, pres) {
      if (*pres)
         npu_batch_access(batch, npu_resource(*pres), NPU_USAGE_READ_WRITE);
   }
   npu_image_state_access(ctx, info);
   npu_batch_keep_program(batch, program);
   if (info->private_size_B) {
      npu_batch_access_scratch(batch);
      npu_batch_keep_bo(batch, ctx->scratch);
   }
   bool emitted = npu_batch_emit(batch, &packet);

   if (ctx->screen->debug & NPU_DRV_LAUNCH)
      mesa_logi("launch of \"%s\" (kernel %u, %s): grid %u x %u x %u, block %u x %u x %u, "
                "local memory %u, private memory %u, arguments %u bytes%s",
                info->name, program->kernel_id, npu_variant_name(variant->kind), shape.grid[0],
                shape.grid[1], shape.grid[2], shape.block[0], shape.block[1], shape.block[2],
                packet.local_size_B, packet.private_size_B, (unsigned)ctx->constbuf.size,
                emitted ? "" : ": dropped");
   npu_batch_flush_if_large(ctx);
}

void
npu_launch_context_init(struct npu_context *ctx)
{
   ctx->base.set_global_binding = set_global_binding;
   ctx->base.set_constant_buffer = set_constant_buffer;
   ctx->base.memory_barrier = memory_barrier;
   ctx->base.launch_grid = launch_grid;
}
