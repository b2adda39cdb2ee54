#!/bin/sh
# The law of layers, and the rules that no compiler knows.  Usage: layers.sh ROOT
set -u
cd "$1" || exit 2
bad=0
awk -f tools/layers.awk src/LAYERS $(find src -name '*.[ch]' | sort) || bad=1

rule() { # rule WHAT PATTERN PATHS...: no line of PATHS may match PATTERN
    what=$1 pattern=$2
    shift 2
    if grep -nE "$pattern" "$@" /dev/null; then
        echo "  ^ $what"
        bad=1
    fi
}
engine=$(find src -name '*.[ch]' -not -path 'src/cli/*' | sort)
below_base=$(find src -name '*.[ch]' -not -path 'src/base/*' | sort)
rule 'memory comes from base' '(^|[^a-z_])(malloc|calloc|realloc|free) ?\(' $below_base
rule 'the engine does not print' '(fprintf\(stderr|[^a-z_]printf\(|[^a-z_]puts\()' \
    $(echo "$engine" | grep -v -E 'src/base/(log|base)\.c')
rule 'the environment is read in cli' '(^|[^a-z_])getenv ?\(' $engine
rule 'only cli exits' '(^|[^a-z_])_?exit ?\(' $engine
rule 'no // comments' '^[^"]*[^:"]//' $(find src tests -name '*.[ch]' | sort)
exit $bad
