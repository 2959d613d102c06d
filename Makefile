# Two commands are enough: `make run` opens spymon, `make test` runs every test.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install

.PHONY: run setup dev test test-busy lint pictures bench bench-quick lock clean

run: setup
	@$(BIN)/spymon $(ARGS)

# What running needs: pinned, with hashes. A second call finds the stamps newer than the locks and does nothing.
setup: .venv/.run
.venv/.run: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing spymon into .venv (once) …"
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --editable .
	@echo "Compiling the engine (once) …"
	@$(BIN)/python -m engine.session.warmup
	@touch $@

dev: .venv/.dev
.venv/.dev: .venv/.run requirements-dev.lock
	@echo "Installing the test tools into .venv (once) …"
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist loadfile

test: lint
	$(PYTEST) $(ARGS)

# The tests beside two busy loops, which end with the shell that began them, however it ends.
test-busy: dev
	@for each in 1 2; do (while kill -0 $$$$; do :; done) </dev/null >/dev/null 2>&1 & done; $(PYTEST) $(ARGS)

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture

# The pictures in docs/pictures are drawn by a test, which fails when the screen no longer looks like them.
pictures: dev
	$(BIN)/python -m pytest --quiet --snapshot-update tests/tui/screen/test_picture.py

bench: dev
	$(BIN)/python -m bench $(ARGS)

# The reference pages, each from the table that the program reads.
.PHONY: docs
docs: dev
	$(BIN)/python -m docs.generate

bench-quick: dev
	$(BIN)/python -m bench --quick

lock: dev
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --quiet --python-version 3.11 \
		pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --quiet --python-version 3.11 \
		--extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:
	find engine tui bench tests -name __pycache__ -type d -prune -exec rm -rf {} +
