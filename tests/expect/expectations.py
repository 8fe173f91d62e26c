# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors

"""Reads the files of this directory: lines "name | result | reason" of tests that do not pass."""

EXPECTABLE = ('fail', 'crash', 'skip', 'timeout')


class BadInput(Exception):
    """Something that a program was given makes no sense; the text says what and where."""


def read_expectations(path, form):
    """name -> (result, reason). form is how a line looks, "name | result | reason", in the caller's words."""
    expected, word = {}, form.split('|')[1].strip()
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        line = line.strip()
        if not line or line.startswith('#'):
            continue
        parts = [part.strip() for part in line.split('|')]
        if len(parts) != 3 or not all(parts):
            raise BadInput(f'{path}:{number}: expected "{form}"')
        name, result, reason = parts
        if result not in EXPECTABLE:
            raise BadInput(f'{path}:{number}: {word} "{result}" is none of {", ".join(EXPECTABLE)}')
        if name in expected:
            raise BadInput(f'{path}:{number}: "{name}" stands twice')
        expected[name] = (result, reason)
    return expected
