# Sourced by the tests of this folder, which get the program and the checkout:
#   . "$(dirname "$0")/expect.sh"
# shellcheck shell=bash
set -u
atelier=$(realpath "$1") root=$2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
checks=0 failures=0

# check WHAT COMMAND...: the command must succeed
check() {
    local what=$1
    shift
    checks=$((checks + 1))
    "$@" && return 0
    failures=$((failures + 1))
    echo "FAILED: $what"
    sed 's/^/  stdout: /' "$tmp/out" | head -5 | cut -c1-300 | cat -v
    sed 's/^/  stderr: /' "$tmp/err" | head -5 | cut -c1-300 | cat -v
    return 1
}

# run WORDS...: the program; its exit code in $code, what it said in $tmp/out and $tmp/err
run() {
    "$atelier" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
    code=$?
}

# gives CODE STREAM TEXT WORDS...: the program ends with CODE and says TEXT on STREAM (out, err)
gives() {
    local want=$1 stream=$2 text=$3
    shift 3
    run "$@"
    check "'atelier $*' ends with $want (it ended with $code)" [ "$code" -eq "$want" ]
    check "'atelier $*' says '$text' on std$stream" grep -qF -- "$text" "$tmp/$stream"
}

# done_with_checks: the last line of a test
done_with_checks() {
    echo "$checks checks, $failures failed"
    [ "$checks" -gt 0 ] && [ "$failures" -eq 0 ]
    exit
}

# needs_model: sets model, or skips the test
needs_model() {
    model=$root/models/sprite-mini
    [ -f "$model/denoising_unet.safetensors" ] || exit 77
}
