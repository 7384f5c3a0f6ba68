from api.matching import build_report, describe_nearness, describe_overlap, draw_sheet, match_file
from api.reading import open_reader
from api.settings import load_settings
from api.wiring import open_site
from provenance.media.picture.overlap import Box, Overlap
from provenance.storage.blob import Blob
from tests.sites import encode, photograph


def test_a_copy_is_matched_said_why_and_drawn(stock, copy_of_the_work):
    with open_site(load_settings()) as site:
        here = site.deployment
        found = match_file(here, Blob.from_path(copy_of_the_work))
        (match,) = found.report.matches
        assert match.work_id == stock.work_id
        assert f"{match.distance_bits} of 31 bits, pdq" in describe_nearness(match)
        assert build_report(found.report)["matches"][0]["why"] == describe_nearness(match)
        sheet = draw_sheet(here.works, found.picture, found.report)
        assert (sheet.height, sheet.width > 900) == (480, True)


def test_nothing_is_drawn_where_nothing_matches(stock):
    with open_reader(load_settings()) as site:
        found = match_file(site, Blob.from_bytes(encode(photograph("rocket.jpg", 300))))
        assert draw_sheet(site.works, found.picture, found.report) is None


def test_a_part_is_told_by_its_share():
    whole = Overlap(shared=40, is_mirrored=True, in_part=Box(0, 0, 1, 1), in_whole=Box(0, 0, 0.5, 0.5))
    assert describe_overlap(whole) == (
        "shows a part of it, mirrored: 40 details, 25% of the work in 100% of the picture"
    )
