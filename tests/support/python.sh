#!/bin/sh
# Runs a Python script with the interpreter that has what it needs: the first of
# PATH, else the system's own.  Usage: python.sh SCRIPT [ARGUMENT...]
for python in python3 /usr/bin/python3; do
    "$python" -c 'import PIL.Image, jsonschema' 2>/dev/null && exec "$python" "$@"
done
echo "python.sh: no python3 here has PIL and jsonschema: run 'bash tools/setup.sh test'" >&2
exit 1
