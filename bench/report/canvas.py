# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors

"""Two canvases with the same operations: SVG text and PNG pixels. Colours are '#rrggbb'."""

import struct
import zlib
from xml.sax.saxutils import escape

from . import font

TEXT_HEIGHT = 12


class Svg:
    def __init__(self, width, height):
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="{TEXT_HEIGHT}">\n'
        ]
        self.rectangle(0, 0, width, height, '#ffffff')

    def rectangle(self, x, y, width, height, colour):
        self.parts.append(f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{colour}"/>\n')

    def text(self, x, y, text, colour='#222222', anchor='start'):
        """y: the middle of the line."""
        self.parts.append(
            f'<text x="{x:g}" y="{y + TEXT_HEIGHT / 3:g}" fill="{colour}" text-anchor="{anchor}">{escape(text)}</text>\n'
        )

    def write(self, path):
        with open(path, 'w', encoding='utf-8') as f:
            f.write(''.join(self.parts) + '</svg>\n')


class Png:
    """Twice the size in pixels, so that it looks well on today's screens."""

    SCALE = 2

    def __init__(self, width, height):
        self.width, self.height = width * self.SCALE, height * self.SCALE
        self.rows = [bytearray(b'\xff' * (3 * self.width)) for _ in range(self.height)]

    def _fill(self, x0, y0, x1, y1, rgb):
        x0, x1 = max(x0, 0), min(x1, self.width)
        for y in range(max(y0, 0), min(y1, self.height)):
            self.rows[y][3 * x0 : 3 * max(x0, x1)] = rgb * max(0, x1 - x0)

    def rectangle(self, x, y, width, height, colour):
        rgb = bytes.fromhex(colour[1:])
        s = self.SCALE
        # at least one pixel, or thin lines would vanish
        self._fill(round(x * s), round(y * s), max(round((x + width) * s), round(x * s) + 1),
                   max(round((y + height) * s), round(y * s) + 1), rgb)

    def text(self, x, y, text, colour='#222222', anchor='start'):
        rgb = bytes.fromhex(colour[1:])
        dot = self.SCALE
        width = len(text) * font.ADVANCE * dot
        left = round(x * self.SCALE) - {'start': 0, 'middle': width // 2, 'end': width}[anchor]
        top = round(y * self.SCALE) - 7 * dot // 2
        for i, character in enumerate(text):
            for px, py in font.pixels(character):
                at_x, at_y = left + (i * font.ADVANCE + px) * dot, top + py * dot
                self._fill(at_x, at_y, at_x + dot, at_y + dot, rgb)

    def write(self, path):
        def chunk(kind, data):
            return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))

        data = zlib.compress(b''.join(b'\0' + bytes(row) for row in self.rows), 9)
        with open(path, 'wb') as f:
            f.write(b'\x89PNG\r\n\x1a\n')
            f.write(chunk(b'IHDR', struct.pack('>IIBBBBB', self.width, self.height, 8, 2, 0, 0, 0)))
            f.write(chunk(b'IDAT', data) + chunk(b'IEND', b''))
