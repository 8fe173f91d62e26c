#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors

"""Draws scene.png, the picture that the sobel example reads: spheres and a sign on a chequered floor.

A ray tracer in plain Python with nothing but the standard library; a fixed seed, so the file is always the
same. The drawn picture is checked in: run this only to change it.
"""

import argparse
import math
import random
import struct
import zlib

WIDTH, HEIGHT = 384, 256
GLYPHS = {  # 5 x 7 letters of the sign
    'N': ('1...1', '11..1', '11..1', '1.1.1', '1..11', '1..11', '1...1'),
    'P': ('1111.', '1...1', '1...1', '1111.', '1....', '1....', '1....'),
    'U': ('1...1', '1...1', '1...1', '1...1', '1...1', '1...1', '.111.'),
}
SPHERES = (  # centre, radius, colour, mirror
    ((-1.6, 0.8, 4.6), 0.8, (0.85, 0.25, 0.2), 0.15),
    ((0.2, 0.55, 3.4), 0.55, (0.9, 0.85, 0.8), 0.55),
    ((1.5, 0.4, 2.9), 0.4, (0.2, 0.55, 0.85), 0.2),
    ((-0.7, 0.25, 2.5), 0.25, (0.95, 0.75, 0.2), 0.1),
    ((2.9, 1.1, 6.0), 1.1, (0.3, 0.65, 0.35), 0.1),
)
LIGHT = (-0.55, 0.75, -0.36)


def dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def along(o, t, d):
    return (o[0] + t * d[0], o[1] + t * d[1], o[2] + t * d[2])


def unit(v):
    n = math.sqrt(dot(v, v))
    return (v[0] / n, v[1] / n, v[2] / n)


def hit_sphere(o, d, sphere):
    c, r = sphere[0], sphere[1]
    oc = (o[0] - c[0], o[1] - c[1], o[2] - c[2])
    b, q = dot(oc, d), dot(oc, oc) - r * r
    disc = b * b - q
    if disc < 0:
        return None
    t = -b - math.sqrt(disc)
    return t if t > 1e-4 else None


def sign(x, y):
    """Ink of the sign at the back wall, letters 0.16 wide per cell."""
    cell = 0.17
    column, row = math.floor((x + 1.45) / cell), math.floor((3.0 - y) / cell)
    if not 0 <= row < 7 or not 0 <= column < 17:
        return False
    letter, inside = divmod(column, 6)
    return inside < 5 and GLYPHS['NPU'[letter]][row][inside] == '1'


def shade(o, d, depth):
    best, sphere = 1e9, None
    for s in SPHERES:
        t = hit_sphere(o, d, s)
        if t is not None and t < best:
            best, sphere = t, s
    if d[1] < 0 and -o[1] / d[1] < best:
        best, sphere = -o[1] / d[1], 'floor'
    if d[2] > 0 and (8 - o[2]) / d[2] < best:
        best, sphere = (8 - o[2]) / d[2], 'wall'
    if sphere is None:
        f = 0.5 + 0.5 * d[1]
        return (0.75 - 0.4 * f, 0.82 - 0.3 * f, 0.92)
    p = along(o, best, d)
    if sphere == 'floor':
        n, mirror = (0, 1, 0), 0.12
        dark = (math.floor(p[0] * 1.2) + math.floor(p[2] * 1.2)) % 2
        colour = (0.25, 0.24, 0.28) if dark else (0.82, 0.8, 0.74)
    elif sphere == 'wall':
        n, mirror = (0, 0, -1), 0
        f = min(1, max(0, p[1] / 5))
        colour = (0.14, 0.16, 0.3) if sign(p[0], p[1]) else (0.72 - 0.3 * f, 0.74 - 0.22 * f, 0.7)
    else:
        c, r, colour, mirror = sphere
        n = ((p[0] - c[0]) / r, (p[1] - c[1]) / r, (p[2] - c[2]) / r)
    light = unit(LIGHT)
    lit = max(0, dot(n, light))
    if lit > 0 and any(hit_sphere(p, light, s) for s in SPHERES):
        lit = 0
    out = [k * (0.28 + 0.72 * lit) for k in colour]
    if sphere not in ('floor', 'wall'):
        h = max(0, dot(n, unit((light[0] - d[0], light[1] - d[1], light[2] - d[2]))))
        out = [k + 0.5 * h ** 60 * (lit > 0) for k in out]
    if mirror and depth:
        r = along(d, -2 * dot(d, n), n)
        m = shade(along(p, 1e-3, n), r, depth - 1)
        out = [(1 - mirror) * a + mirror * b for a, b in zip(out, m)]
    return tuple(out)


def write_png(path, rows):
    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))

    raw = bytearray()
    before = bytes(len(rows[0]))
    for row in rows:  # filter 4 would be smaller; 2 (up) is enough and simple
        raw.append(2)
        raw += bytes((a - b) & 255 for a, b in zip(row, before))
        before = row
    with open(path, 'wb') as f:
        f.write(b'\x89PNG\r\n\x1a\n')
        f.write(chunk(b'IHDR', struct.pack('>IIBBBBB', WIDTH, HEIGHT, 8, 2, 0, 0, 0)))
        f.write(chunk(b'tEXt', b'Comment\0Drawn by make-scene.py of the NPU stack; MIT licence'))
        f.write(chunk(b'IDAT', zlib.compress(bytes(raw), 9)))
        f.write(chunk(b'IEND', b''))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('output', help='PNG file to write')
    args = parser.parse_args()
    rng = random.Random(1)
    samples = [(rng.random(), rng.random()) for _ in range(4)]
    rows = []
    for y in range(HEIGHT):
        row = bytearray()
        for x in range(WIDTH):
            total = [0, 0, 0]
            for sx, sy in samples:
                d = unit(((x + sx - WIDTH / 2) / HEIGHT, (HEIGHT * 0.42 - y - sy) / HEIGHT, 1.05))
                for i, v in enumerate(shade((0, 1.3, -1.6), d, 2)):
                    total[i] += min(1, v)
            row += bytes(round(255 * (v / 4) ** (1 / 1.6)) & ~1 for v in total)
        rows.append(bytes(row))
    write_png(args.output, rows)


main()
