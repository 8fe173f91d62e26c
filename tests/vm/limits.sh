#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# What one user may have of a device that others want as well.
#
# vm-options: --time 200 --model mem=64M --module-args "user_vram_percent=25 user_vms=4 user_ctxs=6"

exec build/npu/tests/vm/vm-limits-test
