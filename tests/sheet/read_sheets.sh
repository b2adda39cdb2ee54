#!/bin/sh
# Usage: read_sheets.sh WRITE_SHEETS READ_SHEETS.PY PYTHON.SH GOLDEN
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
"$1" "$tmp/sheets"
sh "$3" "$2" "$tmp/sheets" "$4"
