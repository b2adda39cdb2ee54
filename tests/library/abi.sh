#!/usr/bin/env bash
# What programs that are already compiled rely on has not changed: prototypes,
# sizes, offsets and numbers are those of atelier.abi, both libraries show exactly
# the names that it lists, and there is no state that two tasks would share.
# Usage: abi.sh ROOT PRINT_ABI LIBRARY.so LIBRARY.a COMPILER...
set -u
root=$1 print_abi=$2 shared=$3 static=$4
shift 4
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Each prototype on a line of its own, without the comments.
prototypes() {
    "$@" -std=c17 -E -P -DATELIER_API=@ "$root/include/atelier.h" | tr '\n' ' ' | tr ';' '\n' | tr -s ' ' |
        sed -n -e 's/^.*@ //p' -e 's/^.*\(typedef [a-z]* (\*Atelier\)/\1/p'
}
{
    prototypes "$@"
    "$print_abi"
} >"$tmp/now"
diff -u "$root/tests/library/atelier.abi" "$tmp/now" || {
    echo "The public face has changed.  What is only added: add it to atelier.abi.  If anything"
    echo "else differs, compiled programs break: raise the soversion, then change atelier.abi."
    exit 1
}
sed -n 's/^[a-zA-Z_].*[ *]\(atelier_[a-z_]*\)(.*/\1/p' "$root/tests/library/atelier.abi" | sort >"$tmp/wanted"
nm -D --defined-only "$shared" | sed 's/.* //' | sort >"$tmp/shared"
nm -g --defined-only "$static" | sed -n 's/.* [A-Z] //p' | sort >"$tmp/static"
[ -s "$tmp/wanted" ] && diff "$tmp/wanted" "$tmp/shared" && diff "$tmp/wanted" "$tmp/static" || exit 1

# No state of its own: nothing that can be written but the loudness of the log, which only the program
# sets, and the addresses that empty tensors point at.
objdump -t "$static" | awk '/ \.(data|bss|tdata|tbss)\t/ && $NF !~ /^(\.|loudest$|nothing\.)/' >"$tmp/state"
[ -s "$tmp/state" ] && cat "$tmp/state" && exit 1
exit 0
