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

/* Local memory is allotted in units of the widest access. Other devices have units too: programs are
 * used to an end that is not exact (piglit asks for 8 bytes where it uses 16). */
#define LOCAL_UNIT_B 16

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

/* The packets of a launch. */
struct launch {
   unsigned num_parts;
   struct npu_shape shapes[NPU_MAX_SHAPES];
   const struct npu_variant *variants[NPU_MAX_SHAPES];
};

/* Better shapes for the launch, if there are any, and binaries for them. */
static bool
reshape(const struct npu_context *ctx, struct npu_program *program, const struct npu_shape *given,
        struct launch *launch)
{
   const struct npu_kernel_info *first = program->first ? &program->first->binary->info : NULL;

   if (!first || program->has_fixed_block || ctx->screen->debug & NPU_DRV_NO_RESHAPE)
      return false;
   const uint32_t max_threads = MIN2(first->max_threads, ctx->screen->info->max_group_size);
   launch->num_parts = npu_shape_choose(given, program->free_dims, first->prefers_tiles,
                                        max_threads, launch->shapes);
   for (unsigned i = 0; i < launch->num_parts; i++) {
      const struct npu_shape *shape = &launch->shapes[i];
      const struct npu_variant *variant = npu_program_variant(program, shape, &ctx->images->key);
      if (!variant || !block_fits(shape->block, variant->binary->info.max_threads))
         return false;
      launch->variants[i] = variant;
   }
   return launch->num_parts > 0;
}

/* The binaries for a launch, and the shapes of its groups: not always the one the caller asks for. False as
 * npu_program_variant().
 */
static bool
choose_variants(const struct npu_context *ctx, struct npu_program *program, bool may_reshape,
                const struct npu_shape *given, struct launch *launch)
{
   if (may_reshape && reshape(ctx, program, given, launch))
      return true;
   launch->num_parts = 1;
   launch->shapes[0] = *given;
   launch->variants[0] = npu_program_variant(program, given, &ctx->images->key);
   return launch->variants[0] != NULL;
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

/* Whether a group has the local memory that a binary needs. */
static bool
refuse_local(struct npu_context *ctx, const struct npu_program *program,
             const struct npu_variant *variant, uint32_t variable_B)
{
   const uint64_t local_B = (uint64_t)static_local_B(program, variant) + variable_B;

   if (local_B <= ctx->screen->info->local_mem_B)
      return false;
   npu_context_lose(ctx, "kernel \"%s\": %llu bytes of local memory, the device has %u",
                    variant->binary->info.name, (unsigned long long)local_B,
                    ctx->screen->info->local_mem_B);
   return true;
}

/* The binaries of a launch the device can do, and the shapes of their groups; otherwise the context is lost, with a
 * message, and false returned.
 */
static bool
check_launch(struct npu_context *ctx, struct npu_program *program,
             const struct pipe_grid_info *grid, struct launch *launch)
{
   const struct npu_device_info *device = ctx->screen->info;
   const uint32_t *block = grid->block;

   if (!program) {
      npu_context_lose(ctx, "launch without a kernel");
      return false;
   }
   if (grid->indirect) {
      npu_context_lose(ctx, "kernel \"%s\": indirect launches are not supported", program->name);
      return false;
   }
   if (refuse_block(ctx, program, block, device->max_group_size))
      return false;

   if (program->block[0] && memcmp(program->block, block, sizeof(program->block))) {
      npu_context_lose(ctx, "kernel \"%s\": a work-group of %u x %u x %u, it requires %u x %u x %u",
                       program->name, block[0], block[1], block[2], program->block[0],
                       program->block[1], program->block[2]);
      return false;
   }

   const struct npu_shape given = {
      .block = {block[0], block[1], block[2]},
      .grid = {grid->grid[0], grid->grid[1], grid->grid[2]},
   };
   if (!choose_variants(ctx, program, !grid->variable_shared_mem, &given, launch)) {
      npu_context_lose(ctx, "launch of a kernel that could not be compiled: %s",
                       program->error ? program->error : "out of memory");
      return false;
   }

   for (unsigned i = 0; i < launch->num_parts; i++) {
      const struct npu_variant *variant = launch->variants[i];
      const uint32_t max_threads = variant->binary->info.max_threads;
      if (refuse_block(ctx, program, block, MIN2(max_threads, device->max_group_size)) ||
          refuse_local(ctx, program, variant, grid->variable_shared_mem))
         return false;
   }
   return true;
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
 * descriptors of its images, and, if it is not 0, the first x id. 0: out of memory.
 */
static uint64_t
upload_args(struct npu_context *ctx, const struct npu_kernel_info *info, uint32_t first_x)
{
   uint32_t num_descs = info->num_textures + info->num_images;
   uint32_t descs_end_B = npu_descs_end_B(info->descs_offset_B, num_descs);
   uint32_t given_B = num_descs ? MIN2(ctx->constbuf.size, info->descs_offset_B)
                                : ctx->constbuf.size;
   uint32_t size_B = MAX3(given_B, info->args_size_B, 8);
   uint64_t va;

   if (num_descs)
      size_B = MAX2(size_B, descs_end_B);
   if (first_x)
      size_B = MAX2(size_B, descs_end_B + sizeof(first_x));
   uint8_t *args = npu_pool_alloc(ctx->batch, size_B, ARGS_ALIGN_B, &va);
   if (!args)
      return 0;
   if (given_B)
      memcpy(args, ctx->constbuf.data, given_B);
   memset(args + given_B, 0, size_B - given_B);
   if (num_descs)
      npu_image_state_write_descs(ctx, info,
                                  (struct npu_image_desc *)(args + info->descs_offset_B));
   if (first_x)
      memcpy(args + descs_end_B, &first_x, sizeof(first_x));
   return va;
}

static void
launch_part(struct npu_context *ctx, const struct pipe_grid_info *grid,
            const struct npu_shape *shape, const struct npu_variant *variant)
{
   struct npu_program *program = ctx->program;
   const struct npu_kernel_info *info = &variant->binary->info;

   if (info->private_size_B && !ensure_scratch(ctx, info->private_size_B)) {
      npu_context_lose(ctx, "kernel \"%s\": out of memory for %u bytes of private memory per item",
                       info->name, info->private_size_B);
      return;
   }
   uint64_t args_va = upload_args(ctx, info, shape->first_x);
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
      .grid = {shape->grid[0], shape->grid[1], shape->grid[2]},
      .block = {npu_variant_width(variant->kind, shape->block[0]), shape->block[1],
                shape->block[2]},
      .local_size_B = align(static_local_B(program, variant) + grid->variable_shared_mem,
                            LOCAL_UNIT_B),
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
      mesa_logi("launch of \"%s\" (kernel %u, %s): grid %u x %u x %u, block %u x %u x %u%s, "
                "local memory %u, private memory %u, arguments %u bytes%s",
                info->name, program->kernel_id, npu_variant_name(variant->kind), shape->grid[0],
                shape->grid[1], shape->grid[2], shape->block[0], shape->block[1], shape->block[2],
                variant->kind & NPU_VARIANT_ONE_WAVE ? " (one wave)" : "", packet.local_size_B,
                packet.private_size_B, (unsigned)ctx->constbuf.size, emitted ? "" : ": dropped");
}

static void
launch_grid(struct pipe_context *pctx, const struct pipe_grid_info *grid)
{
   struct npu_context *ctx = npu_context(pctx);
   struct launch launch;

   if (!check_launch(ctx, ctx->program, grid, &launch))
      return;
   if (!grid->grid[0] || !grid->grid[1] || !grid->grid[2])
      return;
   for (unsigned i = 0; i < launch.num_parts; i++)
      launch_part(ctx, grid, &launch.shapes[i], launch.variants[i]);
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
