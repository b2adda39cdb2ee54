#!/usr/bin/env bash
# The manual page: man formats it without a warning, and it has every command
# and flag of the tables ($3 prints them).
. "$(dirname "$0")/expect.sh"
names=$3
gives 0 out '.TH ATELIER 1' --man
cp "$tmp/out" "$tmp/atelier.1"
MANWIDTH=80 LC_ALL=C man --warnings -E ascii -l "$tmp/atelier.1" 2>"$tmp/err" | col -b >"$tmp/page"
check 'man formats it' [ "${PIPESTATUS[0]}" -eq 0 ]
check 'man has no warning' [ ! -s "$tmp/err" ]
check 'it fits the terminal' [ "$(wc -L <"$tmp/page")" -le 80 ]
for section in NAME SYNOPSIS DESCRIPTION EXAMPLES COMMANDS 'EXIT STATUS' FILES; do
    check "it has the section $section" grep -qx "$section" "$tmp/page"
done
for command in $("$names"); do
    check "it tells of $command" grep -q "^   atelier $command " "$tmp/page"
    run "$command" --help
    while read -r words; do
        check "it has the example: $words" grep -qF -- "$words" <(tr -s ' \n' ' ' <"$tmp/page")
    done < <(sed -n "/^Examples/,/^\$/s/^  \(atelier $command\)/\1/p" "$tmp/out")
    for name in $("$names" "$command"); do
        check "it tells of $name of $command" grep -qE -- "^ {7}(-o, )?$name( |=|\.|\[|\$)" "$tmp/page"
    done
done
check 'hyphens can be typed' grep -qF -- '\-\-animation' "$tmp/atelier.1"
done_with_checks
