#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# The driver goes while somebody holds all that can be held, and the module while jobs wait.
#
# vm-options: --time 120

. tests/vm/lib.sh
pci=$(pci_address)
# The debug kernel has it built in.
[ -e /dev/dri/card0 ] || modprobe vgem

tap timeout 60 $bin/vm-unplug-test unbind "$pci"
bind() { echo "$pci" >/sys/bus/pci/drivers/npu/bind && wait_for 5 test -e "$accel"; }
ok "bind again" bind
ok "the device works again" $bin/vm-load -s 1

# vgem's fence signals after three seconds; until then two of our jobs cannot end.
left() {
   $bin/vm-unplug-test leave 3 >/tmp/left 2>&1 &
   wait_for 20 grep -q left /tmp/left
}
ok "a process has left jobs that wait for another driver" left
waits() {
   local start=$SECONDS
   rmmod npu && [ $((SECONDS - start)) -ge 2 ]
}
ok "the module goes, but not before them" waits
ok "nothing has leaked" no_leaks
done_testing
