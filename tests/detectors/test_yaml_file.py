"""Banks' YAML: the shipped files read as PyYAML alone reads them; what is none is an error that names the file."""

import pytest
import yaml

from detectors.concept_bank import BANKS_DIR
from detectors.term_bank import TERMS_DIR
from detectors.yaml_file import read_yaml
from provenance.errors import ConfigurationError


@pytest.mark.parametrize(
    "path", [*sorted(BANKS_DIR.glob("*.yaml")), TERMS_DIR / "weapons.yaml"], ids=lambda path: path.name
)
def test_both_parsers_read_the_same(path):
    assert read_yaml(path) == yaml.safe_load(path.read_text("utf-8"))


@pytest.mark.parametrize(
    "spoiled",
    [b"a: [", b"\xff\xfe", b"a: !!python/object:os.system x", b"[" * 5000, b"when: 2026-99-99"],
    ids=["unclosed", "no text", "an object", "deep", "no such day"],
)
def test_what_is_no_yaml_is_told_with_its_file(tmp_path, spoiled):
    path = tmp_path / "mine.yaml"
    path.write_bytes(spoiled)
    with pytest.raises(ConfigurationError, match=r"mine\.yaml cannot be read as YAML"):
        read_yaml(path)


def test_what_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigurationError, match=r"mine\.yaml"):
        read_yaml(tmp_path / "mine.yaml")
