# make help lists the targets. Needs Python 3.11 or later and a package index; everything else is set up here.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
VERSION = $(shell git describe --tags --always --dirty)
DOCKER_ENGINE ?= service docker start
SBOM := cyclonedx-bom==7.5.0
COMPILE := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header -q

unexport PYTHONDONTWRITEBYTECODE  # or each of the tests' processes would compile everything again

.DEFAULT_GOAL := help
.PHONY: help install demo dev upgrade test fast lint types imports licences validate unit slow test-all image sbom test-docker test-ui install-cluster test-cluster mutants docs screenshots format lock clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

install: $(INSTALLED)  ## make .venv from the hash-locked dependencies

$(INSTALLED): requirements.lock requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or later is needed; $(PYTHON) is `$(PYTHON) --version`. Name another: make PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the locked dependencies into .venv (a minute or two) ..."
	@for lock in requirements.lock requirements-dev.lock; do \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --require-hashes -r $$lock \
	  || { echo "make: the packages of $$lock could not be installed. They are wanted from your package index: see pip's message above, check the network or 'pip config list', then run make again." >&2; exit 1; }; \
	done
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

demo: install  ## real reviews from landing files to champions and scores
	@$(BIN)/sentiment-assets demo

dev: install  ## Dagster's UI with its daemon, and MLflow's UI
	@$(BIN)/sentiment-assets dev

upgrade: install  ## bring the databases of Dagster and MLflow to a new release, after a backup
	@$(BIN)/sentiment-assets upgrade

test: lint imports types licences validate unit  ## linters, types, import rules, and all tests but the slow ones: some minutes

test-all: test slow  ## everything that CI runs

fast: lint imports types  ## all that starts no process: lint, types, import rules and most tests
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow and not process and not docker and not cluster" \
	  --hypothesis-profile fast --durations 15

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec compose.yaml

imports: install
	$(BIN)/lint-imports

types: install
	$(BIN)/mypy

licences: install  ## see that all packages of the image, and of the cluster if installed, have a licence that pyproject.toml allows
	@$(BIN)/pip-licenses --packages $$(sed -nE 's/^([A-Za-z0-9._-]+)==.*/\1/p' requirements-image.lock requirements-cluster.lock) > /dev/null

validate: install
	$(BIN)/dagster definitions validate -w workspace.yaml

unit: install
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow and not docker and not cluster" --durations 15

slow: install  ## tests that go on for longer than some seconds: whole runs, daemons, servers, pages in a browser, simulations
	$(BIN)/python -m pytest -n 4 --dist loadgroup -m "slow and not docker and not cluster and not flows" --durations 20  # they wait much of their time

image:  ## build the container image; BASE names another base image
	docker build --tag sentiment-assets:latest --tag sentiment-assets:$(VERSION) $(if $(BASE),--build-arg BASE=$(BASE)) \
	  --build-arg SENTIMENT_ASSETS_VERSION=$(VERSION) --build-arg REVISION=$(shell git rev-parse HEAD) .

sbom:  ## write what the image's packages are to sbom.cdx.json, as CycloneDX has it (needs pipx)
	pipx run --spec $(SBOM) cyclonedx-py requirements requirements-image.lock --output-reproducible --output-file sbom.cdx.json

test-docker: install  ## try the containers in a real engine (DOCKER_ENGINE: a command that starts one)
	@docker info >/dev/null 2>&1 || $(DOCKER_ENGINE) && docker info >/dev/null \
	  || { echo "make: no container engine answers. Start one, or name a command that does: make test-docker DOCKER_ENGINE=..." >&2; exit 1; }
	$(BIN)/python -m pytest -s -vv -m docker --durations 0

test-ui: install  ## try the pages and both UIs in a real browser (Debian: apt-get install chromium)
	$(BIN)/python -m pytest -m browser --durations 10

install-cluster: install  ## add Ray to .venv, for a place of steps on a cluster
	@echo "Installing the locked packages of the cluster into .venv (a minute or two) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --require-hashes -r requirements-cluster.lock

test-cluster: install-cluster  ## try a cluster of hosts, each a network namespace (as root, on Linux, with PostgreSQL's programs)
	$(BIN)/python -m pytest -s -vv -m cluster --durations 12

mutants: install  ## try the tests on small mutations of the code that judges, for hours (ONLY='*monitoring.alarms*': of one module)
	$(BIN)/mutmut run $(if $(ONLY),"$(ONLY)")
	$(BIN)/python -m benchmarks.mutants

docs: install  ## write what the pages say from the code, and make a site of them: site/index.html
	$(BIN)/python -m testing.generated_docs
	$(BIN)/zensical build --strict

screenshots: install  ## take the pictures of pages in docs/pictures anew, in a real browser, on made-up reviews
	$(BIN)/python -m testing.screenshots

format: install  ## sort imports and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:  ## resolve the dependencies again (needs uv)
	$(COMPILE) --extra build --extra deploy --extra dev --extra demo -o requirements-dev.lock
	$(COMPILE) --extra build --extra deploy --extra demo -c requirements-dev.lock -o requirements-image.lock
	$(COMPILE) --extra build -c requirements-dev.lock -o requirements.lock
	$(COMPILE) --extra build --extra deploy --extra cluster -c requirements-dev.lock -o requirements-cluster.lock

clean:  ## remove .venv and all state of the demo
	rm -rf .venv .sentiment
