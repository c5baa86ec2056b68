# Each target does its own set-up: on Debian and Ubuntu it installs what is missing, saying so.
SWIFT ?= swift
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

ARITHMETIC := Kernel|MatrixProduct|LayerFixture|TrainingCurve|Optimizer|Threads|SeededFit

.PHONY: demo test resume setup format

demo: setup
	$(SWIFT) build -c release --product hornbill
	mkdir -p demo-output
	.build/release/hornbill demo --output demo-output

# All tests in the widest instruction set of the machine, then those of the arithmetic in the others.
test: setup
	$(SWIFT) test -c release
	for isa in avx2 sse2; do \
	  HORNBILL_ISA=$$isa $(SWIFT) test -c release --skip-build \
	    --filter '$(ARITHMETIC)' || exit 1; \
	done

# Kills every run of the tests of resuming at 20 moments each, not at one.
resume: setup
	HORNBILL_REPEAT=20 $(SWIFT) test -c release --filter ResumeTests

setup:
	@for package in libhdf5-dev:hdf5 zlib1g-dev:zlib pkg-config:; do \
	  name=$${package%%:*}; module=$${package#*:}; \
	  if [ "$$name" = pkg-config ]; then command -v pkg-config >/dev/null && continue; \
	  else pkg-config --exists $$module 2>/dev/null && continue; fi; \
	  missing="$$missing $$name"; \
	done; \
	if [ -n "$$missing" ]; then \
	  if command -v apt-get >/dev/null; then \
	    echo "installing$$missing"; \
	    $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq $$missing; \
	  else \
	    echo "please install:$$missing (macOS: brew install hdf5 pkg-config)" >&2; exit 1; \
	  fi; \
	fi

format:
	$(SWIFT) format -i -r Package.swift Sources Tests
