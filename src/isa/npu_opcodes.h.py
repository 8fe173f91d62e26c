# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
"""Writes npu_opcodes.h: enums of the table and the declarations of npu_op_infos. Usage: npu_opcodes.h.py npu.xml out.h"""

import sys

from mako.template import Template

import npu_isa

TEMPLATE = Template('''\
/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */
/* Generated from npu.xml by npu_opcodes.h.py. */

/*
 * Operations of the NPU: enums and the table of what each operation takes and does. The value of
 * an enum npu_op is the opcode of the encoding, so the table has holes; npu_op_valid() tells them.
 */

#ifndef NPU_OPCODES_H
#define NPU_OPCODES_H

#include <stdbool.h>
#include <stdint.h>

#define NPU_ISA_VERSION    ${isa.version}
#define NPU_NUM_OPS        1024 /* bound of enum npu_op; opcodes 1008..1023 are free for pseudo-ops */
#define NPU_FIRST_PSEUDO_OP 1008
#define NPU_MAX_SRCS       4
#define NPU_NUM_VREGS      128
#define NPU_NUM_SREGS      64
#define NPU_NUM_MREGS      16
#define NPU_WAVE_SIZE      32

enum npu_op {
   NPU_OP_NONE = 0,
% for op in isa.ops:
   ${op.enum} = ${op.opcode},
% endfor
};

/* Operations without their types. */
enum npu_alu {
   NPU_ALU_NONE,
% for base in isa.bases:
   NPU_ALU_${base.upper()},
% endfor
   NPU_NUM_ALU,
};

enum npu_type {
   NPU_TYPE_NONE,
% for t in isa.types.values():
   ${t.enum},
% endfor
   NPU_NUM_TYPES,
};

/* Encoding formats. */
enum npu_format {
% for f in isa.formats.values():
   ${f.enum},
% endfor
   NPU_NUM_FORMATS,
};

enum npu_latency {
% for name, (cycles, text) in isa.latencies.items():
   NPU_LATENCY_${name.upper()}, /* ${text} */
% endfor
   NPU_NUM_LATENCIES,
};

/* How the bits of an operand are read. */
enum npu_kind {
   NPU_KIND_NONE,
% for kind in kinds:
   NPU_KIND_${kind.upper()},
% endfor
   NPU_KIND_DATA, /* memory data: width in the instruction */
};

% for name, values in isa.enums.items():
/* ${docs[name]} */
enum npu_${name[1:]} {
% for val, vname, display, text in values:
   NPU_${name[1:].upper()}_${vname.upper()} = ${val}, /* ${text} */
% endfor
};

% endfor
/* Special registers. */
enum npu_sr {
% for name, sr in isa.special_registers.items():
   NPU_SR_${name.upper()} = ${sr['val']}, /* ${sr['text']} */
% endfor
   NPU_NUM_SRS = ${max(sr['val'] for sr in isa.special_registers.values()) + 1},
};

/* Register files an operand may name. M includes exec. IMM is an inline constant or the literal. */
#define NPU_FILES_V   (1u << 0)
#define NPU_FILES_S   (1u << 1)
#define NPU_FILES_M   (1u << 2)
#define NPU_FILES_IMM (1u << 3)

struct npu_operand_info {
   uint8_t files; /* NPU_FILES_*; 0: the operand does not exist */
   uint8_t bits;  /* 8, 16, 32, 64; 1: mask; 0: memory data, 8 << width_log2; 128: DMA descriptor, s[n] and s[n+1] */
   uint8_t kind;  /* enum npu_kind */
   uint8_t type;  /* enum npu_type */
};

struct npu_op_info {
   const char *name;      /* "iadd.i32"; NULL: no such operation */
   const char *base_name; /* "iadd" */
   uint16_t base;         /* enum npu_alu */
   uint8_t type;          /* enum npu_type, of a conversion the destination's */
   uint8_t src_type;      /* enum npu_type of a conversion's source, else NONE */
   uint8_t format;        /* enum npu_format */
   uint8_t latency;       /* enum npu_latency */
   uint8_t num_srcs;      /* index of the last source + 1; a source with files == 0 is a fixed field */
   uint8_t float_mods;    /* bit i: source i has neg and abs */

   /* The operand in the DST field: written if has_dst, read if data_in_dst (stores). */
   struct npu_operand_info dst;
   struct npu_operand_info src[NPU_MAX_SRCS];

   bool has_dst : 1;
   bool data_in_dst : 1;
   bool has_round : 1;
   bool has_sat : 1;
   bool has_float_mods : 1;
   bool scalar_form_ok : 1;     /* dst may be s: one uniform operation */
   bool maskable : 1;           /* bit M is allowed if dst is v or m */
   bool writes_exec_allowed : 1; /* dst may be exec */
   bool pure : 1;               /* result depends on the sources (and, M or compare, exec) only: foldable, CSE-able */
   bool commutative : 1;        /* src0 and src1 may be swapped (with their modifiers) */
   bool compare : 1;            /* vector form writes 0 for inactive lanes */
   bool reads_exec : 1;         /* the result or effect depends on exec even without M */
   bool cross_lane : 1;
   bool is_branch : 1;          /* jmp, br.*, end: ends a basic block */
   bool is_end : 1;             /* end */
   bool is_load : 1;
   bool is_store : 1;
   bool is_atomic : 1;
   bool is_memory : 1;          /* load, store or atomic */
   bool is_fence : 1;           /* orders memory: fence, barrier, dma_wait */
   bool is_dma : 1;
   bool is_special : 1;         /* rdsr */
   bool side_effects : 1;       /* must stay though nothing reads a result: stores, atomics, branches, barriers, ... */
};

/* Indexed by enum npu_op. */
extern const struct npu_op_info npu_op_infos[NPU_NUM_OPS];

struct npu_latency_info {
   const char *name;
   unsigned cycles; /* until a dependent instruction may start, typically */
};
extern const struct npu_latency_info npu_latency_infos[NPU_NUM_LATENCIES];

struct npu_type_info {
   const char *name;
   uint8_t bits;
   uint8_t kind; /* enum npu_kind */
};
extern const struct npu_type_info npu_type_infos[NPU_NUM_TYPES];

struct npu_sr_info {
   const char *name; /* NULL: no such register */
   uint8_t files;    /* NPU_FILES_S or NPU_FILES_V */
   uint8_t bits;     /* 32 or 64 */
};
extern const struct npu_sr_info npu_sr_infos[NPU_NUM_SRS];

/* True if `op` is an operation of the table. */
static inline bool
npu_op_valid(unsigned op)
{
   return op < NPU_NUM_OPS && npu_op_infos[op].name != (const char *)0;
}

/*
 * The operation `base` for type `type`, NPU_OP_NONE if there is none. Operations without a type are found with
 * NPU_TYPE_NONE unless several share the base (br, fence). For conversions use npu_op_cvt().
 */
enum npu_op npu_op_for(enum npu_alu base, enum npu_type type);

/* The conversion from `src` to `dst`, NPU_OP_NONE if there is none. */
enum npu_op npu_op_cvt(enum npu_type dst, enum npu_type src);

/* The operation with this name ("iadd.i32"; `length` characters), NPU_OP_NONE if there is none. */
enum npu_op npu_op_by_name(const char *name, unsigned length);

#endif
''')


def main():
    isa = npu_isa.load_or_exit(sys.argv[1])
    docs = {e.get('name'): ' '.join(e.find('doc').text.split()) for e in isa.root.findall('enum')}
    kinds = [k for k in npu_isa.KINDS]
    with open(sys.argv[2], 'w', encoding='utf-8') as out:
        out.write(TEMPLATE.render(isa=isa, docs=docs, kinds=kinds))


if __name__ == '__main__':
    main()
