#!/usr/bin/env bash
# --show: what a terminal gets is the picture; $3 writes it for any picture.
. "$(dirname "$0")/expect.sh"
dump=$3
knight=$root/examples/knight.png
: >"$tmp/err"
reads() { # reads HOW FILE [WIDTH]: what is in $tmp/out is that picture
    check "$1 of $(basename "$2")${3:+ in $3 pixels} is read back" \
        sh "$root/tests/support/python.sh" "$root/tests/cli/read_shown.py" "$@" <"$tmp/out"
}
# A dozen colours with holes, odd sides, long and short runs; one pixel; a photo-like one.
sh "$root/tests/support/python.sh" - "$tmp" <<'PY'
import sys
from PIL import Image
few = Image.new('RGBA', (37, 23))
for y in range(23):
    for x in range(37):
        few.putpixel((x, y), ((x // 5) * 30, (y // 4) * 40, 128, 255 if (x * y) % 7 else 0))
few.save(sys.argv[1] + '/few.png')
Image.new('RGBA', (1, 1), (255, 0, 0, 255)).save(sys.argv[1] + '/one.png')
many = Image.new('RGB', (64, 50))
many.putdata([(4 * (i % 64), 5 * (i // 64), 128) for i in range(64 * 50)])
many.save(sys.argv[1] + '/many.png')
PY
for file in "$tmp/few.png" "$tmp/one.png" "$tmp/many.png" "$knight"; do
    for how in kitty sixel; do
        "$dump" $how "$file" 0 80 >"$tmp/out" 2>"$tmp/err"
        reads $how "$file"
    done
done
for how in kitty sixel; do # wider than the terminal
    "$dump" $how "$tmp/many.png" 40 5 >"$tmp/out" 2>"$tmp/err"
    reads $how "$tmp/many.png" 40
done
check 'what is no picture is refused' sh -c "! '$dump' sixel '$root/README.md' 0 80 >'$tmp/out' 2>'$tmp/err'"

# Pictures that follow each other, in a terminal of 24 rows of 20 pixels, one of 7 of 16, and one that says nothing.
for how in kitty sixel; do
    for size in '24 480' '7 112' '0 0'; do
        "$dump" live $how $size "$knight" "$tmp/few.png" "$knight" >"$tmp/out" 2>"$tmp/err"
        check "$how shows them in one place of ${size% *} rows, and takes them away" \
            sh "$root/tests/support/python.sh" "$root/tests/cli/read_live.py" $how ${size/0 0/24 384} 3 <"$tmp/out"
    done
done

# With the program: only on request, only where it can be.
env -u TERM_PROGRAM -u KONSOLE_VERSION "$atelier" sprite "$knight" --show >"$tmp/out" 2>"$tmp/err"
check 'no terminal, no picture' [ $? -eq 2 ]
check 'no terminal: what to do is said' grep -q -- '--show=kitty and --show=sixel write' "$tmp/err"
gives 2 err "--show is 'png'; it must be auto, kitty or sixel" sprite "$knight" --show=png
gives 2 err 'there is no flag --show' model "$root/models" --show

# Terminals are known by what they say of themselves.
gets() { # gets BEGINNING NAME=VALUE...: a terminal with these in its environment
    local begins=$1
    shift
    env -u TERM -u TERM_PROGRAM -u KONSOLE_VERSION "$@" "$dump" auto "$tmp/one.png" 0 80 >"$tmp/out" 2>"$tmp/err"
    check "a terminal with $* gets ${begins#?}" grep -qaF "$begins" "$tmp/out"
}
gets $'\033_Ga=T' TERM=xterm-kitty
gets $'\033_Ga=T' TERM=xterm-256color KONSOLE_VERSION=230801
gets $'\033P0;1q' TERM=foot
gets $'\033P0;1q' TERM=xterm-256color TERM_PROGRAM=WezTerm
in_terminal() { # in_terminal WORDS...: the program in a terminal that says nothing of itself
    env -u KONSOLE_VERSION TERM=xterm-256color TERM_PROGRAM= \
        python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' "$atelier" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
}
in_terminal sprite "$knight" --show --out "$tmp/b"
check 'a terminal that says nothing is told what to do' \
    grep -qa 'does not say that it can show pictures; if it can, say how' "$tmp/out"
check 'and nothing is done in vain' [ ! -e "$tmp/b" ]

needs_model
"$atelier" sprite "$knight" --model "$model" --method diffusion --frames 1 --steps 1 --show=kitty --out "$tmp/a" \
    >"$tmp/out" 2>"$tmp/err"
reads kitty "$tmp/a/sheet.png"
check 'results are still named' grep -qaF "$tmp/a/walk.gif" "$tmp/out"
done_with_checks
