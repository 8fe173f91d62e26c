#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# The uAPI header: compiles alone as C and C++ without a warning, has the layout the generator of docs/uapi.md
# computes, keeps its own rules (and the generator notices when it does not), and docs/uapi.md is what it says.

import argparse
import os
import subprocess
import sys
import tempfile

parser = argparse.ArgumentParser(description='Tests of the uAPI header; TAP.')
parser.add_argument('root', help='source directory')
parser.add_argument('--include', action='append', default=[], help='directory of drm.h')
parser.add_argument('--cc', default='cc')
parser.add_argument('--cxx', default='c++')
options = parser.parse_args()

header = os.path.join(options.root, 'include/uapi/drm/npu_accel.h')
generator = os.path.join(options.root, 'src/winsys/npu/npu_uapi_doc.py')
document = os.path.join(options.root, 'docs/uapi.md')
includes = [f'-I{directory}' for directory in options.include]
count = failed = 0


def report(name, good, why=''):
    global count, failed
    count += 1
    failed += not good
    print(f'{"" if good else "not "}ok {count} - {name}')
    if not good:
        for line in why.strip().splitlines():
            print(f'# {line}')


def run(*command, stdin=None):
    result = subprocess.run(command, input=stdin, capture_output=True, text=True)
    return result.returncode == 0, result.stdout, result.stderr


def compile_text(name, compiler, flags, text):
    good, _, errors = run(compiler, *flags, '-Wall', '-Wextra', '-Werror', '-fsyntax-only', *includes, '-',
                          stdin=text)
    report(name, good, errors)


print('TAP version 13')
alone = f'#include "{header}"\n'
for std in ('c99', 'c11', 'gnu17'):
    compile_text(f'compiles alone as {std}', options.cc, ['-x', 'c', f'-std={std}'], alone)
for std in ('c++11', 'c++17', 'c++20'):
    compile_text(f'compiles alone as {std}', options.cxx, ['-x', 'c++', f'-std={std}'], alone)
compile_text('can be included twice', options.cc, ['-x', 'c'], alone + alone)

good, asserts, errors = run(sys.executable, generator, header, '--asserts')
report('the generator computes a layout', good, errors)
compile_text('the compiler has the same layout', options.cc, ['-x', 'c', '-std=gnu17'], alone + asserts)

good, _, errors = run(sys.executable, generator, header, '--check', document)
report('docs/uapi.md is up to date', good, errors)

# What the generator must refuse: (name, text, replacement, message).
with open(header, encoding='utf-8') as file:
    original = file.read()
broken = [
    ('a member without a comment',
     '\t/** @size: Bytes of the range, page aligned, not 0. */\n', '', 'size is not documented'),
    ('a comment of another member', '/** @va: Start of the range', '/** @vb: Start of the range',
     'va is not documented'),
    ('a type that has no fixed size', '__u64 bo_offset;', 'unsigned long bo_offset;', 'not a member'),
    ('a type that is not known', '__u64 bo_offset;', 'size_t bo_offset;', 'size_t is no fixed-size type'),
    ('hidden padding inside', '\t/** @pad: MBZ. */\n\t__u32 pad;\n\t/**\n\t * @bo_offset', '\t/**\n\t * @bo_offset',
     'bo_offset stands at 12, hidden padding before it'),
    ('hidden padding at the end', '\t/** @state: Out: enum drm_npu_vm_state. */\n\t__u32 state;\n', '',
     'struct drm_npu_vm_get_state is 4 bytes long'),
    ('an ioctl with another number', 'DRM_COMMAND_BASE + DRM_NPU_SUBMIT', 'DRM_COMMAND_BASE + DRM_NPU_VM_BIND',
     'DRM_IOCTL_NPU_SUBMIT is not DRM_IOWR(DRM_COMMAND_BASE + DRM_NPU_SUBMIT, struct drm_npu_submit)'),
    ('a structure without a comment', '/**\n * struct drm_npu_cmdbuf - a command buffer\n */\n', '',
     'drm_npu_cmdbuf is not documented'),
    ('a constant without a comment',
     '/** define DRM_NPU_MAX_SYNCS - most elements an array of &struct drm_npu_sync may have. */\n', '',
     'DRM_NPU_MAX_SYNCS is not documented'),
]
for name, text, replacement, message in broken:
    if original.count(text) < 1:
        report(f'refused: {name}', False, f'the header has no "{text.strip()}"')
        continue
    with tempfile.NamedTemporaryFile('w', suffix='.h', encoding='utf-8') as file:
        file.write(original.replace(text, replacement, 1))
        file.flush()
        good, _, errors = run(sys.executable, generator, file.name)
    report(f'refused: {name}', not good and message in errors, errors or 'accepted')

print(f'1..{count}\n# {count - failed} passed, {failed} failed')
sys.exit(failed != 0)
