#!/bin/sh
# Usage: read_moving.sh WRITE_MOVING READ_MOVING.PY PYTHON.SH
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
"$1" "$tmp/moving"
sh "$3" "$2" "$tmp/moving"
