"""Many files, several processes: the same ends in the same order, and one that dies ends nobody else."""

from dataclasses import replace

import pytest

from api.batch import run_each
from api.crew import FILES_A_HELPER, HELPER_BYTES, count_helpers, crew, end_each
from api.output import NOWHERE, Place
from api.releasing import Repeats, Request, Source
from policies.rules.decision import Outcome
from provenance.errors import AssetError
from tests.sites import encode, photograph


@pytest.fixture
def site(light_site_by_environment):
    return light_site_by_environment


def make_sources(site, folder, count):
    sources = []
    for number in range(count):
        path = folder / f"{number}.png"
        path.write_bytes(encode(photograph("chelsea.png", side=256 + 8 * number), "PNG"))
        sources.append(Source(str(path), Place(folder / "out" / path.name), site.deployment.media))
    return sources


def test_files_are_released_here_and_in_a_helper_in_order(site, tmp_path):
    sources = make_sources(site, tmp_path, 6)
    (tmp_path / "3.png").write_bytes(b"no picture")
    with crew(site, Request(), helpers=1, threads=2) as end:
        ended = run_each(end, sources, description="releasing", quiet=True)
        more = make_sources(site, tmp_path, 8)[6:]
        ended += run_each(end, more, description="releasing", quiet=True)
    assert [one.name for one in ended] == [source.path for source in (*sources, *more)]
    assert [one.error is not None for one in ended] == [number == 3 for number in range(8)]
    assert isinstance(ended[3].error, AssetError)
    assert all(one.result.outcome is Outcome.RELEASE for one in ended if one.result)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(f"{n}.png" for n in range(8) if n != 3)
    indexes = [one.result.ledger_index for one in ended if one.result]
    assert len(set(indexes)) == 7


def test_what_needs_no_look_ends_before_anything_is_warmed(site, tmp_path, monkeypatch):
    """What was released before, what is not there and what is no picture; the first file that needs a look warms."""
    sources, warmed = make_sources(site, tmp_path, 3), []
    monkeypatch.setattr(type(site), "warm", lambda _: warmed.append(True))
    (before,) = end_each(site, sources[:1], Request(), quiet=True)
    assert (before.is_repeat, warmed) == (False, [True])
    absent = Source(str(tmp_path / "absent.png"), NOWHERE, site.deployment.media)
    (tmp_path / "2.png").write_bytes(b"no picture")
    ended = end_each(site, [absent, sources[0], sources[2]], Request(), quiet=True)
    assert [one.error and one.error.code for one in ended] == ["file", None, "asset.unsupported"]
    assert (ended[1].is_repeat, ended[1].result.asset_id, ended[1].written) == (
        True,
        before.result.asset_id,
        before.written,
    )
    assert warmed == [True]
    ended = end_each(site, [absent, sources[1], sources[0]], Request(), quiet=True)
    assert [one.is_repeat for one in ended] == [False, False, True]
    assert ended[1].result.outcome is Outcome.RELEASE
    assert warmed == [True, True]
    once_more = [replace(sources[0], place=NOWHERE)]
    (again,) = end_each(site, once_more, Request(repeats=Repeats(again=True)), quiet=True)
    assert again.result.asset_id != before.result.asset_id
    assert warmed == [True, True, True]


def test_a_helper_that_is_not_needed_any_more_is_not_waited_for(site):
    with crew(site, Request(), helpers=1, threads=2):
        pass


def test_helpers_are_as_many_as_files_cores_and_memory_allow(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr("api.crew._find_free_bytes", lambda: 64 << 30)
    assert [count_helpers(files) for files in (0, 1, FILES_A_HELPER, 2 * FILES_A_HELPER, 100)] == [0, 0, 0, 1, 1]
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(64)))
    assert count_helpers(4 * FILES_A_HELPER) == 3
    monkeypatch.setattr("api.crew._find_free_bytes", lambda: 2 * HELPER_BYTES)
    assert count_helpers(100) == 1
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})
    assert count_helpers(100) == 0
