#!/bin/sh
# Builds the libFuzzer targets and searches with each for SECONDS (default 600), one after the other.
# Usage: fuzz/run.sh [SECONDS [TARGET...]]      needs clang; what it finds goes to build-fuzz/found/
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-600}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- safetensors zip legacy pickle json poses image texts palette prompt scheduler vocab naming config inversion upscaler
build=${FUZZ_BUILD:-build-fuzz}
[ -f "$build/build.ninja" ] || CC=clang meson setup "$build" -Dfuzz=true -Dbuildtype=debugoptimized \
    -Dbench=disabled -Db_sanitize=address,undefined -Db_lundef=false -Dc_args=-fsanitize=fuzzer-no-link
corpus=$(pwd)/tests/corpus
targets=
for name; do targets="$targets fuzz/fuzz_$name"; done
# shellcheck disable=SC2086
ninja -j2 -C "$build" $targets
mkdir -p "$build/found"
for name; do
    case $name in
    json | naming | pickle | poses | texts) seeds="$corpus/$name" ;;
    image) seeds="$(pwd)/tests/media/corpus" ;;
    config | inversion | palette | prompt | scheduler | upscaler | vocab) seeds="$corpus/${name}s" ;;
    *) seeds="$corpus/good $corpus/bad $corpus/found $corpus/json" ;;
    esac
    mkdir -p "$build/corpus-$name"
    echo "== $name: $seconds s"
    # shellcheck disable=SC2086
    UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 "$build/fuzz/fuzz_$name" -max_total_time="$seconds" \
        -max_len=8192 -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=256 -print_final_stats=1 -verbosity=0 \
        -artifact_prefix="$build/found/$name-" "$build/corpus-$name" $seeds 2>&1 | tail -n 12
done
[ -z "$(ls "$build/found")" ] || { echo "found: $(ls "$build/found")"; exit 1; }
