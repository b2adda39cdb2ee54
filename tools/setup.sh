#!/usr/bin/env bash
# Installs what is missing, or says what is.  Usage: setup.sh build|test|bench|fuzz
# What a machine can do counts, not what its packages are called; only what is
# missing is looked up by its Debian name.
set -eu

missing=()
program() { # program NAME PACKAGE
    command -v "$1" >/dev/null 2>&1 || missing+=("$2")
}
library() { # library PKG-CONFIG-NAME PACKAGE
    pkg-config --exists "$1" 2>/dev/null || missing+=("$2")
}
header() { # header NAME PACKAGE: for what has no pkg-config file
    echo "#include <$1>" | ${CC:-cc} -E - >/dev/null 2>&1 || missing+=("$2")
}

program meson meson
program ninja ninja-build
program pkg-config pkg-config
program "${CC:-cc}" gcc
header stdio.h libc6-dev
library libpng libpng-dev
library libturbojpeg libturbojpeg0-dev
library libwebp libwebp-dev
library libwebpmux libwebp-dev
library jansson libjansson-dev
library nettle nettle-dev
library zlib zlib1g-dev
library libutf8proc libutf8proc-dev
library cmocka libcmocka-dev
readers() { # what reads our files back in the tests: Pillow, JSON schemas, a package of npm
    sh "$(dirname "$0")/../tests/support/python.sh" -c '' 2>/dev/null || missing+=(python3-pil python3-jsonschema)
    program node nodejs
    [ -d "$packages/node_modules/ase-parser" ] || program npm npm
}
packages=$(dirname "$0")/../tests/node
case ${1:-build} in
build) ;;
test)
    readers
    program zsh zsh
    program fish fish
    program man man-db
    program col bsdextrautils
    [ -f /usr/share/i18n/locales/de_DE ] || missing+=(locales)
    ;;
bench) header dnnl.h libdnnl-dev ;;
fuzz)
    program clang clang
    ls /usr/lib/llvm-*/lib/clang/*/lib/*/libclang_rt.fuzzer-x86_64.a >/dev/null 2>&1 ||
        missing+=(libclang-rt-14-dev)
    ;;
*)
    echo "setup.sh: build, test, bench or fuzz?" >&2
    exit 2
    ;;
esac

install_missing() {
    local as_root=
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "setup.sh: please install what these Debian packages hold, then run make again: ${missing[*]}" >&2
        exit 1
    fi
    if [ -n "$as_root" ] && ! command -v sudo >/dev/null 2>&1; then
        echo "setup.sh: please run as root, then run make again: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    echo "setup.sh: installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    $as_root apt-get update -qq </dev/null
    $as_root apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >/dev/null
}
[ ${#missing[@]} -eq 0 ] || install_missing

# Without it one test fails and says so; the others do not depend on npm.
if [ "${1:-build}" = test ] && [ ! -d "$packages/node_modules/ase-parser" ]; then
    echo "setup.sh: installing ase-parser into tests/node"
    npm ci --prefix "$packages" --ignore-scripts --no-audit --no-fund --silent </dev/null ||
        echo "setup.sh: npm could not install ase-parser" >&2
fi
