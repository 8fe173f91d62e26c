#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# Two processes at once: one misbehaves, or is hit by a defect of the device, in every way there is; the other
# fills and copies buffers and must finish with right results. Defects are aimed at the command buffer of
# vm-offender by its address.
#
# vm-options: --time 400 --smp 2 --module-args watchdog_ms=1000

. tests/vm/lib.sh
debug=$(echo /sys/kernel/debug/accel/*/ | head -n 1)
va=0x7ff0000000

# besides NAME WANT KIND [OPTION...]: vm-offender ends as WANT says, its neighbours do not notice.
besides() {
   local name=$1 want=$2
   shift 2
   pair() {
      local first
      start_load -c 60 && first=$load && start_load -m -c 5 || return 1
      timeout 90 $bin/vm-offender "$@" | tee /tmp/offender
      stop_load $first && stop_load && grep -qE "^$want wait 0\$" /tmp/offender
   }
   ok "$name" pair "$@"
}

# What a program does by itself. FAULTED is 1; fault types are those of the uAPI.
besides "a job that does nothing" "state 0 fault 0 access 0 address 0" nop
besides "a job that waits for ever" "state 1 fault 7 .*" wait
besides "a job that writes where nothing is" "state 1 fault 1 access 2 address 0x7000000" fault
besides "a packet that does not exist" "state 1 fault 4 access 5 address 0x7ff0000000" packet
besides "a program that is not there" "state 1 fault 1 access 3 address 0x7000000" code
besides "many jobs behind one that hangs" "state 1 fault 7 .*" -n 200 wait
besides "many jobs behind one that faults" "state 1 fault 1 .*" -n 200 fault

all_submitted() { [ "$(cat /tmp/spin* | grep -c submitted)" = 10 ]; }
killed() {
   local offenders=() i
   start_load || return 1
   # More than the device has queues.
   for i in 1 2 3 4 5 6 7 8 9 10; do
      $bin/vm-offender -k spin >/tmp/spin$i &
      offenders+=($!)
   done
   wait_for 60 all_submitted
   kill -9 "${offenders[@]}"
   wait "${offenders[@]}" 2>/dev/null
   stop_load
}
ok "ten processes that never end their jobs, and are killed" killed

# What the device does to it. The others are at work all the time, with jobs that take so long that one is always
# under way.
resets() { sed -n 's/.*resets \([0-9]*\).*/\1/p' "$debug/queues"; }
inject page-fault 1 $va
besides "a page fault" "state 1 fault 1 access 5 address 0x7ff0000000" nop
inject ecc 1 $va
besides "an uncorrectable memory error" "state 1 fault 12 access 5 address 0x7ff0000000" nop
inject hang 1 $va
besides "a command buffer that hangs" "state 1 fault 7 .*" nop
inject hang 5 $va
besides "five command buffers that hang" "state 1 fault 7 .*" -n 5 nop

ok "no reset was needed for all that" test "$(resets)" = 0
inject stall 1 $va
besides "a queue that is stuck: the device is reset" "state 2 fault 0 .*" nop
ok "... once" test "$(resets)" = 1
inject stall 1 $va
besides "... with many jobs behind it" "state 2 fault 0 .*" -n 200 nop
ok "... once more" test "$(resets)" = 2

# Defects that concern everybody: nobody's results suffer.
inject lose-irqs 30
besides "lost interrupts" "state 0 fault 0 .*" -n 20 nop
inject lose-doorbells 3
besides "lost doorbells" "state 0 fault 0 .*" -n 20 nop
inject slow 1000
besides "a slow device" "state 0 fault 0 .*" -n 20 nop
inject slow 1000
inject lose-irqs 10
inject hang 1 $va
besides "a slow device that loses interrupts, and a hang" "state 1 fault 7 .*" nop
inject heal
besides "healed" "state 0 fault 0 .*" -n 20 nop
ok "no further reset" test "$(resets)" = 2
ok "the module unloads" unload
done_testing
