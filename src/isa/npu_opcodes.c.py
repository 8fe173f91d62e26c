# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
"""Writes npu_opcodes.c: npu_op_infos and the look-ups by type and name. Usage: npu_opcodes.c.py npu.xml out.c"""

import sys

from mako.template import Template

import npu_isa

TEMPLATE = Template('''\
/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */
/* Generated from npu.xml by npu_opcodes.c.py. */

#include <string.h>

#include "npu_isa/npu_opcodes.h"

<%def name="operand(o)">{ .files = ${o.files_c}, .bits = ${o.bits}, .kind = NPU_KIND_${o.kind.upper()}, .type = ${o.type.enum if o.type else 'NPU_TYPE_NONE'} }</%def>
const struct npu_op_info npu_op_infos[NPU_NUM_OPS] = {
% for op in isa.ops:
   [${op.enum}] = {
      .name = "${op.name}", .base_name = "${op.base}", .base = ${op.base_enum},
      .type = ${op.type.enum if op.type else 'NPU_TYPE_NONE'}, .src_type = ${op.type2.enum if op.type2 else 'NPU_TYPE_NONE'},
      .format = ${op.format.enum}, .latency = NPU_LATENCY_${op.latency.upper()},
      .num_srcs = ${op.num_srcs}, .float_mods = ${op.float_mods},
% if op.dst or op.data:
      .dst = ${operand(op.dst or op.data)},
% endif
% if any(op.srcs):
      .src = {
% for i, s in enumerate(op.srcs):
% if s:
         [${i}] = ${operand(s)},
% endif
% endfor
      },
% endif
% for flag in op_flags(op):
      .${flag} = true,
% endfor
   },
% endfor
};

const struct npu_latency_info npu_latency_infos[NPU_NUM_LATENCIES] = {
% for name, (cycles, text) in isa.latencies.items():
   [NPU_LATENCY_${name.upper()}] = { "${name}", ${cycles} },
% endfor
};

const struct npu_type_info npu_type_infos[NPU_NUM_TYPES] = {
   [NPU_TYPE_NONE] = { "", 0, NPU_KIND_NONE },
% for t in isa.types.values():
   [${t.enum}] = { "${t.name}", ${t.bits}, NPU_KIND_${t.kind.upper()} },
% endfor
};

const struct npu_sr_info npu_sr_infos[NPU_NUM_SRS] = {
% for name, sr in isa.special_registers.items():
   [NPU_SR_${name.upper()}] = { "${name}", NPU_FILES_${sr['file'].upper()}, ${sr['bits']} },
% endfor
};

/* [base][type], for operations with at most one type. */
static const uint16_t ops_by_type[NPU_NUM_ALU][NPU_NUM_TYPES] = {
% for op in by_type:
   [${op.base_enum}][${op.type.enum if op.type else 'NPU_TYPE_NONE'}] = ${op.enum},
% endfor
};

/* [destination][source] */
static const uint16_t conversions[NPU_NUM_TYPES][NPU_NUM_TYPES] = {
% for op in isa.ops:
% if op.type2:
   [${op.type.enum}][${op.type2.enum}] = ${op.enum},
% endif
% endfor
};

/* In ascending order of names. */
static const uint16_t ops_by_name[] = {
% for op in sorted(isa.ops, key=lambda o: o.name.encode()):
   ${op.enum},
% endfor
};

enum npu_op
npu_op_for(enum npu_alu base, enum npu_type type)
{
   return base < NPU_NUM_ALU && type < NPU_NUM_TYPES ? (enum npu_op)ops_by_type[base][type] : NPU_OP_NONE;
}

enum npu_op
npu_op_cvt(enum npu_type dst, enum npu_type src)
{
   return dst < NPU_NUM_TYPES && src < NPU_NUM_TYPES ? (enum npu_op)conversions[dst][src] : NPU_OP_NONE;
}

enum npu_op
npu_op_by_name(const char *name, unsigned length)
{
   unsigned low = 0, high = sizeof(ops_by_name) / sizeof(ops_by_name[0]);

   while (low < high) {
      const unsigned middle = (low + high) / 2;
      const char *candidate = npu_op_infos[ops_by_name[middle]].name;
      int order = strncmp(name, candidate, length);

      if (order == 0 && candidate[length] != '\\0')
         order = -1;
      if (order == 0)
         return (enum npu_op)ops_by_name[middle];
      if (order < 0)
         high = middle;
      else
         low = middle + 1;
   }
   return NPU_OP_NONE;
}
''')


def op_flags(op):
    """Names of the bool members of struct npu_op_info that are true."""
    f = op.flags
    memory = bool(f & {'load', 'store', 'atomic'})
    members = {
        'has_dst': op.has_dst,
        'data_in_dst': op.data is not None,
        'has_round': op.has_round,
        'has_sat': op.has_sat,
        'has_float_mods': op.float_mods != 0,
        'scalar_form_ok': op.scalar_form,
        'maskable': op.maskable,
        'writes_exec_allowed': op.has_dst and 'm' in op.dst.files,
        'pure': op.is_pure,
        'commutative': 'commutative' in f,
        'compare': 'compare' in f,
        'reads_exec': bool(f & {'reads_exec', 'compare'}),
        'cross_lane': 'cross_lane' in f,
        'is_branch': 'branch' in f,
        'is_end': 'ends' in f,
        'is_load': 'load' in f,
        'is_store': 'store' in f,
        'is_atomic': 'atomic' in f,
        'is_memory': memory,
        'is_fence': 'fence' in f,
        'is_dma': 'dma' in f,
        'is_special': 'special' in f,
        'side_effects': bool(f & {'side_effects', 'branch', 'store', 'atomic'}),
    }
    return [name for name, value in members.items() if value]


def main():
    isa = npu_isa.load_or_exit(sys.argv[1])
    shared = [op.base for op in isa.ops if op.type is None]
    by_type = [op for op in isa.ops if op.type2 is None and not (op.type is None and shared.count(op.base) > 1)]
    with open(sys.argv[2], 'w', encoding='utf-8') as out:
        out.write(TEMPLATE.render(isa=isa, op_flags=op_flags, by_type=by_type))


if __name__ == '__main__':
    main()
