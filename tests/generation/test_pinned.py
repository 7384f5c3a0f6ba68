"""Options that name weights: one way for all backends, and nothing is fetched by itself."""

import pytest

from generation.pinned import parse_count, parse_number, parse_pinned
from generation.weights import LIST_NAME, build_list, pipeline_dir
from provenance.errors import BackendUnavailableError, ConfigurationError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def parse(own=(), **options):
    return parse_pinned("painter", "transformers", options, own)


def test_a_folder_of_ones_own_is_named_by_itself(tmp_path):
    pinned = parse(model=str(tmp_path))
    assert pinned.find() == tmp_path
    assert (pinned.name, pinned.identifier) == (tmp_path.name, "")


def test_a_pulled_folder_is_named_by_hub_and_commit_by_either_door(tmp_path):
    folder = pipeline_dir(tmp_path, "owner/name", COMMIT, "transformers")
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "vits"}')
    (folder / LIST_NAME).write_text(build_list(folder))
    for pinned in (parse(model=str(folder)), parse(model="owner/name", revision=COMMIT, models_dir=str(tmp_path))):
        assert pinned.find() == folder
        assert (pinned.name, pinned.identifier) == ("owner/name", f"pkg:huggingface/owner/name@{COMMIT}")


def test_what_was_not_pulled_is_not_fetched_and_said_with_the_command(tmp_path):
    pinned = parse(model="owner/name", revision=COMMIT, models_dir=str(tmp_path))
    with pytest.raises(BackendUnavailableError, match=f"chopmark models pull transformers owner/name {COMMIT}"):
        pinned.find()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({}, "painter comes with no weights"),
        ({"model": "owner/name", "models_dir": "m"}, "40 hexadecimal"),
        ({"model": "owner/name", "models_dir": "m", "revision": "main"}, "40 hexadecimal"),
        ({"model": "owner/name", "revision": COMMIT}, "models_dir"),
        ({"model": "/no/such/folder"}, "no folder here"),
        ({"model": ".", "dtype": "int8"}, "dtype"),
        ({"model": ".", "trust_remote_code": True}, "no option trust_remote_code"),
    ],
)
def test_options_that_cannot_work_stop_at_once(options, problem):
    with pytest.raises(ConfigurationError, match=problem):
        parse(**options)


@pytest.mark.parametrize("value", [0, True, "3", 2.5])
def test_counts_are_whole_numbers(value):
    with pytest.raises(ConfigurationError, match="painter: steps is a whole number of at least 1"):
        parse_count("painter", {"steps": value}, "steps")


@pytest.mark.parametrize("value", [-1, True, "3", float("nan")])
def test_numbers_are_numbers(value):
    with pytest.raises(ConfigurationError, match="painter: rate is a number of at least 0"):
        parse_number("painter", {"rate": value}, "rate")


def test_what_is_not_given_is_none():
    assert parse_count("painter", {}, "steps") is None
    assert parse_number("painter", {"rate": 8}, "rate") == 8.0
