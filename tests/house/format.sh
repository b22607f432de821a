#!/bin/sh
# format.sh SOURCE: .clang-format ends discussion. Version 14 is the reference; without it: skipped.
set -eu
tool=$(command -v clang-format-14 || true)
[ -n "$tool" ] || { echo "clang-format-14 is not here"; exit 77; }
cd "$1"
find src tests fuzz bench -name '*.[ch]' 2>/dev/null | xargs -r "$tool" --dry-run -Werror 2>&1 |
    grep -E 'error:' | sed 's/:.*//' | sort | uniq -c > "${TMPDIR:-/tmp}/format.$$" || true
if [ -s "${TMPDIR:-/tmp}/format.$$" ]; then
    echo "these need: $tool -i FILE"; cat "${TMPDIR:-/tmp}/format.$$"; rm -f "${TMPDIR:-/tmp}/format.$$"; exit 1
fi
rm -f "${TMPDIR:-/tmp}/format.$$"
