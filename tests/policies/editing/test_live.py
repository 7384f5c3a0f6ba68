import pytest
from sqlalchemy import update

from policies.editing import live
from policies.editing.history import Kind, append_change
from policies.editing.live import LivePacks, load_version
from policies.line.request import keep_packs
from policies.rules.loader import builtin_packs, parse_pack
from provenance.errors import DamagedRecordError
from provenance.storage.tables import PACKS
from provenance.tenant import MAIN
from tests.policies.editing.test_shelf import house

FILES = {pack.name: pack for pack in builtin_packs()}


def put(database, log, kind=Kind.ACTIVATED, version="1.0.0", **fields):
    pack = parse_pack(house(version).encode(), file="house.yaml")
    with database.write() as connection:
        keep_packs(connection, [pack])
    given = {"name": pack.name, "sha256": pack.sha256, **fields}
    with database.write() as connection:
        append_change(connection, log, MAIN, kind, author="Ada", reason="r", **given)
    return pack


def test_a_running_process_sees_a_change_when_it_looks_again(database, log, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(live.time, "monotonic", lambda: clock[0])
    packs = LivePacks(database, FILES)
    assert (set(packs), len(packs), packs.chosen) == (set(FILES), len(FILES), ())
    made = put(database, log)
    assert "house" not in packs
    clock[0] += live.REFRESH_S
    assert packs["house"] == made
    newer = put(database, log, version="2.0.0")
    assert packs["house"] == made
    packs.refresh()
    assert packs["house"] == newer
    put(database, log, Kind.CHOSEN, name="", sha256="", names=["house"])
    put(database, log, Kind.RETIRED)
    packs.refresh()
    assert ("house" in packs, packs.chosen) == (False, ("house",))


def test_a_file_keeps_its_name(database, log):
    put(database, log)
    theirs = parse_pack(house("9.0.0").encode(), file="house.yaml")
    assert LivePacks(database, {"house": theirs})["house"] == theirs


def test_what_was_changed_in_the_database_is_left_out_and_told(database, log, capsys):
    made = put(database, log)
    with database.write() as connection:
        connection.execute(update(PACKS).values(document=b"name: house"))
    packs = LivePacks(database, FILES)
    assert "house" not in packs
    with database.read() as connection:
        with pytest.raises(DamagedRecordError, match="was changed"):
            load_version(connection, "house", made.sha256)
        with pytest.raises(DamagedRecordError, match="is not kept"):
            load_version(connection, "house", "0" * 64)
