"""The evaluator alone, and the same one for whoever imports the whole library."""

import subprocess
import sys

from policies.rules.cel_library import load_cel
from tests.architecture.checkout import ROOT


def test_it_evaluates():
    assert load_cel().compile("1 + 1 == 2").execute(load_cel().Context(variables={})) is True


def test_the_shell_stays_out_and_the_library_can_still_be_imported():
    code = (
        "import sys; from policies.rules.cel_library import load_cel; evaluator = load_cel();"
        "assert not {'cel', 'cel.cli', 'prompt_toolkit', 'rich'} & set(sys.modules), sorted(sys.modules);"
        "import cel; assert cel.compile is evaluator.compile; assert cel.evaluate('2 > 1')"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
