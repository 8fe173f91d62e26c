#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors

"""Turns a text file into a C header with one string constant, so that a program carries its kernels.

The kernels stay files of their own (editors, npu-compile and readers want them that way).
"""

import argparse
import re

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument('input', help='text file')
parser.add_argument('output', help='header to write; the constant is named after the file: saxpy.cl -> saxpy_cl')
args = parser.parse_args()

name = re.sub(r'[^A-Za-z0-9]', '_', args.input.rsplit('/', 1)[-1])
with open(args.input, encoding='utf-8') as f:
    lines = f.read().split('\n')
with open(args.output, 'w', encoding='utf-8') as f:
    f.write(f'static const char {name}[] =\n')
    for line in lines:
        text = line.replace('\\', '\\\\').replace('"', '\\"')
        f.write(f'   "{text}\\n"\n')
    f.write('   ;\n')
