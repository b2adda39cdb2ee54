# Six targets; meson and ninja do the work.  What is missing is installed on
# the way (tools/setup.sh), so that a new machine needs git and make only.
#
#   make            build/atelier
#   make demo       an animated knight in out/knight
#   make test       every test, as released and with sanitizers; N passed, N failed
#   make bench      what it costs, into build/bench.json
#   make goldens    what the tests compare with, anew (tests/golden/README.md)
#   make install    program, library, models, manual, completions into PREFIX (/usr/local)
PREFIX ?= /usr/local
MESON_FLAGS ?=
NINJA_FLAGS ?=

program: build/build.ninja
	@ninja $(NINJA_FLAGS) -C build atelier

demo: program
	build/atelier sprite examples/knight.png --animation idle,walk,run,attack --directions 4 --out out/knight

test: setup-test
	@MESON_FLAGS="$(MESON_FLAGS)" NINJA_FLAGS="$(NINJA_FLAGS)" bash tools/test.sh

bench: setup-bench build/build.ninja
	@meson setup --reconfigure build -Dbench=auto $(MESON_FLAGS)
	@ninja $(NINJA_FLAGS) -C build bench/kernels
	build/bench/kernels --json build/bench.json

goldens:
	@bash tools/goldens.sh

install: build/build.ninja
	@meson setup --reconfigure build --prefix $(PREFIX) $(MESON_FLAGS)
	@ninja $(NINJA_FLAGS) -C build installed
	@DESTDIR=$(DESTDIR) meson install -C build --no-rebuild --quiet

build/build.ninja: | setup-build
	@meson setup build $(MESON_FLAGS)

setup-build setup-test setup-bench:
	@bash tools/setup.sh $(@:setup-%=%)

.DEFAULT_GOAL := program
.PHONY: program demo test bench goldens install setup-build setup-test setup-bench
