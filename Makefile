# Set-up happens inside .venv and nowhere else: python3 (3.11 or newer), pip and make are enough.
PYTHON ?= python3
BIN := .venv/bin
# whom pip trusts, uv trusts too: behind a company's proxy that is the system's list
export UV_SYSTEM_CERTS ?= true

.PHONY: demo test crash lint bench docs lock clean

demo: .venv/demo.stamp  ## scan sample_photos and show its look-alike sets, each in a folder of links
	@rm -rf demo
	$(BIN)/dedupe scan sample_photos --index demo/index.db
	@echo
	$(BIN)/dedupe group --index demo/index.db --threshold 16 --symlink --into demo/look-alikes --format table

test: .venv/dev.stamp  ## run all tests
	$(BIN)/pytest -n auto --dist loadfile

crash: .venv/dev.stamp  ## strike every change of every action; writes benchmarks/crash.md
	$(BIN)/python tests/crash/full.py benchmarks/crash.md

lint: .venv/dev.stamp  ## what a reviewer's eye should not be spent on
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: .venv/dev.stamp  ## what needs no photos beyond the package; see benchmarks/README.md for the rest
	$(BIN)/python benchmarks/thresholds.py --calibration

docs: .venv/dev.stamp  ## write docs/cli.md anew and build the site
	$(BIN)/python -m typer dedupe.cli.app utils docs --name dedupe --title "The command line" \
		--output docs/cli.md
	$(BIN)/zensical build --strict

lock: .venv/dev.stamp  ## newest versions of everything, for every Python and platform, no addresses
	$(LOCK) -o requirements.lock pyproject.toml
	$(LOCK) -o requirements-dev.lock pyproject.toml --group dev -c requirements.lock

LOCK = $(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url \
	--python-version 3.11 --custom-compile-command "make lock"

clean:
	rm -rf .venv demo site build dist

# demo needs no test tools; dev.stamp installs them on top of the same versions
.venv/demo.stamp: .venv/uv.stamp requirements.lock pyproject.toml
	$(BIN)/uv pip install --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --python $(BIN)/python --no-deps --editable .
	@touch $@

.venv/dev.stamp: .venv/demo.stamp requirements-dev.lock
	$(BIN)/uv pip install --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@

# some systems ship python3 without ensurepip: then the pip of outside fills the venv
.venv/uv.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "dedupe needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv && $(BIN)/python -m pip install --quiet --disable-pip-version-check uv || \
		{ $(PYTHON) -m venv --clear --without-pip .venv && \
		  $(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check uv; }
	@touch $@
