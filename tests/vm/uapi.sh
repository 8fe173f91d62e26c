#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# The test plan of the uAPI, the same program that tests the sim transport, on real ioctls. Jobs wait for what
# the test does meanwhile, which on a slow machine takes its time, so the device's watchdog is slow as well but
# in the cases that are about it.
#
# vm-options: --time 400 --model mem=1G,cores=2

. tests/vm/lib.sh
test=build/npu/tests/winsys/npu-uapi-test
mapfile -t suites < <($test --list | sed 's/:.*/:/' | sort -u | grep -v '^stress:')
pci=$(pci_address)

# watchdog SECONDS: the driver takes the device anew, with that watchdog.
watchdog() {
   echo "$1"000 >/sys/module/npu/parameters/watchdog_ms
   echo "$pci" >/sys/bus/pci/drivers/npu/unbind
   echo "$pci" >/sys/bus/pci/drivers/npu/bind
   wait_for 10 test -e $accel
}
ok "a slow watchdog" watchdog 600
tap timeout 380 $test --transport=drm --except=watchdog "${suites[@]}"
# One that minds progress needs some within that time, which the debug kernel does not make as fast.
fast=4
[ ! -e /sys/kernel/debug/kmemleak ] || fast=20
ok "a fast watchdog" watchdog $fast
tap timeout 200 $test --transport=drm watchdog
ok "the module unloads" unload
done_testing
