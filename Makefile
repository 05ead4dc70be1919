# Every verb is a target with a `##` line; a bare `make` lists them. Nothing but Python 3.11+ with venv is needed.

# The first Python of the right age; another one: make PYTHON=/path/to/python
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c '$(AGE)' 2>/dev/null && echo $$p && break; done)
AGE := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))
BIN := .venv/bin
LOCK := .lock/requirements.txt

.PHONY: help demo run client test check bench crash letters cuts screenshots papers fuzz mutate-e2ee clean lock
.DEFAULT_GOAL := help

help:
	@echo 'make VERB, one of:'
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 15

demo: .venv/ready  ## play the whole product: a real server, real clients, and what each window shows
	@$(BIN)/python -m tests.process.demo

run: .venv/ready  ## the server in the foreground, its data in chatd-data/
	@$(BIN)/twistd --nodaemon --pidfile= chatd

client: .venv/ready  ## join the server on this machine: make client NAME=alice
	@$(BIN)/chat --trust-new --profile '.profiles/$(or $(NAME),me)' '$(if $(NAME),$(NAME)@)localhost'

test: .venv/ready  ## every test; only some: make test T=tests.core
	@$(BIN)/python -m tests.run $(T)

check: .venv/ready  ## format, lint, types, and the tree's own rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m tests.tidy

bench: .venv/ready  ## how fast, beside a bare broadcast server
	@$(BIN)/python -m tests.bench

crash: .venv/ready  ## kill the server at random moments under load: make crash N=200
	@$(BIN)/python -m tests.process.crash $(or $(N),200)

letters: .venv/ready  ## kill two clients at random moments while encrypted messages go: make letters N=10000 K=50
	@$(BIN)/python -m tests.process.letters $(or $(N),10000) $(or $(K),50)

cuts: .venv/ready  ## cut, and kill, while a 200 MiB file goes up and down: make cuts N=20
	@$(BIN)/python -m tests.process.files $(or $(N),20)

screenshots: .venv/ready  ## docs/screenshots/ anew, from weechat, irssi and chat on a real server
	@$(BIN)/python -m tests.process.screenshots
	@$(BIN)/python -m tests.process.stories
	@$(BIN)/python -m tests.process.console_picture

papers: .venv/ready  ## docs/man and docs/completions anew, from the programs' own parsers
	@$(BIN)/python -m tests.papers

fuzz: .venv/ready  ## the property tests with N examples each: make fuzz N=2000
	@EXAMPLES=$(or $(N),2000) $(BIN)/python -m tests.run \
		$$(grep -lr --include='test_*.py' -E '^(from|import) hypothesis' tests)

mutate-e2ee: .venv/ready  ## take every check of the encryption away in turn: a test must notice; an interrupted run goes on
	@$(BIN)/python -m tests.clients.core.e2ee.mutate --state .mutated $(T)

clean:  ## remove what was made here; chatd-data/ and .profiles/ stay
	rm -rf .venv build *.egg-info _trial_temp* .mypy_cache .ruff_cache .hypothesis .mutated twistd.log
	find chatd clients tests twisted_plugins \( -name __pycache__ -o -name dropin.cache \) -prune -exec rm -rf {} +

lock:  ## choose the newest versions setup.cfg allows, for Python 3.11 to 3.14, with their hashes
	$(PYTHON) -m venv --clear .lock/tools
	.lock/tools/bin/pip install --quiet uv
	echo '# Made by `make lock` from setup.cfg, for Python 3.11 to 3.14. Do not edit.' > $(LOCK).new
	.lock/tools/bin/uv pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes \
		--no-header setup.cfg >> $(LOCK).new
	mv $(LOCK).new $(LOCK)
	rm -rf .lock/tools

# Hashes are checked; the checkout itself is linked, not copied, and the plugin's folder made known by a .pth file. What
# is installed is byte code; so is the checkout, or every start would compile it where Python may not write.
.venv/ready: $(LOCK) setup.cfg pyproject.toml
	@$(or $(PYTHON),false) -c '$(AGE)' || { echo 'Python 3.11 to 3.14 is needed and was not found;' \
		'where it has another name: make PYTHON=/path/to/python' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo '$(PYTHON) cannot make virtual environments' \
		'(on Debian and Ubuntu: apt install python3-venv)' >&2; exit 1; }
	@echo 'Installing what $(LOCK) lists into .venv (once):'
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r $(LOCK)
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation \
		--no-index --config-settings editable_mode=compat --editable .
	@echo '$(CURDIR)/twisted_plugins' > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/chatd_plugins.pth"
	@$(BIN)/python -m compileall -q chatd clients twisted_plugins
	@touch $@
