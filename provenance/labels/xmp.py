"""XMP packets: read the few fields that labels need, change those, leave the rest as it was.

Packets are hostile until parsed: document types and entities are refused; size, depth and element count are bounded.
Source: ISO 16684-1 (XMP), TC260 PG-20259A for ``TC260:AIGC``, IPTC Photo Metadata 2025.1 for ``Iptc4xmpExt``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.ElementTree import XMLParser

from provenance.errors import LabelError

META: Final = "adobe:ns:meta/"
RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
TC260: Final = "http://www.tc260.org.cn/ns/AIGC/1.0/"
IPTC_EXT: Final = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_XML: Final = "http://www.w3.org/XML/1998/namespace"
_PREFIXES: Final = {META: "x", RDF: "rdf", TC260: "TC260", IPTC_EXT: "Iptc4xmpExt", _XML: "xml"}

_AIGC: Final = f"{{{TC260}}}AIGC"
_ABOUT: Final = f"{{{RDF}}}about"
_RESOURCE: Final = f"{{{RDF}}}resource"
_DESCRIPTION: Final = f"{{{RDF}}}Description"

MAX_PACKET_BYTES: Final = 1024 * 1024
"""Larger packets are not read; edit histories seen in practice stay far below."""
_MAX_DEPTH: Final = 64
_MAX_ELEMENTS: Final = 20_000

_BEGIN: Final = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_END: Final = '\n<?xpacket end="w"?>'


@dataclass(frozen=True, slots=True)
class XmpFields:
    """What a packet says that labels care about.

    Attributes:
        aigc: the text of each AIGC item with the form it was found in (``xmp`` or ``xmp attribute``).
        iptc: text by local name, of the `Iptc4xmpExt` fields asked for.
        problems: oddities, one line each.
    """

    aigc: tuple[tuple[str, str], ...] = ()
    iptc: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def parse_xmp(unverified_packet: bytes, names: frozenset[str]) -> XmpFields:
    """Return the AIGC items and the `Iptc4xmpExt` fields called `names`.

    Raises:
        LabelError: too large, not XML, hostile XML, or not XMP.
    """
    root, _ = _parse(unverified_packet)
    aigc: list[tuple[str, str]] = []
    iptc: dict[str, str] = {}
    problems: list[str] = []
    for element in root.iter():
        found = [(element.tag, "xmp", _text(element))]
        found += [(key, "xmp attribute", text) for key, text in element.attrib.items()]
        for qualified, form, text in found:
            space, _, name = qualified.rpartition("}")
            if name == "AIGC":
                aigc.append((text, form))
                if qualified != _AIGC:
                    problems.append(f"the AIGC item is in the namespace {space[1:101]!r}, not {TC260!r}")
            elif space[1:] == IPTC_EXT and name in names:
                iptc[name] = text
    return XmpFields(tuple(aigc), iptc, tuple(problems))


def build_packet(*, aigc: str | None, iptc: Mapping[str, str], existing: bytes | None = None) -> bytes:
    """Return a packet with these fields, and whatever else `existing` holds.

    Args:
        aigc: JSON of the one AIGC item, replacing any other; None leaves the packet's as they are.
        iptc: `Iptc4xmpExt` texts by local name, each replacing its namesake.
        existing: the packet to change; None starts afresh.

    Raises:
        LabelError: `existing` cannot be parsed, or a text has a character that XML cannot hold.
    """
    if existing is None:
        root = Element(f"{{{META}}}xmpmeta")
        prefixes: dict[str, str] = {}
        rdf = _add(root, f"{{{RDF}}}RDF")
    else:
        root, prefixes = _parse(existing)
        rdf = _rdf(root)
    replaced = {f"{{{IPTC_EXT}}}{name}": text for name, text in iptc.items()}
    if aigc is not None:
        replaced[_AIGC] = aigc
    _drop(root, frozenset(replaced))
    description = next((node for node in rdf if node.tag == _DESCRIPTION and not node.get(_ABOUT)), None)
    if description is None:
        description = _add(rdf, _DESCRIPTION)
        description.set(_ABOUT, "")
    for qualified, text in replaced.items():
        if not _is_xml_text(text):
            raise LabelError(f"{qualified.rpartition('}')[2]} holds a character that XML cannot hold")
        _add(description, qualified).text = text
    return (_BEGIN + "".join(_serialise(root, _Prefixes(prefixes), frozenset((_XML,)))) + _END).encode()


class _Builder(TreeBuilder):
    """Builds a tree within bounds and remembers the prefixes that the packet uses."""

    def __init__(self) -> None:
        super().__init__()
        self.prefixes: dict[str, str] = {}
        self._depth = self._count = 0

    def start_ns(self, prefix: str, uri: str) -> None:
        """Remember the first prefix of each namespace."""
        if prefix:
            self.prefixes.setdefault(uri, prefix)

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        """Open an element, unless it is one too many."""
        self._depth += 1
        self._count += 1
        if self._depth > _MAX_DEPTH or self._count > _MAX_ELEMENTS:
            raise LabelError(f"XMP packet has more than {_MAX_ELEMENTS} elements or {_MAX_DEPTH} levels")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        """Close an element."""
        self._depth -= 1
        return super().end(tag)


def _parse(unverified_packet: bytes) -> tuple[Element, dict[str, str]]:
    if len(unverified_packet) > MAX_PACKET_BYTES:
        raise LabelError(f"XMP packet has {len(unverified_packet)} bytes, the bound is {MAX_PACKET_BYTES}")
    builder = _Builder()
    parser = XMLParser(target=builder, forbid_dtd=True)
    try:
        parser.feed(unverified_packet.strip(b"\x00 \t\r\n"))
        root: Element = parser.close()
    except (ParseError, ValueError, LookupError) as exc:
        raise LabelError(f"XMP packet is not XML that may be read: {type(exc).__name__}: {str(exc)[:120]}") from exc
    _rdf(root)
    return root, builder.prefixes


def _rdf(root: Element) -> Element:
    """Return the RDF element: the root, or a child of the ``x:xmpmeta`` around it."""
    found = root if root.tag == f"{{{RDF}}}RDF" else root.find(f"{{{RDF}}}RDF")
    if found is None:
        raise LabelError(f"XMP packet has no rdf:RDF, its root is {root.tag[:80]!r}")
    return found


def _text(element: Element) -> str:
    """Return the text of a simple property, of a property given as a resource, or of all that is inside."""
    if len(element):
        return "".join(element.itertext()).strip()
    return element.get(_RESOURCE) or element.text or ""


def _add(parent: Element, tag: str) -> Element:
    child = Element(tag)
    parent.append(child)
    return child


def _drop(root: Element, names: frozenset[str]) -> None:
    """Remove these elements and attributes, and an AIGC item in whatever namespace if AIGC is among them."""
    drops_aigc = _AIGC in names

    def is_dropped(name: str) -> bool:
        return name in names or (drops_aigc and name.rpartition("}")[2] == "AIGC")

    for element in list(root.iter()):
        for key in [key for key in element.attrib if is_dropped(key)]:
            del element.attrib[key]
        for child in [child for child in element if is_dropped(child.tag)]:
            element.remove(child)


class _Prefixes:
    """One prefix for each namespace: the packet's own where it has one, then the customary, then a made one."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._by_uri = dict(_PREFIXES)
        taken = set(self._by_uri.values())
        for uri, prefix in known.items():
            if uri not in self._by_uri and prefix not in taken:
                self._by_uri[uri] = prefix
                taken.add(prefix)

    def __getitem__(self, uri: str) -> str:
        if uri not in self._by_uri:
            taken = set(self._by_uri.values())
            self._by_uri[uri] = next(name for n in range(len(taken) + 1) if (name := f"ns{n}") not in taken)
        return self._by_uri[uri]

    def name(self, qualified: str) -> str:
        """Return ``prefix:name`` for ``{uri}name``."""
        uri, _, name = qualified.rpartition("}")
        return f"{self[uri[1:]]}:{name}" if uri else name


def _serialise(element: Element, prefixes: _Prefixes, declared: frozenset[str]) -> Iterator[str]:
    """Write `element`; each namespace is declared once, at the latest on the ``rdf:Description`` around its use."""
    inside = element.iter() if element.tag == _DESCRIPTION else (element,)
    used = {name[1:].partition("}")[0] for node in inside for name in (node.tag, *node.attrib) if name.startswith("{")}
    new = sorted(used - declared)
    name = prefixes.name(element.tag)
    yield f"<{name}"
    for uri in new:
        yield f" xmlns:{prefixes[uri]}={_quote(uri)}"
    for key, value in element.attrib.items():
        yield f" {prefixes.name(key)}={_quote(value)}"
    if not len(element) and not element.text:
        yield "/>"
    else:
        yield ">" + _escape(element.text)
        for child in element:
            yield from _serialise(child, prefixes, declared | used)
        yield f"</{name}>"
    yield _escape(element.tail)


# XML 1.0 s2.4, s2.11 and s3.3.3. The standard library has these in a module that imports a client for HTTP.
_IN_TEXT: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_IN_QUOTES: Final = {**_IN_TEXT, **str.maketrans({"\n": "&#10;", "\t": "&#9;"})}


def _escape(text: str | None) -> str:
    return (text or "").translate(_IN_TEXT)


def _quote(text: str) -> str:
    quoted = text.translate(_IN_QUOTES)
    if '"' not in quoted:
        return f'"{quoted}"'
    return f"'{quoted}'" if "'" not in quoted else '"' + quoted.replace('"', "&quot;") + '"'


def _is_xml_text(text: str) -> bool:
    """Tell whether XML 1.0 s2.2 can hold every character of `text`."""
    return all(
        char in "\t\n\r" or "\x20" <= char <= "\ud7ff" or "\ue000" <= char <= "\ufffd" or char >= "\U00010000"
        for char in text
    )
