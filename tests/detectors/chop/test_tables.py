"""The files of chop-clip: only the right ones are read."""

import io

import numpy as np
import pytest

from detectors.cards import load_card
from detectors.chop.tables import (
    BANKS,
    DRAWINGS,
    FOLDER,
    TABLES,
    pack_table,
    parse_tables,
    read_file,
    rows_key,
    unpack_network,
)
from detectors.chop.words import WORDS
from provenance.asset import sha256_hex
from provenance.errors import WeightsError


@pytest.mark.parametrize("name", [DRAWINGS, TABLES, BANKS, WORDS])
def test_each_file_is_the_one_on_the_card(name):
    assert sha256_hex(read_file(name, load_card("clip").weights)) == load_card("clip").weights[name]


def test_a_file_that_is_missing_or_another_is_refused(tmp_path):
    digests = load_card("clip").weights
    with pytest.raises(WeightsError, match=r"tables\.npz of chop-clip is not where the package has it"):
        read_file(TABLES, digests, tmp_path)
    (tmp_path / TABLES).write_bytes((FOLDER / TABLES).read_bytes()[:-1])
    with pytest.raises(WeightsError, match="expected SHA-256 [0-9a-f]{12}…, got"):
        read_file(TABLES, digests, tmp_path)
    with pytest.raises(WeightsError, match="on its card, which has none"):
        read_file(TABLES, {}, tmp_path)


def test_a_packed_table_comes_back_within_half_a_step_of_each_column():
    values = np.random.default_rng(0).normal(size=(40, 7)).astype(np.float32) * np.arange(1, 8, dtype=np.float32)
    buffer = io.BytesIO()
    np.savez(buffer, **pack_table(values, "wide"), bias=np.ones(7, np.float16))
    tables = parse_tables(buffer.getvalue())
    assert set(tables) == {"wide", "bias"}
    assert (np.abs(tables["wide"] - values) <= np.abs(values).max(axis=0) / 127 / 2 + 1e-6).all()


def test_a_table_of_rows_in_few_bits_comes_back_within_half_a_step_of_each_row():
    values = (
        np.random.default_rng(0).normal(size=(7, 40)).astype(np.float32) * np.arange(1, 8, dtype=np.float32)[:, None]
    )
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **pack_table(values, "rows", axis=1, bits=5))
    rows = parse_tables(buffer.getvalue())["rows"]
    assert (np.abs(rows - values) <= np.abs(values).max(axis=1, keepdims=True) / 15 / 2 + 1e-6).all()


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not an archive"])
def test_tables_that_are_none_are_refused(data):
    with pytest.raises(WeightsError, match="cannot be read"):
        parse_tables(data)


def test_the_network_within_is_onnx_and_rows_are_named_by_texts_and_world():
    assert b"pixels" in unpack_network((FOLDER / DRAWINGS).read_bytes())
    assert rows_key(sha256_hex(b"x"), "drawings").endswith(".drawings")
