from sqlalchemy import select

from api.access.flow import begin_flow, take_flow
from provenance.storage.access_tables import SIGN_IN_FLOWS


def test_what_was_begun_is_taken_once(place):
    token = begin_flow(place.database, "provider", {"nonce": "n"})
    assert take_flow(place.database, "passkey", token) is None
    assert take_flow(place.database, "provider", token) == {"nonce": "n"}
    assert take_flow(place.database, "provider", token) is None
    assert take_flow(place.database, "provider", "nonsense") is None


def test_what_was_not_taken_in_time_is_gone(place):
    late = begin_flow(place.database, "provider", {}, lasts_s=-1)
    assert take_flow(place.database, "provider", late) is None
    begin_flow(place.database, "provider", {}, lasts_s=-1)
    begin_flow(place.database, "provider", {})
    with place.database.read() as connection:
        assert len(connection.execute(select(SIGN_IN_FLOWS)).all()) == 1
