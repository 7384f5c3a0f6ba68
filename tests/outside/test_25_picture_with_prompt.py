"""A generator's picture is handed in together with its prompt, seed and model."""

import io
import json

import pytest
from c2pa import Reader

from provenance.asset import sha256_hex
from tests.outside.test_01_outputs import png, published

PROMPT = "a heron at the quiet Zambonia lake"


@pytest.mark.parametrize("how", ["typed", "piped", "file"])
def test_the_recipe_is_recorded_and_the_prompt_stays_inside(run, light, tmp_path, how):
    cover, words = png(tmp_path / "cover.png"), tmp_path / "words.txt"
    words.write_text(PROMPT + "\n")
    given = {"typed": ("--prompt", PROMPT), "piped": ("--prompt", "-"), "file": ("--prompt-file", words)}[how]
    done = run(
        "release", cover, *given, "--seed", 7, "--model", "painter-2", "-o", tmp_path / "sealed.png", "--json",
        stdin=PROMPT.encode(),
    )  # fmt: skip
    assert done.code == 0, done
    said = json.dumps(run("verify", tmp_path / "sealed.png", "--json").document)
    sealed = (tmp_path / "sealed.png").read_bytes()
    assert b"painter-2" in sealed
    assert sha256_hex(PROMPT.encode()).encode() in sealed
    assert "Zambonia" not in said + done.out
    assert not [path for path in light.rglob("*") if path.is_file() and b"Zambonia" in path.read_bytes()]
    assert len(published(light)) == 1


def test_the_prompt_is_screened_with_its_picture(run, light, tmp_path):
    cover = png(tmp_path / "cover.png")
    for prompt, code in (("a casino", 3), ("how to make a bomb", 4), ("a boat", 0)):
        assert run("release", cover, "--prompt", prompt).code == code


def test_one_prompt_serves_several_pictures(run, light, tmp_path):
    files = [png(tmp_path / "a.png"), png(tmp_path / "b.png", "chelsea.png")]
    done = run("release", *files, "--prompt", PROMPT, "-o", tmp_path / "out", "--json")
    assert [item["outcome"] for item in done.document["results"]] == ["released", "released"]


def test_the_manifest_names_the_model_as_the_maker_and_never_us(run, light, tmp_path):
    cover = png(tmp_path / "cover.png")
    for number, (given, name) in enumerate(((("--model", "painter-2"), "painter-2"), ((), "unknown generator"))):
        sealed = tmp_path / f"{number}.png"
        assert run("release", cover, "--prompt", PROMPT, *given, "-o", sealed).code == 0
        manifest = json.loads(Reader("image/png", io.BytesIO(sealed.read_bytes())).json())
        (active,) = manifest["manifests"].values()
        actions = next(one["data"]["actions"] for one in active["assertions"] if one["label"] == "c2pa.actions.v2")
        assert (actions[0]["action"], actions[0]["softwareAgent"]["name"]) == ("c2pa.created", name)
