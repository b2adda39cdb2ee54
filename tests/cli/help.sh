#!/usr/bin/env bash
# Help names every parameter that the tables have ($3 prints them), fits 80
# columns, and the documents name no flag that help does not know.
. "$(dirname "$0")/expect.sh"
names=$3

gives 0 out 'Usage: atelier COMMAND' --help
check 'the list of commands fits 80 columns' [ "$(wc -L <"$tmp/out")" -le 80 ]
gives 0 out 'Usage: atelier sprite PICTURE' help sprite
for command in $("$names"); do
    check "atelier --help names $command" grep -q "^  $command " <("$atelier" --help)
    gives 0 out "Usage: atelier $command" "$command" --help
    check "the help of $command says nothing on stderr" [ ! -s "$tmp/err" ]
    check "the help of $command fits 80 columns" [ "$(wc -L <"$tmp/out")" -le 80 ]
    check "the help of $command has an example" grep -q "^  atelier $command " "$tmp/out"
    for name in $("$names" "$command"); do
        check "the help of $command names $name" grep -qE -- "^  (-o, )?$name( |\.\.\.|\$)" "$tmp/out"
    done
done
gives 0 out 'Usage: atelier sprite' sprite x.png --steps 0 --help

"$atelier" --help >"$tmp/out"
for command in $("$names"); do
    "$atelier" "$command" --help >>"$tmp/out"
done
documents=("$root/README.md")
for flag in $(grep -hv pkg-config "${documents[@]}" | grep -oE '(^|[ `])--[a-z][a-z-]+' | grep -oE -- '--[a-z-]+' | sort -u); do
    check "README.md names $flag, which help knows" grep -qF -- "$flag" "$tmp/out"
done
done_with_checks
