"""docs/configuration.md names each setting once, with its variable and its default."""

import json
import re
from collections.abc import Mapping
from enum import Enum
from pathlib import Path

import pytest
from pydantic import BaseModel

from api.settings import PREFIX, Settings, load_settings
from tests.architecture.checkout import ROOT

PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([a-z_.]+)` \| `([A-Z_]+)` \| (.+?) \| (.+) \|$", re.MULTILINE)


def settings_of(model, prefix=""):
    """Yield name and default of each setting, those of groups with their group's name."""
    for name, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True)
        if isinstance(default, BaseModel):
            yield from settings_of(type(default), f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", default


def spell(default):
    """Return a default as the page spells it."""
    if isinstance(default, Path):
        return "`~/.local/share/chopmark`"
    if isinstance(default, Enum):
        return f"`{default.value}`"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if default == "":
        return "empty"
    if default is None or (isinstance(default, tuple | Mapping) and not default):
        return "none"
    return f"`{','.join(default)}`" if isinstance(default, tuple) else f"`{default}`"


DOCUMENTED = {name: (variable, default, meaning) for name, variable, default, meaning in ROW.findall(PAGE)}
DECLARED = dict(settings_of(Settings))


def test_each_setting_has_a_row_and_no_row_is_left_over():
    assert sorted(DOCUMENTED) == sorted(DECLARED)
    assert len(ROW.findall(PAGE)) == len(DECLARED)


@pytest.mark.parametrize("name", DECLARED)
def test_the_row_tells_the_variable_and_the_default(name):
    variable, default, meaning = DOCUMENTED[name]
    assert variable == PREFIX + name.upper().replace(".", "__")
    assert default == spell(DECLARED[name])
    assert len(meaning) > len("Options.")


def test_the_example_of_detector_options_is_one_that_settings_take(tmp_path):
    example = re.search(r"such as `(\{.*\})`", DOCUMENTED["detector_options"][2])
    assert example
    settings = Settings(home=tmp_path, detector_options=json.loads(example.group(1)))
    assert settings.detector_options["clip"]["model"] == "ViT-B-32"


def test_the_example_file_is_one_that_settings_take(tmp_path, monkeypatch):
    block = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert block
    (tmp_path / "chopmark.toml").write_text(block.group(1), encoding="utf-8")
    monkeypatch.setenv("CHOPMARK_HOME", str(tmp_path))
    settings = load_settings()
    assert settings.packs == ("baseline", "eu-ai-act-50")
    assert settings.provider.name == "Example Pictures Ltd"
    assert settings.detector_options == {"prompt": {"terms": "/srv/terms"}}
