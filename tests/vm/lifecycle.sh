#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# Coming and going of the device, the driver and its users, under load.
#
# vm-options: --time 240

. tests/vm/lib.sh
pci=$(pci_address)
sys=/sys/bus/pci/devices/$pci
debug=/sys/kernel/debug/accel/0000:${pci#0000:}
[ -d "$debug" ] || debug=$(echo /sys/kernel/debug/accel/*/ | head -n 1)

ok "the shortest way" $bin/vm-smoke-test
coredump() {
   local data
   data=$(echo /sys/class/devcoredump/*/data)
   cat "$data"
   grep -qx 'process: vm-smoke-test' "$data" && grep -qx 'type: 1' "$data" &&
      grep -qx 'address: 0x7000000' "$data" && grep -q '^\[packets\]' "$data" &&
      grep -q '^0x.*: 0000000100000013 0000000007000000 0000000000000040' "$data" &&
      grep -qx '\[end\]' "$data" && echo 1 >"$data"
}
ok "its fault has left a core dump" coredump
traced() {
   local t=/sys/kernel/tracing
   echo 1 >$t/events/npu/enable
   $bin/vm-load -s 1
   $bin/vm-smoke-test >/dev/null
   echo 0 >$t/events/npu/enable
   grep -m 1 -E 'npu_job_start: ctx=0x[0-9a-f]+ job=[0-9]+ queue=[0-7] seqno=[0-9]+' $t/trace &&
      grep -m 1 -E 'npu_job_end: ctx=0x[0-9a-f]+ job=[0-9]+ error=0 run_ns=[1-9]' $t/trace &&
      grep -m 1 -E 'npu_fault: .*type=1 .*address=0x7000000' $t/trace
}
ok "trace events of jobs and faults" traced
ok "buffers in system memory" $bin/vm-load -s 1 -m

two_at_once() {
   local first
   start_load && first=$load && start_load -m && sleep 2 && stop_load $first && stop_load
}
ok "two processes at once" two_at_once

killed() {
   local i
   for i in 1 2 3 4 5; do
      start_load
      kill -9 $load
      wait $load 2>/dev/null
   done
   $bin/vm-load -s 1
}
ok "killed processes leave a device that works" killed

ok "nothing is left on the queues" wait_for 5 grep -q 'jobs on queues 0' "$debug/queues"

usage_stats() {
   local f text
   start_load || return 1
   for f in /proc/$load/fdinfo/*; do
      text=$(cat "$f")
      case $text in *drm-driver:*npu*) break ;; esac
   done
   stop_load || return 1
   echo "$text" | grep drm-
   echo "$text" | grep -q "drm-pdev:.*$pci" && echo "$text" | grep -q 'drm-client-id:' &&
      echo "$text" | grep -E -q 'drm-engine-compute:[[:space:]]*[1-9][0-9]* ns' &&
      echo "$text" | grep -E -q 'drm-resident-vram:[[:space:]]*[1-9]' && echo "$text" | grep -q 'drm-total-memory:'
}
ok "fdinfo says what a process uses" usage_stats

reset_under_load() {
   local status=0
   start_load || return 1
   echo 1 >"$debug/reset"
   stop_load || status=$?
   # A job that was running is lost with its context; else it must be right.
   [ "$status" = 0 ] || [ "$status" = 3 ]
}
ok "a reset under load" reset_under_load
ok "the device works after it" $bin/vm-load -s 1
ok "the reset was counted" grep -q 'resets 1' "$debug/queues"

unbind_under_load() {
   local status=0
   start_load || return 1
   echo "$pci" >/sys/bus/pci/drivers/npu/unbind
   wait $load || status=$?
   [ "$status" = 3 ] && [ ! -e "$accel" ]
}
ok "unbind under load: users get ENODEV" unbind_under_load
bind() { echo "$pci" >/sys/bus/pci/drivers/npu/bind && wait_for 5 test -e "$accel"; }
ok "bind again" bind
ok "the device works again" $bin/vm-load -s 1

remove_under_load() {
   local status=0
   start_load -m || return 1
   echo 1 >"$sys/remove"
   wait $load || status=$?
   [ "$status" = 3 ] && [ ! -e "$accel" ]
}
ok "removal under load: users get ENODEV" remove_under_load
rescan() { echo 1 >/sys/bus/pci/rescan && wait_for 5 test -e "$accel"; }
ok "rescan" rescan
ok "the device works after rescan" $bin/vm-load -s 1

sleeps() {
   echo auto >"$sys/power/control"
   wait_for 10 grep -q suspended "$sys/power/runtime_status"
}
ok "nobody uses it: it sleeps" sleeps
ok "somebody uses it: it wakes up" $bin/vm-load -s 1
ok "... and sleeps again" wait_for 10 grep -q suspended "$sys/power/runtime_status"

unprivileged() {
   chmod 666 "$accel"
   setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}
ok "a user without privileges can work" unprivileged $bin/vm-load -s 1
ok "... and submit what he likes" unprivileged $bin/vm-smoke-test

ok "the module unloads" unload
ok "... and its device is gone" test ! -e "$accel"
done_testing
