"""What tables share: JSON that both engines have, the gate's own records, which say their form, and partial indexes."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import JSON, Column, Dialect, Index, TextClause, TypeDecorator

from provenance.errors import DamagedRecordError

RECORD_FORM: Final = 1
"""Of every record of `RecordColumn` that this version writes."""

_FORM: Final = "form"

_partial: Final[list[tuple[Index, TextClause]]] = []


class DamagedJson(Mapping[str, Any]):
    """Stands for a stored record that is no JSON: whoever reads in it is told, others in the same query are not."""

    def _tell(self) -> DamagedRecordError:
        return DamagedRecordError("a stored record is damaged: it is no JSON")

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - never returns
        """Raise DamagedRecordError."""
        raise self._tell()

    def __iter__(self) -> Iterator[str]:
        """Raise DamagedRecordError."""
        raise self._tell()

    def __len__(self) -> int:
        """Raise DamagedRecordError."""
        raise self._tell()


class JsonColumn(TypeDecorator[Any]):
    """The JSON type that both engines have; what is stored and is no JSON becomes `DamagedJson`."""

    impl = JSON
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Return what turns a stored value into a Python one."""
        parse = super().result_processor(dialect, coltype)

        def process(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
            try:
                return value if parse is None else parse(value)
            except (ValueError, TypeError):
                return DamagedJson()

        return process


class RecordColumn(JsonColumn):
    """JSON of the gate's own records, each of which says of which form it is; nobody above sees that.

    Fields are added without a new form, for what reads a record ignores what it does not know. The form grows only
    when a field's meaning changes, and a record of a form that this version does not know stands as a damaged one.
    """

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002 - as SQLAlchemy has it
        """Add the form to what is stored."""
        return {**value, _FORM: RECORD_FORM} if isinstance(value, Mapping) else value

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Return what takes the form off again; records of before it was kept have none."""
        parse = super().result_processor(dialect, coltype)

        def process(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
            record = parse(value)
            if not isinstance(record, dict):
                return record
            form = record.pop(_FORM, RECORD_FORM)
            return record if form == RECORD_FORM else DamagedJson()

        return process


def partial_index(name: str, *columns: Column[Any], where: TextClause) -> Index:
    """Declare an index of those rows alone of which `where` holds."""
    index = Index(name, *columns, sqlite_where=where)
    _partial.append((index, where))
    return index


def complete_indexes() -> None:
    """Tell PostgreSQL of which rows partial indexes are; for who makes tables or compares them.

    Naming an option of that engine imports every driver of it, so who only asks does without.
    """
    for index, where in _partial:
        index.dialect_kwargs["postgresql_where"] = where
