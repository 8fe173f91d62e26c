# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors

"""The table for people. Colour only on a terminal."""

import sys

RED, GREEN, BOLD, PLAIN = '\033[31m', '\033[32m', '\033[1m', '\033[0m'


def figure(value):
    return '-' if value is None else f'{value:.4g}' if value < 1e5 else f'{value:.0f}'


def lines(result, colour):
    devices = result['devices']
    subject = devices[0]
    peers = devices[1:]

    def paint(text, ratio):
        if not colour or ratio is None:
            return text
        return (RED if ratio < 0.7 else GREEN if ratio >= 1 else '') + text + PLAIN

    yield '  '.join([f'{"benchmark":14}', f'{"unit":9}'] + [f'{d["short"][:11]:>11}' for d in devices]
                    + [f'{"x " + d["short"][:9]:>11}' for d in peers])
    for b in result['benchmarks']:
        cells = [f'{b["name"]:14}', f'{b["unit"]:9}']
        for d in devices:
            r = b['results'].get(d['key'], {})
            cells.append(f'{figure(r["figure"]) if "figure" in r else r.get("status", "-"):>11}')
        for d in peers:
            ratio = b['ratios'].get(d['key'])
            cells.append(paint(f'{"-" if ratio is None else f"{ratio:.2f}":>11}', ratio))
        yield '  '.join(cells) + '  ' + b['what']
    for d in peers:
        mean = result['geometric_mean'].get(d['key'])
        if mean:
            text = f'geometric mean of {mean["count"]} kernels: {subject["short"]} has {mean["ratio"]:.2f} x the speed of {d["short"]}'
            yield (BOLD + text + PLAIN) if colour else text
    for b in result['benchmarks']:
        for d in devices:
            r = b['results'].get(d['key'], {})
            if 'message' in r:
                yield f'{b["name"]} on {d["short"]}: {r["status"]}: {r["message"]}'


def show(result, out=sys.stdout):
    for line in lines(result, out.isatty()):
        print(line.rstrip(), file=out)
