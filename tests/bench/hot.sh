#!/bin/sh
# tests/bench/hot.sh FILE... > cpu/exec/hot.def -- the handlers that stand together (engine.h).
#
# FILE: what callgrind says of a workload, one each. For a guest at the beginning of one,
#
#   valgrind --tool=callgrind --toggle-collect=engine_run --callgrind-out-file=FILE \
#       terrapin ... -loadvm STATE -until TICK
#
# Of each, the handlers that make up 98 % of what all handlers of it execute.
set -eu
export LC_ALL=C
cat <<'END'
/* cpu/exec/hot.def -- handlers that stand next to each other in the program (cpu/engine.h).
 * Made by tests/bench/hot.sh from ctxsw, forkexec, syscall, pagefault, int, gzip, sort and the
 * start of user mode of the benchmark guest. A name that is missing here costs a little time.
 *
 *   HOT(name)   exec_<name>
 */
END
for file; do
    callgrind_annotate --show=Ir --threshold=100 "$file" |
        sed -n "s/^ *\([0-9,]*\) .*:exec_\([A-Za-z0-9_]*\)['. [].*/\1 \2/p" | tr -d ,  |
        awk '{ n[$2] += $1 } END { for (name in n) print n[name], name }' | sort -k1,1nr -k2 |
        awk '{ n[NR] = $1; name[NR] = $2; all += $1 }
             END { for (k = 1; k <= NR && sum <= 0.98 * all; sum += n[k++]) print name[k] }'
done | sort -u | sed 's/.*/HOT(&)/'
