"""Does the prompt say that something is not wanted? "A beach without nudity" asks for none.

Narrow on purpose: who wants nudity may write "no clothes" or "no nudity filter". A term counts as unwanted where a word
that says no stands right before it, but for words that add nothing (any, kind of), in the same part of the sentence,
no second no stands before that one, and what follows is not something that the no would then belong to. Whoever trusts
this lowers a term by one grade and no more: picture models draw what they are told not to.
"""

import re
from collections.abc import Container, Iterable, Sequence
from typing import Final

from detectors.normalisation import Token, build_words


def _words(text: str) -> frozenset[str]:
    """Return words as tokens have them: folded."""
    return frozenset(word for one in text.split() for word in build_words(one))


_NO: Final = _words(
    "no nobody without not never nor neither none zero avoid avoiding exclude excluding omit cannot dont "
    # Words of other languages that say no to what is spelled alike there: "sans armes ni violence".
    "sans aucun aucune sin ningun ninguna ohne kein keine keinen weder senza nessuna nessun sem nenhuma nenhum "
    "zonder geen uden utan без нет"
)
_CONTRACTED: Final = _words("don doesn didn won can couldn shouldn mustn wouldn")
_OR: Final = _words("or nor ni noch ou oder")
# Spanish and French; it says no by itself, and stands behind another no: "sans armes ni violence".
_NEITHER: Final = "ni"
_AFTER_FREE: Final = _words("of from")
_GAPS: Final = _words(
    "a an any the of or nor kind sort form type visible explicit more such show showing shows include including "
    "includes contain containing contains depict depicting draw add have having has use using want be is are there "
    "with see put ever"
)
# A no in front of these belongs to them, whatever term stands between: "no nudity filter", "no gore warning".
_HEADS: Final = _words(
    "filter filters filtering restriction restrictions restricted limit limits limited censor censors censored "
    "censoring censorship rule rules policy policies warning warnings ban bans banned check checks blur blurred "
    "blurring cover covers covered covering moderation blocker blocking detection hidden hiding guidelines taboo"
)
_MOST_GAP: Final = 4
_MOST_HAN: Final = 12
_HAN_NO: Final = re.compile(
    "(没有|没|无|毫无|不含|不带|不要|不得|不许|不出现|不包含|禁止|严禁|请勿|勿|避免|拒绝|远离|反对|抵制|零)"
    "(任何|一切|出现|包含|使用|携带|所有|有|带)*$"
)
_HAN_TWICE: Final = re.compile("(不是|并非|不能|不会|不可|不得不|绝不|从不|非|不|没有|无法)$")
_HAN_HEADS: Final = re.compile("限制|过滤|审查|遮挡|遮盖|打码|马赛克|屏蔽|底线|禁忌|尺度")


def find_unwanted(tokens: Sequence[Token], places: Iterable[tuple[int, int]], text: str) -> frozenset[tuple[int, int]]:
    """Return those of `places` to which the prompt says no.

    Args:
        tokens: of the prompt, in order.
        places: [first, last) of terms among the tokens.
        text: the prompt as given, for the sign of "gun-free".
    """
    found: set[tuple[int, int]] = set()
    reach = 0
    ends: set[int] = set()
    for first, last in sorted(set(places), key=lambda place: (place[0], -place[1])):
        if last <= reach or _is_unwanted(tokens, first, last, text, ends):
            found.add((first, last))
            ends.add(last)
            reach = max(reach, last)
    return frozenset(found)


def _is_unwanted(tokens: Sequence[Token], first: int, last: int, text: str, ends: Container[int]) -> bool:
    """Answer about one place; `ends` is where those before it end to which the prompt says no."""
    if _is_free(tokens, last, text):
        return True
    if _is_headed(tokens, last):
        return False
    if first and tokens[first].follows and tokens[first - 1].word == _NEITHER:
        return True
    if tokens[first - 1].word in _OR and first - 1 in ends and tokens[first].follows and tokens[first - 1].follows:
        return True
    return _says_no(tokens, first) or _says_no_in_han(tokens, first, last)


def _is_free(tokens: Sequence[Token], last: int, text: str) -> bool:
    """``gun-free``, where nothing stands between but a hyphen."""
    if last >= len(tokens) or tokens[last].word != "free":
        return False
    return text[tokens[last - 1].end : tokens[last].start] in {"-", "\u2010", "\u2011"}


def _is_headed(tokens: Sequence[Token], last: int) -> bool:
    return last < len(tokens) and tokens[last].follows and tokens[last].word in _HEADS


def _says_no(tokens: Sequence[Token], first: int) -> bool:
    index = first
    for _ in range(_MOST_GAP + 1):
        if index == 0 or not tokens[index].follows:
            return False
        index -= 1
        if _is_no(tokens, index):
            return not _is_doubled(tokens, index)
        if tokens[index].word not in _GAPS:
            return False
    return False


def _is_no(tokens: Sequence[Token], index: int) -> bool:
    word = tokens[index].word
    before = tokens[index - 1].word if index and tokens[index].follows else ""
    if word in _AFTER_FREE:
        return before in {"free", "devoid"}
    return word in _NO or (word == "t" and before in _CONTRACTED)


def _is_doubled(tokens: Sequence[Token], index: int) -> bool:
    """Whether another no stands before the one at `index`: "not without guns", "never no blood"."""
    for _ in range(_MOST_GAP):
        if index == 0 or not tokens[index].follows:
            return False
        index -= 1
        if tokens[index].word != "free" and _is_no(tokens, index) and tokens[index + 1].word != "t":
            return True
    return False


def _says_no_in_han(tokens: Sequence[Token], first: int, last: int) -> bool:
    index = first
    while index > max(0, first - _MOST_HAN) and tokens[index].follows:
        index -= 1
    before = "".join(token.word for token in tokens[index:first])
    found = _HAN_NO.search(before)
    if found is None or _HAN_TWICE.search(before[: found.start()]):
        return False
    after = "".join(token.word for token in tokens[last : last + 2])
    return _HAN_HEADS.match(after) is None
