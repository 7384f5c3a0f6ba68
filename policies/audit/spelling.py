"""An order as JSON and back: how it is kept until somebody carries it out."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from policies.audit.exporting import Kind, Order
from provenance.errors import DamagedRecordError
from provenance.ledger.entry import format_time

_TIMES = ("since", "until")


def spell_order(order: Order) -> dict[str, Any]:
    """Return an order as a JSON object; what was not asked for is left out."""
    plain = Order()
    given = {field.name: getattr(order, field.name) for field in fields(order)}
    told = {name: value for name, value in given.items() if value != getattr(plain, name)}
    told |= {name: format_time(told[name]) for name in _TIMES if name in told}
    return {
        "kind": order.kind.value,
        **{name: list(value) if isinstance(value, tuple) else value for name, value in told.items() if name != "kind"},
    }


def parse_order(record: Mapping[str, Any]) -> Order:
    """Return the order that a record spells.

    Raises:
        DamagedRecordError: it spells none.
    """
    try:
        given: dict[str, Any] = dict(record)
        given |= {name: datetime.fromisoformat(given[name]) for name in _TIMES if name in given}
        listed = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
        return Order(**{**given, **listed, "kind": Kind(given.get("kind", Kind.ENTRIES.value))})
    except (TypeError, ValueError, AttributeError) as exc:
        raise DamagedRecordError(f"the stored order of an export is damaged: {type(exc).__name__}") from exc
