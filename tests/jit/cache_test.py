# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
"""The JIT's cache on disk: a second process finds code, damaged files are rejected and replaced, the switch
turns it off.

usage: cache_test.py NPU_RUN
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = """@buf out u32[32]
@arg out
   rdsr s0, args
   ld_s.b64 s2, [s0]
   rdsr v0, lane_id
   imul.i32 v0, v0, {factor}
   st_u.b32 [s2 + lane], v0
   end
@expect out = iota 0 {factor}
"""


class Test:
    def __init__(self, npu_run, directory):
        self.npu_run = npu_run
        self.directory = Path(directory)
        self.cache = self.directory / 'cache'
        self.count = 0
        self.failed = 0

    def run(self, factor=3, cache=None, config='jit'):
        """Runs the program; what the cache said, in one word each."""
        source = self.directory / f'{factor}.npuasm'
        source.write_text(PROGRAM.format(factor=factor))
        env = dict(os.environ, NPU_JIT_CACHE=str(cache or self.cache), NPU_JIT_DEBUG='cache,tier')
        run = subprocess.run([self.npu_run, '--config', config, str(source)], env=env, text=True,
                             capture_output=True, timeout=60)
        if run.returncode:
            print(f'# npu-run failed: {run.stdout}{run.stderr}')
            return ['failed']
        said = re.findall(r'^npu: jit cache: (uses|keeps|rejects|has no|cannot make|others|none)', run.stderr, re.M)
        if 'compiled in' not in run.stderr:
            said.append('not compiled')
        return said

    def case(self, name, found, wanted):
        self.count += 1
        if found != wanted:
            self.failed += 1
            print(f'# {found}, expected {wanted}')
        print(f'{"ok" if found == wanted else "not ok"} {self.count} - {name}')

    def files(self):
        return sorted(self.cache.iterdir())

    def damage(self, change):
        for path in self.files():
            path.write_bytes(change(bytearray(path.read_bytes())))


def flip(data):
    data[-len(data) // 3] ^= 0x10
    return data


def main():
    with tempfile.TemporaryDirectory() as directory:
        test = Test(sys.argv[1], directory)
        test.case('the first process keeps its code', test.run(), ['has no', 'keeps'])
        test.case('one file', len(test.files()), 1)
        test.case('the second process uses it', test.run(), ['uses'])
        test.case('another program has its own', test.run(factor=5), ['has no', 'keeps'])
        test.case('so has another instruction set', test.run(config='jit,cpu=sse2'), ['has no', 'keeps'])
        for name, change in {
            'a flipped bit': flip,
            'a file cut short': lambda data: data[:-1],
            'half a header': lambda data: data[:20],
            'a file with more': lambda data: data + b'x',
            'zeros': lambda data: bytearray(len(data)),
        }.items():
            test.damage(change)
            test.case(f'{name} is rejected and replaced', test.run(), ['rejects', 'keeps'])
            test.case(f'and used after {name}', test.run(), ['uses'])
        first, second = (path for path in test.files()[:2])
        second.write_bytes(first.read_bytes())
        again = [test.run(factor)[-1] for factor in (3, 5, 3, 5)]
        test.case('a file under another name harms nobody', again[2:], ['uses', 'uses'])
        test.case('off', test.run(cache='off'), ['none'])
        test.cache.chmod(0o777)
        test.case('a directory that others may write to is not used', test.run(), ['others'])
        test.case('nor one that cannot be made', test.run(cache='/proc/none'), ['cannot make'])
        print(f'1..{test.count}')
    return 1 if test.failed else 0


if __name__ == '__main__':
    sys.exit(main())
