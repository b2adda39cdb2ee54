#!/usr/bin/env bash
# Runs a test where numbers are written with a comma.  Usage: comma.sh TEST
set -u
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
localedef --no-archive -i de_DE -f UTF-8 "$tmp/de_DE.UTF-8" || exit 1
LOCPATH=$tmp LC_ALL=de_DE.UTF-8 "$1" comma
