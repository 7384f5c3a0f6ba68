import pytest

from provenance.errors import MislabelledAssetError
from provenance.media.text.kind import ASS, HTML, MARKDOWN, PLAIN, SRT, VTT, choose_kind, find_kind, sniff_text


@pytest.mark.parametrize(("head", "expected"), [
    (b"Dear reader,\nhello", PLAIN), (b"# Title\n\ntext", MARKDOWN), (b"\xef\xbb\xbf# Title\n", MARKDOWN),
    (b"---\ntitle: x\n---\ntext", MARKDOWN), (b"<!DOCTYPE html><p>x", HTML), (b"<!-- c -->\n<html><body>", HTML),
    (b"<p>hello</p>", HTML), (b"WEBVTT\n\n00:00.000 --> 00:01.000\nhi", VTT), (b"WEBVTTX", PLAIN),
    (b"1\r\n00:00:01,000 --> 00:00:02,000\r\nhi\r\n", SRT), ("\u6d77\u8fb9".encode() * 2000, PLAIN),
    (b"\xff\xfeh\0i\0", PLAIN), (("\u6d77\u8fb9\u7684\u5c0f\u9547" * 20).encode("gbk"), PLAIN),
    (b"\xef\xbb\xbf[Script Info]\r\nTitle: x\r\n", ASS), (b"; by hand\n\n[script info]\n", ASS), (b"see [Script Info]\n", PLAIN),
    (b"", None), (b"  \n", None), (b"%PDF-1.7", None), (b"%!PS", None), (b"#!/bin/sh\n", None), (b"{\\rtf1", None),
    (b"<?xml version='1.0'?><svg/>", None), (b"<?php echo", None), (b"\x89PNG\r\n\x1a\n", None), (b"a\0b", None),
    (b"\xff\xd8\xff\xe0", None), (b"-----BEGIN PGP", None),
])  # fmt: skip
def test_types_by_the_first_bytes(head, expected):
    assert sniff_text(head[:4096]) == expected


@pytest.mark.parametrize("cut", range(4))
def test_a_character_may_be_cut(cut):
    head = ("\u6d77" * 100 + "\U0001f30a").encode()
    assert sniff_text(head[: len(head) - cut]) == PLAIN


def test_names_choose_among_plain_texts_and_claim_nothing_else():
    assert choose_kind(PLAIN, declared_name="a.md", declared_type="") == MARKDOWN
    assert choose_kind(MARKDOWN, declared_name="a.txt", declared_type="text/plain; charset=utf-8") == PLAIN
    assert choose_kind(PLAIN, declared_name="README", declared_type="application/octet-stream") == PLAIN
    for name, declared in (("a.html", ""), ("a.srt", ""), ("a.ssa", ""), ("", "application/pdf"), ("", "text/html")):
        with pytest.raises(MislabelledAssetError):
            choose_kind(PLAIN, declared_name=name, declared_type=declared)


def test_a_table_or_a_task_is_markdown():
    assert find_kind("| a | b |\n| --- | --- |\n") == MARKDOWN
    assert find_kind("- [ ] to do") == MARKDOWN
    assert find_kind("just - a line") == PLAIN


@pytest.mark.parametrize("text", ["\U0001f44d", "\U00020bb7", "\u662f", "a\U0001f44d", "\U0001f44d\U0001f44d"])
def test_a_file_of_one_long_character_is_a_text(text):
    assert sniff_text(text.encode()) == PLAIN
