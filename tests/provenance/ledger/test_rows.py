"""Rows of every format give back the very bytes that were hashed, whatever the text."""

import builtins
import csv
import json
import sys

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from provenance.errors import MissingExtraError, VerificationError
from provenance.ledger.canonical import canonical_json
from provenance.ledger.entry import build_entry
from provenance.ledger.rows import COLUMNS, FORMATS, OLD_COLUMNS, guard_cell, unguard_cell
from provenance.text import is_safe

TIME = "2026-11-22T21:35:00.123Z"
HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "'quoted",
    "''",
    "＝1",
    'a"b',
    "a,b;c",
    "<script>",
    "'; DROP TABLE x; --",
    "日本",
]
texts = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=20)
bodies = st.dictionaries(st.text(), st.integers(-9, 9) | st.floats(-1e9, 1e9) | st.text() | st.none(), max_size=4)


def entries_of(rows):
    return [
        build_entry(
            index,
            kind="review",
            subject=subject,
            key=key,
            body=canonical_json(body),
            created_at=TIME,
            salt=bytes([index]) * 32 if index % 2 else b"",
        )
        for index, (subject, key, body) in enumerate(rows)
    ]


@pytest.mark.parametrize("name", sorted(FORMATS))
@given(rows=st.lists(st.tuples(texts, texts, bodies), max_size=5))
@example(rows=[("a", "b", {"\x00\x9b\x01\U000e0041\x9b": "\\u009b\\\x9b\x7f"})])
@example(rows=[("=1", "-1", {"\r\n\t\x00": "\u2028=\r", "large": 1e20})])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_round_trip(tmp_path, name, rows):
    path = tmp_path / f"entries.{name}"
    path.unlink(missing_ok=True)
    FORMATS[name].write(path, entries_of(rows))
    assert list(FORMATS[name].read(path)) == entries_of(rows)


@given(st.text())
@example("'=1")
def test_guarding_can_be_undone_and_no_cell_starts_a_formula(text):
    cell = guard_cell(text)
    assert unguard_cell(cell) == text
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))


def test_csv_is_safe_in_a_spreadsheet(tmp_path):
    path = tmp_path / "entries.csv"
    FORMATS["csv"].write(path, entries_of([("=cmd|'/c calc'!A1", '+1,"', {"a": "=1"})]))
    lines = list(csv.DictReader(path.read_text().splitlines()))
    assert list(lines[0]) == list(COLUMNS)
    assert lines[0]["subject"] == "'=cmd|'/c calc'!A1"
    assert lines[0]["key"] == "'+1,\""
    assert lines[0]["body"] == '{"a":"=1"}'


def test_csv_shows_no_text_raw_and_gives_back_the_bytes(tmp_path):
    path = tmp_path / "entries.csv"
    entries = entries_of([("s", "k", {"title": "a\x9b2J\u202egpj \\u0041 山田 👩\u200d🚀 \U000e0041"})])
    FORMATS["csv"].write(path, entries)
    assert all(is_safe(line) for line in path.read_text().split("\n"))
    assert list(FORMATS["csv"].read(path)) == entries
    path.write_text(path.read_text().replace("\\u202e", "\\ud800"))
    with pytest.raises(VerificationError, match="row 1"):
        list(FORMATS["csv"].read(path))


def test_jsonl_is_canonical_json_of_leaf_index_and_hash(tmp_path):
    path = tmp_path / "entries.jsonl"
    entries = entries_of([("s", "k", {"b": 1, "a": [0.5]})] * 2)
    FORMATS["jsonl"].write(path, entries)
    for entry, line in zip(entries, path.read_bytes().splitlines(), strict=True):
        fields = json.loads(line)
        assert canonical_json(fields) == line
        assert {**json.loads(entry.opening), "index": entry.index, "leaf_hash": entry.leaf_hash.hex()} == fields


@pytest.mark.parametrize("name", ["csv", "parquet"])
def test_tables_of_versions_before_0_7_have_no_salts(tmp_path, name):
    path = tmp_path / f"entries.{name}"
    entries = entries_of([("s", "k", {"b": 1})])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("provenance.ledger.rows.COLUMNS", OLD_COLUMNS)
        FORMATS[name].write(path, entries)
    assert list(FORMATS[name].read(path)) == entries


def test_parquet_is_typed(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "entries.parquet"
    FORMATS["parquet"].write(path, entries_of([("s", "k", {})]))
    schema = pq.read_schema(path)
    assert tuple(schema.names) == COLUMNS
    assert schema.field("index").type == pa.int64()
    assert schema.field("created_at").type == pa.timestamp("ms", tz="UTC")
    assert schema.field("leaf_hash").type == pa.binary(32)


GOOD = (
    b'{"body":{},"created_at":"2026-11-22T21:35:00.123Z","index":0,"key":"k","kind":"x",'
    b'"leaf_hash":"' + b"00" * 32 + b'","subject":"s","v":1}\n'
)


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"[]\n",
        b"{}\n",
        GOOD[:-1],
        GOOD.replace(b"{}", b"[]"),
        GOOD.replace(b"{}", b'{},"x":1'),
        GOOD.replace(b"{}", b"{} "),
        GOOD.replace(b":0,", b":0.0,"),
        GOOD.replace(b":0,", b':"0",'),
        GOOD.replace(b":0,", b":1e999,"),
        GOOD.replace(b'"v":1', b'"v":2'),
        GOOD.replace(b"00" * 32, b"zz"),
        GOOD.replace(b"{}", b"[" * 100_000 + b"]" * 100_000),
        b"\xff\xfe\n",
        b"x" * 600_000,
    ],
)
def test_what_is_no_line_is_refused_by_row(tmp_path, line):
    path = tmp_path / "entries.jsonl"
    path.write_bytes(GOOD + line)
    rows = FORMATS["jsonl"].read(path)
    if line == GOOD.replace(b"{}", b"{} "):  # JSON all the same; its hash will not match
        assert [entry.body for entry in rows] == [b"{}", b"{} "]
        return
    with pytest.raises(VerificationError, match=r"entries\.jsonl row 2 is no ledger entry") as caught:
        list(rows)
    assert caught.value.codes == ("export.row",)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "index\n",
        ",".join(COLUMNS[::-1]),
        "HEAD1,2\n",
        "HEAD" + "01" + ",x" * 4 + ",00,{}\n",
        "HEAD" + "x," * 6 + "x\n",
        'HEAD"unclosed',
        "HEAD\xff",
    ],
)
def test_what_is_no_csv_is_refused(tmp_path, content):
    path = tmp_path / "entries.csv"
    path.write_bytes(content.replace("HEAD", ",".join(COLUMNS) + "\n").encode("latin-1"))
    with pytest.raises(VerificationError, match="is no ledger entry"):
        list(FORMATS["csv"].read(path))


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\x00" * 100 + b"PAR1"])
def test_what_is_no_parquet_is_refused(tmp_path, content):
    path = tmp_path / "entries.parquet"
    path.write_bytes(content)
    with pytest.raises(VerificationError, match="not a whole Parquet file"):
        list(FORMATS["parquet"].read(path))


def test_parquet_with_other_columns_or_empty_cells_is_refused(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "entries.parquet"
    pq.write_table(pa.table({"index": [1]}), path)
    with pytest.raises(VerificationError, match="has not the columns"):
        list(FORMATS["parquet"].read(path))
    pq.write_table(pa.table({name: [None] for name in COLUMNS}), path)
    with pytest.raises(VerificationError, match="row 1 is no ledger entry"):
        list(FORMATS["parquet"].read(path))


def test_parquet_without_pyarrow_names_the_extra(tmp_path, monkeypatch):
    original = builtins.__import__

    def refuse(name, *arguments, **options):
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return original(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    for module in [name for name in sys.modules if name.startswith("pyarrow")]:
        monkeypatch.delitem(sys.modules, module)
    with pytest.raises(MissingExtraError, match=r"chopmark\[export\]"):
        FORMATS["parquet"].write(tmp_path / "entries.parquet", [])
