"""Works that an older version coded are coded again by one command, and their parts are found."""

import json

import numpy as np
from PIL import Image

from tests.outside.asking import ask
from tests.sites import photograph


def test_one_command_and_parts_of_old_works_are_found_again(tmp_path, monkeypatch):
    home, work, part = tmp_path / "home", tmp_path / "coffee.png", tmp_path / "part.png"
    image = photograph("coffee.png", 512)
    image.save(work)
    Image.fromarray(np.asarray(image)[: image.height * 7 // 10, : image.width * 7 // 10]).save(part)
    with monkeypatch.context() as patch:
        patch.setattr("provenance.fingerprints.copy.Copy.kept_as", "copy-00000000")
        assert ask(home, "register", work, "--owner", "A").code == 0
        assert ask(home, "match", part).code == 0
    assert ask(home, "match", part).code == 1
    told = ask(home, "works", "recode", "--json")
    assert json.loads(told.out) == {"recoded": 1, "without_picture": 0}
    assert ask(home, "match", part).code == 0
    assert ask(home, "works", "recode").words == "coded again: 0 of 0 works"
    assert ask(home, "audit", "check").code == 0
