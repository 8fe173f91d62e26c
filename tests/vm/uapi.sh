#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# The test plan of the uAPI, the same program that tests the sim transport, on real ioctls.
#
# vm-options: --time 400 --model mem=1G,cores=2 --module-args watchdog_ms=2000

test=build/npu/tests/winsys/npu-uapi-test
mapfile -t suites < <($test --list | sed 's/:.*/:/' | sort -u | grep -v '^stress:')
exec timeout 380 $test --transport=drm "${suites[@]}"
