#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# docs/driver.md lists the flags of NPU_DEBUG exactly as npu_drv_debug.h defines them. Prints TAP.

import re
import sys


def flags_of_header(path):
    text = open(path, encoding='utf-8').read()
    return re.findall(r'X\(\w+, "(\w+)",\s*"([^"]+)"\)', text)


def flags_of_page(path):
    section = open(path, encoding='utf-8').read().split('\n## NPU_DEBUG\n')[1].split('\n## ')[0]
    return re.findall(r'^\| `(\w+)` \| (.+) \|$', section, re.M)


def main():
    header, page = flags_of_header(sys.argv[1]), flags_of_page(sys.argv[2])
    print('1..1')
    for name, _ in set(header) ^ set(page):
        print(f'# flag "{name}": header and page differ')
    good = header and header == page
    print('ok 1' if good else 'not ok 1', '- the page lists the flags of the header')
    return 0 if good else 1


sys.exit(main())
