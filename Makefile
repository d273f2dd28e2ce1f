# Two commands do everything: `make demo` and `make test`. The rest is for those who build.
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
COMMONS_REAL_DATA ?= ../shared/data
export COMMONS_REAL_DATA

.PHONY: help demo test check messages schema formats lock real bench linking hostile clean

help:
	@echo "make demo    three fictional catalogues become a portal on this computer"
	@echo "make test    all tests"
	@echo "make check   style and types"
	@echo "make real    portals from real publishers' files (folder: COMMONS_REAL_DATA)"
	@echo "make linking how well linking does on labelled sets (folder: COMMONS_REAL_DATA)"
	@echo "make hostile hostile deliveries through a whole merge, one by one: the table of docs/security.md"
	@echo "make bench   speed and memory: merging beside a script and the floor, linking beside Splink"

$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(VENV)/.ready
	$(BIN)/python scripts/demo.py $(DEMO_FLAGS)

test: $(VENV)/.ready
	@sh scripts/test-setup.sh
	@$(BIN)/python scripts/other_pythons.py || echo "no other Pythons here (tests that compare them will skip)"
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n auto --dist loadgroup

check: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

messages: $(VENV)/.ready
	$(BIN)/python scripts/messages.py

schema: $(VENV)/.ready
	$(BIN)/python scripts/schema_build.py
	$(BIN)/python scripts/schema_docs.py

formats: $(VENV)/.ready
	$(BIN)/python scripts/vectors.py
	$(BIN)/python scripts/formats_doc.py

lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --group dev pyproject.toml --output-file requirements.lock

real: $(VENV)/.ready
	$(BIN)/python scripts/real.py $(REAL_FLAGS)

linking: $(VENV)/.ready
	$(BIN)/python -m bench.linking $(LINKING_FLAGS)

hostile: $(VENV)/.ready
	$(BIN)/python scripts/hostile.py $(HOSTILE_FLAGS)

bench: $(VENV)/.ready
	$(BIN)/python bench/run.py $(BENCH_FLAGS)
	$(BIN)/python -m bench.linking.beside $(SPLINK_FLAGS)

clean:
	rm -rf build
