#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# Defects of the device: what is lost is found, what can go on goes on, what is gone is gone.
#
# vm-options: --time 240 --module-args watchdog_ms=1000

. tests/vm/lib.sh
debug=$(echo /sys/kernel/debug/accel/*/ | head -n 1)

lost_irqs() {
   inject lose-irqs 20 && timeout 60 $bin/vm-load -s 4 && inject heal
}
ok "lost interrupts only cost time" lost_irqs

lost_doorbells() {
   inject lose-doorbells 3 && timeout 60 $bin/vm-load -s 4 && inject heal
}
ok "lost doorbells are rung again" lost_doorbells

slow() {
   inject slow 2000 && timeout 60 $bin/vm-load -s 2 && inject heal
}
ok "a slow device is still right" slow

deaf() {
   local status=0
   start_load && inject deaf && wait_for 60 resets || return 1
   inject heal
   stop_load || status=$?
   [ "$status" = 0 ] || [ "$status" = 3 ]
}
resets() { grep -E 'resets [1-9]' "$debug/queues"; }
ok "a device that ignores doorbells is reset" deaf
ok "... which is counted" resets
ok "... and works afterwards" $bin/vm-load -s 1

dead() {
   local status=0
   start_load && inject dead || return 1
   wait $load || status=$?
   [ "$status" = 3 ]
}
ok "a dead device: users learn that they are lost" dead
wedged() { dmesg | grep 'WEDGED=rebind,bus-reset'; }
ok "... and so does who listens to uevents" wedged
no_open() { returns 3 $bin/vm-load -s 1; }
ok "... new users as well" no_open
dead_probe() {
   local pci
   pci=$(pci_address)
   echo "$pci" >/sys/bus/pci/drivers/npu/unbind
   ! echo "$pci" >/sys/bus/pci/drivers/npu/bind && dmesg | grep 'this is no NPU'
}
ok "... and a dead device is refused" dead_probe
heal() {
   local pci
   inject heal
   pci=$(pci_address)
   echo 1 >"/sys/bus/pci/devices/$pci/reset"
   echo "$pci" >/sys/bus/pci/drivers/npu/bind
   $bin/vm-load -s 1
}
ok "reset and rebind bring it back" heal

surprise() {
   local status=0 pci
   pci=$(pci_address)
   start_load && inject remove || return 1
   echo 1 >"/sys/bus/pci/devices/$pci/remove"
   wait $load || status=$?
   [ "$status" = 3 ] && inject heal && echo 1 >/sys/bus/pci/rescan && wait_for 5 test -e $accel
}
ok "surprise removal" surprise
ok "it works when plugged in again" $bin/vm-load -s 1
ok "the module unloads" unload
done_testing
