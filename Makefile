# make demo    restores the pictures of examples/ and names the page that shows them
# make test    everything that CI checks
# make benchmark-speed   times whole commands, folders, and a megapixel beside other denoisers
# make benchmark-quality   the figures of the shipped models beside baselines
# make format  puts the code into the project's format

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test check format benchmark-speed benchmark-quality clean

demo: .venv/use
	$(BIN)/hillotype restore examples -o demo --overwrite --page

test: .venv/dev check
	$(BIN)/python -m pytest --durations=5

check: .venv/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# the peers are measured beside and never used; without them their rows say so
benchmark-speed: .venv/dev
	-$(PIP) bm3d opencv-python-headless
	$(BIN)/python benchmarks/speed.py

# every figure of the shipped models; HILLOTYPE_DATA names the folder of the pictures
benchmark-quality: .venv/dev
	-$(PIP) bm3d opencv-python-headless
	$(BIN)/hillotype evaluate denoise-gray --data zip:benchmarks.zip/bsd68
	$(BIN)/hillotype evaluate denoise-color --data zip:benchmarks.zip/cbsd68
	$(BIN)/hillotype evaluate denoise-fast-gray --data zip:benchmarks.zip/bsd68
	$(BIN)/hillotype evaluate denoise-fast-color --data zip:benchmarks.zip/cbsd68
	$(BIN)/python benchmarks/peers.py --model denoise-fast-gray denoise-gray --data zip:benchmarks.zip/bsd68 --limit 12
	$(BIN)/python benchmarks/peers.py --model denoise-fast-color denoise-color --data zip:benchmarks.zip/cbsd68 --limit 12
	$(BIN)/python benchmarks/robustness.py
	$(BIN)/python benchmarks/diagnosis.py --limit 40
	$(BIN)/python benchmarks/color_losses.py
	$(BIN)/hillotype evaluate colorize --data zip:benchmarks.zip/kodak24
	$(BIN)/hillotype evaluate colorize --data zip:photos-nips17-256.zip --split test
	$(BIN)/hillotype evaluate colorize --data zip:historic.zip/prokudin-gorskii
	$(BIN)/python benchmarks/colors.py
	$(BIN)/python benchmarks/edges.py
	$(BIN)/python benchmarks/hints.py
	$(BIN)/python benchmarks/certainty.py

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "hillotype needs Python 3.11 or newer; name one: make PYTHON=python3.12 demo"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/use: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) --editable .
	@touch $@

# torch first: asked for by itself and by version, pip takes its CPU build where the index has one
.venv/dev: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) "torch>=2.13,<2.14"
	$(PIP) --editable ".[formats,studio,train,dev]"
	@touch $@ .venv/use

clean:
	rm -rf .venv demo dist
