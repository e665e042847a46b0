# Everything sets up what it needs, in .venv; on a fresh machine nothing else is wanted but
# Python >= 3.11, git and make.
#
#   make demo     draws birds, trains on them, paints sentences: demo/birds.png
#   make test     the whole test suite
#   make fuzz     500 damaged files for every reader
#   make lint     style and types
#   make docs     the manual as a site: build/site/index.html
#   make bench    the quick benchmarks
#   make birds    trains the generator that comes with the package anew, on CUB-200-2011:
#                 make birds CUB=.../CUB_200_2011 CAPTIONS=.../text_c10
#   make ship-demo  the demo's generator, as `demo` comes with the package
#   make install  the set-up alone
#
# Where CUDA is found, or with GPU=1, TensorFlow comes with it; GPU=0 keeps to the CPU.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: install demo demo-estimate ship-demo birds test fuzz lint docs bench clean-demo

PYTHON ?= python3
GPU ?= $(shell nvidia-smi -L >/dev/null 2>&1 && echo 1 || echo 0)
BUILD := $(if $(filter 1,$(GPU)),gpu,cpu)
BIN := .venv/bin

INSTALLED := .venv/installed-$(BUILD)
TESTABLE := .venv/testable-$(BUILD)
READABLE := .venv/readable-$(BUILD)

install: $(INSTALLED)

$(INSTALLED): setup.cfg pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "python: expected 3.11 or newer, got " + sys.version.split()[0] + "; set PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[$(BUILD)]'
	touch $@

$(TESTABLE): $(INSTALLED)
	$(BIN)/pip install --quiet --editable '.[$(BUILD),test]'
	touch $@

$(READABLE): $(INSTALLED)
	$(BIN)/pip install --quiet --editable '.[$(BUILD),docs]'
	touch $@

test: $(TESTABLE)
	$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

fuzz: $(TESTABLE)
	$(BIN)/pytest tests/fuzz --hypothesis-profile fuzz --numprocesses 2

lint: $(TESTABLE)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(READABLE)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

bench: $(INSTALLED)
	$(BIN)/python benchmarks/train_step.py
	$(BIN)/python benchmarks/text_encoder.py
	$(BIN)/python benchmarks/feel.py --repeats 3

# The demo is the main job at a size for two CPU cores, a stage a target: interrupted, the same
# command goes on where it stopped. STAGE runs a command and keeps how long it took.
STAGE := $(BIN)/python benchmarks/stages.py

demo: demo-estimate demo/birds.png
	@echo
	@$(STAGE) took demo
	@echo 'demo/birds.png: a sentence a row, the first six of colours never seen together in training, the last two leave something open.'
	@echo 'Try next:'
	@echo '  $(BIN)/t2i generate demo/run "a small green bird with orange wings" --out mine.png'
	@echo '  $(BIN)/t2i interpolate demo/run "a red bird with black wings" "a blue bird with white wings"'
	@echo '  $(BIN)/tensorboard --logdir demo/run'
	@echo '  $(BIN)/t2i-prep cub CUB_200_2011 --captions text_c10 --out birds.h5     (see README.md)'

demo-estimate: | $(INSTALLED)
	@$(STAGE) estimate demo

demo/birds.png: demo/trained configs/demo_captions.txt
	$(STAGE) painting demo $(BIN)/t2i generate demo/run --captions configs/demo_captions.txt --out $@

demo/trained: demo/birds.h5 configs/demo.yaml
	$(STAGE) training demo $(BIN)/t2i train configs/demo.yaml --data demo/birds.h5 --run demo/run
	touch $@

demo/birds.h5: demo/pictures.h5 demo/encoder.keras
	cp demo/pictures.h5 demo/embedding.h5
	$(STAGE) embedding demo $(BIN)/t2i-prep embed demo/embedding.h5 --encoder demo/encoder.keras
	mv demo/embedding.h5 $@

demo/encoder.keras: demo/pictures.h5 configs/encoder_small.yaml
	$(STAGE) encoder demo $(BIN)/t2i-prep train-encoder demo/pictures.h5 --config configs/encoder_small.yaml --out $@

demo/pictures.h5: demo/drawn/CUB_200_2011/images.txt
	$(STAGE) preparing demo $(BIN)/t2i-prep cub demo/drawn --captions demo/drawn --split demo/drawn --image-size 34 --out $@

demo/drawn/CUB_200_2011/images.txt: | $(INSTALLED)
	$(STAGE) drawing demo $(BIN)/t2i-prep synthetic demo/drawn --count 12000

ship-demo: demo/trained
	$(BIN)/python -m t2i.runs.shipping demo/run t2i/shipped/demo

# A stage a target, as the demo; CUB's own files are not ours to ship.
birds: birds/trained
	$(BIN)/python -m t2i.runs.shipping birds/run t2i/shipped/birds

birds/trained: birds/birds.h5 configs/cub128_projected.yaml
	$(BIN)/t2i train configs/cub128_projected.yaml --data birds/birds.h5 --run birds/run
	touch $@

birds/birds.h5: birds/pictures.h5 birds/encoder.keras
	cp birds/pictures.h5 birds/embedding.h5
	$(BIN)/t2i-prep embed birds/embedding.h5 --encoder birds/encoder.keras
	mv birds/embedding.h5 $@

birds/encoder.keras: birds/pictures.h5 configs/encoder_cub.yaml
	$(BIN)/t2i-prep train-encoder birds/pictures.h5 --config configs/encoder_cub.yaml --out $@

birds/pictures.h5: | $(INSTALLED)
	$(BIN)/t2i-prep cub $(CUB) --captions $(CAPTIONS) $(if $(SPLIT),--split $(SPLIT)) --image-size 144 --out $@

clean-demo:
	rm -rf demo
