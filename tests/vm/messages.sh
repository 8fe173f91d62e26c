#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# A machine whose memory the device cannot map: every access of the device is a message to the monitor. Slow,
# and right.
#
# vm-options: --time 300 --private-memory

. tests/vm/lib.sh
ok "the shortest way" $bin/vm-smoke-test
ok "buffers in device memory" $bin/vm-load -s 2
ok "buffers in system memory" $bin/vm-load -s 2 -m
reset_under_load() {
   local status=0
   start_load -m || return 1
   echo 1 >"$(echo /sys/kernel/debug/accel/*/ | head -n 1)reset"
   stop_load || status=$?
   [ "$status" = 0 ] || [ "$status" = 3 ]
}
ok "a reset under load" reset_under_load
killed() {
   start_load -m
   kill -9 $load
   wait $load 2>/dev/null
   $bin/vm-load -s 1 -m
}
ok "a killed process" killed
rebind() {
   local pci
   pci=$(pci_address)
   echo "$pci" >/sys/bus/pci/drivers/npu/unbind
   echo 1 >"/sys/bus/pci/devices/$pci/reset"
   echo "$pci" >/sys/bus/pci/drivers/npu/bind
   $bin/vm-load -s 1 -m
}
ok "function-level reset, and the driver again" rebind
ok "the module unloads" unload
no_errors() {
   inject status
   grep 'dma-errors 0' /run/npu-vm/control.answer
}
ok "no access failed" no_errors
done_testing
