from api.wiring import open_site
from bench.lookup import fill, tell
from tests.sites import build_light_settings


def test_what_it_writes_is_found_by_its_code(tmp_path):
    with open_site(build_light_settings(tmp_path / "home")) as site:
        works = site.deployment.works
        works.define_bank("works", action="block")
        code = fill(site.deployment.database, 20)[0]
        (match,) = works.match_code("pdq", code)
        assert (match.work_id, match.distance_bits) == ("w0", 0)
    assert tell([1.0] * 99 + [9.0]) == "1.0 / 8.9"
