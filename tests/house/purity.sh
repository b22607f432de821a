#!/bin/sh
# purity.sh ALLOWED LIBRARY...: what a pure room's library takes from outside the house must stand in the
# list of names: no clock, socket, file, thread, log or environment can slip in.
set -eu
allowed=$1; shift
bad=0
for library in "$@"; do
    own=$(nm --defined-only "$library" 2>/dev/null | awk 'NF == 3 { print $3 }')
    for symbol in $(nm -u "$library" 2>/dev/null | awk '$1 == "U" || $1 == "w" { print $2 }' | sort -u); do
        case "$symbol" in
            __asan_*|__ubsan_*|__tsan_*|__sanitizer_*|__gcov_*|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|__start_*|__stop_*) continue ;;
        esac
        printf '%s\n' "$own" | grep -qx "$symbol" && continue
        grep -qx "$symbol" "$allowed" && continue
        grep '/$' "$allowed" | sed 's|/$||' | while read -r prefix; do
            case "$symbol" in "$prefix"*) echo found ;; esac
        done | grep -q found && continue
        echo "$library: '$symbol' is not on the list of pure names"
        bad=1
    done
done
[ $bad = 0 ] && echo "purity: $# rooms take nothing but the listed names"
exit $bad
