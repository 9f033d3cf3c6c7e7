# Every target makes what it needs, starting from a fresh clone with Python 3.11 or later and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help demo test check wheel docs questions pictures benchmark clean

help:
	@echo "make demo       train the iris-sigmoid example and write iris-sigmoid.png"
	@echo "make test       run the tests"
	@echo "make check      ruff, its formatter, and mypy on the installed tree"
	@echo "make wheel      build dist/*.whl from a clean copy of the tree"
	@echo "make docs       make the pages that come from the code anew"
	@echo "make questions  make the pictures of docs/questions.md anew"
	@echo "make pictures   make the README's pictures anew"
	@echo "make benchmark  run every script in benchmarks/ (an hour)"
	@echo "make clean      remove what the other targets made"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	    "Python 3.11 or later is needed, this is " + sys.version.split()[0] + ": make PYTHON=/path/to/python3")'
	$(PYTHON) -m venv $(VENV)

# A stamp a set of extras: pyproject.toml is what decides whether an environment is up to date.
$(VENV)/installed: pyproject.toml | $(BIN)/python
	$(PIP) install --quiet --editable .
	@touch $@

$(VENV)/installed-test: pyproject.toml | $(BIN)/python
	$(PIP) install --quiet --editable ".[test,peers,viewer,export,film]"
	@touch $@

$(VENV)/installed-check: pyproject.toml | $(BIN)/python
	$(PIP) install --quiet --editable ".[check]"
	@touch $@

demo: $(VENV)/installed
	$(BIN)/atlas-fast example iris-sigmoid --out iris-sigmoid.png

test: $(VENV)/installed-test
	$(BIN)/pytest

# A clean copy, since setuptools would take modules deleted long ago from build/lib.
wheel: | $(BIN)/python
	rm -rf build/tree dist
	$(BIN)/python tests/packaging/clean_copy.py build/tree
	$(PIP) wheel --quiet --no-deps $(WHEEL_OPTIONS) --wheel-dir dist build/tree

# mypy meets the mapped packages (kernels/, viewer/) under their real names only where they are installed.
check: $(VENV)/installed-check wheel
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	rm -rf build/site
	$(PIP) install --quiet --no-deps --target build/site dist/*.whl
	cd build/site && "$(abspath $(BIN))/mypy" --config-file "$(CURDIR)/pyproject.toml" \
	    --cache-dir "$(CURDIR)/.mypy_cache" --python-executable "$(abspath $(BIN))/python" -p atlas_fast
	MYPYPATH=build/site:benchmarks $(BIN)/mypy --explicit-package-bases --python-executable "$(abspath $(BIN))/python" benchmarks

# The pages made from the table of functions and from the docstrings.
docs: $(VENV)/installed
	$(BIN)/python docs/generate.py

# The pictures of docs/questions.md; each script prints the numbers of its paragraph.
questions: $(VENV)/installed
	for name in learning_rate activation layers convexity optimizers; do \
	    $(BIN)/python docs/questions/$$name.py --out docs/pictures/$$name.png || exit 1; done

# The README's pictures; those of the window need a display, or Debian's xvfb and xauth.
pictures: $(VENV)/installed-test
	mkdir -p benchmarks/pictures build
	for name in bowl iris-relu iris-sigmoid housing; do \
	    $(BIN)/atlas-fast example $$name --out benchmarks/pictures/$$name.png || exit 1; done
	if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then $(BIN)/python docs/screenshots.py; else \
	    xvfb-run -a -s "-screen 0 1600x1000x24" $(BIN)/python docs/screenshots.py; fi

benchmark: $(VENV)/installed-test
	$(BIN)/python -m benchmarks.compiler
	for script in startup compile_time stopping surfaces training; do $(BIN)/python -m benchmarks.$$script || exit 1; done
	$(BIN)/python -m benchmarks.accuracy --stride 1001

clean:
	rm -rf $(VENV) build dist atlas_fast.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis iris-sigmoid.png
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
