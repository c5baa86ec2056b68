# Each target does its own set-up: on Debian and Ubuntu it installs what is missing, saying so.
SWIFT ?= swift
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

ARITHMETIC := Kernel|MatrixProduct|LayerFixture|TrainingCurve|Optimizer|Threads|SeededFit|Predictor

# For benchmarks: Python 3.11, where the other frameworks go and what they share (outside the tree), the
# folder of the UCI reviews, and options: make bench BENCH='--filter train/ --threads 1'.
PYTHON ?= python3.11
PEERS ?= $(HOME)/.cache/hornbill-peers
REVIEWS ?=
BENCH ?=
BENCHMARKS := Benchmarks/.build/release/hornbill-bench
REVIEWS_OPTION = $(if $(REVIEWS),--reviews "$(REVIEWS)")

.PHONY: demo test resume bench bench-peers counted setup format

demo: setup
	$(SWIFT) build -c release --product hornbill
	mkdir -p demo-output
	.build/release/hornbill demo --output demo-output

# All tests in the widest instruction set of the machine, then those of the arithmetic in its others.
test: setup
	$(SWIFT) test -c release
	for isa in avx2 sse2; do \
	  HORNBILL_ISA=$$isa .build/release/hornbill doctor >/dev/null 2>&1 || continue; \
	  HORNBILL_ISA=$$isa $(SWIFT) test -c release --skip-build \
	    --filter '$(ARITHMETIC)' || exit 1; \
	done

# Kills every run of the tests of resuming at 20 moments each, not at one.
resume: setup
	HORNBILL_REPEAT=20 $(SWIFT) test -c release --filter ResumeTests

bench: setup
	$(SWIFT) build --package-path Benchmarks -c release
	$(BENCHMARKS) $(REVIEWS_OPTION) $(BENCH)

# The same work in other frameworks; the first time installs them. BENCH=--quick for a first look; without,
# some hours on two cores that have nothing else to do. Keras 2.15 takes part where $(PEERS)/keras2 could be
# made.
bench-peers: setup
	$(SWIFT) build -c release --product hornbill
	$(SWIFT) build --package-path Benchmarks -c release
	test -x "$(PEERS)/keras3/bin/python" || { $(PYTHON) -m venv "$(PEERS)/keras3" && \
	  "$(PEERS)/keras3/bin/pip" install -q -r Benchmarks/peers/requirements.txt; }
	test -x "$(PEERS)/keras2/bin/python" || { $(PYTHON) -m venv "$(PEERS)/keras2" && \
	  "$(PEERS)/keras2/bin/pip" install -q -r Benchmarks/peers/requirements-keras2.txt; }
	$(BENCHMARKS) prepare "$(PEERS)/data" $(REVIEWS_OPTION)
	$(BENCHMARKS) memory --json "$(PEERS)/memory.json"
	"$(PEERS)/keras3/bin/python" Benchmarks/peers/run.py --bench $(BENCHMARKS) \
	  --tool .build/release/hornbill --data "$(PEERS)/data" --results "$(PEERS)/results.json" \
	  --python-keras2 "$(PEERS)/keras2/bin/python" $(BENCH)
	"$(PEERS)/keras3/bin/python" Benchmarks/peers/report.py "$(PEERS)/results.json" \
	  "$(PEERS)/memory.json" Benchmarks/RESULTS.md
	"$(PEERS)/keras3/bin/python" Benchmarks/peers/growth.py "$(PEERS)/results.json" \
	  "$(PEERS)/growth.json"
	$(BENCHMARKS) plot "$(PEERS)/growth.json" docs/images/growth.svg

# Instructions and allocations of a step under valgrind, against what is recorded.
counted: setup
	$(SWIFT) build --package-path Benchmarks -c release
	$(BENCHMARKS) counted Benchmarks/counted.json

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
	$(SWIFT) format -i -r Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources
