# The only entry points a newcomer needs. Each target installs what it needs, once.
#   make serve   install and start the gateway on 127.0.0.1:7070 (PORT=... overrides)
#   make test    install what the tests need and run them all
#   make check   format, lint, types, import rules, coverage of the core, tests: what CI runs
#   make demo    300 prompts through the gateway on simulated upstreams
#   make soak    every reliability figure that one machine can show, measured: five minutes
#                (MINUTES=60 RPS=100: the long one alone, in which nothing may grow)
#   make bench   every figure we state, as a ratio to a baseline of the same run

PYTHON ?= python3
PORT ?= 7070
CORES ?= auto
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install -q --disable-pip-version-check -c constraints.txt
export LITELLM_LOCAL_MODEL_COST_MAP := True
export HF_HUB_OFFLINE := 1
# Where it is set, each process that a test starts would compile anew all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: serve test check lint types coverage demo bench soak clean
.DEFAULT_GOAL := serve

serve: $(VENV)/.serve
	@exec $(BIN)/slm-router serve --port $(PORT)

# A file's tests stay on one core, so that what they share is made once. In our own order
# (tests/order.py): xdist's would leave the slowest to one core alone.
test: $(VENV)/.test
	$(BIN)/pytest -n $(CORES) --dist loadfile --no-loadscope-reorder

check: lint types coverage test

lint: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: $(VENV)/.test
	$(BIN)/mypy

# The decision is the product: nearly every branch of it is taken by its own tests. Few examples and
# no simulations are enough to see that: `test` runs them all.
coverage: $(VENV)/.test
	$(BIN)/pytest -q -n $(CORES) --dist loadfile --hypothesis-profile=coverage -m 'not simulation' tests/core tests/evidence tests/test_gateway.py tests/test_exchange.py \
		--cov=router.core --cov=router.evidence --cov=router.gateway --cov-branch --cov-report=term --cov-fail-under=95

demo: $(VENV)/.serve
	@$(BIN)/python deploy/demo/demo.py

bench: $(VENV)/.test
	$(BIN)/python tests/benchmarks/run.py

soak: $(VENV)/.test
	@$(BIN)/python -m tests.soak $(if $(MINUTES),--minutes $(MINUTES)) $(if $(RPS),--rps $(RPS))

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/.serve: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "slm-router needs Python 3.11 to 3.13, and $(PYTHON) is another: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Installing slm-router into $(VENV), about a minute the first time ..."
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@$(PIP) --upgrade pip
	@$(PIP) -e .
	@touch $@

# On Linux torch brings gigabytes of CUDA unless pip knows of one for CPUs alone: CONTRIBUTING.md.
$(VENV)/.test: $(VENV)/.serve tests/compat/node/package-lock.json tests/debian_packages.sh
	@echo "Installing what the tests need ..."
	@$(PIP) --group dev --group compat -e '.[train,sentence-transformers,export-onnx,otel]'
	@if command -v npm >/dev/null; then npm ci --prefix tests/compat/node --silent --no-audit --no-fund; \
	else echo "No Node here: its SDKs stay untried, and pytest will say so."; fi
	@sh tests/debian_packages.sh prometheus chromium
	@touch $@
