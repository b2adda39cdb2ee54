#!/bin/sh
# Usage: read_texts.sh SHOW_TEXTS READ_TEXTS.PY PYTHON.SH
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
sh "$3" "$2" "$1" "$tmp"
