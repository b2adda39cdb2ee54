#!/usr/bin/env bash
# What is installed can be used: the programs of examples/library are built
# against it with pkg-config alone, as a shared and as a static library, from a
# folder that the build has never heard of; their output is the program's own.
# Usage: installed.sh ATELIER ROOT BUILD COMPILER...
. "$(dirname "$0")/../cli/expect.sh"
build=$3
shift 3
: >"$tmp/out"
: >"$tmp/err"

meson install -C "$build" --no-rebuild --destdir "$tmp/stage" >"$tmp/out" 2>"$tmp/err"
check 'it installs' [ $? -eq 0 ]
mv "$tmp/stage/"* "$tmp/moved" # it may live anywhere
prefix=$(dirname "$(find "$tmp/moved" -type d -name bin)")
pc=$(dirname "$(find "$prefix" -name atelier.pc)")
lib=$(dirname "$pc")
export PKG_CONFIG_PATH=$pc LD_LIBRARY_PATH=$lib

for file in bin/atelier include/atelier.h share/atelier/models/sprite-mini/family.json share/man/man1/atelier.1 \
    share/bash-completion/completions/atelier.bash share/zsh/site-functions/_atelier \
    share/fish/vendor_completions.d/atelier.fish; do
    check "$file is installed" [ -f "$prefix/$file" ]
done
check 'nothing else of the house is installed' [ "$(find "$lib" -maxdepth 1 -name '*.a' | wc -l)" -eq 1 ]
check 'the library says its name' grep -q libatelier.so.0 <(readelf -d "$lib/libatelier.so")
check 'the version is the program'"'"'s' \
    [ "atelier $(pkg-config --modversion atelier)" = "$("$prefix/bin/atelier" --version)" ]

compile() { # compile EXAMPLE NAME PKG-CONFIG-FLAGS...: with the words that pkg-config says
    local name=$1 to=$tmp/$2 flags
    shift 2
    flags=$(pkg-config --cflags --libs "$@" atelier)
    # shellcheck disable=SC2086
    "${compiler[@]}" -std=c17 -Wall -Wextra -Wpedantic -Werror "$root/examples/library/$name.c" -o "$to" ${static:-} $flags >"$tmp/out" 2>"$tmp/err"
    check "$name.c compiles with: $flags" [ $? -eq 0 ]
}
compiler=("$@")
compile sheet shared
compile form form
compile paint paint
static=-static compile sheet static --static
for i in 1 2; do # the guide's own lines, as the body of a function
    {
        echo '#include <atelier.h>'
        echo '#include <stdio.h>'
        [ $i = 1 ] && echo 'void f(void) {' ||
            echo 'void f(AtelierTask *t, AtelierError err, int width, int height, unsigned char *rgba, AtelierOnFrame add_frame, AtelierOnPreview show_now, int mine) {'
        awk -v want=$i '/^```c$/ { n++; on = n == want; next } /^```/ { on = 0 } on' "$root/docs/guides/library.md"
        echo '}'
    } >"$tmp/guide$i.c"
    # shellcheck disable=SC2046
    "${compiler[@]}" -std=c17 -Wall -Werror -c "$tmp/guide$i.c" -o "$tmp/guide.o" $(pkg-config --cflags atelier) >"$tmp/out" 2>"$tmp/err"
    check "the guide's example $i compiles" [ $? -eq 0 ]
    check "the guide has an example $i" grep -q atelier_set "$tmp/guide$i.c"
done
check 'the shared example uses the shared library' grep -q libatelier.so.0 <(readelf -d "$tmp/shared")
check 'the static example needs no library' sh -c "! readelf -d '$tmp/static' | grep -q NEEDED"

settings=(method=diffusion animation=walk frames=2 steps=2)
"$prefix/bin/atelier" sprite "$root/examples/knight.png" --method diffusion --animation walk --frames 2 --steps 2 --out "$tmp/own" \
    >"$tmp/out" 2>"$tmp/err"
check 'the installed program finds its model' [ -f "$tmp/own/sheet.png" ]
mkdir "$tmp/empty"
cd "$tmp/empty" || exit 1
for kind in shared static; do
    words=("${settings[@]}")
    # a static program is nobody's neighbour: it must be told
    [ $kind = static ] && words+=("model=$prefix/share/atelier/models/sprite-mini")
    "$tmp/$kind" "$root/examples/knight.png" "$tmp/$kind.pam" "${words[@]}" >"$tmp/out" 2>"$tmp/err"
    check "the $kind example runs" [ $? -eq 0 ]
    check "the $kind example tells its frames" [ "$(grep -c '^walk [12] of 2: ' "$tmp/out")" -eq 2 ]
    check "the $kind example draws what the program draws" \
        sh "$root/tests/support/python.sh" "$root/tests/library/same_frames.py" "$tmp/$kind.pam" "$tmp/own/frames"
done
check 'nothing is written unasked' [ -z "$(ls "$tmp/empty")" ]

mkdir "$tmp/models"
GOLDEN=$root/tests/golden "$build/tests/cli/make_models" "$tmp/models"
words=(--size 48x32 --steps 2)
mkdir "$tmp/painted"
"$prefix/bin/atelier" paint 'a cat' --model "$tmp/models/sd1" "${words[@]}" -o "$tmp/painted/cat.png" >"$tmp/out" 2>"$tmp/err"
"$tmp/paint" "$tmp/models/sd1" 'a cat' "$tmp/cat.pam" size=48x32 steps=2 >"$tmp/out" 2>"$tmp/err"
check 'the example that paints runs' grep -q '^picture 1 of 1: 48x32$' "$tmp/out"
check 'it paints what the program paints' \
    sh "$root/tests/support/python.sh" "$root/tests/library/same_frames.py" "$tmp/cat.pam" "$tmp/painted"
check 'and writes nothing else' [ -z "$(ls "$tmp/empty")" ]

"$tmp/shared" "$root/README.md" "$tmp/no.pam" >"$tmp/out" 2>"$tmp/err"
check 'a refusal is an error by value' [ $? -eq 1 ]
check 'a refusal says why' grep -q "README.md" "$tmp/err"
"$tmp/shared" x.png "$tmp/no.pam" anmation=walk >"$tmp/out" 2>"$tmp/err"
check 'a slip is understood' grep -q "did you mean 'animation'" "$tmp/err"

"$tmp/form" >"$tmp/out" 2>"$tmp/err"
check 'the form has every flag of the program' [ "$(grep -c '^  [a-z0-9-]*: ' "$tmp/out")" -eq "$(
    for studio in $(sed -n 's/^\([a-z]*\): .*/\1/p' "$tmp/out"); do
        "$prefix/bin/atelier" "$studio" --help | sed '/^This terminal/,$d'
    done | grep -cE '^  ((-o, )?--[a-z0-9-]+|[A-Z]+(\.[a-z.]+)?)( |$)')" ]
done_with_checks
