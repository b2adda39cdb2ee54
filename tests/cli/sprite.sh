#!/usr/bin/env bash
# One picture through the whole house, small: 2 frames, 2 steps.
. "$(dirname "$0")/expect.sh"
needs_model
knight=$root/examples/knight.png
small=(--model "$model" --frames 2 --steps 2 --animation walk)

is_png() {
    [ "$(head -c 8 "$1" | od -An -tx1 | tr -d ' \n')" = 89504e470d0a1a0a ]
}

gives 0 out "$tmp/a/sheet.png" sprite "$knight" "${small[@]}" --out "$tmp/a"
check 'the GIF is named' grep -qF "$tmp/a/walk.gif" "$tmp/out"
for file in sheet.png frames/0000.png frames/0001.png; do
    check "$file is a PNG" is_png "$tmp/a/$file"
done
check 'there are two frames' [ "$(find "$tmp/a/frames" -type f | wc -l)" -eq 2 ]
check 'the GIF is a GIF' [ "$(head -c 6 "$tmp/a/walk.gif")" = GIF89a ]
check 'nothing passing is left' [ -z "$(find "$tmp/a" -name '*.tmp*' -o -name '.*' -type f)" ]

# The same words give the same bytes, on one thread as on many; another seed does not.
gives 0 out sheet.png sprite "$knight" "${small[@]}" --out "$tmp/b" --threads 1
check 'the number of threads changes nothing' cmp "$tmp/a/sheet.png" "$tmp/b/sheet.png"
gives 0 out sheet.png sprite "$knight" "${small[@]}" --out "$tmp/c" --seed=7
check 'another seed gives another sheet' sh -c "! cmp -s '$tmp/a/sheet.png' '$tmp/c/sheet.png'"

# Skeletons are built like the character: by its joints, unless something else is said.
one=(--model "$model" --frames 1 --steps 1)
joints=$root/examples/pixel-hero.json
for flags in '' "--joints $joints" '--build chibi' '--height 0.7' '--pose-style stick'; do
    # shellcheck disable=SC2086
    gives 0 out sheet.png sprite "$root/examples/pixel-hero.png" "${one[@]}" $flags --out "$tmp/built$flags"
    [ -z "$flags" ] || check "$flags changes the frame" \
        sh -c "! cmp -s '$tmp/built/frames/0000.png' '$tmp/built$flags/frames/0000.png'"
done
gives 0 out sheet.png sprite "$root/examples/pixel-hero.png" "${one[@]}" --head 0.4 --out "$tmp/head"
gives 0 out sheet.png sprite "$root/examples/pixel-hero.png" "${one[@]}" --head 0.4 --joints "$joints" \
    --out "$tmp/head-joints"
check 'a head that is said goes before the joints' cmp "$tmp/head/sheet.png" "$tmp/head-joints/sheet.png"
echo '[]' >"$tmp/nobody.json"
gives 1 err nobody.json sprite "$knight" "${one[@]}" --joints "$tmp/nobody.json" --out "$tmp/nobody"
gives 2 err 'normal, thin, strong, heavy, child, chibi' sprite "$knight" --build round

# Details go to stderr when asked for.
gives 0 err 'sampling' sprite "$knight" "${small[@]}" --out "$tmp/d" --verbose

# On a terminal there is a bar, without colours if they are not wanted.
on_terminal() { # on_terminal [NAME=VALUE]...
    env TERM=xterm "$@" python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' \
        "$atelier" sprite "$knight" "${small[@]}" --out "$tmp/f" >"$tmp/out" 2>"$tmp/err" </dev/null
}
escape=$(printf '\033')
on_terminal
check 'there is a bar on a terminal' grep -qE "drawing +\[.*%" "$tmp/out"
check 'it has a colour' grep -qF "$escape[32m" "$tmp/out"
on_terminal NO_COLOR=1
check 'NO_COLOR is heard' sh -c "! grep -qF '$escape[32m' '$tmp/out'"
check 'the bar is there all the same' grep -qE "drawing +\[#*\.*\]" "$tmp/out"

# The model of the checkout is found from elsewhere, if the program was built in it.
mkdir "$tmp/elsewhere"
if [ "$(dirname "$(dirname "$atelier")")" = "$root" ]; then
    (cd "$tmp/elsewhere" && "$atelier" sprite "$knight" --frames 1 --steps 1 --out o >../out 2>../err)
    check 'the default model does not depend on the working folder' [ -f "$tmp/elsewhere/o/sheet.png" ]
fi

# A shorter run leaves no frames of a longer one, nor takes what is not its own.
mkdir "$tmp/a/frames/0009.png"
touch "$tmp/a/frames/"{0002,0123}.png "$tmp/a/frames/"{00001,002,000a}.png "$tmp/a/frames/0003.png.bak"
gives 0 out sheet.png sprite "$knight" "${small[@]}" --frames 1 --out "$tmp/a"
check 'frames of the longer run are gone' \
    [ "$(cd "$tmp/a/frames" && echo *)" = '0000.png 00001.png 0003.png.bak 0009.png 000a.png 002.png' ]
touch "$tmp/a/frames/0001.png"
gives 0 out frames sprite "$knight" "${small[@]}" --frames 1 --raw --out "$tmp/a"
check 'frames of the longer run are gone, raw' [ ! -e "$tmp/a/frames/0001.png" ]

# What was given is looked at before any folder is made.
mkdir "$tmp/no_poses"
looks_first() { # looks_first TEXT WORDS...
    gives 1 err "$1" sprite "${@:2}" "${small[@]}" --out "$tmp/new" --dump "$tmp/dump"
    check "'$1' leaves no folder behind" [ ! -e "$tmp/new" ]
    check "'$1' leaves no folder of stages behind" [ ! -e "$tmp/dump" ]
}
looks_first "'$tmp/none.png'" "$tmp/none.png"
looks_first "'$tmp/no_poses'" "$knight" --poses "$tmp/no_poses"
looks_first "'$tmp/none.safetensors'" "$knight" --noise "$tmp/none.safetensors"
gives 1 err "cannot make the folder '$knight/out'" sprite "$knight" "${small[@]}" --out "$knight/out"

gives 1 err "'$root/README.md'" sprite "$root/README.md" "${small[@]}" --out "$tmp/e"
gives 1 err "model" sprite "$knight" --model "$tmp/elsewhere" --out "$tmp/e"
done_with_checks
