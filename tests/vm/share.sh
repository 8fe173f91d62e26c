#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# Buffers shared with other drivers of the guest.
#
# vm-options: --time 120

modprobe vgem
exec build/npu/tests/vm/vm-share-test
