/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The NIR half of the compiler: passes between what Rusticl hands over and instruction selection.
 * Private to this directory. Each pass is one file with one exported function of the file's name;
 * passes return whether they changed the shader.
 */

#ifndef NPU_NIR_H
#define NPU_NIR_H

#include "compiler/nir/nir.h"
#include "compiler/nir/nir_builder.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a compilation may assume about the launch, beyond what the shader itself says. */
struct npu_nir_launch {
   /* Every wave lies in one row of work-items: block[0] is a multiple of the wave size, or block[1]
    * and block[2] are 1. */
   bool wave_rows;
   /* block[1] and block[2] are 1. */
   bool one_row;
   /* Not 0: block[0] is 1 << width_log2 and block[2] is 1. */
   uint8_t width_log2;
   /* But block[2] may be anything: block[1] is a multiple of the rows of a wave, more than one. */
   bool deep;
   /* Work-groups have at most NPU_SUBGROUP_SIZE items, padded ones counted. */
   bool one_wave;
   /* Not 0: that is so because rows of so many work-items are padded. */
   uint8_t padded_width;
   /* At most NPU_FEW_GROUPS work-groups in each dimension. */
   bool few_groups;
   /* x ids begin at the number that is there in the argument block. */
   bool is_rest;
   uint32_t first_x_offset_B;
};

/* Arguments and work-item ids in terms of what the hardware has: load_ubo of block 0 and the
 * special registers. Idempotent. */
bool npu_nir_lower_abi(nir_shader *nir);

/* Groups with padded rows: nothing for lanes that are not in the real group. Before npu_nir_lower_local_id(). */
bool npu_nir_pad_rows(nir_shader *nir, const struct npu_nir_launch *launch);

/* Barriers of groups that are one wave order memory, no more. After npu_nir_pad_rows(). */
bool npu_nir_one_wave(nir_shader *nir, const struct npu_nir_launch *launch);

/* The ids of a launch that is the rest of a divided one. Before npu_nir_lower_local_id(). */
bool npu_nir_rest_ids(nir_shader *nir, const struct npu_nir_launch *launch);

/* Local ids as lane number plus uniform values, where the shape of work-groups is known. */
bool npu_nir_lower_local_id(nir_shader *nir, const struct npu_nir_launch *launch);

/* Arithmetic that neither the ISA nor NIR's own lowering covers. */
bool npu_nir_lower_alu(nir_shader *nir);

/* Sub-group operations the machine lacks, in terms of those it has. */
bool npu_nir_lower_subgroups(nir_shader *nir);

/* Merges neighbouring accesses / splits accesses to at most four components. */
bool npu_nir_opt_mem_vectorize(nir_shader *nir);
bool npu_nir_lower_mem_size(nir_shader *nir);

/* Invariant loads out of loops that do not write what they read. */
bool npu_nir_opt_loop_loads(nir_shader *nir);

/* Invariant arithmetic out of loops, speculatively. Needs divergence information. */
bool npu_nir_opt_loop_values(nir_shader *nir);

/* Unrolls loops by four whose iterations read neighbouring memory. A loop it has been at is marked. */
bool npu_nir_opt_unroll(nir_shader *nir);

/* Constants out of extensions of uniform values. Needs divergence information; keeps it for old values. */
bool npu_nir_opt_uniform_address(nir_shader *nir);

/* An estimate of what a value grows by from lane to lane; false if there is none. */
bool npu_nir_lane_step(nir_scalar value, int64_t *lane_step);

/* Regroups address arithmetic into uniform base + extended lane offset << scale + constant. Needs
 * divergence information; invalidates it. */
bool npu_nir_lower_address(nir_shader *nir, const struct npu_nir_launch *launch);

/* Signed arithmetic on values that are never negative as unsigned arithmetic. */
bool npu_nir_opt_sign(nir_shader *nir, const struct npu_nir_launch *launch);

/* Shifts and masks of sums whose parts have no bits in common. */
bool npu_nir_opt_bits(nir_shader *nir, const struct npu_nir_launch *launch);

/* 64-bit comparisons of work-item ids in 32 bits. Needs divergence information. */
bool npu_nir_opt_compare(nir_shader *nir, const struct npu_nir_launch *launch);

/* What a shader uses of images and samplers, and where their descriptors go. */
struct npu_nir_image_use {
   unsigned num_textures, num_images, num_samplers; /* highest index + 1 */
   unsigned descs_B; /* offset of the descriptors in the argument block: textures, then images */
};

static inline bool
npu_nir_uses_images(const struct npu_nir_image_use *use)
{
   return use->num_textures || use->num_images || use->num_samplers;
}

struct npu_nir_image_use npu_nir_count_images(const nir_shader *nir);

/* Images as memory accesses; adds control flow. Before npu_nir_finalize(), which cleans up. */
struct npu_image_key;
bool npu_nir_lower_images(nir_shader *nir, const struct npu_image_key *key,
                          const struct npu_nir_image_use *use);

/* The optimisation loop both halves of the pipeline use. */
void npu_nir_optimize(nir_shader *nir);

/* ---- ranges ---- */

/* What bounds are derived from. */
struct npu_nir_ranges {
   nir_shader *nir;
   struct hash_table *cache; /* of NIR's range analysis: a pointer-keyed hash table that must not
                              * outlive a change of existing instructions */
   const struct npu_nir_launch *launch; /* NULL: no promises */
};

/* The most that a value of at most 32 bits can be as an unsigned number, at most UINT32_MAX. */
uint64_t npu_nir_upper_bound(const struct npu_nir_ranges *ranges, nir_scalar value);

/* nir_shader_alu_pass() of a pass that gets ranges as its data and keeps control flow. */
bool npu_nir_ranges_pass(nir_shader *nir, const struct npu_nir_launch *launch,
                         bool (*pass)(nir_builder *b, nir_alu_instr *alu, void *ranges));

/* ---- loops, shared by the passes that take something out of them ---- */

/* Calls hoist_from for all loops in the list, inner ones first, so that what leaves them can leave the
 * outer ones. Returns whether any call has made progress. */
bool npu_nir_hoist(struct exec_list *list, bool (*hoist_from)(nir_loop *loop));

/* For nir_foreach_src(): whether the source is made in this block (nir_block *) or one before it. Needs block
 * indices. */
bool npu_nir_src_is_before(nir_src *src, void *block);

/* ---- address analysis, shared by npu_nir_lower_address and instruction selection ---- */

/* The most summands of a kind that are collected. */
#define NPU_NIR_MAX_TERMS 8

/* A lane-varying summand: extend(value) * factor * 2^shift, where value has 32 bits, or value itself if
 * it has 64. */
struct npu_nir_term {
   nir_scalar value;
   uint32_t factor; /* odd */
   uint8_t shift;
   bool sign; /* 32-bit values: sign-extended */
   bool lane; /* the value is the lane number itself */
};

/* address = sum of uniform values * their factors << their shifts + sum of varying terms + constant, modulo 2^64. */
struct npu_nir_address {
   struct npu_nir_term uniform[NPU_NIR_MAX_TERMS];
   struct npu_nir_term varying[NPU_NIR_MAX_TERMS];
   unsigned num_uniform, num_varying;
   int64_t constant;
};

/* Takes a 64-bit address apart. Needs divergence information. Returns false, with *out to be
 * ignored, if the address has more terms than fit.
 *
 * merge_lanes: 32-bit sums of two lane-varying values are one term. Otherwise they are taken apart,
 * too, if their bounds allow to add them up again in 32 bits. */
bool npu_nir_analyze_address(const struct npu_nir_ranges *ranges, nir_def *address,
                             bool merge_lanes, struct npu_nir_address *out);

/* Whether a 32-bit value << shift is known to be at most INT32_MAX. */
bool npu_nir_never_negative(const struct npu_nir_ranges *ranges, nir_scalar value, unsigned shift);

#ifdef __cplusplus
}
#endif

#endif /* NPU_NIR_H */
