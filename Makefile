# What one does here: make demo | test | test-spark | quick | lint | bench. Each makes .venv first, once.

VENV := .venv
BIN := $(VENV)/bin
# The first that is new enough; name another with PYTHON=.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $$p && break; done)
JOBS ?= 2
# Files in the order in which they are collected: the longest stand first, and no process is left alone with them.
DIST := --dist loadfile --no-loadscope-reorder
# Bytecode is written even where the environment says not to: every test process would compile all of it again.
export PYTHONDONTWRITEBYTECODE :=
# How long `make fuzz` goes on.
SECONDS ?= 3600
INSTALLED := $(VENV)/.installed
# What writes the lock: the same everywhere, or the lock changes with who makes it.
UV := $(shell sed -n 's/.*"uv==\(.*\)".*/\1/p' pyproject.toml)

.DEFAULT_GOAL := help
.PHONY: help demo test test-spark quick lint docs coverage fuzz bench lock clean git redis postgresql prometheus chromium node_modules

help:
	@echo "make demo    collect this repository's history and a sample archive, and show answers and the dashboard   (in demo/)"
	@echo "make test    run the tests            (only some: make test ARGS='tests/test_git.py -k merge')"
	@echo "make test-spark  the tests of engines, on Apache Spark: installs its 400 MB in .venv-spark, and needs Java 17"
	@echo "make quick   the pure tests only, in under a minute: no processes, servers or networks"
	@echo "make lint    style, types, import contract"
	@echo "make coverage  the pure tests, and which lines they reach: fails below the floor in pyproject.toml"
	@echo "make fuzz    random input for every parser and every face that shows text of others, for an hour   (SECONDS=60)"
	@echo "make docs    build the documentation as pages, with the reference of the Python interface   (in build/docs/)"
	@echo "make bench   measure speed and size against their peers"
	@echo "make lock    renew requirements.lock  (after a change of dependencies in pyproject.toml)"
	@echo "make clean   remove .venv, demo/ and what tools left behind"

demo: $(INSTALLED) git
	$(BIN)/footfall demo demo

test: $(INSTALLED) git redis postgresql prometheus chromium node_modules
	$(BIN)/pytest -n $(JOBS) $(DIST) $(ARGS)

# The version of the locked client, in an environment of its own: the two packages exclude each other.
SPARK := $(shell sed -n 's/^pyspark-client==\([0-9.]*\).*/\1/p' requirements.lock)
SPARK_INSTALLED := .venv-spark/.installed-$(SPARK)

$(SPARK_INSTALLED):
	@command -v java >/dev/null || { echo "Apache Spark needs Java 17 or newer; on Debian or Ubuntu: apt-get install openjdk-17-jre-headless" >&2; exit 1; }
	"$(PYTHON)" -m venv --clear .venv-spark
	.venv-spark/bin/python -m pip install --quiet --disable-pip-version-check --no-cache-dir pyspark==$(SPARK)
	@touch $@

test-spark: $(INSTALLED) $(SPARK_INSTALLED)
	$(BIN)/pytest -m spark $(ARGS)

quick: $(INSTALLED)
	$(BIN)/pytest -q -n $(JOBS) $(DIST) -m "not (slow or spark)" --hypothesis-profile=quick $(ARGS)

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(INSTALLED)
	$(BIN)/sphinx-build -q -W --keep-going -b html docs build/docs
	@echo "The documentation is in build/docs/index.html"

coverage: $(INSTALLED)
	$(BIN)/pytest -q -n $(JOBS) $(DIST) -m "not (slow or spark)" --cov $(ARGS)

fuzz: $(INSTALLED)
	$(BIN)/python tests/fuzzing.py --seconds $(SECONDS)

bench: $(INSTALLED)
	@for script in $$(grep -l '__main__' benchmarks/*.py); do echo "# $$script"; $(BIN)/python $$script || exit 1; done

# Runs again only when one of these changed.
$(INSTALLED): requirements.lock pyproject.toml
	@python="$(PYTHON)"; "$${python:-false}" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Footfall needs Python 3.11 or newer; install one, or say where it is: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || "$(PYTHON)" -m venv --clear $(VENV) || \
	  { echo "Python cannot make virtual environments; on Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Programs that no Python package brings: git, which Footfall runs, and servers that only tests need.
git:
	@command -v git >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends git >/dev/null; } || \
	  { echo "git is needed and not installed; install it with your system's package manager" >&2; exit 1; }

redis:
	@command -v redis-server >/dev/null || command -v valkey-server >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	  { apt-get update -qq; apt-get install -y -qq --no-install-recommends redis-server >/dev/null; }; } || \
	  echo "redis-server is not installed: tests of the store on Redis skip; install it with your system's package manager" >&2

# No address of a registry goes into the file: whoever installs chooses where from.
postgresql:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	  { apt-get update -qq; apt-get install -y -qq --no-install-recommends postgresql >/dev/null; }; } || \
	  echo "postgresql is not installed: tests of a real PostgreSQL skip; install it with your system's package manager" >&2

prometheus:
	@command -v prometheus >/dev/null && command -v promtool >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	  { apt-get update -qq; apt-get install -y -qq --no-install-recommends prometheus >/dev/null; }; } || \
	  echo "prometheus is not installed: tests of a real Prometheus skip; install it with your system's package manager" >&2

chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	  { apt-get update -qq; apt-get install -y -qq --no-install-recommends chromium >/dev/null; }; } || \
	  echo "chromium is not installed: tests of pages in a browser skip; install it with your system's package manager" >&2

# The proxy of a real JupyterHub, GitHub's description of its API, and the checker of accessible pages; without npm or a
# registry their tests skip.
node_modules:
	@test -d node_modules/configurable-http-proxy -a -d node_modules/@octokit/openapi -a -d node_modules/axe-core || ! command -v npm >/dev/null || \
	  npm install --no-save --no-package-lock --no-audit --no-fund --loglevel=error \
	    configurable-http-proxy@5 @octokit/openapi axe-core@4 >/dev/null 2>&1 || \
	  echo "npm's packages cannot be installed: tests of a real JupyterHub, of GitHub's description and of accessibility skip" >&2

lock: $(INSTALLED)
	@test "$$($(BIN)/uv --version 2>/dev/null | cut -d' ' -f2)" = "$(UV)" || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV)
	$(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --all-extras --group dev --custom-compile-command "make lock" \
	  --output-file requirements.lock

clean:
	rm -rf $(VENV) .venv-spark node_modules demo build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
