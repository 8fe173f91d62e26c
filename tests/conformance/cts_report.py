# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors

"""Keeps the results of a CTS run, compares them with the expectations, and writes the tables."""

import json
import math
from collections import Counter, defaultdict

STATUSES = ('pass', 'fail', 'crash', 'timeout', 'skip')


def read_results(folders):
    """name -> record of everything in these folders' results.jsonl; of several the last."""
    results = {}
    for folder in folders:
        for line in (folder / 'results.jsonl').read_text(encoding='utf-8').splitlines():
            try:
                record = json.loads(line)
            except ValueError:  # the last line of a run that was killed
                continue
            results[record['name']] = record
    return results


class Store:
    """results.jsonl: one record a line, written as soon as it is known; marks: what each of them has besides."""

    def __init__(self, folder, resume, marks):
        self.marks = marks
        self.path = folder / 'results.jsonl'
        self.results = read_results([folder]) if resume and self.path.exists() else {}
        self.path.write_text(''.join(json.dumps(r) + '\n' for r in self.results.values()), encoding='utf-8')

    def add(self, record):
        record |= self.marks
        self.results[record['name']] = record
        with self.path.open('a', encoding='utf-8') as out:
            out.write(json.dumps(record) + '\n')


def expectation(name, expected, mode):
    """(status, reason) of a sub-test: a line for this mode, its own, else "binary : *" for all of its binary."""
    for candidate in (f'{mode} {name}', name, name.replace(' -w', '', 1)):
        for key in (candidate, candidate.split(' : ')[0] + ' : *'):
            if key in expected:
                return expected[key]
    return 'pass', ''


def surprises(results, expected, mode):
    """Yields (name, text) for every result that is not the expected one."""
    for name, record in results.items():
        want, reason = expectation(name, expected, mode)
        got = record['status']
        if got == want:
            continue
        if got == 'pass':
            yield name, f'passes, but is expected to {want}: {reason}'
        else:
            yield name, f'{got}, expected {want}'


def counted_as(record):
    """The status, but that nothing passes in wimpy mode."""
    return 'wimpy' if record.get('wimpy') and record['status'] == 'pass' else record['status']


def count_row(title, records):
    """A line of table(): how many records of each status, and their times."""
    count = Counter(map(counted_as, records))
    numbers = ' | '.join(str(count[status]) for status in STATUSES)
    note = f' ({count["wimpy"]} more in wimpy mode)' if count['wimpy'] else ''
    # Python 3.12 changed how sum() rounds: a page that is kept must not depend on it.
    seconds = math.fsum(r['seconds'] for r in records)
    cpu_seconds = math.fsum(r.get('cpu_seconds', math.nan) for r in records)
    cpu = 'not measured' if math.isnan(cpu_seconds) else f'{cpu_seconds:.0f} s'
    return f'| {title}{note} | {numbers} | {seconds:.0f} s | {cpu} |\n'


def by_binary(results):
    """"binary arguments" -> the records of its sub-tests."""
    groups = defaultdict(list)
    for name, record in results.items():
        groups[name.split(' : ')[0]].append(record)
    return groups


def table(results):
    """The table of docs/conformance.md: one line a binary."""
    heading = '| binary | pass | fail | crash | timeout | skip | time | CPU time |\n|---|' + '---:|' * 7 + '\n'
    return heading + ''.join(count_row(*group) for group in by_binary(results).items())


def print_update(results, expected, mode):
    for name, record in results.items():
        if record['status'] != 'pass':
            old = expectation(name, expected, mode)
            reason = old[1] if old[0] == record['status'] else 'not explained yet'
            print(f'{name} | {record["status"]} | {reason}')


def finish(results, expected, seconds, args):
    """Writes the tables, prints what is not as expected and the last line; returns the exit status."""
    (args.results / 'results.md').write_text(table(results), encoding='utf-8')
    whole = {'list': args.list, 'mode': args.mode, 'seconds': round(seconds), 'results': list(results.values())}
    (args.results / 'results.json').write_text(json.dumps(whole, indent=1) + '\n', encoding='utf-8')
    if args.update:
        print_update(results, expected, args.mode)
        return 0
    wrong = list(surprises(results, expected, args.mode))
    for name, text in wrong:
        print(f'{name}: {text}')
        for line in results[name].get('tail', [])[-6:]:
            print(f'    {line}')
    if wrong:
        print(f'logs: {args.results / "logs"}')
    count = Counter(record['status'] for record in results.values())
    wimpy = sum(1 for record in results.values() if record.get('wimpy') and record['status'] == 'pass')
    as_listed = len(results) - len(wrong) - count['pass'] - count['skip']
    if wimpy:
        print(f'{wimpy} sub-tests ran in wimpy mode: not counted as passed')
    if as_listed > 0:
        print(f'{as_listed} failed as the expectations say')
    print(f'{count["pass"] - wimpy} passed, {len(wrong)} failed, {count["skip"]} skipped')
    return 1 if wrong else 0
