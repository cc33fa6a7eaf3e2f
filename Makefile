# Everything a newcomer needs: `make run` to try the site, `make test` and `make check` before a commit.
SHELL := /bin/bash
# The system's own Python where it will do: one built by hand, as version managers do, often takes half as long again.
USABLE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell /usr/bin/python3 -c '$(USABLE)' 2>/dev/null && echo /usr/bin/python3 || echo python3)
PORT ?= 8000
PY := .venv/bin/python
CATALOGUE := clinic/locale/django.pot
EXTRACT_MESSAGES := $(PY) -m babel.messages.frontend --quiet extract --mapping-file pyproject.toml --omit-header --sort-output \
	--add-location file --width 120 --add-comments "Translators:" \
	--keyword "gettext_lazy ngettext_lazy:1,2 pgettext_lazy:1c,2 npgettext_lazy:1c,2,3" clinic consultations education
RUN_WITH := DJANGO_RUNSERVER_HIDE_WARNING=true SITE_URL=$${SITE_URL:-http://127.0.0.1:$(PORT)}

# Compiling every test anew takes longer than some of them.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
FRONTEND := clinic/core/frontend
BUILT_FROM := package.json package-lock.json bootstrap-used.txt build-bootstrap.mjs requirements.txt build_fonts.py
BUILT := css/bootstrap.css css/fonts.css ../static/clinic/fonts/*.woff2

.PHONY: help run test test-fast test-deep mutants drill faults storms coverage check messages weigh bench format frontend lock sbom clean

help: ## Show these lines
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: .venv/.installed ## Start the demonstration: server and worker, stopped together by Ctrl-C (PORT=8000)
	@$(RUN_WITH) $(PY) manage.py migrate --verbosity 0
	@$(RUN_WITH) $(PY) manage.py load_education
	@$(RUN_WITH) $(PY) manage.py demo
	@echo; echo "Open http://127.0.0.1:$(PORT)/ - stop with Ctrl-C."; echo
	@export $(RUN_WITH); stopped=; \
	$(PY) manage.py runserver --noreload 127.0.0.1:$(PORT) & server=$$!; \
	$(PY) manage.py worker & worker=$$!; \
	trap 'stopped=1; kill -TERM $$server $$worker 2>/dev/null' INT TERM HUP; \
	wait -n $$server $$worker; status=$$?; \
	kill -TERM $$server $$worker 2>/dev/null; wait; \
	if [ -n "$$stopped" ]; then echo "Stopped."; exit 0; fi; \
	echo "The server or the worker ended, so both were stopped."; exit $$(( status ? status : 1 ))

test: .venv/.installed-dev ## Run all tests on SQLite, or on the PostgreSQL that DATABASE_URL names
	@.venv/bin/pytest -q -n 2 --dist worksteal $(ARGS)

# Kinds of test by folder: a whole browser, several processes, a day, every page for every role.
LEFT_OUT := tests/journeys tests/concurrency tests/simulation tests/access tests/benchmarks

test-fast: .venv/.installed-dev ## Run what answers within a few minutes: no browser, no races, no simulated day, no crawl of every page
	@.venv/bin/pytest -q -n 2 --dist worksteal -m "not browser and not slow and not deepens" \
		$(addprefix --ignore=,$(LEFT_OUT)) $(ARGS)

test-deep: .venv/.installed-dev ## Before a release: long properties, storms, the simulated day, then mutants (ARGS, SEED, MUTANTS)
	@DEEP=1 .venv/bin/pytest -q -s -n 0 -m "deep or deepens" $(ARGS)
	@$(MAKE) --no-print-directory mutants

faults: .venv/.installed-dev ## Kill processes and database under load, compare what was told with rows (ACKNOWLEDGED=1000 FAULTS=30 SEED ENGINE)
	@$(PY) -m tests.faults

storms: .venv/.installed-dev ## Many people at once for few times, over every path into booked, on both engines, with a table (PEOPLE=200 MANY=50 STORMS=20 ENGINES ONLY)
	@$(PY) -m tests.storms

mutants: .venv/.installed-dev ## Change one thing at a time and see whether a test notices (MUTANTS=300, SEED, ONLY="a piece of a line", AGAIN=report)
	@$(PY) -m tests.mutation

drill: .venv/.installed-dev ## Back up, lose and restore a made-up clinic on both engines, with a table (REQUESTS=300, ENGINES="sqlite postgresql")
	@$(PY) -m tests.drill

coverage: .venv/.installed-dev ## Run all tests and print how many lines and branches they reach
	@.venv/bin/pytest -q -n 2 --dist worksteal --cov --cov-report=term:skip-covered $(ARGS)

check: .venv/.installed-dev ## Lint, format, types, import rules, templates, migrations, production settings
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	@cd $(FRONTEND) && sha256sum --check --quiet built.sha256 || \
		{ echo "What is built in $(FRONTEND) does not fit its sources any more: make frontend (needs node), and commit."; exit 1; }
	git ls-files -z -- '*.html' | xargs -0 .venv/bin/djade --check --target-version 5.2
	@$(EXTRACT_MESSAGES) --output-file /dev/stdout | { cmp -s - $(CATALOGUE); differs=$$?; cat >/dev/null; exit $$differs; } || \
		{ echo "$(CATALOGUE) does not hold the sentences of the code: run \`make messages\` and commit it."; exit 1; }
	DEBUG=1 $(PY) manage.py makemigrations --check --dry-run
	env SECRET_KEY="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(60))')" \
		FIELD_KEYS="$$($(PY) -c 'import base64, os; print("k1:" + base64.b64encode(os.urandom(32)).decode())')" \
		BACKUP_KEY="$$($(PY) -c 'from pyrage.x25519 import Identity; print(Identity.generate().to_public())')" \
		BACKUP_FOLDER=/var/backups/clinic EMAIL_URL=smtp://127.0.0.1:25 \
		ENV_FILE= DEBUG=0 UNSIGNED_RULES_ACCEPTED_BY="make check" ALLOWED_HOSTS=clinic.example SITE_URL=https://clinic.example \
		$(PY) manage.py check --deploy --fail-level WARNING

messages: .venv/.installed-dev ## Collect the marked sentences in the catalogue that translators start from
	$(EXTRACT_MESSAGES) --output-file $(CATALOGUE)

weigh: .venv/.installed-dev ## Fit the word weights of the claims rules and of self-harm anew, on the texts of the tests and the site's own
	@.venv/bin/python manage.py shell -c "from tests.education.claims.weigh_words import write; write()"
	@.venv/bin/python -m tests.clinic.core.learn_weights

bench: .venv/.installed-dev ## Measure and print: claims found, answer sets a second, queries and time of pages and search
	@.venv/bin/pytest -q -s -p no:randomly -n 0 tests/benchmarks/bench_*.py | grep -E 'queries|second|entries|precision|recall|  not found|  stopped|failed|error'

format: .venv/.installed-dev ## Put code and templates into the project's format
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	git ls-files -z -- '*.html' | xargs -0 .venv/bin/djade --target-version 5.2 || true  # it answers 1 after a rewrite

frontend: .venv/.installed-dev ## Build what is served of Bootstrap and of the fonts anew (needs node 18 or newer, and the network)
	cd $(FRONTEND) && npm ci --no-fund --no-audit && npm run --silent build
	cd $(FRONTEND) && ../../../.venv/bin/uv run --no-project --with-requirements requirements.txt python build_fonts.py
	cd $(FRONTEND) && sha256sum $(BUILT_FROM) $(BUILT) > built.sha256

lock: .venv/.installed-dev ## Compile requirements.in and requirements-dev.in into pinned files with hashes
	@for name in requirements requirements-dev; do \
		.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-header $$name.in --output-file $$name.txt || exit 1; \
	done

sbom: .venv/.installed ## Write sbom.cdx.json: every package the product runs on, with its version and hashes (CycloneDX)
	@$(PY) -m clinic.core.bill_of_materials > sbom.cdx.json
	@echo "Wrote sbom.cdx.json"

clean: ## Remove what running and testing left behind (the database and .venv stay)
	rm -rf staticfiles var .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "This project needs Python 3.11 or newer: PYTHON=/path/to/python3.11 make $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "Python cannot make virtual environments here. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Making .venv ..."
	@$(PYTHON) -m venv .venv

.venv/.installed: requirements.txt | .venv/bin/python
	@echo "Installing what the site needs (about a minute, only the first time) ..."
	@.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.txt
	@touch $@

.venv/.installed-dev: requirements-dev.txt requirements.txt | .venv/bin/python
	@echo "Installing what developing and testing need ..."
	@.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.txt
	@touch .venv/.installed $@
