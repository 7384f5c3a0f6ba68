"""What is said beforehand is what is done afterwards."""

from api.foretelling import add_packs, foretell
from policies import gate
from policies.line.records import find_signals
from tests.sites import as_submission, encode, photograph


def test_what_is_foretold_is_what_is_done(light):
    from api.settings import load_settings
    from api.wiring import open_site

    with open_site(load_settings()) as site:
        here = site.deployment
        told = foretell(here, ("cn-labeling-2025",))
        assert [pack.name for pack in told.packs] == [*here.deciding, "cn-labeling-2025"]
        assert add_packs(here, ()) == ()
        packs = add_packs(here, ("cn-labeling-2025",))
        result = gate.release(here, as_submission(encode(photograph(side=256)), name="cup.jpg", packs=packs))
        with here.database.read() as connection:
            asked = {signal.detector for signal in find_signals(connection, result.asset_id)}
        assert asked == set(told.detectors)
        assert {pack.name for pack in result.decision.packs} == {pack.name for pack in told.packs}
        made = {obligation.kind.value for obligation in result.decision.obligations}
        assert set(told.marks) <= made <= {*told.marks, *told.perhaps}
