#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# The same OpenCL programs on both transports of the winsys, in the guest: "drm", the kernel driver, and "sim",
# the model in the process. What vm-cl-digest computes must be the same to the bit; the test programs must say
# the same about every one of their cases.
#
# vm-options: --time 600 --memory 2G --model mem=1G,cores=2

. tests/vm/lib.sh
export NPU_ONLY=1 MESA_SHADER_CACHE_DIR=/tmp/cache
digest() { NPU_TRANSPORT=$1 NPU_SIM=cores=2 timeout 240 tools/npu-env $bin/vm-cl-digest; }

on_drm() { digest drm >/tmp/digest.drm && [ "$(wc -l </tmp/digest.drm)" = 36 ]; }
ok "twelve kernels in three shapes through the kernel driver" on_drm
on_sim() { digest sim >/tmp/digest.sim && [ "$(wc -l </tmp/digest.sim)" = 36 ]; }
ok "the same in this process" on_sim
while read -r kernel size hash; do
   ok "$kernel, groups of $size: the same result" grep -qx "$kernel $size $hash" /tmp/digest.sim
done </tmp/digest.drm

for group in api_first local_memory work_items svm; do
   group_on() {
      NPU_TRANSPORT=$1 NPU_SIM=cores=2 timeout 240 tools/npu-env build/npu/tests/opencl/$group >/tmp/$group.$1 ||
         { grep -A 5 '^not ok' /tmp/$group.$1; return 1; }
   }
   # Comments may have times in them.
   compare() {
      group_on drm && group_on sim && grep -c '^ok' /tmp/$group.drm &&
         diff <(grep -v '^#' /tmp/$group.drm) <(grep -v '^#' /tmp/$group.sim)
   }
   ok "tests/opencl/$group" compare
done
ok "the module unloads" unload
done_testing
