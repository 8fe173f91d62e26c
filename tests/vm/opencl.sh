#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# OpenCL on the kernel driver: compiler, Rusticl and all, in the guest. Each example checks its own results.
#
# vm-options: --time 420 --memory 2G --smp 2 --model mem=1G,cores=2

. tests/vm/lib.sh
export NPU_ONLY=1 NPU_TRANSPORT=drm
listed() { timeout 60 tools/npu-env clinfo -l | tee /dev/stderr | grep -q 'NPU'; }
ok "clinfo lists the NPU" listed
bus_info() { [ "$(timeout 60 tools/npu-env $bin/vm-cl-pci)" = "$(pci_address)" ]; }
ok "OpenCL knows where the NPU is plugged in" bus_info
sim_bus_info() { NPU_TRANSPORT=sim timeout 60 tools/npu-env $bin/vm-cl-pci; }
ok "... and that the model in the process is nowhere" returns 1 sim_bus_info
for example in build/npu/examples/*; do
   if [ -f "$example" ] && [ -x "$example" ]; then
      ok "example ${example##*/}" timeout 120 tools/npu-env "$example"
   fi
done
# With one processor, QEMU's emulation does not care for other processes in its atomics: the machine has two.
ok "atomics of the host and of the NPU on the same memory" \
   env NPU_DEBUG=svmatomics timeout 120 tools/npu-env build/npu/tests/opencl/svm_atomics
ok "the module unloads" unload
done_testing
