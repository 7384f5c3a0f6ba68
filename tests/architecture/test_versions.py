"""One set of version numbers: what is installed, what is answered, what the changelog and the pages say."""

import re
import tomllib

from api import VERSION
from tests.architecture.checkout import ROOT, files

PAGES = [path for path in files() if path.suffix == ".md" and path.parts[0] in {"docs", "README.md", "CONTRIBUTING.md"}]


def test_project_and_program_agree():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"] == VERSION


def test_the_newest_entry_of_the_changelog_is_this_version():
    headings = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == VERSION
    assert headings == sorted(headings, key=lambda text: [int(part) for part in text.split(".")], reverse=True)


def test_pages_name_no_other_version_of_ours():
    ours = re.compile(r"(?:[Cc]hopmark[ /]v?|system_version=\")(\d+\.\d+\.\d+)")
    named = {(str(path), found) for path in PAGES for found in ours.findall((ROOT / path).read_text(encoding="utf-8"))}
    assert {version for _, version in named} <= {VERSION}, named
