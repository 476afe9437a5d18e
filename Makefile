# Duijie 对接. `make serve` to try it, `make test` before a commit.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
BIN := .venv/bin

RECORDS ?= 1000000
.PHONY: serve test screenshots bench install test-install clean

# Install, load the sample library into an empty installation, index it and serve it at http://127.0.0.1:8000.
serve: install
	$(BIN)/duijie serve --sample --host $(HOST) --port $(PORT)

# Everything a change must pass: style, types, tests, executed notebooks.
test: test-install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

# Pictures of the main pages for the README, by Chromium over the sample library, into docs/screenshots.
screenshots: test-install
	$(BIN)/python -m tests.service.screenshots

# Speed beside other engines, in one run on the same vectors and words: `make bench RECORDS=100000` for a quick one.
bench: install
	$(BIN)/pip install --quiet -c constraints.txt -e ".[bench]"
	$(BIN)/python -m benchmarks.run --records $(RECORDS)

# .venv with the `duijie` command; does nothing when it is there already.
install: .venv/installed

test-install: .venv/installed-for-tests

# On Linux PyTorch's own index has wheels without CUDA; one short try there, then the pinned version from the default index.
.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	@if [ "$$(uname -s)" = Linux ] && ! $(BIN)/python -c "import torch" 2>/dev/null; then \
	  echo "Looking for PyTorch's CPU wheel…"; \
	  $(BIN)/pip install --quiet --retries 0 --timeout 8 -c constraints.txt torch \
	    --index-url https://download.pytorch.org/whl/cpu 2>/dev/null \
	  || echo "Not reachable; taking the pinned version from the default index."; \
	fi
	$(BIN)/pip install --quiet -c constraints.txt torch
	$(BIN)/pip install --quiet -c constraints.txt -e .
	@touch $@

.venv/installed-for-tests: .venv/installed
	$(BIN)/pip install --quiet -c constraints.txt -e ".[test]"
	@touch $@

clean:
	rm -rf .venv var dist build
