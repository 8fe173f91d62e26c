#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# The machine sleeps while the NPU is idle, asleep, busy or hung: suspend to RAM (the monitor resets the device)
# and suspend to idle. Nothing in the machine can wake it from the latter, so the kernel's test mode does it
# after a second, with all devices asleep.
#
# vm-options: --time 300 --module-args watchdog_ms=60000
# vm-options: --ram-root "rtcwake sleep grep sed tr head tail timeout tests/vm/lib.sh tests/vm/sleep.sh"
# vm-options: --ram-root "build/npu/tests/vm/vm-load build/npu/tests/vm/vm-offender"

. tests/vm/lib.sh
pci=$(pci_address)
sys=/sys/bus/pci/devices/$pci

idle() {
   echo 1 >/sys/module/suspend/parameters/pm_test_delay
   echo platform >/sys/power/pm_test
   echo freeze >/sys/power/state
}
ram() {
   echo none >/sys/power/pm_test
   rtcwake -m mem -s 3
}

ok "jobs before" $bin/vm-load -s 1
for kind in idle ram; do
   name="suspend to ${kind^^}"
   [ $kind = ram ] || name="suspend to idle"
   echo on >"$sys/power/control"
   ok "$name: nobody uses the device" $kind
   ok "$name: jobs afterwards" $bin/vm-load -s 1

   asleep() {
      echo auto >"$sys/power/control"
      wait_for 20 grep -q suspended "$sys/power/runtime_status" && $kind &&
         wait_for 20 grep -q suspended "$sys/power/runtime_status"
   }
   ok "$name: the device sleeps already, and goes on doing so" asleep
   ok "$name: jobs wake it up" $bin/vm-load -s 1

   across() {
      start_load "$@" && $kind && stop_load
   }
   ok "$name: jobs across, in device memory" across
   ok "$name: jobs across, in system memory" across -m

   # What cannot end is lost, and not the fault of its owner; all others go on.
   hung() {
      local offender
      $bin/vm-offender wait >/tmp/hung &
      offender=$!
      wait_for 20 grep -q submitted /tmp/hung && start_load && $kind && stop_load && wait $offender &&
         cat /tmp/hung &&
         grep -q 'state 2 fault 0 .* wait 0' /tmp/hung
   }
   ok "$name: a job that does not end is lost, others are not" hung

   # Closed while asleep is not possible; closed at once afterwards is.
   killed() {
      $bin/vm-offender -k wait >/tmp/killed &
      wait_for 20 grep -q submitted /tmp/killed && $kind
      kill -9 $!
      wait $! 2>/dev/null
      $bin/vm-load -s 1
   }
   ok "$name: a process that is killed afterwards" killed
done
slept() { [ "$(cat /sys/power/suspend_stats/fail)" = 0 ] && [ "$(cat /sys/power/suspend_stats/success)" -ge 6 ]; }
ok "nothing failed to sleep" slept
ok "the module unloads" unload
done_testing
