#!/usr/bin/env bash
# Every test in several builds: as released, with the sanitizers of addresses
# and undefined behaviour, and what has threads with that of threads.  Ends
# with "N passed, N failed"; fails if any did, or if a build did.
# Usage: [MESON_FLAGS=...] [NINJA_FLAGS=...] test.sh
set -u
cd "$(dirname "$0")/.." || exit 2
read -r -a meson_flags <<<"${MESON_FLAGS:-}"
read -r -a ninja_flags <<<"${NINJA_FLAGS:-}"
passed=0 failed=0

count() { # count DIR RESULT...: lines of its log with one of the results
    local log=$1/meson-logs/testlog.json n=0 result
    shift
    for result in "$@"; do
        n=$((n + $(grep -c "\"result\": \"$result\"" "$log" 2>/dev/null)))
    done
    echo $n
}

try() { # try DIR "SETUP OPTIONS" ROOM TEST-OPTIONS...: builds, runs, counts; ROOM "": all
    local dir=$1 setup=() room=$3 targets=() bad before=$SECONDS
    read -r -a setup <<<"$2"
    shift 3
    echo "==== $dir"
    rm -f "$dir/meson-logs/testlog.json"
    [ -f "$dir/build.ninja" ] || meson setup "$dir" "${meson_flags[@]}" "${setup[@]}" >"$dir.log" 2>&1 || {
        cat "$dir.log"
        rm -f "$dir.log"
        echo "==== $dir: cannot be set up"
        failed=$((failed + 1))
        return
    }
    rm -f "$dir.log"
    if [ -n "$room" ]; then
        read -r -a targets <<<"$(ninja -C "$dir" -t targets all | grep -oE "^tests/$room/test_[a-z0-9_]+:" | tr ':\n' '  ')"
        [ ${#targets[@]} -gt 0 ] || return 0
        set -- --suite "$room" "$@"
    fi
    ninja "${ninja_flags[@]}" -C "$dir" "${targets[@]}" || {
        echo "==== $dir: does not build"
        failed=$((failed + 1))
        return
    }
    meson test -C "$dir" --no-rebuild --print-errorlogs "$@" || true
    bad=$(count "$dir" FAIL TIMEOUT ERROR INTERRUPT UNEXPECTEDPASS)
    passed=$((passed + $(count "$dir" OK EXPECTEDFAIL)))
    failed=$((failed + bad))
    [ -s "$dir/meson-logs/testlog.json" ] || {
        echo "==== $dir: no test ran"
        failed=$((failed + 1))
    }
    echo "==== $dir: $bad failed, $((SECONDS - before)) s"
}

try build "" "" --timeout-multiplier 4
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
# Sanitizers confuse the compiler's own warnings: those bind in the first build.
try build-asan "-Dwerror=false --buildtype=debugoptimized -Doptimization=1 -Db_sanitize=address,undefined -Db_lundef=false" \
    "" --timeout-multiplier 10
try build-tsan "-Dwerror=false --buildtype=debugoptimized -Doptimization=1 -Db_sanitize=thread -Db_lundef=false" \
    base --timeout-multiplier 10
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
