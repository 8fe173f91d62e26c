#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# Fences are finite: a job that takes too long is killed, though it makes progress all the time. Without the limit the
# kernel is tainted.
#
# vm-options: --time 400 --smp 2 --memory 2G --model mem=1G,cores=2
# vm-options: --module-args "watchdog_ms=600000 job_timeout_ms=3000"

. tests/vm/lib.sh
export NPU_ONLY=1 NPU_TRANSPORT=drm
parameters=/sys/module/npu/parameters
va=0x7ff0000000

# TAINT_USER
tainted() { [ $(($(cat /proc/sys/kernel/tainted) & 64)) != 0 ]; }
ok "with limits the kernel is not tainted" returns 1 tainted

# besides WANT KIND [OPTION...]: vm-offender ends as WANT says, its neighbours do not notice. They go on all the time,
# for longer than a job may.
besides() {
   local first want=$1
   shift
   start_load -c 60 && first=$load && start_load -m -c 5 || return 1
   timeout 90 $bin/vm-offender "$@" | tee /tmp/offender
   stop_load $first && stop_load && grep -qE "^$want wait 0\$" /tmp/offender
}
dump() { wait_for 10 grep -q '^type: 9$' /sys/class/devcoredump/*/data; }
forget() { for d in /sys/class/devcoredump/*/data; do echo 1 >"$d"; done; }

at_its_limit() {
   local start=$SECONDS
   besides "state 1 fault 9 access 0 address 0" spin && [ $((SECONDS - start)) -ge 3 ]
}
ok "a job with progress that does not end is killed at its limit" at_its_limit
ok "... a core dump says so" dump
forget
ok "many of them" besides "state 1 fault 9 .*" -n 200 spin
ok "a job that waits is killed as well" besides "state 1 fault 9 .*" wait
ok "a job whose command buffers are short, all together are not" besides "state 1 fault 9 .*" -c 64 slow
ok "a job that is short enough" besides "state 0 fault 0 .*" slow
inject hang 1 $va
ok "a command buffer that hangs" besides "state 1 fault 9 .*" -n 3 nop
forget

resets() { sed -n 's/.*resets \([0-9]*\).*/\1/p' /sys/kernel/debug/accel/*/queues | head -n 1; }
ok "no reset was needed for that" test "$(resets)" = 0

# The record of the device says where the program was.
ok "an OpenCL kernel that does not end gets an error" \
   timeout 100 tools/npu-env $bin/vm-cl-fault spin
decoded() {
   wait_for 10 test -e "$(echo /sys/class/devcoredump/*/data)" &&
      cat /sys/class/devcoredump/*/data >/run/npu-vm/finite.dump &&
      build/npu/src/tools/npu-decode/npu-decode /run/npu-vm/finite.dump | tee /tmp/report
   grep -E '^Fault +killed by the driver: the job took longer than jobs may$' /tmp/report &&
      grep -E '^Kernel +spin, id' /tmp/report
}
ok "... its core dump has the kernel's name" decoded
forget

# Without the limit. It counts again as soon as it is set.
said() { dmesg | grep "npu: $1=0: jobs may take for ever"; }
no_limit() { echo 0 >$parameters/job_timeout_ms; }
ok "the limit can be taken away" no_limit
ok "... the kernel is tainted" tainted
ok "... and says so" said job_timeout_ms
forever() {
   $bin/vm-offender spin >/tmp/forever &
   wait_for 60 grep -q submitted /tmp/forever && sleep 7 && ! grep state /tmp/forever &&
      echo 1000 >$parameters/job_timeout_ms && timeout 60 $bin/vm-load -s 1 && wait $! &&
      grep 'state 1 fault 9 .* wait 0' /tmp/forever
}
ok "... a job goes on past it, and ends when there is one again" forever
no_watchdog() { echo 0 >$parameters/watchdog_ms; }
ok "the watchdog can be taken away" no_watchdog
ok "... which is said as well" said watchdog_ms
ok "no number is no limit" returns 1 eval "echo many 2>/dev/null >$parameters/job_timeout_ms"
ok "the module unloads" unload
done_testing
