/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Which shape of work-groups a launch gets where the kernel cannot tell, and which kernels cannot.
 */

#include "driver_test.h"

#include "compiler/npu/npu_compile.h"
#include "npu_program.h"
#include "npu_shape.h"

static void
shapes_are_chosen(void **state)
{
   static const struct {
      struct npu_shape given;
      unsigned free_dims;
      uint32_t blocks[NPU_MAX_SHAPES][3]; /* 0: the given one; no division */
      bool prefers_tiles;
   } cases[] = {
      {{{8, 8, 1}, {128, 128, 1}}, 7, {{256, 1, 1}}},
      {{{8, 8, 1}, {4, 128, 1}}, 7, {{32, 8, 1}}},
      {{{8, 8, 1}, {12, 128, 1}}, 7, {{96, 1, 1}}},
      {{{8, 8, 1}, {128, 128, 1}}, 1, {{128, 8, 1}}},
      {{{8, 8, 1}, {128, 128, 1}}, 6},
      {{{8, 8, 1}, {150, 120, 1}}, 7, {{240, 1, 1}}}, /* 1200 = 5 * 240 */
      /* 120 of 8 rows would begin within a wave */
      {{{8, 8, 1}, {150, 120, 1}}, 5, {{128, 8, 1}, {48, 8, 1}}},
      {{{1, 1, 1}, {1 << 20, 1, 1}}, 1, {{256, 1, 1}}},
      {{{1, 1, 1}, {31, 1, 1}}, 1, {{31, 1, 1}}},
      {{{1, 1, 1}, {17, 1, 1}}, 1}, /* half of a wave would be idle */
      {{{3, 3, 3}, {32, 8, 2}}, 7, {{96, 1, 1}}},
      {{{16, 4, 4}, {8, 3, 3}}, 7, {{128, 1, 1}}},
      {{{4, 4, 4}, {8, 3, 3}}, 7, {{32, 4, 1}}},
      {{{4, 4, 4}, {8, 3, 3}}, 3, {{32, 2, 4}}},
      {{{1, 128, 2}, {256, 1, 1}}, 5}, /* 128 high: no room for rows */
      {{{1, 128, 2}, {256, 1, 1}}, 3, {{256, 1, 2}}},
      {{{32, 1, 1}, {128, 1, 1}}, 1, {{256, 1, 1}}},
      {{{32, 1, 1}, {64, 1, 1}}, 1, {{128, 1, 1}}}, /* 16 groups */
      {{{32, 1, 1}, {24, 1, 1}}, 1},
      {{{1, 1, 1}, {1024, 1, 1}}, 1, {{64, 1, 1}}},
      {{{8, 8, 1}, {8, 8, 1}}, 7, {{64, 4, 1}}},
      {{{8, 8, 1}, {4, 4, 1}}, 7, {{32, 2, 1}}},
      {{{32, 1, 1}, {11, 1, 1}}, 1},
      {{{64, 1, 1}, {8, 8, 1}}, 7},
      {{{32, 8, 1}, {8, 8, 1}}, 7, {{256, 1, 1}}},
      {{{64, 4, 1}, {3, 8, 1}}, 7, {{192, 1, 1}}},
      {{{64, 4, 1}, {1, 8, 1}}, 7, {{64, 2, 1}}},
      {{{64, 4, 1}, {1, 80, 1}}, 7}, /* all there is */
      {{{128, 8, 1}, {2, 8, 1}}, 7, {{256, 1, 1}}},
      {{{128, 8, 1}, {1, 8, 8}}, 7, {{128, 1, 1}}},
      {{{100, 1, 1}, {12, 8, 1}}, 7, {{240, 1, 1}}},
      {{{100, 1, 1}, {7, 8, 1}}, 7, {{175, 1, 1}}},
      {{{120, 1, 1}, {7, 8, 1}}, 7}, /* 6 % unused */
      {{{8, 8, 1}, {0, 8, 1}}, 7},
      {{{8, 8, 1}, {1u << 28, 8, 1}}, 7}, /* ids of more than 31 bits */
      {{{1, 64, 1}, {32, 1 << 15, 1}}, 7, {{32, 8, 1}}},

      /* divided */
      {{{1, 1, 1}, {1000003, 1, 1}}, 1, {{256, 1, 1}, {67, 1, 1}}},
      {{{2, 1, 1}, {43691, 1, 1}}, 1, {{256, 1, 1}, {86, 1, 1}}},
      {{{31, 1, 1}, {10007, 1, 1}}, 1, {{256, 1, 1}, {201, 1, 1}}}, /* rather than 31 */
      {{{32, 1, 1}, {10007, 1, 1}}, 1, {{256, 1, 1}, {224, 1, 1}}},
      {{{7, 1, 1}, {67, 1, 1}}, 1, {{32, 1, 1}, {21, 1, 1}}},
      {{{7, 1, 1}, {61, 1, 1}}, 1}, /* not worth it */
      {{{37, 2, 1}, {1, 64, 1}}, 3, {{32, 1, 1}, {5, 32, 1}}},
      {{{37, 2, 1}, {1, 64, 1}}, 1, {{32, 2, 1}, {5, 2, 1}}},
      {{{257, 1, 2}, {1, 100, 50}}, 3, {{256, 1, 2}, {1, 100, 2}}},

      {{{8, 8, 1}, {128, 128, 1}}, 7, {{0}}, true},
      {{{16, 16, 1}, {128, 128, 1}}, 7, {{0}}, true},
      {{{32, 8, 1}, {128, 128, 1}}, 7, {{0}}, true},
      {{{4, 4, 1}, {128, 128, 1}}, 7, {{256, 1, 1}}, true}, /* half a wave */
      {{{2, 64, 1}, {128, 128, 1}}, 7, {{256, 1, 1}}, true},
      {{{24, 8, 1}, {40, 128, 1}}, 7, {{192, 1, 1}}, true},
      {{{40, 8, 1}, {40, 128, 1}}, 7, {{160, 1, 1}}, true},
   };

   for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
      const struct npu_shape *given = &cases[i].given;
      struct npu_shape better[NPU_MAX_SHAPES];
      const unsigned num = npu_shape_choose(given, cases[i].free_dims, cases[i].prefers_tiles,
                                            NPU_MAX_THREADS, better);
      uint32_t x = 0;

      assert_int_equal(num, !!cases[i].blocks[0][0] + !!cases[i].blocks[1][0]);
      for (unsigned n = 0; n < num; n++) {
         assert_int_equal(better[n].first_x, x);
         x += better[n].block[0] * better[n].grid[0];
         for (unsigned d = 0; d < 3; d++) {
            assert_int_equal(better[n].block[d], cases[i].blocks[n][d]);
            if (d)
               assert_int_equal(better[n].block[d] * better[n].grid[d],
                                given->block[d] * given->grid[d]);
         }
      }
      if (num)
         assert_int_equal(x, given->block[0] * given->grid[0]);
   }
}

/* What a kernel does with its ids, beside a store at the global ones. */
enum look {
   NOTHING,
   AT_64_BITS, /* where ids are computed with */
   AT_LOCAL_X,
   AT_LOCAL_Y,
   AT_GROUP_X,
   AT_SIZE_Z,
   AT_A_BARRIER,
   AT_SUBGROUPS,
};

static nir_def *
global_id(nir_builder *b, unsigned dim, unsigned bits)
{
   nir_def *group = nir_u2uN(b, nir_channel(b, nir_load_workgroup_id(b), dim), bits);
   nir_def *size = nir_u2uN(b, nir_channel(b, nir_load_workgroup_size(b), dim), bits);
   nir_def *local = nir_u2uN(b, nir_channel(b, nir_load_local_invocation_id(b), dim), bits);

   return nir_u2u32(b, nir_iadd(b, local, nir_imul(b, group, size)));
}

static struct npu_program *
new_kernel(struct pipe_context *pctx, enum look look, const uint16_t *block)
{
   nir_builder b = begin_kernel("look", 8, block);

   nir_def *zero = nir_imm_int(&b, 0), *value = zero, *index = zero;
   nir_def *base = nir_load_ubo(&b, 1, 64, zero, zero, .align_mul = 8, .range = 8);
   for (unsigned dim = 0; dim < 3; dim++)
      index = nir_iadd(&b, nir_imul_imm(&b, index, 100),
                       global_id(&b, dim, look == AT_64_BITS ? 64 : 32));
   switch (look) {
   case NOTHING:
   case AT_64_BITS:
      break;
   case AT_LOCAL_X:
      value = nir_channel(&b, nir_load_local_invocation_id(&b), 0);
      break;
   case AT_LOCAL_Y:
      value = nir_channel(&b, nir_load_local_invocation_id(&b), 1);
      break;
   case AT_GROUP_X:
      value = nir_iadd_imm(&b, nir_channel(&b, nir_load_workgroup_id(&b), 0), 3);
      break;
   case AT_SIZE_Z:
      value = nir_channel(&b, nir_load_workgroup_size(&b), 2);
      break;
   case AT_A_BARRIER:
      nir_barrier(&b, SCOPE_WORKGROUP, SCOPE_WORKGROUP, NIR_MEMORY_ACQ_REL, nir_var_mem_global);
      break;
   case AT_SUBGROUPS:
      value = nir_load_subgroup_invocation(&b);
      break;
   }
   nir_store_global(&b, nir_iadd(&b, base, nir_u2u64(&b, nir_ishl_imm(&b, index, 2))), 4, value, 1);
   return end_kernel(pctx, &b);
}

static void
kernels_that_cannot_tell(void **state)
{
   static const uint16_t tile[3] = {8, 8, 1}, single[3] = {1, 1, 1}, row[3] = {64, 1, 1};
   static const struct {
      enum look look;
      const uint16_t *block;
      unsigned free_dims;
      bool has_fixed_block;
   } cases[] = {
      {NOTHING, NULL, 7},      {AT_64_BITS, NULL, 7},       {AT_LOCAL_X, NULL, 6},
      {AT_LOCAL_Y, NULL, 5},   {AT_GROUP_X, NULL, 6},       {AT_SIZE_Z, NULL, 3},
      {AT_A_BARRIER, NULL, 0}, {AT_SUBGROUPS, NULL, 0},     {NOTHING, tile, 7},
      {AT_64_BITS, tile, 7},   {AT_LOCAL_X, tile, 6, true}, {AT_A_BARRIER, tile, 0, true},
      {NOTHING, single, 7},    {AT_GROUP_X, single, 7}, /* group ids are global ids */
      {NOTHING, row, 7, true},                          /* good as it is */
   };
   struct pipe_context *pctx = new_context();

   for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
      struct npu_program *program = new_kernel(pctx, cases[i].look, cases[i].block);

      assert_int_equal(program->free_dims, cases[i].free_dims);
      assert_int_equal(program->has_fixed_block, cases[i].has_fixed_block);
      assert_null(program->error);
      pctx->delete_compute_state(pctx, program);
   }
   pctx->destroy(pctx);
}

int
main(void)
{
   static const struct CMUnitTest tests[] = {
      cmocka_unit_test(shapes_are_chosen),
      cmocka_unit_test(kernels_that_cannot_tell),
   };

   return run_group("gallium shapes", tests);
}
