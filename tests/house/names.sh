#!/bin/sh
# names.sh LIBRARY...: all rooms share the one name space of C; a name that two of them define for the
# linker would make one room silently use the other's. libre's timers are replaced on purpose: by one room.
set -eu
for library in "$@"; do
    nm --defined-only "$library" 2>/dev/null | awk 'NF == 3 && $2 ~ /^[TDBRVC]$/ { print $3 }' |
        grep -v '^__odr_asan' | sort -u
done | sort | uniq -d > "${TMPDIR:-/tmp}/names.$$"
if [ -s "${TMPDIR:-/tmp}/names.$$" ]; then
    echo "defined in more than one room:"; cat "${TMPDIR:-/tmp}/names.$$"
    rm -f "${TMPDIR:-/tmp}/names.$$"; exit 1
fi
rm -f "${TMPDIR:-/tmp}/names.$$"
