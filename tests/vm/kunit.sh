#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# The driver's KUnit suites, in the kernel. The debug kernel has KUnit: there they run when the module is loaded.
# Debian's kernel has none; there tests/vm/kunit stands in for it, and they run when asked for. Either way the
# kernel's log says in KTAP what came out. That each case of the sources has run is a case as well.
#
# vm-options: --time 200 --kunit

. tests/vm/lib.sh
sources=(kernel/*_test.c)
if [ -d /sys/kernel/debug/kunit ]; then
   how=KUnit
else
   how='tests/vm/kunit'
   for suite in /sys/module/npu/parameters/kunit_*; do echo 1 >"$suite"; done
fi
# Without the time before each line, and what continues one.
dmesg | sed -E 's/^\[ *[0-9.]+\] //' >/tmp/log
echo "# by $how"

# The suites of the log: lines "SUITE CASE ok" or "SUITE CASE not", with what was said about a failure on stdout.
results() {
   awk '
      /^    # Subtest: / { suite = $3 }
      /^    ok [0-9]+ npu_/ { print suite, $3, "ok" }
      /^    not ok [0-9]+ npu_/ { print suite, $4, "not" }' /tmp/log
}
what_failed() {
   grep -B 12 -E "^    not ok [0-9]+ $1( |\$)" /tmp/log
   return 1
}
results >/tmp/results
while read -r suite name result; do
   if [ "$result" = ok ]; then ok "$suite: $name" true; else ok "$suite: $name" what_failed "$name"; fi
done </tmp/results

all_ran() {
   local name rc=0
   for name in $(sed -n 's/^\tKUNIT_CASE(\(.*\)),$/\1/p' "${sources[@]}"); do
      grep -q " $name " /tmp/results || {
         echo "$name did not run"
         rc=1
      }
   done
   return $rc
}
ok "every case of ${#sources[@]} files has run" all_ran
ok "there are such cases" test "$(wc -l </tmp/results)" -ge 15
ok "the device works as well" $bin/vm-load -s 1
ok "the module unloads" unload
done_testing
