/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * What the tests that speak to the Gallium driver share: the screen, contexts, buffers. Everything
 * must succeed. A program has one screen; run_group() opens and closes it.
 */

#ifndef DRIVER_TEST_H
#define DRIVER_TEST_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "compiler/glsl_types.h"
#include "compiler/nir/nir_builder.h"
#include "pipe/p_context.h"
#include "pipe/p_screen.h"
#include "pipe/p_state.h"
#include "util/os_time.h"
#include "util/u_inlines.h"

#include "npu_public.h"

static struct pipe_screen *screen;

static inline struct pipe_context *
new_context(void)
{
   struct pipe_context *pctx = screen->context_create(screen, NULL, PIPE_CONTEXT_COMPUTE_ONLY);

   assert_non_null(pctx);
   return pctx;
}

static inline struct pipe_resource *
new_buffer(uint32_t size_B)
{
   const struct pipe_resource templ = {
      .target = PIPE_BUFFER,
      .format = PIPE_FORMAT_NONE,
      .width0 = size_B,
      .height0 = 1,
      .depth0 = 1,
      .array_size = 1,
      .bind = PIPE_BIND_GLOBAL,
   };
   struct pipe_resource *pres = screen->resource_create(screen, &templ);

   assert_non_null(pres);
   return pres;
}

static inline void
drop(struct pipe_resource *pres)
{
   pipe_resource_reference(&pres, NULL);
}

/* Waits for everything; returns the reset status. */
static inline enum pipe_reset_status
finish(struct pipe_context *pctx)
{
   struct pipe_fence_handle *fence = NULL;

   pctx->flush(pctx, &fence, 0);
   assert_non_null(fence);
   assert_true(screen->fence_finish(screen, NULL, fence, OS_TIMEOUT_INFINITE));
   screen->fence_reference(screen, &fence, NULL);
   return pctx->get_device_reset_status(pctx);
}

/* Begins a kernel with so many bytes of arguments. block: the size of work-groups it requires, NULL: any. */
static inline nir_builder
begin_kernel(const char *name, unsigned args_B, const uint16_t *block)
{
   const nir_shader_compiler_options *options = screen->get_compiler_options(screen,
                                                                             PIPE_SHADER_IR_NIR,
                                                                             PIPE_SHADER_COMPUTE);
   nir_builder b = nir_builder_init_simple_shader(MESA_SHADER_KERNEL, options, "%s", name);

   b.shader->info.workgroup_size_variable = !block;
   if (block)
      memcpy(b.shader->info.workgroup_size, block, 3 * sizeof(*block));
   b.shader->info.cs.ptr_size = 64;
   b.shader->num_uniforms = args_B;
   b.shader->info.num_ubos = 1;
   return b;
}

/* The state object of a kernel, which it owns. */
static inline void *
end_kernel(struct pipe_context *pctx, nir_builder *b)
{
   if (!b->shader->info.workgroup_size_variable)
      nir_lower_compute_system_values(b->shader, NULL);
   free(screen->finalize_nir(screen, b->shader));

   const struct pipe_compute_state state = {.ir_type = PIPE_SHADER_IR_NIR, .prog = b->shader};
   void *cso = pctx->create_compute_state(pctx, &state);
   assert_non_null(cso);
   return cso;
}

static inline void
write_buffer(struct pipe_context *pctx, struct pipe_resource *pres, uint32_t offset_B,
             uint32_t size_B, const void *data)
{
   pctx->buffer_subdata(pctx, pres, PIPE_MAP_WRITE, offset_B, size_B, data);
}

static inline void
read_buffer(struct pipe_context *pctx, struct pipe_resource *pres, uint32_t offset_B,
            uint32_t size_B, void *data)
{
   const struct pipe_box box = {.x = offset_B, .width = size_B, .height = 1, .depth = 1};
   struct pipe_transfer *transfer;
   void *map = pctx->buffer_map(pctx, pres, 0, PIPE_MAP_READ, &box, &transfer);

   assert_non_null(map);
   memcpy(data, map, size_B);
   pctx->buffer_unmap(pctx, transfer);
}

static inline int
open_screen(void **state)
{
   glsl_type_singleton_init_or_ref();
   screen = npu_screen_create(NULL);
   return screen ? 0 : -1;
}

static inline int
close_screen(void **state)
{
   screen->destroy(screen);
   glsl_type_singleton_decref();
   return 0;
}

/* Runs an array of tests on a screen; a macro, as cmocka counts them. Returns what main() returns. */
#define run_group(name, tests)                                                                     \
   (setenv("NPU_DEBUG", "quiet,nocache", 0), cmocka_set_message_output(CM_OUTPUT_TAP),             \
    cmocka_run_group_tests_name(name, tests, open_screen, close_screen))

#endif
