# SPDX-License-Identifier: MIT
# Copyright © 2026 The NPU stack authors
#
# The front door: every target brings what it needs. The build itself is Meson's (meson.build), usable
# without this file; the work behind each target is a script in tools/ that explains itself with --help.

.DEFAULT_GOAL := help
.PHONY: help build demo check check-sanitize shell install bench vm vm-check vm-check-debug format check-format clean distclean
MAKEFLAGS += --no-print-directory

# make check TEST=... SUITE=... VM=1, make bench ARGS=..., make vm CMD=..., make vm-check TEST=...
TEST ?=
SUITE ?=
VM ?=
ARGS ?=
CMD ?=
DESTDIR ?=

help:
	@tools/npu-help

build:
	@tools/npu-build

demo: build
	@tools/npu-demo $(ARGS)

check: build
	@tools/npu-check $(if $(VM),--vm) $(if $(SUITE),--suite $(SUITE)) $(TEST)

shell: build
	@tools/npu-env /bin/bash || true

install: build
	@tools/npu-build --install "$(DESTDIR)"

bench: build
	@tools/npu-env bench/run $(ARGS)

vm: build
	@tools/npu-vm $(ARGS) $(if $(CMD),-- $(CMD))

vm-check: build
	@tools/vm-check $(ARGS) $(TEST)

vm-check-debug: build
	@tools/vm-kernel
	@tools/vm-check --debug $(ARGS) $(TEST)

format:
	@tools/npu-format

check-sanitize:
	@tools/npu-sanitize

check-format:
	@tools/npu-format --check

clean:
	rm -rf build/npu build/demo build/stage build/vm compile_commands.json

distclean: clean
	@tools/npu-root --remove
	rm -rf build subprojects/mesa-* subprojects/packagecache
