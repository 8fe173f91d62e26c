#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# Buffers shared with other drivers of the guest.
#
# vm-options: --time 120

. tests/vm/lib.sh
# The debug kernel has it built in.
[ -e /dev/dri/card0 ] || modprobe vgem
tap timeout 100 build/npu/tests/vm/vm-share-test
ok "the module unloads" unload
done_testing
