# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors

"""A bar chart of speeds relative to one device, on a logarithmic axis, one group of bars per benchmark."""

import math

from .canvas import Png, Svg

COLOURS = ['#1f6fb4', '#d9822b', '#3a9a5b', '#8a5ab5']
LABEL, BAR, GAP, PLOT, RIGHT, TOP, BOTTOM = 110, 11, 8, 520, 60, 64, 34


def draw(result, canvas_class, path):
    devices = result['devices']
    base = result['reference']
    others = [d for d in devices if d['key'] != base['key']]
    rows = []
    for b in result['benchmarks']:
        speeds = {k: r['speed'] for k, r in b['results'].items() if r.get('speed')}
        if base['key'] in speeds:
            rows.append((b['name'], [speeds.get(d['key'], 0) / speeds[base['key']] for d in others]))
    values = [v for _, row in rows for v in row if v > 0]
    if not values:
        return False
    low, high = (math.floor(math.log10(min(values + [0.9]))), math.ceil(math.log10(max(values + [1.1]))))
    group = BAR * len(others) + GAP
    width, height = LABEL + PLOT + RIGHT, TOP + group * len(rows) + BOTTOM
    canvas = canvas_class(width, height)

    def x_of(value):
        return LABEL + PLOT * (math.log10(value) - low) / (high - low)

    canvas.text(LABEL, 16, f"speed relative to {base['short']}; {result['machine']}")
    for i, d in enumerate(others):
        canvas.rectangle(LABEL + 150 * i, 34, 10, 10, COLOURS[i % len(COLOURS)])
        canvas.text(LABEL + 150 * i + 15, 39, d['short'])
    bottom = TOP + group * len(rows)
    for decade in range(low, high + 1):
        for step in range(1, 10 if decade < high else 2):
            x = x_of(step * 10.0**decade)
            canvas.rectangle(x, TOP - 6, 0.5, bottom - TOP + 6, '#999999' if step == 1 else '#e4e4e4')
        canvas.text(x_of(10.0**decade), bottom + 14, f'{10.0 ** decade:g}x', anchor='middle')
    for i, (name, row) in enumerate(rows):
        y = TOP + group * i
        canvas.text(LABEL - 6, y + BAR * len(others) / 2, name, anchor='end')
        for j, value in enumerate(row):
            if value > 0:
                left, right = sorted((x_of(1), x_of(value)))
                canvas.rectangle(left, y + BAR * j, max(right - left, 0.5), BAR - 1, COLOURS[j % len(COLOURS)])
                canvas.text(right + 4, y + BAR * j + BAR / 2, f'{value:.2g}' if value < 10 else f'{value:.0f}')
    canvas.rectangle(x_of(1) - 0.5, TOP - 6, 1.5, bottom - TOP + 6, '#222222')
    canvas.write(path)
    return True


def write(result, base_path):
    """base_path.svg and base_path.png; returns what was written (nothing without a device to compare with)."""
    if not result['reference']:
        return []
    paths = [(Svg, f'{base_path}.svg'), (Png, f'{base_path}.png')]
    return [path for canvas_class, path in paths if draw(result, canvas_class, path)]
