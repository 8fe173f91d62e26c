#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# Out of memory at every allocation of every call.
#
# vm-kernel: debug
# vm-options: --time 300

. tests/vm/lib.sh
for f in failslab fail_page_alloc; do
   echo N >/sys/kernel/debug/$f/ignore-gfp-wait
   echo 0 >/sys/kernel/debug/$f/verbose
done
echo 0 >/sys/kernel/debug/fail_page_alloc/min-order
tap timeout 200 $bin/vm-fail-test
ok "the device works afterwards" $bin/vm-load -s 2 -m
ok "nothing leaked when the module unloads" unload
done_testing
