#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# Many jobs of many threads on two processors; a job waits for all that come after it, so it has all the time it needs.
#
# vm-options: --time 300 --smp 2 --model mem=1G,cores=2 --module-args "watchdog_ms=3600000 job_timeout_ms=3600000"

. tests/vm/lib.sh
tap timeout 280 build/npu/tests/winsys/npu-uapi-test --transport=drm stress:
ok "the module unloads" unload
done_testing
