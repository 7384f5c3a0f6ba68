"""The tree of a condition: what the CEL library parses but does not hand out, for bounds on what it costs.

It takes what conditions may use, which is less than CEL: no messages, no optional values, no bytes. What it does not
understand it refuses, so nothing runs that was not weighed.
Source: CEL language definition, "Syntax", https://github.com/google/cel-spec.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

DEPTH_LIMIT: Final = 40
"""Of one condition's tree."""

MACROS: Final = ("all", "exists", "existsOne", "exists_one", "filter", "map")

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+|//[^\n]*)"""
    r"""|(?P<text>[rR]?(?:\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))"""
    r"""|(?P<number>0[xX][0-9a-fA-F]+[uU]?|(?:[0-9]+\.[0-9]+|\.[0-9]+|[0-9]+)(?:[eE][+-]?[0-9]+)?[uU]?)"""
    r"""|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"""
    r"""|(?P<sign>&&|\|\||[=!<>]=|[-+*/%<>!?:.,()\[\]{}])""",
    re.DOTALL,
)
_LEVELS: Final = (
    ("||",), ("&&",), ("==", "!=", "<", "<=", ">", ">=", "in"), ("+", "-"), ("*", "/", "%"),
)  # fmt: skip
_CONSTANTS: Final = ("true", "false", "null")


class ConditionSyntaxError(Exception):
    """Something that conditions may not use; `offset` is where in the text."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Node:
    """One node.

    Attributes:
        kind: ``text``, ``number``, ``name``, ``select``, ``index``, ``list``, ``map``, ``call``, ``macro``, ``unary``,
            ``binary`` or ``if``.
        value: the literal, the name, or the operator.
        children: operands from left to right; of a call on something that comes first.
        offset: where in the text it is, from 0; of a call, its name.
        has_target: the call is on its first child.
    """

    kind: str
    value: str
    children: tuple["Node", ...] = ()
    offset: int = 0
    has_target: bool = False

    def walk(self) -> Iterator["Node"]:
        """Yield this node and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def parse_tree(text: str) -> Node:
    """Return the tree of a condition.

    Raises:
        ConditionSyntaxError: it is not one, or uses what conditions may not use.
    """
    reader = _Reader(tuple(_tokens(text)), len(text))
    tree = reader.expression()
    reader.expect_end()
    return tree


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    offset: int


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise ConditionSyntaxError("a sign that conditions do not use", position)
        if found.lastgroup != "space":
            yield _Token(str(found.lastgroup), found[0], position)
        position = found.end()


@dataclass(slots=True)
class _Reader:
    """Reads tokens by falling precedence."""

    tokens: tuple[_Token, ...]
    end: int
    at: int = field(default=0)
    depth: int = field(default=0)

    def expression(self) -> Node:
        """Read a whole expression: a choice, or what binds more tightly."""
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            raise ConditionSyntaxError(f"more than {DEPTH_LIMIT} levels", self._offset())
        condition = self._binary(0)
        if self._take("?"):
            first = self.expression()
            self._expect(":")
            condition = Node("if", "?", (condition, first, self.expression()), condition.offset)
        self.depth -= 1
        return condition

    def expect_end(self) -> None:
        """Refuse what follows."""
        if self.at < len(self.tokens):
            raise ConditionSyntaxError(f"unexpected {self.tokens[self.at].text[:20]!r}", self._offset())

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        left, count = self._binary(level + 1), 0
        while (sign := self._peek()) in _LEVELS[level]:
            offset, count = self._offset(), count + 1
            self.at += 1
            left = Node("binary", str(sign), (left, self._binary(level + 1)), offset)
        return left

    def _unary(self) -> Node:
        if (sign := self._peek()) in {"!", "-"} and sign:
            offset = self._offset()
            self.at += 1
            return self._deeper(lambda: Node("unary", sign, (self._unary(),), offset))
        return self._member()

    def _deeper(self, read: Callable[[], Node]) -> Node:
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            raise ConditionSyntaxError(f"more than {DEPTH_LIMIT} levels", self._offset())
        node = read()
        self.depth -= 1
        return node

    def _member(self) -> Node:
        node = self._primary()
        while True:
            if self._take("."):
                name = self._next("name", "a name")
                if self._take("("):
                    node = self._call(name, (node, *self._list(")")), has_target=True)
                else:
                    node = Node("select", name.text, (node,), name.offset)
            elif self._take("["):
                index = self.expression()
                self._expect("]")
                node = Node("index", "[]", (node, index), index.offset)
            else:
                return node

    def _call(self, name: _Token, children: tuple[Node, ...], *, has_target: bool) -> Node:
        kind = "macro" if has_target and name.text in MACROS else "call"
        if kind == "macro" and (len(children) not in {3, 4} or children[1].kind != "name"):
            raise ConditionSyntaxError(f"expected {name.text}(name, expression)", name.offset)
        return Node(kind, name.text, children, name.offset, has_target)

    def _primary(self) -> Node:
        offset = self._offset()
        if self._take("("):
            node = self.expression()
            self._expect(")")
            return node
        if self._take("["):
            return Node("list", "", self._list("]"), offset)
        if self._take("{"):
            return Node("map", "", self._entries(), offset)
        token = self.tokens[self.at] if self.at < len(self.tokens) else None
        if token is None or token.kind == "sign" or token.text == "in":
            raise ConditionSyntaxError("expected a value", offset)
        self.at += 1
        if token.kind == "name" and token.text not in _CONSTANTS:
            if self._take("("):
                return self._call(token, self._list(")"), has_target=False)
            return Node("name", token.text, (), offset)
        return Node("number" if token.kind == "name" else token.kind, token.text, (), offset)

    def _list(self, end: str) -> tuple[Node, ...]:
        items: list[Node] = []
        while not self._take(end):
            items.append(self.expression())
            if not self._take(","):
                self._expect(end)
                break
        return tuple(items)

    def _entries(self) -> tuple[Node, ...]:
        items: list[Node] = []
        while not self._take("}"):
            items.append(self.expression())
            self._expect(":")
            items.append(self.expression())
            if not self._take(","):
                self._expect("}")
                break
        return tuple(items)

    def _peek(self) -> str | None:
        token = self.tokens[self.at] if self.at < len(self.tokens) else None
        return token.text if token is not None and (token.kind == "sign" or token.text == "in") else None

    def _take(self, sign: str) -> bool:
        is_next = self._peek() == sign
        self.at += is_next
        return is_next

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise ConditionSyntaxError(f"expected {sign!r}", self._offset())

    def _next(self, kind: str, what: str) -> _Token:
        token = self.tokens[self.at] if self.at < len(self.tokens) else None
        if token is None or token.kind != kind:
            raise ConditionSyntaxError(f"expected {what}", self._offset())
        self.at += 1
        return token

    def _offset(self) -> int:
        return self.tokens[self.at].offset if self.at < len(self.tokens) else self.end


def read_literal(node: Node) -> str | None:
    """Return the text that a literal stands for; None where it is none, or is not written as Python would write it."""
    if node.kind != "text":
        return None
    try:
        value = ast.literal_eval(node.value)
    except (ValueError, SyntaxError):
        return None
    return value if isinstance(value, str) else None
