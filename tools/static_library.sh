#!/bin/sh
# One archive of many, in which only the names of the public header are seen:
# a program's own file_read or arena_new never meets ours.
# Usage: static_library.sh OUT.a ROOM.a... -- COMPILER...
set -eu
out=$1
shift
rooms=
while [ "$1" != -- ]; do
    rooms="$rooms $1"
    shift
done
shift
passing=$out.o
rm -f "$out"
"$@" -r -nostdlib -o "$passing" -Wl,--whole-archive $rooms -Wl,--no-whole-archive
objcopy --localize-hidden "$passing"
ar crsD "$out" "$passing"
rm -f "$passing"
