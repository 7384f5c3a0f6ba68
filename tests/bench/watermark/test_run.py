import pytest

from bench.watermark.__main__ import main
from bench.watermark.results import Journal
from bench.watermark.run import EXTRACT_FIELDS
from bench.watermark.tables import TABLES
from tests.bench.watermark.pictures import write_sets

ATTACKS = "none,jpeg75,hflip,crop50c,rotate any, inscribed".replace("any, ", "any*")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = write_sets(tmp_path_factory.mktemp("pictures"))
    results = tmp_path_factory.mktemp("results")
    run(root, results)
    return root, results


def run(root, results, *more):
    main([
        "run", "--pictures", str(root), "--set", "heldout/500", "--schemes", "dwt_dct_svd", "--attacks", ATTACKS,
        "--results", str(results), "--no-perceptual", *more,
    ])  # fmt: skip


def outcomes(results, attack):
    return [row["outcome"] for row in Journal(results, "extracts").rows() if row["attack"] == attack]


def test_a_scheme_keeps_what_it_says_it_keeps(folder):
    _, results = folder
    assert outcomes(results, "none") == outcomes(results, "jpeg75") == outcomes(results, "hflip") == ["recovered"] * 2
    assert outcomes(results, "crop50c") == ["lost"] * 2
    assert len(outcomes(results, "rotate any, inscribed")) == 6
    embeds = list(Journal(results, "embeds").rows())
    assert {row["key"] for row in embeds} == {0, 1}
    assert all(row["psnr_db"] > 38 and row["ssim"] > 0.9 for row in embeds)


def test_a_second_run_does_nothing_and_a_cut_one_goes_on(folder, tmp_path):
    root, results = folder
    before = (results / "extracts.jsonl").read_bytes()
    run(root, results)
    assert (results / "extracts.jsonl").read_bytes() == before
    lines = before.splitlines(keepends=True)
    (tmp_path / "extracts.jsonl").write_bytes(b"".join(lines[:5]) + lines[5][:20])
    (tmp_path / "embeds.jsonl").write_bytes((results / "embeds.jsonl").read_bytes())
    run(root, tmp_path)
    assert Journal(tmp_path, "extracts").done(EXTRACT_FIELDS) == Journal(results, "extracts").done(EXTRACT_FIELDS)
    assert len(list(Journal(tmp_path, "extracts").rows())) == len(lines)


def test_the_report_fills_the_page(folder, tmp_path):
    _, results = folder
    page = tmp_path / "page.md"
    page.write_text(
        "# Title\n\nProse.\n\n" + "".join(f"<!-- table: {name} -->\nold\n<!-- end -->\n" for name in TABLES)
    )
    main(["report", "--results", str(results), "--page", str(page), "--plots", str(tmp_path / "plots")])
    written = page.read_text()
    assert "| jpeg75 | 2/2 |" in written
    assert "| rotate any, inscribed |" in written
    assert written.startswith("# Title\n\nProse.\n")
    assert "<!-- table: timing -->\nold\n<!-- end -->" in written, "no results: kept as it was"
    for plot in ("watermark-curves.svg", "watermark-families.svg"):
        assert 1000 < (tmp_path / "plots" / plot).stat().st_size < 200_000
    main(["report", "--results", str(results), "--page", str(page), "--plots", str(tmp_path / "again")])
    assert page.read_text() == written
    assert (tmp_path / "again" / "watermark-curves.svg").read_bytes() == (
        tmp_path / "plots" / "watermark-curves.svg"
    ).read_bytes()
