# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
"""docs/isa.md is what the table says. Usage: manual_test.py SOURCE-ROOT"""

import difflib
import os
import subprocess
import sys
import tempfile

root = sys.argv[1]
isa = os.path.join(root, 'src', 'isa')
with tempfile.TemporaryDirectory() as work:
    out = os.path.join(work, 'isa.md')
    subprocess.run([sys.executable, '-B', os.path.join(isa, 'npu_manual.py'), os.path.join(isa, 'npu.xml'), out], check=True)
    with open(out, encoding='utf-8') as f:
        fresh = f.read().splitlines()
with open(os.path.join(root, 'docs', 'isa.md'), encoding='utf-8') as f:
    kept = f.read().splitlines()
drift = list(difflib.unified_diff(kept, fresh, 'docs/isa.md', 'the table', lineterm='', n=0))
for line in drift[:40]:
    print(f'# {line}')
if drift:
    print('# run: src/isa/npu_manual.py src/isa/npu.xml docs/isa.md (with python3)')
print(f'{"not ok" if drift else "ok"} 1 - docs/isa.md is what the table says')
print('1..1')
sys.exit(bool(drift))
