#!/usr/bin/env bash
# What is misunderstood ends with 2 and says what to do about it.
. "$(dirname "$0")/expect.sh"

gives 2 err 'Usage: atelier COMMAND'
gives 2 err "did you mean 'sprite'?" sprit knight.png
gives 2 err "'atelier --help' lists them" dance
gives 2 err 'no PICTURE is given; begin with: atelier sprite' sprite
gives 2 err 'there is no flag --step; did you mean --steps?' sprite x.png --step 5
gives 2 err 'there is no flag --guidnace; did you mean --guidance?' sprite x.png --guidnace=5
gives 2 err "'atelier sprite --help' lists them all" sprite x.png --frobnicate
gives 2 err 'there is no flag -q' sprite x.png -q
gives 2 err '--steps is 0; it must be 1 to 1000' sprite x.png --steps 0
gives 2 err '--steps is ten; it must be a whole number, 1 to 1000' sprite x.png --steps ten
gives 2 err '--steps is 99999999999999999999; it must be a whole number' sprite x.png --steps 99999999999999999999
gives 2 err '--steps wants a value: --steps N' sprite x.png --steps
gives 2 err "--out wants a value, but '--raw' follows" sprite x.png --out --raw
gives 2 err '--out is empty; give it DIR' sprite x.png --out=
gives 2 err '--guidance is nan; it must be a number' sprite x.png --guidance nan
gives 2 err '--guidance is 1e999; it must be a number' sprite x.png --guidance 1e999
gives 2 err '--size is 64; it must be WIDTHxHEIGHT, as in 512x512, both 8 to 4096' sprite x.png --size 64
gives 2 err '--size is 64x0; it must be WIDTHxHEIGHT' sprite x.png --size 64x0
gives 2 err "--animation is 'fly'; it must be some of, with commas between them: walk, " sprite x.png --animation fly
gives 2 err '--raw takes no value' sprite x.png --raw=yes
gives 2 err 'no PATH is given' model

# What is understood and refused ends with 1; nothing of it goes to stdout.
gives 1 err "'$tmp/nowhere'" sprite "$tmp/nowhere.png" --model "$tmp/nowhere" --out "$tmp/o"
check 'a refusal leaves stdout empty' [ ! -s "$tmp/out" ]
check 'a refusal is one line' [ "$(wc -l <"$tmp/err")" -eq 1 ]
gives 1 err "'$tmp' holds no weights" model "$tmp"
gives 1 err 'No such file' model "$tmp/nowhere"

# After --, a word that begins with a dash is a file.
gives 1 err "'--steps'" model -- --steps

gives 0 out 'atelier ' --version
check 'the version is one line' [ "$(wc -l <"$tmp/out")" -eq 1 ]
done_with_checks
