# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors

"""Runs sub-tests of the CTS, several at a time, each in a process group of its own with a time limit.

With --batch several sub-tests of a binary share a process, for hosts on which starting one takes long. Each of them
that the process does not say to have passed is then run once more, alone: a crash costs one result all the same.
"""

import json
import os
import re
import signal
import subprocess
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
FAST_LIBM = TOP / 'build/npu/tests/conformance/libnpu-cts-libm.so'
TAIL_LINES = 40


def safe_name(name):
    return re.sub(r'[^\w.+-]+', '_', name)


def command_of(test, subtests, args):
    # Only the sub-test itself may have the library: the shells on the way to it may have an older C library.
    preload = ['env', f'LD_PRELOAD={FAST_LIBM}'] if args.fast_libm else []
    command = [TOP / 'tools/npu-env', *preload, test.binary] + test.args + subtests
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


@dataclass
class Outcome:
    """How a process ended, and what the suite says of its sub-tests."""

    code: int
    timed_out: bool
    results: dict
    seconds: float
    cpu: float
    log: Path


def run_process(test, subtests, args):
    """Runs sub-tests of a binary in one process; test: the first of them."""
    logs = args.results / 'logs'
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / (safe_name(test.name) + ('.log' if len(subtests) == 1 else '.batch.log'))
    report = log.with_suffix('.json').absolute()
    report.unlink(missing_ok=True)
    env = dict(os.environ, NPU_ONLY='1', CL_CONFORMANCE_RESULTS_FILENAME=str(report))
    env.pop('CL_WIMPY_MODE', None)
    started = time.monotonic()
    with log.open('wb') as out:
        process = subprocess.Popen(
            command_of(test, subtests, args), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            cwd=test.binary.parent, env=env, start_new_session=True,
        )
        code, cpu, timed_out = wait_for(process, args.time_limit * len(subtests))
    results = read_report(report)
    report.unlink(missing_ok=True)
    return Outcome(code, timed_out, results, time.monotonic() - started, cpu, log)


def record_of(test, status, outcome, share):
    """The record of a sub-test that has had a share of a process."""
    record = {'name': test.name, 'status': status, 'seconds': round(outcome.seconds * share, 1)}
    record |= {'cpu_seconds': round(outcome.cpu * share, 1), 'code': outcome.code}
    if test.wimpy:
        record['wimpy'] = True
    return record


def run_one(test, args):
    """Runs one sub-test; returns its record."""
    outcome = run_process(test, [test.subtest], args)
    status = status_of(outcome.code, outcome.timed_out, outcome.results)
    record = record_of(test, status, outcome, 1)
    if status in ('fail', 'crash', 'timeout', 'skip'):
        lines = outcome.log.read_text(encoding='utf-8', errors='replace').splitlines()
        record['tail'] = [line for line in lines if line.strip()][-TAIL_LINES:]
    return record


def run_batch(batch, args):
    """Runs sub-tests of one binary; returns their records."""
    if len(batch) == 1:
        return [run_one(batch[0], args)]
    outcome = run_process(batch[0], [test.subtest for test in batch], args)
    ended = not outcome.timed_out and 0 <= outcome.code <= 128
    records = []
    for test in batch:
        verdict = outcome.results.get(test.subtest)
        if ended and verdict == 'pass':
            records.append(record_of(test, verdict, outcome, 1 / len(batch)))
        else:
            records.append(run_one(test, args))
    return records


def batches_of(tests, size):
    """Neighbours with the same binary and arguments, so many at most."""
    batch = []
    for test in tests:
        if batch and (len(batch) == size or (test.binary, test.args) != (batch[0].binary, batch[0].args)):
            yield batch
            batch = []
        batch.append(test)
    if batch:
        yield batch


def run_many(tests, args):
    """Runs the tests, args.jobs processes at a time; yields each record when it is there."""
    with ThreadPoolExecutor(args.jobs) as pool:
        queue = batches_of(tests, args.batch)
        running = set()
        try:
            while True:
                while len(running) < args.jobs and (batch := next(queue, None)):
                    running.add(pool.submit(run_batch, batch, args))
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield from future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
