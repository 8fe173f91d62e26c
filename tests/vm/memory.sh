#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# No memory left: in the device, and for a group of processes whose memory is limited.
#
# vm-options: --time 200 --model mem=64M

. tests/vm/lib.sh
tap timeout 100 $bin/vm-memory-test

group=/tmp/cgroup
limited() {
   mkdir -p $group && mount -t cgroup2 cgroup2 $group && mkdir $group/small &&
      { grep -q memory $group/cgroup.subtree_control || echo +memory >$group/cgroup.subtree_control; } &&
      echo 24M >$group/small/memory.max && [ "$(cat $group/small/memory.max)" = 25165824 ]
}
ok "a group of processes with 24 MiB" limited
inside() { (echo $BASHPID >$group/small/cgroup.procs && exec "$@"); }
ok "a small load fits" inside $bin/vm-load -s 1 -m
# 64 MiB of system memory, bound, so that pages are needed.
large() { ! inside timeout 60 $bin/vm-load -s 1 -m -b 64; }
ok "a large one is refused or ended" large
outside() {
   start_load -m && large && stop_load
}
ok "others do not notice" outside
ok "a large load fits outside of it" $bin/vm-load -s 1 -m -b 64
settled() { grep -q 'jobs on queues 0' /sys/kernel/debug/accel/*/queues; }
ok "nothing is left on the queues" wait_for 10 settled
ok "the module unloads" unload
done_testing
