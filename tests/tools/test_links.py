#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
"""Tests of the documentation's links: each relative link names something that exists, each "#..." a heading of the
page it names, and docs/index.md lists every document.

Understands the Markdown that the documents use: inline links, images, ATX headings, <a id>, code in backquotes,
fences and indentation. What it misses: reference links, setext headings, links to other hosts.

Prints TAP.
"""

import argparse
import re
import sys
import urllib.parse
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]

LINK = re.compile(r'!?\[(?:[^][]|\[[^][]*\])*\]\(<?([^)<>\s]+)>?(?:\s+"[^"]*")?\)')
FENCE = re.compile(r'^\s*(```+|~~~+)')


def prose(text):
    """The (number, line) of a page that are not code; code within a line is left out."""
    fence = None
    for number, line in enumerate(text.splitlines(), 1):
        mark = FENCE.match(line)
        if mark and (fence is None or mark[1].startswith(fence)):
            fence = mark[1] if fence is None else None
        elif fence is None and not line.startswith('    '):
            yield number, line


def links(text):
    for number, line in prose(text):
        for match in LINK.finditer(re.sub(r'(`+)(?!`).*?(?<!`)\1(?!`)', '', line)):
            yield number, match[1]


def anchors(text):
    """The names that headings get, and those written as <a id="...">."""
    found, seen = set(), {}
    for _, line in prose(text):
        found.update(re.findall(r'<a (?:id|name)="([^"]+)"', line))
        heading = re.match(r'#{1,6}\s+(.*?)\s*#*$', line)
        if heading:
            words = re.sub(r'\[([^]]*)\]\([^)]*\)', r'\1', heading[1])
            slug = re.sub(r'[^\w\- ]', '', words.lower()).replace(' ', '-')
            count = seen.get(slug, 0)
            seen[slug] = count + 1
            found.add(f'{slug}-{count}' if count else slug)
    return found


def broken_links(page, top):
    """What is wrong with the links of a page, one text each."""
    problems = []
    text = page.read_text(encoding='utf-8')
    for number, link in links(text):
        url = urllib.parse.urlsplit(link)
        if url.scheme or url.netloc:
            continue
        where = f'{page.relative_to(top)}:{number}: {link}'
        target = (page.parent / urllib.parse.unquote(url.path)).resolve() if url.path else page
        if url.path.startswith('/') or top not in (target, *target.parents):
            problems.append(f'{where}: leads out of the project')
        elif not target.exists():
            problems.append(f'{where}: no such file')
        elif url.fragment and target.suffix == '.md' and \
                urllib.parse.unquote(url.fragment) not in anchors(target.read_text(encoding='utf-8')):
            problems.append(f'{where}: no such heading')
    return problems


def missing_from_index(docs):
    """The documents that docs/index.md does not list; those of a directory with an index need only be in that."""
    problems = []
    for index in sorted(docs.rglob('index.md')):
        listed = {(index.parent / urllib.parse.urlsplit(link).path).resolve()
                  for _, link in links(index.read_text(encoding='utf-8'))}
        wanted = [page for page in index.parent.glob('*.md') if page != index]
        wanted += [page for page in index.parent.glob('*/index.md')]
        wanted += [page for sub in index.parent.iterdir() if sub.is_dir() and not (sub / 'index.md').exists()
                   for page in sub.rglob('*.md')]
        problems += [f'{index.relative_to(docs.parent)} does not list {page.relative_to(index.parent)}'
                     for page in sorted(wanted) if page.resolve() not in listed]
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('top', nargs='?', type=Path, default=TOP, help='the project (default: the one of this file)')
    top = parser.parse_args().top.resolve()

    pages = sorted(page for page in top.glob('*.md')) + sorted((top / 'docs').rglob('*.md'))
    results = [(f'links of {page.relative_to(top)}', broken_links(page, top)) for page in pages]
    results.append(('docs/index.md lists every document', missing_from_index(top / 'docs')))
    print(f'1..{len(results)}')
    for number, (name, problems) in enumerate(results, 1):
        print(f'{"not ok" if problems else "ok"} {number} - {name}')
        for problem in problems:
            print(f'# {problem}')
    return any(problems for _, problems in results)


if __name__ == '__main__':
    sys.exit(main())
