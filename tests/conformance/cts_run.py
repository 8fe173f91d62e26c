# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors

"""Runs sub-tests of the CTS, several at a time, each in a process group of its own with a time limit."""

import json
import os
import re
import signal
import subprocess
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
TAIL_LINES = 40


def safe_name(name):
    return re.sub(r'[^\w.+-]+', '_', name)


def command_of(test, args):
    command = [TOP / 'tools/npu-env', test.binary] + test.args + [test.subtest]
    if args.mode == 'spir-v':
        cache = (args.results / 'spirv').absolute()
        cache.mkdir(parents=True, exist_ok=True)
        command += ['--compilation-mode', 'spir-v', '--compilation-cache-path', cache]
        command += ['--compilation-program', TOP / 'tests/conformance/cl-offline-compiler']
    return [str(word) for word in command]


def status_of(code, timed_out, report):
    """What the sub-test came to. The suite's own record counts, but only if the process ended well."""
    if timed_out:
        return 'timeout'
    if code < 0 or code > 128:
        return 'crash'
    verdicts = set(report.values())
    if code != 0 or 'fail' in verdicts:
        return 'fail'
    if verdicts == {'skip'}:
        return 'skip'
    return 'pass' if 'pass' in verdicts or not verdicts else 'fail'


def read_report(path):
    try:
        return json.loads(path.read_text(encoding='utf-8')).get('results', {})
    except (OSError, ValueError):
        return {}


def wait_for(process, limit):
    """Waits until the process ends, at most limit seconds; returns (exit code, CPU seconds, whether it took too long)."""
    deadline = time.monotonic() + limit
    timed_out, pause = False, 0.002
    while True:
        pid, status, usage = os.wait4(process.pid, 0 if timed_out else os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage.ru_utime + usage.ru_stime, timed_out
        if time.monotonic() > deadline:
            timed_out = True
            os.killpg(process.pid, signal.SIGKILL)
        else:
            time.sleep(pause)
            pause = min(pause * 1.5, 0.1)


def run_one(test, args):
    """Runs one sub-test; returns its record."""
    logs = args.results / 'logs'
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / (safe_name(test.name) + '.log')
    report = log.with_suffix('.json').absolute()
    report.unlink(missing_ok=True)
    env = dict(os.environ, NPU_ONLY='1', CL_CONFORMANCE_RESULTS_FILENAME=str(report))
    env.pop('CL_WIMPY_MODE', None)
    started = time.monotonic()
    with log.open('wb') as out:
        process = subprocess.Popen(
            command_of(test, args), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            cwd=test.binary.parent, env=env, start_new_session=True,
        )
        code, cpu, timed_out = wait_for(process, args.time_limit)
    results = read_report(report)
    report.unlink(missing_ok=True)
    status = status_of(code, timed_out, results)
    record = {'name': test.name, 'status': status, 'seconds': round(time.monotonic() - started, 1)}
    record |= {'cpu_seconds': round(cpu, 1), 'code': code}
    if test.wimpy:
        record['wimpy'] = True
    if status in ('fail', 'crash', 'timeout', 'skip'):
        lines = log.read_text(encoding='utf-8', errors='replace').splitlines()
        record['tail'] = [line for line in lines if line.strip()][-TAIL_LINES:]
    return record


def run_many(tests, args):
    """Runs the tests, args.jobs at a time; yields each record when it is there."""
    with ThreadPoolExecutor(args.jobs) as pool:
        queue = iter(tests)
        running = set()
        try:
            while True:
                while len(running) < args.jobs and (test := next(queue, None)):
                    running.add(pool.submit(run_one, test, args))
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
