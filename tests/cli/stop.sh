#!/usr/bin/env bash
# Ctrl-C: the first ends cleanly with 130 and leaves no file, half or whole,
# that the run did not finish; SIGTERM ends with 143.
. "$(dirname "$0")/expect.sh"
needs_model

# stop_after SIGNAL WANT: sends it once the run has said its first detail
stop_after() {
    : >"$tmp/err"
    "$atelier" sprite "$root/examples/knight.png" --model "$model" --frames 8 --steps 1000 --verbose \
        --out "$tmp/o" >"$tmp/out" 2>"$tmp/err" </dev/null &
    local pid=$! waited=0
    until [ -s "$tmp/err" ] || [ $waited -gt 600 ]; do
        sleep 0.1
        waited=$((waited + 1))
    done
    kill "-$1" $pid
    wait $pid
    code=$?
    check "SIG$1 ends with $2 (it ended with $code)" [ $code -eq "$2" ]
    check 'it is said that it stopped' grep -q 'stopped; nothing was left half written' "$tmp/err"
    check 'no file is left' [ -z "$(find "$tmp/o" -type f 2>/dev/null)" ]
    check 'no result is named' [ ! -s "$tmp/out" ]
}
stop_after INT 130
stop_after TERM 143
done_with_checks
