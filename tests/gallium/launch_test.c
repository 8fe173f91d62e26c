/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Launches of the Gallium driver without a front end, for what Rusticl never does or does only by
 * chance: thousands of bindings, objects destroyed in flight, launches no device can do, life after
 * a fault and without memory.
 *
 * What it misses: compiling from OpenCL C; kernels are built in NIR here, and are simple.
 */

#include "driver_test.h"

#include "compiler/npu/npu_binary.h"
#include "npu_program.h"
#include "npu_shape.h"

/*
 * Helpers
 */

/* kernel(global uint *p, uint a, uint n): p[global id] += a, n times. Arguments at 0, 8, 12. */
static void *
new_adder(struct pipe_context *pctx)
{
   nir_builder b = begin_kernel("adder", 16, NULL);

   nir_def *zero = nir_imm_int(&b, 0);
   nir_def *base = nir_load_ubo(&b, 1, 64, zero, zero, .align_mul = 8, .range = 16);
   nir_def *a = nir_load_ubo(&b, 1, 32, zero, nir_imm_int(&b, 8), .align_mul = 4, .range = 16);
   nir_def *n = nir_load_ubo(&b, 1, 32, zero, nir_imm_int(&b, 12), .align_mul = 4, .range = 16);
   nir_def *group = nir_channel(&b, nir_load_workgroup_id(&b), 0);
   nir_def *size = nir_channel(&b, nir_load_workgroup_size(&b), 0);
   nir_def *id = nir_iadd(&b, nir_imul(&b, group, size),
                          nir_channel(&b, nir_load_local_invocation_id(&b), 0));
   nir_def *address = nir_iadd(&b, base, nir_u2u64(&b, nir_ishl_imm(&b, id, 2)));

   nir_variable *i = nir_local_variable_create(b.impl, glsl_uint_type(), "i");
   nir_store_var(&b, i, zero, 1);
   nir_loop *loop = nir_push_loop(&b);
   {
      nir_def *value = nir_load_var(&b, i);
      nir_push_if(&b, nir_uge(&b, value, n));
      nir_jump(&b, nir_jump_break);
      nir_pop_if(&b, NULL);
      nir_def *old = nir_load_global(&b, address, 4, 1, 32);
      nir_store_global(&b, address, 4, nir_iadd(&b, old, a), 1);
      nir_store_var(&b, i, nir_iadd_imm(&b, value, 1), 1);
   }
   nir_pop_loop(&b, loop);
   NIR_PASS(_, b.shader, nir_lower_vars_to_ssa);

   return end_kernel(pctx, &b);
}

struct adder_args {
   uint64_t p;
   uint32_t a, n;
};

/* Launches as Rusticl does: bind, launch, unbind. */
static void
launch(struct pipe_context *pctx, void *cso, struct pipe_resource *pres, uint64_t offset_B,
       uint32_t a, uint32_t n, uint32_t groups, uint32_t block)
{
   struct adder_args args = {.p = offset_B, .a = a, .n = n};
   uint32_t *handle = (uint32_t *)&args.p;
   const struct pipe_constant_buffer cb = {.user_buffer = &args, .buffer_size = sizeof(args)};
   const struct pipe_grid_info grid = {.work_dim = 1,
                                       .block = {block, 1, 1},
                                       .grid = {groups, 1, 1}};

   pctx->bind_compute_state(pctx, cso);
   if (pres)
      pctx->set_global_binding(pctx, 0, 1, &pres, &handle);
   pctx->set_constant_buffer(pctx, PIPE_SHADER_COMPUTE, 0, false, &cb);
   memset(&args, 0xee, sizeof(args)); /* the driver has a copy */
   pctx->launch_grid(pctx, &grid);
   if (pres)
      pctx->set_global_binding(pctx, 0, 1, NULL, NULL);
   pctx->bind_compute_state(pctx, NULL);
   pctx->memory_barrier(pctx, PIPE_BARRIER_GLOBAL_BUFFER);
}

static void
expect_words(struct pipe_context *pctx, struct pipe_resource *pres, uint32_t first, uint32_t count,
             uint32_t want)
{
   uint32_t *got = malloc(count * 4);

   read_buffer(pctx, pres, first * 4, count * 4, got);
   for (uint32_t i = 0; i < count; i++)
      assert_int_equal(got[i], want);
   free(got);
}

/*
 * Launches
 */

static void
launches_in_order(void **state)
{
   struct pipe_context *pctx = new_context();
   struct pipe_resource *pres = new_buffer(4096 * 4);
   void *adder = new_adder(pctx);
   uint32_t want = 0;

   for (uint32_t i = 1; i <= 3000; i++) {
      launch(pctx, adder, pres, 0, i, 1, 4, 32);
      want += i;
   }
   expect_words(pctx, pres, 0, 128, want);
   expect_words(pctx, pres, 128, 1, 0);

   /* the offset in the handle counts */
   launch(pctx, adder, pres, 4000, 7, 2, 1, 8);
   expect_words(pctx, pres, 1000, 8, 14);
   pctx->delete_compute_state(pctx, adder);
   drop(pres);
   pctx->destroy(pctx);
}

static void
state_info_is_usable(void **state)
{
   struct pipe_context *pctx = new_context();
   void *adder = new_adder(pctx);
   struct pipe_compute_state_object_info info = {0};

   pctx->get_compute_state_info(pctx, adder, &info);
   assert_true(info.max_threads >= 1);
   assert_true(info.preferred_simd_size >= 1);
   assert_true(info.simd_sizes & info.preferred_simd_size);
   pctx->delete_compute_state(pctx, adder);
   pctx->destroy(pctx);
}

/* More bindings than any fixed table has, handles that are not aligned, the same buffer again and again. */
static void
many_global_bindings(void **state)
{
   enum {
      N = 600
   };
   struct pipe_context *pctx = new_context();
   struct pipe_resource *res[N], *two[2] = {new_buffer(64), new_buffer(64)};
   uint8_t args[N * 8 + 1];
   uint32_t *handles[N];
   uint64_t va[N];

   memset(args, 0, sizeof(args));
   for (uint64_t i = 0; i < N; i++) {
      res[i] = two[i % 2];
      handles[i] = (uint32_t *)(args + 1 + i * 8);
      memcpy(handles[i], &i, 8);
   }
   pctx->set_global_binding(pctx, 0, N, res, handles);
   for (uint64_t i = 0; i < N; i++) {
      memcpy(&va[i], handles[i], 8);
      assert_true(va[i] - i == va[i % 2] - i % 2);
   }
   pctx->set_global_binding(pctx, 0, N, NULL, NULL);
   drop(two[0]);
   drop(two[1]);
   pctx->destroy(pctx);
}

static void
constant_buffer_from_a_resource(void **state)
{
   struct pipe_context *pctx = new_context();
   struct pipe_resource *pres = new_buffer(4096), *args_res = new_buffer(256);
   void *adder = new_adder(pctx);
   struct adder_args args = {.a = 21, .n = 2};
   uint32_t *handle = (uint32_t *)&args.p;
   const struct pipe_grid_info grid = {.work_dim = 1, .block = {32, 1, 1}, .grid = {1, 1, 1}};

   pctx->set_global_binding(pctx, 0, 1, &pres, &handle);
   write_buffer(pctx, args_res, 100, sizeof(args), &args);
   const struct pipe_constant_buffer cb = {.buffer = args_res,
                                           .buffer_offset = 100,
                                           .buffer_size = sizeof(args)};
   pctx->bind_compute_state(pctx, adder);
   pctx->set_constant_buffer(pctx, PIPE_SHADER_COMPUTE, 0, true, &cb); /* takes args_res */
   pctx->launch_grid(pctx, &grid);
   pctx->set_constant_buffer(pctx, PIPE_SHADER_COMPUTE, 0, false, NULL);
   expect_words(pctx, pres, 0, 32, 42);

   /* arguments that are missing are zero: n = 0, nothing happens */
   const struct pipe_constant_buffer half = {.user_buffer = &args, .buffer_size = 12};
   pctx->set_constant_buffer(pctx, PIPE_SHADER_COMPUTE, 0, false, &half);
   pctx->launch_grid(pctx, &grid);
   assert_int_equal(finish(pctx), PIPE_NO_RESET);
   expect_words(pctx, pres, 0, 32, 42);
   pctx->bind_compute_state(pctx, NULL);
   pctx->delete_compute_state(pctx, adder);
   drop(pres);
   pctx->destroy(pctx);
}

static void
objects_destroyed_in_flight(void **state)
{
   struct pipe_context *pctx = new_context();
   struct pipe_resource *out = new_buffer(4096);
   void *adder = new_adder(pctx);

   for (int i = 0; i < 10; i++) {
      struct pipe_resource *temp = new_buffer(1 << 20);
      const struct pipe_box box = {.width = 4096, .height = 1, .depth = 1};
      uint32_t word = i;

      pctx->clear_buffer(pctx, temp, 0, 1 << 20, &word, 4);
      launch(pctx, adder, temp, 0, 100, 3, 32, 32);
      pctx->resource_copy_region(pctx, out, 0, 0, 0, 0, temp, 0, &box);
      drop(temp);
   }
   pctx->delete_compute_state(pctx, adder);
   expect_words(pctx, out, 0, 1024, 9 + 300);
   drop(out);
   pctx->destroy(pctx);
}

/* kernel(global uint *p): p[linear local id] = id.x | id.y << 10 | id.z << 20, with the linear id made of
 * the ids. block: the size the kernel requires, NULL: any.
 */
static void *
new_id_writer(struct pipe_context *pctx, const uint16_t *block)
{
   nir_builder b = begin_kernel("ids", 8, block);

   nir_def *zero = nir_imm_int(&b, 0);
   nir_def *base = nir_load_ubo(&b, 1, 64, zero, zero, .align_mul = 8, .range = 8);
   nir_def *id = nir_load_local_invocation_id(&b), *size = nir_load_workgroup_size(&b);
   nir_def *x = nir_channel(&b, id, 0), *y = nir_channel(&b, id, 1), *z = nir_channel(&b, id, 2);
   nir_def *row = nir_iadd(&b, nir_imul(&b, z, nir_channel(&b, size, 1)), y);
   nir_def *linear = nir_iadd(&b, nir_imul(&b, row, nir_channel(&b, size, 0)), x);
   nir_def *value = nir_ior(&b, x, nir_ior(&b, nir_ishl_imm(&b, y, 10), nir_ishl_imm(&b, z, 20)));
   nir_def *address = nir_iadd(&b, base, nir_u2u64(&b, nir_ishl_imm(&b, linear, 2)));
   nir_store_global(&b, address, 4, value, 1);
   return end_kernel(pctx, &b);
}

static void
expect_ids(struct pipe_context *pctx, void *cso, const uint32_t block[3])
{
   enum {
      MAX = 1024
   };
   struct pipe_resource *pres = new_buffer(MAX * 4);
   uint64_t address = 0;
   uint32_t *handle = (uint32_t *)&address, got[MAX], i = 0, none = ~0u;
   const struct pipe_constant_buffer cb = {.user_buffer = &address, .buffer_size = sizeof(address)};
   const struct pipe_grid_info grid = {.work_dim = 3,
                                       .block = {block[0], block[1], block[2]},
                                       .grid = {1, 1, 1}};

   pctx->clear_buffer(pctx, pres, 0, MAX * 4, &none, 4);
   pctx->bind_compute_state(pctx, cso);
   pctx->set_global_binding(pctx, 0, 1, &pres, &handle);
   pctx->set_constant_buffer(pctx, PIPE_SHADER_COMPUTE, 0, false, &cb);
   pctx->launch_grid(pctx, &grid);
   pctx->set_global_binding(pctx, 0, 1, NULL, NULL);
   pctx->bind_compute_state(pctx, NULL);
   assert_int_equal(finish(pctx), PIPE_NO_RESET);

   read_buffer(pctx, pres, 0, MAX * 4, got);
   for (uint32_t z = 0; z < block[2]; z++) {
      for (uint32_t y = 0; y < block[1]; y++) {
         for (uint32_t x = 0; x < block[0]; x++)
            assert_int_equal(got[i++], x | y << 10 | z << 20);
      }
   }
   for (; i < MAX; i++)
      assert_int_equal(got[i], none);
   drop(pres);
}

/* Groups whose waves lie in one row and others take turns: each must get code that is right for it. */
static void
work_groups_of_every_shape(void **state)
{
   static const uint32_t blocks[][3] = {
      {32, 1, 1}, {16, 16, 1}, {64, 2, 2}, {5, 3, 2},  {40, 1, 1},  {40, 3, 1}, {1, 1, 1},
      {1, 64, 1}, {32, 32, 1}, {33, 2, 1}, {1, 1, 64}, {256, 4, 1}, {8, 8, 8},  {32, 5, 3},
      {16, 3, 1}, {8, 5, 1},   {4, 9, 1},  {2, 31, 1}, {64, 3, 1},  {32, 7, 1},
   };
   struct pipe_context *pctx = new_context(), *other = new_context();
   void *any = new_id_writer(pctx, NULL);

   for (unsigned i = 0; i < ARRAY_SIZE(blocks); i++) {
      const uint16_t fixed_block[3] = {blocks[i][0], blocks[i][1], blocks[i][2]};
      void *fixed = new_id_writer(pctx, fixed_block), *fresh = new_id_writer(other, NULL);

      expect_ids(pctx, any, blocks[i]);
      expect_ids(other, fixed, blocks[i]);
      expect_ids(pctx, fresh, blocks[i]);
      pctx->delete_compute_state(pctx, fixed);
      pctx->delete_compute_state(pctx, fresh);
   }
   pctx->delete_compute_state(pctx, any);
   pctx->destroy(pctx);
   other->destroy(other);
}

/* A kernel that waits for its group. */
static struct npu_program *
new_barrier_kernel(struct pipe_context *pctx, const uint16_t *block)
{
   nir_builder b = begin_kernel("meet", 8, block);
   nir_def *zero = nir_imm_int(&b, 0);
   nir_def *address = nir_load_ubo(&b, 1, 64, zero, zero, .align_mul = 8, .range = 8);

   nir_barrier(&b, .execution_scope = SCOPE_WORKGROUP, .memory_scope = SCOPE_WORKGROUP,
               .memory_semantics = NIR_MEMORY_ACQ_REL, .memory_modes = nir_var_mem_global);
   nir_store_global(&b, address, 4, nir_imm_int(&b, 1), 1);
   return end_kernel(pctx, &b);
}

/* Barriers are there for groups of more than a wave. */
static void
barriers_are_for_several_waves(void **state)
{
   static const struct {
      struct npu_shape shape;
      enum npu_variant_kind kind;
   } cases[] = {
      {{{32, 1, 1}, {7, 1, 1}}, NPU_VARIANT_ONE_ROW | NPU_VARIANT_ONE_WAVE},
      {{{33, 1, 1}, {7, 1, 1}}, NPU_VARIANT_ONE_ROW},
      {{{1, 1, 1}, {7, 1, 1}}, NPU_VARIANT_ONE_ROW | NPU_VARIANT_ONE_WAVE},
      {{{8, 4, 1}, {7, 1, 1}}, NPU_VARIANT_WIDTH_8 | NPU_VARIANT_ONE_WAVE},
      {{{8, 5, 1}, {7, 1, 1}}, NPU_VARIANT_WIDTH_8},
      {{{2, 2, 8}, {7, 1, 1}}, NPU_VARIANT_FEW | NPU_VARIANT_ONE_WAVE},
      {{{2, 2, 9}, {7, 1, 1}}, NPU_VARIANT_FEW},
      {{{5, 4, 1}, {7, 1, 1}}, (NPU_VARIANT_PADDED + 5) | NPU_VARIANT_ONE_WAVE},
      {{{5, 6, 1}, {7, 1, 1}}, NPU_VARIANT_PADDED + 5}, /* 8 x 6 */
      {{{4, 4, 1}, {1 << 21, 1, 1}}, NPU_VARIANT_ANY | NPU_VARIANT_ONE_WAVE},
   };
   struct pipe_context *pctx = new_context();
   struct npu_program *any = new_barrier_kernel(pctx, NULL);

   for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
      const struct npu_shape *shape = &cases[i].shape;
      const uint16_t block[3] = {shape->block[0], shape->block[1], shape->block[2]};
      struct npu_program *fixed = new_barrier_kernel(pctx, block);
      const struct npu_variant *v = npu_program_variant(any, shape, NULL);
      const struct npu_variant *f = npu_program_variant(fixed, shape, NULL);

      assert_non_null(v);
      assert_int_equal(v->kind, cases[i].kind);
      assert_int_equal(v->binary->info.uses_barrier, !(cases[i].kind & NPU_VARIANT_ONE_WAVE));
      assert_non_null(f);
      assert_int_equal(f->binary->info.uses_barrier, v->binary->info.uses_barrier);
      pctx->delete_compute_state(pctx, fixed);
   }
   pctx->delete_compute_state(pctx, any);
   pctx->destroy(pctx);
}

/* Which of a kernel's binaries runs, and that each is made once. */
static void
variants_fit_the_shape(void **state)
{
   static const struct {
      struct npu_shape shape;
      enum npu_variant_kind kind, fixed;
   } cases[] = {
      {{{48, 1, 1}, {7, 1, 1}}, NPU_VARIANT_ONE_ROW, NPU_VARIANT_FEW},
      {{{16, 16, 1}, {1 << 20, 1, 1}}, NPU_VARIANT_WIDTH_16, NPU_VARIANT_FEW},
      {{{4, 4, 1}, {1, 1, 1}}, NPU_VARIANT_WIDTH_4, NPU_VARIANT_FEW},
      {{{8, 3, 1}, {1, 1, 1}}, NPU_VARIANT_WIDTH_8, NPU_VARIANT_FEW},
      {{{32, 4, 1}, {1, 2, 3}}, NPU_VARIANT_WIDTH_32, NPU_VARIANT_FEW},
      {{{64, 3, 1}, {1, 1, 1}}, NPU_VARIANT_WIDTH_64, NPU_VARIANT_FEW},
      {{{96, 3, 1}, {1, 1, 1}}, NPU_VARIANT_ROWS, NPU_VARIANT_FEW},
      {{{32, 4, 2}, {1, 1, 1}}, NPU_VARIANT_ROWS, NPU_VARIANT_FEW},
      {{{8, 8, 2}, {1, 1, 1}}, NPU_VARIANT_DEEP_8, NPU_VARIANT_FEW},
      {{{4, 16, 2}, {1, 1, 1}}, NPU_VARIANT_DEEP_4, NPU_VARIANT_FEW},
      {{{16, 4, 4}, {1, 1, 1}}, NPU_VARIANT_DEEP_16, NPU_VARIANT_FEW},
      {{{8, 6, 2}, {1, 1, 1}}, NPU_VARIANT_FEW, NPU_VARIANT_FEW},
      {{{10, 2, 1}, {1, 1, 1}}, NPU_VARIANT_PADDED + 10, NPU_VARIANT_PADDED + 10},
      {{{63, 16, 1}, {1, 1, 1}}, NPU_VARIANT_PADDED + 63, NPU_VARIANT_PADDED + 63},
      {{{63, 17, 1}, {1, 1, 1}}, NPU_VARIANT_FEW, NPU_VARIANT_FEW}, /* 64 x 17 are too many */
      {{{3, 8, 1}, {1, 1, 1}}, NPU_VARIANT_FEW, NPU_VARIANT_FEW},
      {{{10, 2, 2}, {1, 1, 1}}, NPU_VARIANT_FEW, NPU_VARIANT_FEW},
      {{{10, 2, 1}, {1 << 21, 1, 1}}, NPU_VARIANT_ANY, NPU_VARIANT_ANY},
      {{{64, 1, 1}, {(1 << 20) + 1, 1, 1}}, NPU_VARIANT_ANY, NPU_VARIANT_ANY},
      {{{16, 16, 1}, {1, 1, 1 << 21}}, NPU_VARIANT_ANY, NPU_VARIANT_ANY},
   };
   static const struct npu_shape ten_wide = {{10, 2, 1}, {1, 1, 1}};
   static const uint16_t fixed_tile[3] = {16, 16, 1};
   struct pipe_context *pctx = new_context();
   struct npu_program *any = new_id_writer(pctx, NULL), *fixed = new_id_writer(pctx, fixed_tile);

   for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
      const struct npu_variant *v = npu_program_variant(any, &cases[i].shape, NULL);
      const struct npu_variant *f = npu_program_variant(fixed, &cases[i].shape, NULL);

      assert_non_null(v);
      assert_int_equal(v->kind, cases[i].kind);
      assert_ptr_equal(v, any->sets->variants[cases[i].kind]);
      assert_ptr_equal(v, npu_program_variant(any, &cases[i].shape, NULL));
      assert_non_null(f);
      assert_int_equal(f->kind, cases[i].fixed);
   }

   /* sub-groups are what they are */
   any->may_pad = false;
   assert_int_equal(npu_program_variant(any, &ten_wide, NULL)->kind, NPU_VARIANT_FEW);

   /* with rows known, y and z need no vector registers */
   assert_true(any->sets->variants[NPU_VARIANT_ROWS]->binary->info.num_vregs <
               any->sets->variants[NPU_VARIANT_FEW]->binary->info.num_vregs);
   assert_null(fixed->sets->variants[NPU_VARIANT_ROWS]);
   pctx->delete_compute_state(pctx, any);
   pctx->delete_compute_state(pctx, fixed);
   pctx->destroy(pctx);
}

/*
 * Loss and recovery
 */

static void
expect_working(struct pipe_context *pctx, void *adder)
{
   struct pipe_resource *pres = new_buffer(4096);

   launch(pctx, adder, pres, 0, 5, 5, 2, 64);
   expect_words(pctx, pres, 0, 128, 25);
   assert_int_equal(finish(pctx), PIPE_NO_RESET);
   drop(pres);
}

static void
refused_launches(void **state)
{
   struct pipe_context *pctx = new_context();
   void *adder = new_adder(pctx);
   struct pipe_resource *pres = new_buffer(4096);
   const struct {
      struct pipe_grid_info grid;
      bool bind;
   } cases[] = {
      {{.work_dim = 1, .block = {4096, 1, 1}, .grid = {1, 1, 1}}, true},
      {{.work_dim = 2, .block = {1024, 2, 1}, .grid = {1, 1, 1}}, true},
      {{.work_dim = 3, .block = {65536, 65536, 65536}, .grid = {1, 1, 1}}, true},
      {{.work_dim = 1, .block = {0, 1, 1}, .grid = {1, 1, 1}}, true},
      {{.work_dim = 1, .block = {1, 1, 1}, .grid = {1, 1, 1}, .variable_shared_mem = 1 << 30},
       true},
      {{.work_dim = 1, .block = {1, 1, 1}, .grid = {1, 1, 1}, .variable_shared_mem = ~0u}, true},
      {{.work_dim = 1, .block = {1, 1, 1}, .grid = {1, 1, 1}, .indirect = pres}, true},
      {{.work_dim = 1, .block = {1, 1, 1}, .grid = {1, 1, 1}}, false},
   };

   for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
      pctx->bind_compute_state(pctx, cases[i].bind ? adder : NULL);
      pctx->launch_grid(pctx, &cases[i].grid);
      assert_int_equal(finish(pctx), PIPE_GUILTY_CONTEXT_RESET);
      assert_int_equal(pctx->get_device_reset_status(pctx), PIPE_NO_RESET);
      expect_working(pctx, adder);
   }

   /* no groups: nothing to do, no error */
   pctx->bind_compute_state(pctx, adder);
   const struct pipe_grid_info none = {.work_dim = 1, .block = {1, 1, 1}, .grid = {0, 1, 1}};
   pctx->launch_grid(pctx, &none);
   assert_int_equal(finish(pctx), PIPE_NO_RESET);
   pctx->bind_compute_state(pctx, NULL);
   pctx->delete_compute_state(pctx, adder);
   drop(pres);
   pctx->destroy(pctx);
}

/* A fault is reported once; the same context then works on a new queue; others never notice. */
static void
recovers_from_faults(void **state)
{
   struct pipe_context *pctx = new_context(), *other = new_context();
   void *adder = new_adder(pctx);
   struct pipe_resource *pres = new_buffer(4096);
   struct pipe_query *q = pctx->create_query(pctx, PIPE_QUERY_TIMESTAMP, 0);
   union pipe_query_result result;

   for (int i = 0; i < 10; i++) {
      uint8_t byte = i;

      launch(pctx, adder, pres, 0, 1, 1, 1, 32);
      launch(pctx, adder, pres, 4096, 1, 1, 1, 32); /* the page behind the buffer */
      launch(pctx, adder, pres, 0, 1, 1, 1, 32);
      assert_true(pctx->end_query(pctx, q));
      if (i % 2)
         pctx->flush(pctx, NULL, 0);
      pctx->clear_buffer(pctx, pres, 2048, 64, &byte, 1);
      assert_true(pctx->get_query_result(pctx, q, true, &result));
      assert_true(result.u64 > 0);
      expect_working(other, adder);
      assert_int_equal(finish(pctx), PIPE_GUILTY_CONTEXT_RESET);
      assert_int_equal(finish(pctx), PIPE_NO_RESET);
      expect_working(pctx, adder);
   }
   pctx->destroy_query(pctx, q);

   /* a context may also go away without anybody asking */
   launch(pctx, adder, pres, 4096, 1, 1, 1, 32);
   drop(pres);
   pctx->destroy(pctx);
   other->delete_compute_state(other, adder);
   other->destroy(other);
}

/* With not a page of device memory left everything that needs some loses the context, not the process; what
 * needs none works; and when memory is free again, so does the rest.
 */
static void
survives_lack_of_memory(void **state)
{
   enum {
      MAX = 256,
      QUERIES = 1200
   };
   struct pipe_context *pctx = new_context();
   struct pipe_resource *pres[MAX];
   struct pipe_resource templ = {.target = PIPE_BUFFER,
                                 .width0 = 1u << 30,
                                 .bind = PIPE_BIND_GLOBAL};
   void *adder = new_adder(pctx);
   struct pipe_query *queries[QUERIES];
   uint64_t last = screen->get_timestamp(screen);
   unsigned n = 0;

   uint8_t byte = 1;
   for (; templ.width0 >= 4096; templ.width0 /= 2) {
      while (n < MAX && (pres[n] = screen->resource_create(screen, &templ)))
         n++;
   }
   assert_true(n > 0 && n < MAX);

   /* an overlapping copy needs a temporary buffer; a large pattern and arguments need upload memory */
   const struct pipe_box box = {.x = 1, .width = pres[0]->width0 - 1, .height = 1, .depth = 1};
   pctx->resource_copy_region(pctx, pres[0], 0, 0, 0, 0, pres[0], 0, &box);
   assert_int_equal(finish(pctx), PIPE_GUILTY_CONTEXT_RESET);
   launch(pctx, adder, pres[0], 0, 1, 1, 1, 32);
   assert_int_equal(finish(pctx), PIPE_GUILTY_CONTEXT_RESET);
   pctx->clear_buffer(pctx, pres[0], 0, 4096, &byte, 1);
   assert_int_equal(finish(pctx), PIPE_GUILTY_CONTEXT_RESET);

   /* timestamps go on */
   for (unsigned i = 0; i < QUERIES; i++) {
      union pipe_query_result result = {.u64 = 0};
      queries[i] = pctx->create_query(pctx, PIPE_QUERY_TIMESTAMP, 0);
      pctx->clear_buffer(pctx, pres[0], 0, 4096, &byte, 1);
      assert_true(pctx->end_query(pctx, queries[i]));
      assert_true(pctx->get_query_result(pctx, queries[i], true, &result));
      assert_true(result.u64 >= last);
      last = result.u64;
   }
   assert_int_equal(finish(pctx), PIPE_GUILTY_CONTEXT_RESET);

   /* uploads, too: they write the buffer itself */
   write_buffer(pctx, pres[0], 100, 1, &byte);
   assert_int_equal(finish(pctx), PIPE_NO_RESET);

   while (n)
      drop(pres[--n]);
   expect_working(pctx, adder);
   for (unsigned i = 0; i < QUERIES; i++)
      pctx->destroy_query(pctx, queries[i]);
   pctx->delete_compute_state(pctx, adder);
   pctx->destroy(pctx);
}

int
main(void)
{
   static const struct CMUnitTest tests[] = {
      cmocka_unit_test(launches_in_order),
      cmocka_unit_test(state_info_is_usable),
      cmocka_unit_test(many_global_bindings),
      cmocka_unit_test(constant_buffer_from_a_resource),
      cmocka_unit_test(objects_destroyed_in_flight),
      cmocka_unit_test(work_groups_of_every_shape),
      cmocka_unit_test(variants_fit_the_shape),
      cmocka_unit_test(barriers_are_for_several_waves),
      cmocka_unit_test(refused_launches),
      cmocka_unit_test(recovers_from_faults),
      cmocka_unit_test(survives_lack_of_memory),
   };

   return run_group("gallium launch", tests);
}
