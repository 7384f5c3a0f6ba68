import os
from pathlib import Path

import pytest

from policies.rules.document import SIZE_LIMIT
from policies.rules.loader import BUILTIN_PACKS_DIR, builtin_packs, find_pack_files, load_named, load_pack
from provenance.errors import PackInvalidError, PolicyError

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "valid.yaml").write_bytes((GOLDEN / "valid.yaml").read_bytes())
    return tmp_path


def test_a_pack_is_loaded_from_its_file(folder):
    assert load_pack(folder / "valid.yaml").name == "valid"


def test_problems_name_the_file_as_it_was_given(folder):
    path = folder / "broken.yaml"
    path.write_text("name: broken\n", encoding="utf-8")
    with pytest.raises(PackInvalidError) as caught:
        load_pack(path)
    assert caught.value.problems[0] == f"{path}:1:1: 'description' is missing"
    assert caught.value.code == "policy.pack_invalid"


@pytest.mark.parametrize("name", ["absent.yaml", "."])
def test_what_is_no_file_is_an_error(tmp_path, name):
    with pytest.raises(PolicyError, match="no pack file"):
        load_pack(tmp_path / name)


def test_a_pipe_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(PolicyError, match="no pack file"):
        load_pack(tmp_path / "pipe.yaml")


def test_a_path_that_cannot_be_read_is_an_error(tmp_path):
    with pytest.raises(PolicyError, match="pack file"):
        load_pack(tmp_path / ("x" * 300 + ".yaml"))


def test_a_huge_file_is_refused_after_its_first_bytes(tmp_path):
    path = tmp_path / "huge.yaml"
    with path.open("wb") as stream:
        stream.truncate(SIZE_LIMIT * 10_000)
    with pytest.raises(PackInvalidError, match=f"more than {SIZE_LIMIT} bytes"):
        load_pack(path)


def test_folders_add_to_the_built_in_packs(folder):
    files = find_pack_files([folder])
    assert set(files) == {*find_pack_files(), "valid"}
    assert list(files) == sorted(files)
    assert files["valid"] == folder / "valid.yaml"


def test_naming_a_folder_twice_is_no_harm(folder):
    assert find_pack_files([folder, folder, BUILTIN_PACKS_DIR]) == find_pack_files([folder])


def test_no_pack_takes_the_place_of_another(folder):
    (folder / "baseline.yaml").write_bytes((GOLDEN / "valid.yaml").read_bytes())
    with pytest.raises(PolicyError, match="two packs are named 'baseline'"):
        find_pack_files([folder])


def test_a_folder_that_does_not_exist_is_an_error(tmp_path):
    with pytest.raises(PolicyError, match="no pack folder"):
        find_pack_files([tmp_path / "absent"])


def test_load_named_keeps_the_order_and_drops_repeats(folder):
    packs = load_named(["valid", "baseline", "valid"], [folder])
    assert [pack.name for pack in packs] == ["valid", "baseline"]


def test_load_named_knows_what_it_has():
    with pytest.raises(PolicyError, match=r"no pack is named 'basline'; did you mean 'baseline'\?"):
        load_named(["basline"])
    with pytest.raises(PolicyError, match="expected at least one of baseline, cn-labeling-2025, .*eu-ai-act-50"):
        load_named([])


def test_load_named_reports_the_problems_of_every_pack(folder):
    for name in ("one", "two"):
        (folder / f"{name}.yaml").write_text("x", encoding="utf-8")
    with pytest.raises(PackInvalidError) as caught:
        load_named(["one", "valid", "two"], [folder])
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        str(folder / "one.yaml"),
        str(folder / "two.yaml"),
    ]


def test_builtin_packs_are_all_files_of_the_folder():
    assert [pack.name for pack in builtin_packs()] == sorted(path.stem for path in BUILTIN_PACKS_DIR.glob("*.yaml"))
