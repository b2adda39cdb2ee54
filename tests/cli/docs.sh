#!/usr/bin/env bash
# What the documents point at is there: linked files, targets of make, scripts
# and programs that their commands call.
. "$(dirname "$0")/expect.sh"
: >"$tmp/out"
: >"$tmp/err"
cd "$root" || exit 1

for page in README.md CONTRIBUTING.md docs/*.md docs/*/*.md; do
    dir=$(dirname "$page")
    for link in $(grep -oE '\]\([^)#]+' "$page" | cut -c3- | grep -v '^https\?:'); do
        check "$page links to $link, which is there" [ -e "$dir/$link" ]
    done
    for target in $(sed -n '/^```sh/,/^```/p' "$page" | grep -oE '^make( [a-z]+)?' | cut -c6-); do
        check "$page calls make $target, which the Makefile has" grep -q "^$target:" Makefile
    done
    for script in $(sed -n '/^```sh/,/^```/p' "$page" | grep -oE '^(sh|bash) [a-z/_.]+' | cut -d' ' -f2); do
        check "$page calls $script, which is there" [ -e "$script" ]
    done
    for room in $(grep -oE -- '--suite [a-z]+' "$page" | cut -d' ' -f2); do
        check "$page names the suite $room, which there is" [ -d "tests/$room" ]
    done
done
done_with_checks
