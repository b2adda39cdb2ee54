#!/usr/bin/env bash
# Tab: bash and fish are asked what they would offer, and zsh what it would be
# told; flags are those of the tables ($3 prints them).
. "$(dirname "$0")/expect.sh"
names=$3
for shell in bash zsh fish; do
    gives 0 out atelier --completion $shell
    "$atelier" --completion=$shell >"$tmp/atelier.$shell"
done
gives 2 err "--completion is 'csh'; it must be bash, zsh or fish" --completion csh
gives 2 err "it must be bash, zsh or fish" --completion

check 'bash reads it' bash -n "$tmp/atelier.bash"
check 'zsh reads it' zsh -n "$tmp/atelier.zsh"
check 'fish reads it' fish --no-execute "$tmp/atelier.fish"

mkdir -p "$tmp/here/walks"
touch "$tmp/here/knight one.png"
cd "$tmp/here" || exit 1

# offered_by_bash WORDS...: what it offers for the last word, one a line
offered_by_bash() {
    # shellcheck disable=SC2016
    bash -c 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _atelier
        [ ${#COMPREPLY[@]} -eq 0 ] || printf "%s\n" "${COMPREPLY[@]}"' bash "$tmp/atelier.bash" "$@"
}
# offered_by_fish LINE: the same
offered_by_fish() {
    HOME=$tmp XDG_CONFIG_HOME=$tmp fish -N -c "source $tmp/atelier.fish; complete -C '$1'" | cut -f1
}
# offers SHELL WANTED WORDS...: WANTED is among what is offered, and nothing that begins otherwise
offers() {
    local shell=$1 wanted=$2 line
    shift 2
    line="$*"
    [ "$shell" = bash ] && offered_by_bash "$@" >"$tmp/out"
    [ "$shell" = fish ] && offered_by_fish "$line" >"$tmp/out"
    check "$shell offers '$wanted' after '$line'" grep -qxF -- "$wanted" "$tmp/out"
}
offers_nothing() {
    offered_by_bash "$@" >"$tmp/out"
    check "bash offers nothing after '$*'" [ ! -s "$tmp/out" ]
}

for command in $("$names"); do
    offers bash "$command" atelier ''
    offers fish "$command" 'atelier '
    offers bash "$command" atelier help ''
    for flag in $("$names" "$command" | grep -- '^--'); do
        offers bash "$flag" atelier "$command" "$flag"
        offers fish "$flag" "atelier $command $flag"
        check "zsh knows $flag of $command" grep -qE -- "^ +'([^'[]*'\\{-o\\+,)?$flag(\\[|=)" "$tmp/atelier.zsh"
    done
done
offers bash walk atelier sprite --animation wa
offers bash walk atelier sprite --animation = wa
offers bash walk,run atelier sprite --animation walk,r
offers fish walk,run 'atelier sprite --animation walk,r'
offers bash avx2 atelier sprite --kernels =
offers bash 'knight one.png' atelier sprite kn
offers bash 'knight one.png' atelier sprite --raw kn
offers bash walks atelier sprite --out ''
check 'only folders are offered for a folder' [ "$(cat "$tmp/out")" = walks ]
offers fish walks/ 'atelier sprite --out '
offers bash walks atelier sprite -o w
offers fish walks/ 'atelier sprite -o '
offers bash 'knight one.png' atelier pose kn
offers bash kitty atelier sprite --show = k
offers bash 'knight one.png' atelier sprite --show kn
offers bash fish atelier --completion f
offers bash --version atelier --v
offers_nothing atelier sprite --seed ''
offers_nothing atelier dance ''

# zsh: what _arguments is given, without a terminal to press keys in
# shellcheck disable=SC2016
zsh -f -c '_arguments() { print -rl -- "$@"; state=argument }; compdef() { :; }; source "$1"
    words=(sprite x); _atelier' zsh "$tmp/atelier.zsh" >"$tmp/out" 2>"$tmp/err"
check 'zsh completes without a complaint' [ ! -s "$tmp/err" ]
check 'zsh is given choices' grep -qE -- '^--kernels=\[.*\]:TABLE:\(best ref ' "$tmp/out"
check 'zsh is given the short form' grep -qE -- '^\(-o --out\)-o\+\[.*\]:DIR:_files -/$' "$tmp/out"
check 'zsh is given folders' grep -qE -- '--out=\[.*\]:DIR:_files -/$' "$tmp/out"
check 'zsh is given a list' grep -qE -- '^--animation=\[.*\]:LIST:_sequence compadd - .*walk' "$tmp/out"
done_with_checks
