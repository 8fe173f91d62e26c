#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# jit_random_test survives what it looks for: a compiler that does not come to an end, and a process that is
# killed, are failed programs with their seeds, reduced, and the run goes on.
#
#    guard_test.py JIT_RANDOM_TEST

import os
import signal
import subprocess
import sys
import time

program = sys.argv[1]
cases = []


def case(good, name, output):
    cases.append(good)
    if not good:
        print(''.join('# ' + line + '\n' for line in output.splitlines()), end='')
    print(f'{"ok" if good else "not ok"} {len(cases)} - {name}', flush=True)


def start(*args):
    env = dict(os.environ, NPU_JIT_DEBUG='stall', NPU_JIT_CACHE='off')
    return subprocess.Popen([program, *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, text=True)


def children(pid):
    try:
        with open(f'/proc/{pid}/task/{pid}/children') as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return []


def kill_children(process):
    killed = set()
    while process.poll() is None:
        for child in children(process.pid):
            if child not in killed:
                time.sleep(0.05)
                killed.add(child)
                os.kill(child, signal.SIGKILL)
        time.sleep(0.01)


def is_reduced(output):
    """The frame around a program without items."""
    return 'reduced: ' in output and output.count('end\n') == 1 and 'st_u' not in output


process = start('--seeds=5', '--items=1', '--limit=2', 'jit')
output = process.communicate()[0]
case(process.returncode == 1 and '# seed 5: not finished after 2 s\n' in output and is_reduced(output),
     'a compiler that does not come to an end', output)

process = start('--seeds=6', '--items=1', 'jit')
kill_children(process)
output = process.communicate()[0]
case(process.returncode == 1 and '# seed 6: the process was ended by signal 9 (Killed)\n' in output
     and is_reduced(output), 'a process that is killed', output)

print(f'1..{len(cases)}')
sys.exit(not all(cases))
