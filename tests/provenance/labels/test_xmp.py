"""XMP packets: what is not ours survives, what is hostile does not get in."""

import contextlib
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from provenance.errors import LabelError
from provenance.labels.implicit import IPTC_NAMES
from provenance.labels.xmp import MAX_PACKET_BYTES, _escape, _quote, build_packet, parse_xmp

FOREIGN = (
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Tool 1">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:my="urn:mine" my:note="a &lt; b &quot;c&quot;">'
    '<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Tea &amp; cake</rdf:li></rdf:Alt></dc:title>'
    "{extra}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
)
XML_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff") | st.sampled_from("\t\n\r<>&\"'"),
    max_size=80,
)


def packet(extra=""):
    return FOREIGN.replace("{extra}", extra).encode()


@given(XML_TEXT.filter(bool), XML_TEXT)
@example("<script>alert(1)</script>", "'; DROP TABLE works;--")
@example("]]>", "\r\n")
def test_any_text_survives_the_packet(aigc, system):
    for existing in (None, packet()):
        built = build_packet(aigc=aigc, iptc={"AISystemUsed": system}, existing=existing)
        fields = parse_xmp(built, IPTC_NAMES)
        assert fields.aigc == ((aigc, "xmp"),)
        assert fields.iptc == {"AISystemUsed": system}


def test_foreign_content_and_prefixes_are_kept():
    built = build_packet(aigc="{}", iptc={}, existing=packet()).decode()
    assert '<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Tea &amp; cake</rdf:li></rdf:Alt></dc:title>' in built
    assert 'x:xmptk="Tool 1"' in built
    assert "my:note='a &lt; b \"c\"'" in built
    assert "<TC260:AIGC>{}</TC260:AIGC>" in built
    assert 'xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/"' in built
    assert build_packet(aigc="{}", iptc={}, existing=built.encode()).decode() == built


@pytest.mark.parametrize(
    ("extra", "form"),
    [
        ('<TC260:AIGC xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/">old</TC260:AIGC>', "xmp"),
        ('<n:AIGC xmlns:n="urn:somewhere">old</n:AIGC>', "xmp"),
        ('<rdf:Description xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/" TC260:AIGC="old"/>', "xmp attribute"),
        (
            '<T:AIGC xmlns:T="http://www.tc260.org.cn/ns/AIGC/1.0/"><rdf:Alt><rdf:li>old</rdf:li></rdf:Alt></T:AIGC>',
            "xmp",
        ),
    ],
)
def test_an_item_in_any_form_is_found_and_replaced_by_one(extra, form):
    assert parse_xmp(packet(extra), IPTC_NAMES).aigc == (("old", form),)
    built = build_packet(aigc="new", iptc={}, existing=packet(extra))
    assert parse_xmp(built, IPTC_NAMES).aigc == (("new", "xmp"),)
    assert b"old" not in built


def test_another_namespace_is_a_problem():
    assert "urn:somewhere" in parse_xmp(packet('<n:AIGC xmlns:n="urn:somewhere">x</n:AIGC>'), IPTC_NAMES).problems[0]


def test_fields_as_resource_and_as_attribute_are_read():
    iptc = 'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    for extra in (
        f'<Iptc4xmpExt:DigitalSourceType {iptc} rdf:resource="v"/>',
        f'<rdf:Description {iptc} Iptc4xmpExt:DigitalSourceType="v"/>',
    ):
        assert parse_xmp(packet(extra), IPTC_NAMES).iptc == {"DigitalSourceType": "v"}


def test_a_packet_without_the_outer_element_is_xmp_too():
    bare = b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>'
    assert parse_xmp(build_packet(aigc="x", iptc={}, existing=bare), IPTC_NAMES).aigc == (("x", "xmp"),)


def test_colliding_prefixes_get_others():
    extra = '<a:p xmlns:a="urn:1"><a:q xmlns:a="urn:2"/></a:p><TC260:other xmlns:TC260="urn:3"/><b xmlns="urn:4"/>'
    built = build_packet(aigc="x", iptc={}, existing=packet(extra)).decode()
    assert all(f"urn:{n}" in built for n in range(1, 5))
    assert parse_xmp(built.encode(), IPTC_NAMES).aigc == (("x", "xmp"),)


LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY a{n} "{"&a" + str(n - 1) + ";" if n else "&a;"}">' * 1 for n in range(9))
    + "]>"
)


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"\x00" * 100,
        b"<",
        b"<a/>",
        b"\xff\xfe<\x00",
        b'<?xml version="1.0" encoding="utf-7"?><a/>',
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
        LAUGHS.encode() + packet(),
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + packet("<dc:a>&e;</dc:a>"),
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">' + packet(),
        packet("<dc:a>" * 70 + "</dc:a>" * 70),
        packet("<dc:a/>" * 20_001),
        packet("<dc:a>" * 100_000),
        b" " * (MAX_PACKET_BYTES + 1),
        packet("<undeclared:a/>"),
    ],
)
def test_hostile_packets_are_refused(hostile):
    with pytest.raises(LabelError):
        parse_xmp(hostile, IPTC_NAMES)


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_or_read(data):
    with contextlib.suppress(LabelError):
        parse_xmp(data, IPTC_NAMES)


def test_characters_that_xml_lacks_are_refused():
    with pytest.raises(LabelError, match="AISystemUsed"):
        build_packet(aigc=None, iptc={"AISystemUsed": "a\x00b"})


@given(text=st.text(alphabet=st.sampled_from("ab<>&'\"\n\r\t\u00e9\u4e2d"), max_size=12))
def test_text_is_escaped_as_the_standard_library_does(text):
    assert _escape(text) == escape(text, {"\r": "&#13;"})
    assert _quote(text) == quoteattr(text)
