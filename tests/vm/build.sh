#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# The module is built without a warning for every kernel it is for, and sparse and checkpatch --strict have nothing
# to say about it. No machine is needed: this runs beside the tool chain, on the host.
#
# vm-machine: none

. tests/vm/lib.sh
scratch=build/vm/build-test
mkdir -p $scratch

# quiet COMMAND...: succeeds if the command does and says nothing on standard error.
quiet() {
   local said rc=0
   said=$("$@" 2>&1 >/dev/null) || rc=$?
   printf '%s' "$said"
   [ "$rc" = 0 ] && [ -z "$said" ]
}

# module DIRECTORY ARGUMENT...: builds the module, of all files, in a directory of its own.
module() {
   local dir=$PWD/$scratch/$1
   shift
   rm -f "$dir"/*.o
   NPU_VM_MODULE_DIR=$dir tools/vm-module "$@"
}
ok "Debian's kernel, with the warnings of W=1" quiet module debian W=1
ok "sparse" quiet module debian C=2 CF=-Wsparse-error

# A checker that checks nothing would be as quiet.
sabotaged() {
   local dir=$scratch/bad output
   rm -rf "$dir" && mkdir -p "$dir" || return 1
   echo 'obj-m := bad.o' >"$dir/Kbuild"
   printf '%s\n' '// SPDX-License-Identifier: MIT' '#include <linux/module.h>' '#include <linux/types.h>' \
      'u64 bad(__le64 value);' 'u64 bad(__le64 value) { return value; }' 'MODULE_LICENSE("Dual MIT/GPL");' >"$dir/bad.c"
   output=$(make -s -C "$(printf '%s\n' /lib/modules/*/build | sort -V | tail -n 1)" M="$PWD/$dir" C=2 modules 2>&1)
   grep -q 'bad.c:.*incorrect type in return' <<<"$output" || {
      printf '%s\n' "$output"
      return 1
   }
}
ok "sparse finds what is wrong" sabotaged

# The newest kernel Debian has for this compiler, if Debian can be reached.
if release=$(tools/vm-fetch headers trixie-backports 2>$scratch/fetch); then
   newest() { NPU_VM_KERNEL=$release quiet module newest W=1 CC="ccache gcc"; }
   ok "Linux $release, with the warnings of W=1" newest
else
   skip "the newest kernel" "$(tail -n 1 $scratch/fetch)"
fi

if checkpatch=$(tools/vm-fetch checkpatch 2>$scratch/fetch); then
   style() {
      local said
      said=$(perl "$checkpatch" --no-tree --strict --terse --no-summary --show-types "$@" 2>&1)
      printf '%s\n' "$said"
      [ -z "$said" ]
   }
   clean() {
      local f rc=0
      for f in kernel/*.[ch] kernel/Kbuild kernel/Kconfig include/uapi/drm/npu_accel.h; do
         case $f in
         # Macros of trace events are no functions.
         */npu_trace.h) style --ignore OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT -f "$f" || rc=1 ;;
         *) style -f "$f" || rc=1 ;;
         esac
      done
      return $rc
   }
   ok "checkpatch --strict" clean
   echo "int  bad( int x ){return x;}" >$scratch/bad.c
   untidy() { ! style -f $scratch/bad.c; }
   ok "checkpatch finds what is wrong" untidy
else
   skip checkpatch "$(tail -n 1 $scratch/fetch)"
fi
done_testing
