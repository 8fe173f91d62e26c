# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
"""Writes npu_sem_eval.c: npu_sem_eval(), one operation on constants. Usage: npu_sem_eval.c.py npu.xml out.c"""

import sys

from mako.template import Template

import npu_isa

TEMPLATE = Template('''\
/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */
/* Generated from npu.xml by npu_sem_eval.c.py. */

#include "npu_isa/npu_sem.h"

bool
npu_sem_eval(enum npu_op op, const struct npu_inst *mods, const uint64_t src[3], uint64_t *dst)
{
   const struct npu_inst none = { .op = NPU_OP_NONE };
   const struct npu_op_info *info;
   uint64_t s[3] = { 0, 0, 0 };

   if (!npu_op_valid(op) || !npu_op_infos[op].pure)
      return false;
   info = &npu_op_infos[op];
   mods = mods ? mods : &none;
   for (unsigned i = 0; i < info->num_srcs; i++) {
      s[i] = src[i];
      if (info->float_mods >> i & 1)
         s[i] = npu_sem_modify(s[i], info->src[i].bits, mods->neg >> i & 1, mods->abs >> i & 1);
   }
   switch (op) {
% for op in isa.ops:
% if op.is_pure:
   case ${op.enum}:
      *dst = npu_sem_${op.cname}(${', '.join(args(op))});
      return true;
% endif
% endfor
   default:
      return false;
   }
}
''')


def args(op):
    values = [f's[{i}]' for i in range(op.num_srcs)]
    if op.has_round:
        values.append('mods->round')
    if op.has_sat:
        values.append('mods->sat')
    return values


def main():
    isa = npu_isa.load_or_exit(sys.argv[1])
    with open(sys.argv[2], 'w', encoding='utf-8') as out:
        out.write(TEMPLATE.render(isa=isa, args=args))


if __name__ == '__main__':
    main()
