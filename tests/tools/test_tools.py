# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
"""Tests of the scripts in tools/: what a caller may rely on, and the messages for what goes wrong.

Prints TAP.
"""

import contextlib
import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
TOOLS = TOP / 'tools'


def run(*command, cwd=None, env=None, stdin=None):
    merged = dict(os.environ, **(env or {}))
    return subprocess.run([str(word) for word in command], cwd=cwd, env=merged, input=stdin, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=None if stdin else subprocess.DEVNULL)


def load_check():
    spec = importlib.util.spec_from_file_location('npu_check', TOOLS / 'npu-check.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def env_exit_status(tmp):
    for status in (0, 1, 42, 255):
        assert run(TOOLS / 'npu-env', 'sh', '-c', f'exit {status}').returncode == status


def env_signal_is_seen(tmp):
    assert run(TOOLS / 'npu-env', 'sh', '-c', 'kill -SEGV $$').returncode in (-11, 139)


def env_keeps_directory(tmp):
    there = tmp / 'a directory with blanks'
    there.mkdir()
    assert run(TOOLS / 'npu-env', 'pwd', '-P', cwd=there).stdout == f'{there.resolve()}\n'


def env_keeps_environment_and_arguments(tmp):
    done = run(TOOLS / 'npu-env', 'sh', '-c', 'printf "%s|" "$NPU_TEST_VALUE" "$@"', 'sh', 'a  b', '', "c'd", '$e',
               env={'NPU_TEST_VALUE': 'x  y\nz'})
    assert done.stdout == "x  y\nz|a  b||c'd|$e|", done.stdout


def env_passes_streams(tmp):
    done = run(TOOLS / 'npu-env', 'sh', '-c', 'cat; echo problem >&2', stdin='hello\n')
    assert (done.stdout, done.stderr) == ('hello\n', 'problem\n'), done


def env_names_the_driver(tmp):
    done = run(TOOLS / 'npu-env', 'sh', '-c', 'cat "$OCL_ICD_VENDORS"/npu.icd', env={'OCL_ICD_VENDORS': str(tmp)})
    assert Path(done.stdout.strip()).name == 'libNpuOpenCL.so.1', done
    assert Path(done.stdout.strip()).exists()


def env_keeps_other_drivers(tmp):
    (tmp / 'other.icd').write_text('libother.so\n')
    done = run(TOOLS / 'npu-env', 'sh', '-c', 'ls "$OCL_ICD_VENDORS"', env={'OCL_ICD_VENDORS': str(tmp)})
    assert done.stdout.split() == ['npu.icd', 'other.icd'], done


def env_hides_other_drivers(tmp):
    done = run(TOOLS / 'npu-env', 'sh', '-c', 'cat "$OCL_ICD_VENDORS"', env={'NPU_ONLY': '1'})
    assert done.stdout.strip().endswith('/libNpuOpenCL.so.1'), done


def env_nests(tmp):
    done = run(TOOLS / 'npu-env', TOOLS / 'npu-env', 'sh', '-c', 'ls "$OCL_ICD_VENDORS"; exit 3',
               env={'OCL_ICD_VENDORS': str(tmp)})
    assert (done.returncode, done.stdout) == (3, 'npu.icd\n'), done


def driver_exports_only_the_entry_points(tmp):
    lib = TOP / 'build' / 'npu' / 'src/gallium/targets/opencl/libNpuOpenCL.so.1'
    done = run('nm', '-D', '--defined-only', lib)
    names = {line.split()[2] for line in done.stdout.splitlines() if line.split()[1].isupper()}
    assert names == {'clGetPlatformInfo', 'clGetExtensionFunctionAddress', 'clIcdGetPlatformIDsKHR'}, names


def every_tool_has_help(tmp):
    for tool in sorted(TOOLS.glob('npu-*')):
        if tool.suffix or tool.name == 'npu-help':
            continue
        done = run(tool, '--help')
        assert done.returncode == 0 and f'usage: tools/{tool.name}' in done.stdout, tool


def install_below_a_directory(tmp):
    done = run(TOOLS / 'npu-build', '--install', tmp / 'here')
    assert done.returncode == 0, done.stderr
    there = {str(path.relative_to(tmp / 'here')) for path in (tmp / 'here').rglob('*') if not path.is_dir()}
    assert there == {line.removeprefix(f'{tmp}/here/') for line in done.stdout.splitlines()}
    names = {Path(path).name for path in there}
    assert names == {'npu.icd', 'libNpuOpenCL.so', 'libNpuOpenCL.so.1', 'libNpuOpenCL.so.1.0.0', 'npu-asm', 'npu-disasm',
                     'npu-compile', 'npu-decode', 'npu-device', 'npu-run', 'npu_accel.h'}, names
    assert 'etc/OpenCL/vendors/npu.icd' in there
    library = (tmp / 'here/etc/OpenCL/vendors/npu.icd').read_text().strip()
    assert (tmp / 'here' / library.lstrip('/')).exists(), library
    header = next(path for path in there if path.endswith('include/drm/npu_accel.h'))
    done = run('cc', '-fsyntax-only', '-Wall', '-Werror', '-I/usr/include/libdrm', '-x', 'c', tmp / 'here' / header)
    assert done.returncode == 0, done.stderr


def root_refuses_unknown_options(tmp):
    done = run(TOOLS / 'npu-root', '--no-such-option')
    assert done.returncode == 125 and 'usage: tools/npu-root' in done.stderr


def format_reports_each_problem(tmp):
    header = '/* SPDX-License-Identifier: MIT */\n'
    cases = {
        'good.c': (header + 'int a;\n', None),
        'style.c': (header + 'int  a ;\n', 'format (line 2)'),
        'licence.c': ('int a;\n', 'licence'),
        'tab.c': (header + '/*\ta */\n', 'whitespace (tab)'),
        'blank.c': (header + '/* a  \n */\n', 'whitespace (end of line 2)'),
        'end.c': (header + 'int a;', 'whitespace (no newline at the end)'),
        'mark.c': (header + '/* FIX' 'ME later */\n', 'marks (line 2)'),
        'long.c': (header + 'int a;\n' * 800, 'length (801 lines)'),
    }
    run('cp', TOP / '.clang-format', tmp)
    for name, (text, problem) in cases.items():
        (tmp / name).write_text(text)
        done = run(TOOLS / 'npu-format', '--check', tmp / name)
        expected = f'{tmp / name}: {problem}\n' if problem else ''
        assert expected in done.stdout and bool(done.stdout) == bool(problem), (name, done)
        assert done.returncode == (1 if problem else 0), (name, done)


def format_mends(tmp):
    run('cp', TOP / '.clang-format', tmp)
    (tmp / 'a.c').write_text('/* SPDX-License-Identifier: MIT */\nint  f(void){return 1;}\n')
    assert run(TOOLS / 'npu-format', tmp / 'a.c').returncode == 0
    assert (tmp / 'a.c').read_text().endswith('int\nf(void)\n{\n   return 1;\n}\n'), (tmp / 'a.c').read_text()


def demo_refuses_unknown_names(tmp):
    done = run(TOOLS / 'npu-demo', 'no-such-example')
    assert done.returncode == 1 and 'npu-demo: no such example; the names are:' in done.stderr, done


def count(tmp, **test):
    log = tmp / 'log'
    log.write_text(json.dumps({'name': 'suite - npu:test', 'stdout': '', 'returncode': 0, **test}) + '\n')
    return load_check().read_log(log)[0]


def check_counts_cases(tmp):
    o = count(tmp, result='FAIL', stdout='1..4\nok 1 - a\nnot ok 2 - b c\nok 3 - d # SKIP no device\nok 4\n')
    assert (o.suite, o.name, o.passed, o.failures, o.skips) == ('suite', 'test', 2, ['b c'], ['no device'])


def check_counts_whole_programs(tmp):
    assert count(tmp, result='OK').passed == 1
    assert count(tmp, result='SKIP', stdout='x\nno device\n').skips == ['no device']
    assert count(tmp, result='FAIL', returncode=3).failures == ['ended with status 3']
    assert count(tmp, result='TIMEOUT').failures == ['took too long']


def check_counts_missing_cases(tmp):
    assert count(tmp, result='ERROR', stdout='1..3\nok 1\n').failures == ['2 of 3 planned cases did not run']
    assert count(tmp, result='ERROR', stdout='1..1\nok 1\n', returncode=-11).failures == ['ended with status -11']
    assert count(tmp, result='ERROR', stdout='Bail out! no memory\n').failures == ['gave up: no memory']


def check_counts_unexpected_success(tmp):
    o = count(tmp, result='FAIL', stdout='ok 1 - a # TO' 'DO known\nnot ok 2 - b # TO' 'DO known\n')
    assert (o.passed, o.failures) == (1, ['a: passed, but is expected to fail (known)'])


def check_ends_with_the_sums(tmp):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        failed = load_check().report([count(tmp, result='OK'), count(tmp, result='FAIL')], 1)
    assert failed == 1 and out.getvalue().endswith('\n1 passed, 1 failed, 0 skipped\n'), out.getvalue()


CASES = [value for value in list(globals().values())
         if getattr(value, '__code__', None) and value.__code__.co_varnames[:1] == ('tmp',) and value is not count]


def main():
    print(f'1..{len(CASES)}')
    failed = 0
    for number, case in enumerate(CASES, 1):
        with tempfile.TemporaryDirectory() as tmp:
            try:
                case(Path(tmp))
            except AssertionError as e:
                failed += 1
                where = e.__traceback__
                while where.tb_next:
                    where = where.tb_next
                print(f'not ok {number} - {case.__name__}')
                print(f'# line {where.tb_lineno}: {e}'.replace('\n', '\n# '))
            else:
                print(f'ok {number} - {case.__name__}')
            shutil.rmtree(TOP / 'build/npu/vendors' / tmp.replace('/', '_'), ignore_errors=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
