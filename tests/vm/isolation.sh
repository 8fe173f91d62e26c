#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# Two users without privileges: neither sees the other's memory, neither stops the other's work.
#
# vm-options: --time 400 --smp 2 --model mem=512M,cores=2 --module-args watchdog_ms=1000

. tests/vm/lib.sh
tap timeout 380 build/npu/tests/vm/vm-isolation-test
ok "the module unloads" unload
done_testing
