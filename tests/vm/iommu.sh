#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# Behind an IOMMU in strict mode, memory the driver has given back is not there any more: an access to it is a
# DMA error that the device counts.
#
# vm-options: --time 240 --iommu

. tests/vm/lib.sh
ok "the shortest way" $bin/vm-smoke-test
ok "buffers in device memory" $bin/vm-load -s 2
ok "buffers in system memory" $bin/vm-load -s 2 -m
killed() {
   start_load -m
   kill -9 $load
   wait $load 2>/dev/null
   $bin/vm-load -s 1 -m
}
ok "a killed process" killed
ok "the module unloads" unload
no_errors() {
   inject status
   grep 'dma-errors 0' /run/npu-vm/control.answer
}
ok "the device has touched nothing it should not" no_errors
done_testing
