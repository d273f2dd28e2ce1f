PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin

$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --require-hashes -r requirements.lock
	$(BIN)/pip install -q --no-deps -e .
	@touch $@

.PHONY: messages check
messages: $(VENV)/.ready
	$(BIN)/python scripts/messages.py

check: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
