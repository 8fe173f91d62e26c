#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# Two NPUs in a machine: one does not know of the other's troubles.
#
# vm-options: --time 300 --devices 2 --smp 2 --module-args watchdog_ms=1000

. tests/vm/lib.sh
mapfile -t pci < <(pci_addresses)
one=/dev/accel/accel0 two=/dev/accel/accel1
debug=(/sys/kernel/debug/accel/*/)

ok "there are two" test ${#pci[@]} = 2 -a -c $one -a -c $two
ok "the shortest way on the first" $bin/vm-smoke-test $one
ok "the shortest way on the second" $bin/vm-smoke-test $two
both() {
   local a
   start_load -d $one && a=$load && start_load -d $two -m && sleep 2 && stop_load $a && stop_load
}
ok "both at once" both

# beside NAME STATUS COMMAND...: a load on the first ends with STATUS, one on the second is right.
beside() {
   local name=$1 want=$2
   shift 2
   pair() {
      local a status=0
      start_load -d $one && a=$load && start_load -d $two -c 20 && "$@" && sleep 2 || return 1
      # What is to be lost is so without being told to end.
      if [ "$want" = 0 ]; then stop_load $a || status=$?; else wait $a || status=$?; fi
      stop_load && [ "$status" = "$want" ]
   }
   ok "$name" pair "$@"
}
beside "the first loses interrupts" 0 inject lose-irqs 20
beside "the second loses interrupts" 0 inject @1 lose-irqs 20
stalled() { inject stall 1 0x7ff0000000 && $bin/vm-offender -d $one nop | grep 'state 2'; }
beside "the first is reset" 0 stalled
resets() { grep -h -o 'resets [0-9]*' "${debug[0]}queues" "${debug[1]}queues" | tr '\n' ' '; }
ok "... and only the first" test "$(resets)" = "resets 1 resets 0 "
beside "the first dies" 3 inject @0 dead
ok "the second goes on" $bin/vm-load -s 1 -d $two
back() {
   inject heal
   echo 1 >"/sys/bus/pci/devices/${pci[0]}/reset"
   echo "${pci[0]}" >/sys/bus/pci/drivers/npu/unbind
   echo "${pci[0]}" >/sys/bus/pci/drivers/npu/bind
   wait_for 5 test -c $one && $bin/vm-load -s 1 -d $one
}
ok "the first comes back by a reset" back
unbind() { echo "${pci[0]}" >/sys/bus/pci/drivers/npu/unbind; }
beside "the first is taken from the driver" 3 unbind
ok "there is one device" test ! -e $one -a -c $two
bind() { echo "${pci[0]}" >/sys/bus/pci/drivers/npu/bind && wait_for 5 test -c $one; }
ok "and two again" bind
ok "both work" both
ok "the module unloads" unload
done_testing
