from api.schemas.health import Health, Readiness


def test_what_a_supervisor_is_told_is_named():
    assert set(Health.model_fields) == {"status", "ledger_size", "decoder_deaths"}
    assert Readiness(status="ready", checks={"database": True}).checks == {"database": True}
