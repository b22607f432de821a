#!/bin/sh
# arrows.sh ROOMS SOURCE: every #include of a room's files names that room, one it USES (in the build
# file's rooms(), given as lines "room=used,used"), or one those use. Libre and SQL keep to their homes.
set -eu
rooms=$1 source=$2 bad=0

uses() { # the room and all it reaches
    reached=" $1 " todo=$1
    while [ -n "$todo" ]; do
        next=
        for room in $todo; do
            for used in $(sed -n "s|^$room=||p" "$rooms" | tr ',' ' '); do
                case "$reached" in *" $used "*) ;; *) reached="$reached$used "; next="$next $used" ;; esac
            done
        done
        todo=$next
    done
    printf '%s' "$reached"
}

for room in $(sed 's/=.*//' "$rooms"); do
    [ -d "$source/src/$room" ] || continue
    allowed=$(uses "$room")
    for file in "$source/src/$room"/*.[ch] "$source/src/$room"/*.cc; do
        [ -f "$file" ] || continue
        for header in $(sed -n 's|^ *# *include "\([^"]*\)".*|\1|p' "$file"); do
            case "$allowed" in
                *" ${header%/*} "*) ;;
                *) echo "$file: \"$header\" is no arrow of room $room ($allowed)"; bad=1 ;;
            esac
        done
    done
done
# Libre's name appears in two homes only, SQL in one.
for file in $(grep -rlE '#include <(re/)?re[_.]' "$source/src" || true); do
    case "$file" in "$source"/src/voice/signal/*|"$source"/src/phones/*) ;;
        *) echo "$file: libre outside voice/signal and phones"; bad=1 ;; esac
done
for file in $(grep -rlE '#include <sqlite3.h>|"(SELECT|INSERT|UPDATE|DELETE) ' "$source/src" || true); do
    case "$file" in "$source"/src/store/*) ;; *) echo "$file: SQL outside store"; bad=1 ;; esac
done
for file in $(grep -rlwE 'strcpy|strcat|sprintf|vsprintf|strtok|atoi|localtime|gmtime|gets' \
    "$source/src" --include='*.[ch]' || true); do
    if grep -nwE '(strcpy|strcat|sprintf|vsprintf|strtok|atoi|localtime|gmtime|gets)\(' "$file"; then
        echo "$file: a banned function"; bad=1
    fi
done
long=$(find "$source/src" -name '*.[ch]' -exec wc -l {} + | awk '$2 != "total" && $1 > 800')
[ -z "$long" ] || { echo "past 800 lines, two ideas in one room? $long"; bad=1; }
[ $bad = 0 ] && echo "arrows: every include keeps to the build file"
exit $bad
