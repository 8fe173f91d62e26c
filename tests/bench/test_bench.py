# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
"""Tests of npu-bench: every benchmark's small problem gives right results on the NPU; options; reports.

usage: test_bench.py WORKER [NAME...]     Prints TAP.
"""

import json
import os
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BENCH = TOP / 'bench' / 'npu-bench'
WORKER = os.path.realpath(sys.argv[1])

sys.path.insert(0, str(TOP / 'bench'))
from report import chart, font, table  # noqa: E402


def bench(*options):
    return subprocess.run([str(BENCH), f'--worker={WORKER}', '--device=NPU', *options], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def benchmark_names():
    out = subprocess.run([WORKER, '--list'], stdout=subprocess.PIPE, text=True, check=True).stdout
    return [line.split('\t')[0] for line in out.splitlines()]


def runs_right(name):
    commands = 'warm 0\nrun 2\ncheck\n'
    done = subprocess.run([WORKER, '--quick', f'--benchmark={name}'], input=commands, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    answers = [line for line in done.stdout.splitlines() if line.split(' ')[0] in
               ('ready', 'warm', 'time', 'right', 'wrong', 'error')]
    assert done.returncode == 0, (answers, done.stderr)
    assert [a.split(' ')[0] for a in answers] == ['ready', 'warm', 'time', 'right'], answers


def other_shapes_run_right():
    for name, local in (('saxpy', '96'), ('stencil7', '8x8x2'), ('conv3x3', '64x2'), ('sgemm_naive', '8x8'),
                        ('reduction', '64'), ('scan', '128'), ('bitonic', '32'), ('nbody', '32'), ('floyd', '32x4')):
        done = subprocess.run([WORKER, '--quick', f'--benchmark={name}', f'--local={local}'], input='check\n',
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert done.stdout.splitlines()[-1] == 'right', (name, local, done.stdout, done.stderr)


def writes_reports():
    with tempfile.TemporaryDirectory() as tmp:
        done = bench('--quick', '--time=0.01', '--only=copy,map', f'--output={tmp}')
        assert done.returncode == 0, (done.stdout, done.stderr)
        lines = done.stdout.splitlines()
        assert [line.split()[0] for line in lines] == ['benchmark', 'copy', 'map'], lines
        assert '\033' not in done.stdout
        result = json.loads((Path(tmp) / 'result.json').read_text())
        copy = result['benchmarks'][0]
        assert copy['name'] == 'copy' and copy['kind'] == 'kernel'
        measured = next(iter(copy['results'].values()))
        assert measured['status'] == 'ok' and len(measured['wall_s']) >= 3 and measured['figure'] > 0


def says_what_is_wrong():
    for options, message in ((('--only=nothing',), 'there is no such benchmark (see --list)'),
                             (('--device=nothing',), 'there is no OpenCL device named so')):
        done = bench(*options)
        assert done.returncode == 2 and message in done.stderr, (done.returncode, done.stderr)
    with tempfile.TemporaryDirectory() as tmp:
        done = bench('--quick', '--only=gemv_rows', '--size=100', f'--output={tmp}')
        assert done.returncode == 1, done.stdout
        assert 'gemv_rows on NPU: error: the size must be a multiple of 64' in done.stdout, done.stdout


def fake(speeds):
    devices = [{'key': k, 'short': k, 'name': k} for k in speeds]
    results = {k: {'speed': s, 'figure': s, 'status': 'ok'} for k, s in speeds.items()}
    return {'machine': 'a machine', 'devices': devices, 'reference': devices[1], 'geometric_mean': {},
            'benchmarks': [{'name': 'b', 'unit': 'u', 'what': 'w', 'results': results,
                            'ratios': {k: speeds['A'] / s for k, s in speeds.items() if k != 'A'}}]}


def chart_shows_ratios():
    result = fake({'A': 6.0, 'B': 2.0, 'C': 1.0})
    with tempfile.TemporaryDirectory() as tmp:
        assert len(chart.write(result, f'{tmp}/r')) == 2
        svg = Path(f'{tmp}/r.svg').read_text()
        assert '>3<' in svg and '>0.5<' in svg and 'speed relative to B' in svg
        png = Path(f'{tmp}/r.png').read_bytes()
    assert png[:8] == b'\x89PNG\r\n\x1a\n'
    width, height = struct.unpack('>II', png[16:24])
    start = png.index(b'IDAT') + 4
    size = struct.unpack('>I', png[start - 8:start - 4])[0]
    pixels = zlib.decompress(png[start:start + size])
    assert len(pixels) == height * (3 * width + 1)
    assert bytes.fromhex(chart.COLOURS[0][1:]) in pixels


def table_is_plain_or_coloured():
    result = fake({'A': 1.0, 'B': 2.0})
    assert '\033' not in ''.join(table.lines(result, False))
    assert '\033[31m       0.50\033[0m' in ''.join(table.lines(result, True))


def letters_are_known():
    for name in benchmark_names():
        for character in name:
            assert font._COLUMNS.get(character), character


def main():
    cases = [(f'{n}: right', lambda n=n: runs_right(n)) for n in benchmark_names()]
    cases += [(f.__name__, f) for f in (other_shapes_run_right, writes_reports, says_what_is_wrong,
                                        chart_shows_ratios, table_is_plain_or_coloured, letters_are_known)]
    wanted = sys.argv[2:]
    cases = [c for c in cases if not wanted or any(w in c[0] for w in wanted)]
    print(f'1..{len(cases)}')
    failed = 0
    for i, (name, function) in enumerate(cases, 1):
        try:
            function()
            print(f'ok {i} - {name}', flush=True)
        except AssertionError as e:
            failed += 1
            print(f'not ok {i} - {name}\n# {e}', flush=True)
    return failed != 0


if __name__ == '__main__':
    sys.exit(main())
