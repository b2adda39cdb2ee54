#!/usr/bin/env bash
# Makes the files of tests/golden anew, with the references that the two
# requirements.txt pin: goldens.sh [SUBJECT...], all without.  What is pinned
# goes into build/goldens.  MOORE and ANIPORTRAIT name checkouts of these two
# repositories; without them, what is made from their code stays as it is.
set -eu
cd "$(dirname "$0")/.."
place=build/goldens
older="noise ddim resize edges upscale drawing vae clip clip_text inversion text naming controlnet taesd unet/make_plain
    joints mender motion"
newer="samplers paint paint/hires single frames"

# The same requirements give the same environment: it is made once.
older_python() {
    local at=$place/venv
    if ! cmp -s tests/golden/requirements.txt $at/made-from; then
        rm -rf $at
        python3 -m venv $at
        $at/bin/pip install -r tests/golden/requirements.txt
        cp tests/golden/requirements.txt $at/made-from
    fi
}
# Newer packages before those of the environment.
newer_packages() {
    local at=$place/newer
    if ! cmp -s tests/golden/newer.txt $at/made-from; then
        rm -rf $at
        $place/venv/bin/pip install --no-deps --target $at -r tests/golden/newer.txt
        cp tests/golden/newer.txt $at/made-from
    fi
}
make_one() { # make_one SUBJECT [ARGUMENT...]
    local script=tests/golden/$1.py
    [ -d "tests/golden/$1" ] && script=tests/golden/$1/make.py
    echo "== $script"
    shift
    HF_HUB_OFFLINE=1 $place/venv/bin/python "$script" "$@"
}
is_asked() { # is_asked SUBJECT ASKED...: with nothing asked for, all are
    local subject=$1
    shift
    [ $# -eq 0 ] || [[ " $* " == *" $subject "* ]]
}

older_python
for subject in $older; do
    if is_asked "$subject" "$@"; then make_one "$subject"; fi
done
for subject in $newer; do
    if is_asked "$subject" "$@"; then
        newer_packages
        PYTHONPATH=$place/newer make_one "$subject"
    fi
done
for subject in guider unet clips; do
    if ! is_asked "$subject" "$@"; then continue; fi
    if [ -z "${MOORE:-}" ] || [ -z "${ANIPORTRAIT:-}" ]; then
        echo "== $subject stays as it is: MOORE and ANIPORTRAIT name no checkouts"
    elif [ $subject = clips ]; then
        make_one $subject --moore "$MOORE"
    else
        make_one $subject --moore "$MOORE" --aniportrait "$ANIPORTRAIT"
    fi
done
git status --short tests/golden
