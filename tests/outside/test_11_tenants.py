"""Two firms at one gate: what is one's, the other never sees, matches, reviews, fetches or exports."""

import json
import subprocess
import sys

import pytest

from api.settings import TenantSettings
from api.wiring import open_site
from policies import gate
from policies.audit.concordance import compare_records
from policies.audit.holdings import compare_blobs
from policies.line.intake import intake
from policies.line.records import asset_row
from policies.line.released import find_released
from policies.line.repeats import find_earlier
from policies.review.judgement import review
from policies.review.queue import Query, find_waiting
from policies.review.verdicts import queue
from policies.rules.decision import Outcome
from provenance.asset import MediaType
from provenance.errors import AssetError, AssetNotFoundError, ConfigurationError, WorksError
from provenance.media.picture.image import parse_image
from tests.sites import build_light_settings, encode, photograph, submission

CASINO = "people at a roulette table in a casino"
SIDE = 288


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def site(request, tmp_path):
    urls = {} if request.param == "sqlite" else {"database_url": request.getfixturevalue("fresh_postgres_url")}
    tenants = {
        "acme": TenantSettings(provider={"name": "Acme Pictures"}),
        "zenith": TenantSettings(provider={"name": "Zenith"}, max_pixels=4096),
    }
    with open_site(build_light_settings(tmp_path / "home", tenants=tenants, **urls)) as opened:
        yield opened


@pytest.fixture
def firms(site):
    return tuple(site.deployment.tenancy(name) for name in ("main", "acme", "zenith"))


def picture(name="coffee.png"):
    return parse_image(encode(photograph(name, SIDE)))


def find(here, asset_id):
    with here.database.read() as connection:
        return find_released(connection, asset_id, tenant=here.tenant)


def test_assets_are_their_tenants_alone(firms):
    main, acme, _ = firms
    released, held = (gate.release(acme, submission(side=SIDE, prompt=prompt)) for prompt in (None, CASINO))
    assert (released.outcome, held.outcome) == (Outcome.RELEASE, Outcome.HOLD)
    assert [item.asset_id for item in find_waiting(acme.database, Query(), acme.tenant)] == [held.asset_id]
    assert list(find_waiting(main.database, Query(), main.tenant)) == list(queue(main)) == []
    assert find_earlier(main, submission(side=SIDE)) is None
    assert find_earlier(acme, submission(side=SIDE)).asset_id == released.asset_id
    for look in (
        lambda: review(main, held.asset_id, outcome=Outcome.RELEASE, reviewer="Mo", reason="mine"),
        lambda: gate.walk(main, held.asset_id),
        lambda: find(main, released.asset_id),
    ):
        with pytest.raises(AssetNotFoundError):
            look()
    with pytest.raises(AssetError, match="choose another"):
        intake(main, submission(side=SIDE, asset_id=released.asset_id))
    assert review(acme, held.asset_id, outcome=Outcome.RELEASE, reviewer="Mo", reason="a game").ledger_index
    assert list(compare_records(main.database)) == list(compare_blobs(main)) == []


def test_each_signs_marks_and_bounds_as_its_own(site, firms):
    _, acme, zenith = firms
    released = gate.release(acme, submission(side=SIDE))
    with acme.database.read() as connection:
        provider = asset_row(connection, released.asset_id, acme.tenant)["request"]["provider"]
    assert provider["name"] == "Acme Pictures"
    assert len({here.sealer.provider.name for here in firms}) == 3
    frame = parse_image(site.deployment.blobs.public.get(released.public_key)).frame
    assert [here.media.of(MediaType.JPEG).watermark.extract(frame) is not None for here in firms] == [
        False,
        True,
        False,
    ]
    with pytest.raises(AssetError):
        gate.release(zenith, submission(side=SIDE))
    with pytest.raises(ConfigurationError, match="no tenant of this site is called 'nobody'"):
        acme.tenancy("nobody")


def test_works_and_banks_are_their_tenants_alone_even_under_one_id(firms):
    main, acme, _ = firms
    acme.works.register(picture(), title="Cup", owner="Acme", work_id="cup")
    acme.works.define_bank("secret", action="hold")
    assert gate.release(main, submission(side=SIDE)).outcome is Outcome.RELEASE
    assert gate.release(acme, submission(side=SIDE)).outcome is Outcome.BLOCK
    assert main.works.match(picture()).matches == main.works.banks() == tuple(main.works.works()) == ()
    with pytest.raises(WorksError, match="no work has the id"):
        main.works.withdraw("cup", "not mine")
    main.works.register(picture("chelsea.png"), title="Cat", owner="Main", work_id="cup")
    assert (main.works.find("cup").title, acme.works.find("cup").title) == ("Cat", "Cup")
    assert main.works.withdraw("cup", "done").status == "withdrawn"
    assert acme.works.match(picture()).matches[0].work_id == "cup"
    assert acme.works.match_work_to_releases("cup") == ()
    assert list(compare_records(main.database)) == []


def test_the_ledger_is_one_and_says_whose_each_entry_is_without_a_name(firms, tmp_path):
    main, acme, zenith = firms
    gate.release(main, submission(side=SIDE))
    gate.release(acme, submission(side=SIDE))
    zenith.works.define_bank("b", action="hold")
    whose = [(entry.kind, entry.fields().get("tenant", "")[:7]) for entry in main.log.entries()]
    ends = ("decision.made", "asset.released")
    assert whose == [*((kind, "") for kind in ends), *((kind, "tenant-") for kind in ends), ("bank.defined", "tenant-")]
    assert not any(b"acme" in entry.opening or b"zenith" in entry.leaf for entry in main.log.entries())
    acme_entries = [entry for entry in main.log.entries() if acme.log.is_own(entry)]
    assert [entry.kind for entry in acme_entries] == list(ends)


def test_what_a_tenant_left_is_finished_as_the_tenants(firms):
    main, acme, _ = firms
    asset_id = intake(acme, submission(side=SIDE))
    acme.leases.close()  # as if the process had gone
    (done,) = gate.resume(main)
    assert (done.asset_id, done.outcome) == (asset_id, Outcome.RELEASE)
    assert find(acme, asset_id).asset_id == asset_id


def test_a_settings_file_and_one_word_on_the_command_line_are_enough(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    home.joinpath("chopmark.toml").write_text('[tenants.acme]\nprovider = {name = "Acme"}\nmax_bytes = 1000\n')
    (tmp_path / "cup.jpg").write_bytes(encode(photograph("coffee.png", SIDE)))

    def run(*arguments, **more):
        environment = {"PATH": "/usr/bin:/bin", "CHOPMARK_HOME": str(home), **more}
        done = subprocess.run(
            [sys.executable, "-m", "chopmark", *arguments, "--json"], env=environment, capture_output=True, check=False
        )
        return done.returncode, json.loads(done.stdout)

    assert run("register", str(tmp_path / "cup.jpg"), "--owner", "Acme", "--tenant", "acme")[0] == 2  # over 1,000 bytes
    more = {"CHOPMARK_TENANTS__ZENITH__PROVIDER__NAME": "Zenith"}
    assert run("--tenant", "zenith", "works", "define-bank", "b", "--action", "hold", **more)[0] == 0
    names = [
        run("works", "banks", *words, **more)[1]["banks"] for words in ((), ("--tenant=zenith",), ("--tenant", "acme"))
    ]
    assert [len(banks) for banks in names] == [0, 1, 0]
    assert run("works", "banks", "--tenant", "nobody")[0] == run("works", "banks", "--tenant", "No!")[0] == 2
