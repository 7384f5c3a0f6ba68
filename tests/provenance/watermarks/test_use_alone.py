"""The scheme for somebody else's project: the page's examples run, and no more is imported than it says."""

import doctest
import subprocess
import sys

import pytest

import provenance.watermarks
from tests.architecture.checkout import ROOT
from tests.sites import photograph

PAGE = ROOT / "docs" / "watermark.md"


def section(name):
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(f"## {name}\n")
    assert rest, f"docs/watermark.md has no heading {name!r}"
    return rest.partition("\n## ")[0]


def test_the_examples_of_the_page_come_true(tmp_path, monkeypatch):
    photograph("coffee.png", 400).save(tmp_path / "photograph.png")
    monkeypatch.chdir(tmp_path)
    text = section("Use it alone").replace("```", "")
    examples = doctest.DocTestParser().get_doctest(text, {}, "docs/watermark.md", str(PAGE), 0)
    assert len(examples.examples) > 15
    said = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(examples, out=said.append)
    assert runner.failures == 0, "".join(said)


def run_alone(code):
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_package_costs_nothing_until_a_name_is_used():
    run_alone(
        "import sys, provenance.watermarks\n"
        "heavy = {'numpy', 'cv2', 'numba', 'scipy', 'cryptography', 'PIL'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "from provenance.watermarks import *\n"
        "assert not (heavy - {'numpy', 'cryptography'}) & set(sys.modules)\n"
    )


def test_it_needs_nothing_else_of_chopmark():
    told = run_alone(
        "import sys\n"
        "from provenance.watermarks import Tile, WatermarkKey\n"
        "import numpy as np\n"
        "tile = Tile((WatermarkKey('a', bytes(32)),))\n"
        "print(tile.extract(np.zeros((256, 256, 3), np.uint8)))\n"
        "ours = {name for name in sys.modules if name.startswith(('provenance', 'policies', 'detectors', 'api'))}\n"
        "others = {name for name in ours if not name.startswith('provenance.watermarks')}\n"
        "assert others <= {'provenance', 'provenance.asset', 'provenance.errors', 'provenance.plugins',"
        " 'provenance.compiler', 'provenance.machine_code', 'provenance.machine_symbols'}, others\n"
        "assert not {'sqlalchemy', 'PIL', 'c2pa', 'pydantic', 'torch'} & set(sys.modules)\n"
    )
    assert told.strip() == "None"


@pytest.mark.parametrize("name", provenance.watermarks.__all__)
def test_every_name_is_there(name):
    assert getattr(provenance.watermarks, name) is not None
    assert name in dir(provenance.watermarks)


def test_another_name_is_not():
    with pytest.raises(AttributeError, match="no attribute 'Tiles'"):
        _ = provenance.watermarks.Tiles
