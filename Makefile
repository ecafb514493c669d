# The commands of the project. `make help` lists them; everything generated lands in build/ and
# .build/, both ignored by git. Stamp files make a second run quick.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

PY := build/venv/bin/python
RELEASE := .build/release/headway
STAMPS := build/stamps

.PHONY: help serve test build engines models digits tales figures lint bench soak nightly clean

help: ## list the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null \
		|| sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1  \2/p' Makefile

serve: engines build ## build the server and serve the demo models (ARGS="--http-port 9000" …)
	@exec $(RELEASE) serve $(ARGS)

test: $(STAMPS)/test engines models ## every check and test, as in CI
	@exec scripts/ci.sh

build: $(STAMPS)/system ## the release binary, .build/release/headway
	@scripts/build_release.sh

engines: $(STAMPS)/engines $(STAMPS)/llama ## the engine libraries, into build/engines
	@echo "==> engines are in build/engines"

models: $(STAMPS)/models ## the small models that tests use, into build/test-models
	@echo "==> test models are in build/test-models"

digits: $(STAMPS)/test ## train the demo model of digits again and rewrite its files
	@$(PY) scripts/train_digits.py

tales: $(STAMPS)/tales ## train the demo model of stories again (half an hour)
	@build/venv-tales/bin/python scripts/train_tales.py $(ARGS)

figures: build ## run the acceptance scenarios and draw the plots of the docs
	@scripts/make_figures.sh

lint: $(STAMPS)/system ## format, layer and tidy checks
	@scripts/lint.sh

bench: engines build $(STAMPS)/test ## a quick load on the demo model: rate, latency, batch size
	@$(PY) scripts/bench.py $(ARGS)

soak: engines build $(STAMPS)/test ## a quarter of an hour of mixed traffic: what must not grow does not
	@$(PY) scripts/soak.py $(ARGS)

nightly: $(STAMPS)/test engines models ## the tests with long loads and many seeds
	@export HEADWAY_NIGHTLY=1; exec scripts/ci.sh

clean: ## remove everything generated
	@rm -rf build .build .build-tsan
	@echo "==> removed build, .build and .build-tsan"

# Set-up steps, each done once until its inputs change.

$(STAMPS)/system: scripts/setup_system.sh scripts/lib.sh
	@scripts/setup_system.sh
	@mkdir -p $(@D) && touch $@

$(STAMPS)/engines: scripts/requirements-engines.txt scripts/setup_python.sh \
		scripts/install_engines.sh | $(STAMPS)/system
	@scripts/setup_python.sh engines
	@scripts/install_engines.sh
	@mkdir -p $(@D) && touch $@

LLAMA := $(wildcard Plugins/llama/*) Sources/CEnginePlugin/include/headway_plugin.h

$(STAMPS)/llama: $(LLAMA) scripts/build_llama.sh scripts/requirements-llama.txt \
		scripts/requirements-build.txt | $(STAMPS)/engines
	@scripts/build_llama.sh
	@mkdir -p $(@D) && touch $@

$(STAMPS)/test: scripts/requirements-test.txt scripts/setup_python.sh $(STAMPS)/engines
	@scripts/setup_python.sh test
	@mkdir -p $(@D) && touch $@

$(STAMPS)/tales: scripts/requirements-tales.txt scripts/setup_python.sh | $(STAMPS)/system
	@scripts/setup_python.sh tales
	@mkdir -p $(@D) && touch $@

$(STAMPS)/models: scripts/make_test_models.py scripts/gguf_models.py scripts/twice_operator.c \
		$(STAMPS)/test
	@echo "==> making test models in build/test-models"
	@$(PY) scripts/make_test_models.py build/test-models
	@$(CC) -O1 -Wall -Werror -fPIC -shared -o build/test-models/libtwice.so scripts/twice_operator.c
	@mkdir -p $(@D) && touch $@
