# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# For the test scripts that run inside the virtual machine: TAP, and talking to the device's control socket
# on the host. They run with the source tree as working directory.

bin=build/npu/tests/vm
accel=/dev/accel/accel0
cases=0

# ok NAME COMMAND...: a case that passes if the command succeeds; what it says becomes comments.
ok() {
   local name=$1 output rc=0
   shift
   cases=$((cases + 1))
   output=$("$@" 2>&1) || rc=$?
   if [ "$rc" = 0 ]; then
      printf 'ok %u - %s\n' "$cases" "$name"
   else
      printf 'not ok %u - %s\n# exit status %d\n' "$cases" "$name" "$rc"
   fi
   if [ -n "$output" ]; then printf '%s\n' "$output" | sed 's/^/# /'; fi
}

# tap timeout SECONDS PROGRAM...: a program that speaks TAP; its cases are ours. That it came to its end is one more.
tap() {
   local line seen=0 plan=none name=${3##*/}
   while IFS= read -r line; do
      case $line in
      'ok '* | 'not ok '*)
         seen=$((seen + 1)) cases=$((cases + 1))
         printf '%s %u - %s\n' "${line%%ok *}ok" "$cases" "${line#* - }"
         ;;
      1..*) plan=${line#1..} ;;
      *) printf '# %s\n' "$line" ;;
      esac
   done < <("$@" 2>&1)
   ok "$seen cases of $name" test "$seen" = "$plan"
}

# returns STATUS COMMAND...: succeeds if the command's exit status is that.
returns() {
   local want=$1 rc=0
   shift
   "$@" || rc=$?
   [ "$rc" = "$want" ] || {
      echo "exit status $rc, not $want"
      return 1
   }
}

done_testing() {
   printf '1..%u\n' "$cases"
}

# skip NAME REASON: a case that cannot be tried here.
skip() {
   cases=$((cases + 1))
   printf 'ok %u - %s # SKIP %s\n' "$cases" "$1" "$2"
}

# inject [@N] COMMAND: have the host inject a defect into the (Nth) device.
inject() {
   local i
   rm -f /run/npu-vm/control.answer
   printf '%s\n' "$*" >/run/npu-vm/control.tmp
   mv /run/npu-vm/control.tmp /run/npu-vm/control.request
   for ((i = $(limit 30) * 20; i > 0; i--)); do
      if [ -e /run/npu-vm/control.answer ]; then
         local answer
         answer=$(cat /run/npu-vm/control.answer)
         [ "${answer%% *}" = ok ] || echo "inject $*: $answer"
         [ "${answer%% *}" = ok ]
         return
      fi
      sleep 0.05
   done
   echo "inject $*: no answer"
   return 1
}

# limit SECONDS: how much that is on this machine. A limit ends what hangs; it must not be what decides on a
# machine that is slow, so tools/vm-check multiplies all of them where it knows of one.
limit() {
   echo $(($1 * ${NPU_TEST_TIME_FACTOR:-1}))
}

# timeout SECONDS COMMAND...: with a limit. Not for the background, where $! would not be the command's.
timeout() {
   local seconds
   seconds=$(limit "$1")
   shift
   command timeout "$seconds" "$@"
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
   local i tenths
   tenths=$(($(limit "$1") * 10))
   shift
   for ((i = 0; i < tenths; i++)); do
      if "$@" >/dev/null 2>&1; then return 0; fi
      sleep 0.1
   done
   echo "still not after $((tenths / 10)) s: $*"
   return 1
}

# start_load [OPTION...]: starts vm-load in the background, as process $load, and waits until it has completed its
# first job. It goes on until it is told to end or something happens to it.
start_load() {
   local ready i
   ready=/tmp/load.$BASHPID.$RANDOM
   $bin/vm-load -s 100000 -r "$ready" "$@" &
   load=$!
   for ((i = $(limit 60) * 20; i > 0; i--)); do
      if [ -e "$ready" ]; then return 0; fi
      if ! kill -0 $load 2>/dev/null; then break; fi
      sleep 0.05
   done
   echo "the load did not start"
   return 1
}

# stop_load [PROCESS]: tells it to end, and returns how it ended.
stop_load() {
   local pid=${1:-$load}
   kill "$pid" 2>/dev/null || :
   wait "$pid"
}

# unload: the module goes, and leaves nothing behind that the kernel could find.
unload() { rmmod npu && no_leaks; }

# no_leaks: what was allocated is still known to somebody, says the debug kernel; others cannot tell.
no_leaks() {
   local i leaks=/sys/kernel/debug/kmemleak
   [ -e $leaks ] || return 0
   # What was freed a moment ago may still be on a list, what was allocated is not looked at for five seconds.
   for i in 1 2 3 4; do
      sleep 6
      echo scan >$leaks
      if ! grep -q . $leaks; then return 0; fi
   done
   cat $leaks
   return 1
}

# The addresses of all NPUs, one a line.
pci_addresses() {
   local d
   for d in /sys/bus/pci/devices/*; do
      if [ "$(cat "$d/vendor" "$d/device" | tr '\n' ' ')" = "0x1af4 0x10f0 " ]; then printf '%s\n' "${d##*/}"; fi
   done
}
pci_address() { pci_addresses | head -n 1; }
