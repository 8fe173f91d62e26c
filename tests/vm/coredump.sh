#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# Faults of programs, from OpenCL to the core dump and what npu-decode makes of it.
#
# vm-options: --time 300 --memory 2G --model mem=1G,cores=2 --module-args watchdog_ms=1500

. tests/vm/lib.sh
export NPU_ONLY=1 NPU_TRANSPORT=drm
decode=build/npu/src/tools/npu-decode/npu-decode
report=/tmp/report

ok "no dump yet" returns 2 $decode

# faults KERNEL: runs an OpenCL program whose kernel faults; it says so on stderr.
faults() {
   timeout 100 tools/npu-env $bin/vm-cl-fault "$1" 2>&1 | tee /tmp/messages
   [ "${PIPESTATUS[0]}" = 0 ] && grep -q "fault in kernel \"$1\"" /tmp/messages
}
# decodes FILE: keeps the dump, decodes it, and has the kernel forget it.
decodes() {
   wait_for 10 test -e "$(echo /sys/class/devcoredump/*/data)" &&
      cat /sys/class/devcoredump/*/data >"$1" && $decode "$1" >$report
   local rc=$?
   cat $report
   for d in /sys/class/devcoredump/*/data; do echo 1 >"$d"; done
   return $rc
}
says() { grep -E -- "$1" $report; }

ok "an OpenCL program with a kernel that strays gets an error" faults stray
ok "its core dump can be decoded" decodes /run/npu-vm/stray.dump
ok "... what: a write of an unmapped address" says '^Fault +write of unmapped address 0x[0-9a-f]+$'
ok "... the kernel by its name" says '^Kernel +stray, id [0-9]+$'
ok "... the work-group in its grid" says '^Work-group +6 = \(2, 1, 0\) of 4 x 2 x 1 groups of 16 x 4 x 1,'
ok "... wave, lane and work-item" says '^Wave +0, lanes 0x00200000, local id \(5, 1, 0\)$'
ok "... the instruction: a store" says '^   => +[0-9a-f]+  st_[a-z]+\.b32 '
ok "... where the address lies" says '^Address +0x[0-9a-f]+: [0-9]+ bytes past the end of buffer'
ok "... the process" says '^Process +vm-cl-fault, pid [1-9]'
ok "... the dispatch in its command buffer" says '=> 0x[0-9a-f]+ +dispatch .*code_va=0x[0-9a-f]+\("stray"\)'
ok "... its job on the ring" says '=> +[0-9]+ +exec .*seqno=[1-9]'
ok "... registers of its queue" says 'QUEUE_STATUS\([0-7]\) +[0-9a-f]+ BUSY='

labels() {
   grep -E '^ +0x[0-9a-f]+: 0x[0-9a-f]+ r[w-][x-] device, offset 0x0, "spin"$' /sys/kernel/debug/accel/*/vms
}
faults_with_labels() {
   faults spin &
   wait_for 100 labels && wait $!
}
ok "a kernel that does not end gets an error; debugfs shows its label" faults_with_labels
ok "its core dump can be decoded" decodes /run/npu-vm/spin.dump
ok "... what: the watchdog" says '^Fault +no progress for the time of the watchdog$'
ok "... the kernel by its name" says '^Kernel +spin, id'
ok "... all its code on demand" test "$($decode --all /run/npu-vm/spin.dump | wc -l)" -gt "$(wc -l <$report)"

ok "a packet that faults" $bin/vm-smoke-test
ok "its core dump can be decoded" decodes /run/npu-vm/packet.dump
ok "... the packet" says '^   => 0x[0-9a-f]+  fill .*dst_va=0x7000000 size_B=64'
ok "the module unloads" unload
done_testing
