#!/bin/sh
# Compiles each header of src/ alone.  Usage: headers.sh ROOT COMPILER...
set -u
cd "$1" || exit 2
shift
bad=0
for h in $(find src include -name '*.h' -not -path 'src/kernels/x86/*' 2>/dev/null | sort); do
    echo "#include \"${h#src/}\"" | "$@" -std=c17 -Wall -Werror -fsyntax-only -Isrc -Iinclude -xc - || {
        echo "$h does not compile alone"
        bad=1
    }
done
exit $bad
