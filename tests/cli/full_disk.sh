#!/usr/bin/env bash
# A disk that takes no more (here: a limit on the size of files) is told, and
# what lay under the final name is still whole.
. "$(dirname "$0")/expect.sh"
needs_model
small=(sprite "$root/examples/knight.png" --model "$model" --frames 2 --steps 1)

run "${small[@]}" --out "$tmp/o"
check 'a run with room ends well' [ $code -eq 0 ]
check 'the sheet is larger than the limit that follows' [ "$(stat -c %s "$tmp/o/sheet.png")" -gt 1024 ]
cp -R "$tmp/o" "$tmp/before"

(
    ulimit -f 1 # blocks of 1024 bytes
    "$atelier" "${small[@]}" --seed 9 --out "$tmp/o" >"$tmp/out" 2>"$tmp/err"
)
code=$?
check "a run without room ends with 1 (it ended with $code)" [ $code -eq 1 ]
check 'the reason is told' grep -qi 'file too large' "$tmp/err"
check 'the sheet of before is untouched' cmp "$tmp/before/sheet.png" "$tmp/o/sheet.png"
check 'no name is new' diff <(cd "$tmp/before" && find . | sort) <(cd "$tmp/o" && find . | sort)

(
    ulimit -f 1
    "$atelier" "${small[@]}" --out "$tmp/new" >"$tmp/out" 2>"$tmp/err"
)
check 'no sheet appears where there was none' [ ! -e "$tmp/new/sheet.png" ]
check 'no file is over the limit or passing' [ -z "$(find "$tmp/new" -type f \( -size +2 -o -name '*.tmp*' \))" ]
done_with_checks
