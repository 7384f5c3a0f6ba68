"""Fold text so that one word has one spelling, however it was disguised.

A prompt is folded character by character, so every folded character keeps the offset of the one it came from, then cut
into tokens: a Latin word is one token, a Han character is one token, a pictograph is one token. Disguises that leave
more than one reading (``p1st0l``, ``p i s t o l``, ``pis-tol``, ``piiistol``) become extra edges over the same tokens,
so a matcher sees all readings at once. Terms are folded by the same code, so both sides always agree.

Source: Unicode NFKD (UAX #15); look-alikes chosen from Unicode's confusables (UTS #39).
"""
# ruff: noqa: RUF001 - letters that look like others are the subject here

import re
import unicodedata
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

# UTS #39: letters of other alphabets, and small capitals, that pass for a Latin letter; all case-folded.
_LOOKALIKES: Final = {
    other: latin
    for latin, others in {
        "a": "аαɑᴀ", "b": "вƅʙβ", "c": "сϲᴄ", "d": "ԁᴅđ", "e": "еҽεɛᴇє", "f": "ƒꜰ", "g": "ɡɢց", "h": "һհнʜ",
        "i": "іιıɪ", "j": "јȷᴊ", "k": "кκᴋ", "l": "ӏʟł", "m": "мᴍ", "n": "пոռηɴ", "o": "оοօσᴏø", "p": "рρᴘ",
        "q": "ԛ", "r": "гʀ", "s": "ѕꜱʂ", "t": "тτᴛ", "u": "υսᴜ", "v": "ѵνᴠ", "w": "ѡωԝᴡ", "x": "хχ", "y": "уγүʏ",
        "z": "ᴢʐ",
    }.items()
    for other in others
}  # fmt: skip

# Traditional, then simplified: the characters that the Chinese term banks use.
_SIMPLIFIED_PAIRS: Final = (
    "槍枪殺杀彈弹藥药軍军賭赌場场錢钱幣币證证鈔钞騙骗團团黨党國国獨独選选舉举總总統统書书記记議议員员會会長长門门"
    "戰战爭争義义視视屍尸體体斷断頭头腦脑腸肠臟脏喉喉傷伤姦奸強强輪轮亂乱陰阴莖茎陽阳蕩荡婦妇騷骚褲裤襪袜戀恋"
    "嬰婴兒儿學学聖圣歲岁齡龄罌罂鴉鸦煙烟菸烟嗎吗銅铜針针癮瘾釀酿賓宾撲扑籌筹碼码擲掷點点數数馬马莊庄麼么駕驾"
    "護护簽签發发臺台灣湾灘滩藍蓝綠绿紅红線线燒烧燬毁鐵铁鋼钢劍剑劊刽魚鱼電电鋸锯錘锤噴喷擊击襲袭綁绑贖赎詐诈"
    "偽伪製制盜盗竊窃賣卖買买販贩運运機机關关單单導导飛飞無无裝装備备賊贼動动壓压憂忧鬱郁輕轻開开樓楼條条繩绳氣气"
    "過过劑剂滅灭絕绝種种權权納纳粹粹猶犹膚肤穢秽髒脏雞鸡賤贱癡痴癱瘫殘残廢废聾聋啞哑蟲虫豬猪漢汉惡恶習习澤泽"
    "鄧邓錦锦濤涛溫温寶宝劉刘趙赵雲云東东寧宁楊杨張张鄭郑韓韩兇凶誘诱慾欲愛爱奮奋濕湿縛缚調调教教觀观麗丽絲丝吳吴"
    "燈灯車车龍龙鳳凤畫画劇剧藝艺術术風风實实寫写華华麥麦藍蓝貓猫顏颜玩玩隻只為为與与個个們们這这後后裡里從从對对"
    "將将來来時时間间業业產产術术滿满熱热親亲孫孙還还進进遠远邊边幾几號号標标誌志類类毆殴觸触腳脚腦脑臉脸臥卧"
    "鎖锁鏈链鍊链鐐镣銬铐檔档規规審审釋释謀谋變变叛叛亂乱匯汇貸贷賬账號号購购奪夺搶抢劫劫淚泪絞绞釘钉鑽钻蝕蚀"
    "妳你牠它僱雇傭佣諜谍誌志報报紙纸樣样據据憑凭貝贝納纳蘭兰維维羅罗薩萨倫伦歐欧錶表鐘钟釣钓籃篮網网緝缉"
)  # fmt: skip
_SIMPLIFIED: Final = dict(zip(_SIMPLIFIED_PAIRS[::2], _SIMPLIFIED_PAIRS[1::2], strict=True))

# First letters of runs of 26 in U+1F1xx: squared, negative circled, negative squared, regional indicators.
_LETTER_RUNS: Final = (0x1F130, 0x1F150, 0x1F170, 0x1F1E6)
# Blank although Unicode calls them letters, symbols or marks; UTS #39 lists them as ignorable or confusable with space.
_INVISIBLE: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180e\u2800\u3164\uffa0")

# Everyday leetspeak; `1` and `|` stand for i or for l, so there are two readings.
LEET_I: Final = str.maketrans("0123456789@$!|+€£¥", "oizeasgtbgasiitely")
_LEET_L: Final = str.maketrans("0123456789@$!|+€£¥", "olzeasgtbgasiltely")

_HAN: Final = "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_TOKEN: Final = re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+|[\u2600-\u27bf\U0001f300-\U0001faff]")
_CHUNK: Final = re.compile(r"[^\s,;:()\[\]{}<>\"。、]+")
_HAN_CHARACTER: Final = re.compile(rf"[{_HAN}]")
_NOT_LETTERS: Final = re.compile(r"[\W_]+")
_THREE_ALIKE: Final = re.compile(r"(.)\1{2,}")
_BREAK: Final = re.compile(r"[,;:!?\n\r。、]")
_LONGEST_CHUNK: Final = 48
_LONGEST_SPELLED: Final = 24
# Three letters make a word only where they are all that is spelled out ("s e x"); four may lie anywhere in a run.
_SHORTEST_SPELLED_RUN: Final = 3
_SHORTEST_SPELLED_PART: Final = 4


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text and where each of its characters came from.

    Attributes:
        text: lower case, without marks, invisible characters and look-alikes.
        origin: for each character of `text` the offset of its source in the unfolded text.
    """

    text: str
    origin: Sequence[int]


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a Han character or a pictograph.

    Attributes:
        word: its plain folded form.
        start, end: where it lies in the unfolded text.
        follows: no sentence mark stands between it and the token before.
    """

    word: str
    start: int
    end: int
    follows: bool


@dataclass(frozen=True, slots=True)
class Edge:
    """One reading of the tokens from `first` up to but not including `last`."""

    first: int
    last: int
    word: str


@lru_cache(maxsize=8192)
def is_invisible(character: str) -> bool:
    """Whether nobody sees a character: a joiner, a direction, a filler or a selector of a variant."""
    is_selector = "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
    return unicodedata.category(character) == "Cf" or character in _INVISIBLE or is_selector


@lru_cache(maxsize=8192)
def fold_character(character: str) -> str:
    """Return what one character stands for: zero or more plain lower-case characters."""
    if is_invisible(character):
        return ""
    for first in _LETTER_RUNS:
        if first <= ord(character) < first + 26:
            return chr(ord("a") + ord(character) - first)
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    kept = (c for c in plain if unicodedata.category(c) not in {"Mn", "Me", "Cf"})
    return "".join(_LOOKALIKES.get(c) or _SIMPLIFIED.get(c, c) for c in kept)


def fold(text: str) -> Folded:
    """Fold `text`; plain ASCII takes a short cut, as there every character stands for itself."""
    if text.isascii():
        return Folded(text.lower(), range(len(text)))
    characters: list[str] = []
    origin: list[int] = []
    for offset, character in enumerate(text):
        folded = fold_character(character)
        characters.append(folded)
        origin += [offset] * len(folded)
    return Folded("".join(characters), origin)


def cut(folded: Folded) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    """Return the words of `folded` and their places in its text: the tokens as a matcher takes them."""
    spans = tuple(found.span() for found in _TOKEN.finditer(folded.text))
    return tuple(folded.text[start:end] for start, end in spans), spans


def build_tokens(folded: Folded) -> tuple[Token, ...]:
    """Cut folded text into tokens, in order."""
    tokens: list[Token] = []
    before = 0
    for found in _TOKEN.finditer(folded.text):
        start, end = found.span()
        follows = not _BREAK.search(folded.text, before, start)
        tokens.append(Token(found.group(), folded.origin[start], folded.origin[end - 1] + 1, follows))
        before = end
    return tuple(tokens)


def build_words(text: str) -> tuple[str, ...]:
    """Return the folded words of `text`: how a term is spelled in a matcher."""
    return tuple(_TOKEN.findall(fold(text).text))


def build_edges(folded: Folded, vocabulary: Container[str]) -> tuple[Edge, ...]:
    """Return every reading of the tokens of `folded` that is a word of `vocabulary`, in order and without repeats."""
    words, spans = cut(folded)
    edges = [
        Edge(index, index + 1, reading)
        for index, word in enumerate(words)
        for reading in _readings(word)
        if reading in vocabulary
    ]
    edges += (edge for edge in _joined(folded.text, spans) if edge.word in vocabulary)
    edges += _spelled_out(words, vocabulary)
    return tuple(dict.fromkeys(edges))


def _readings(word: str) -> Iterator[str]:
    """Yield what a run of letters, digits and leet signs may stand for; its plain form first."""
    if not any(character.isalpha() for character in word):
        yield word  # a number is a number: 455 is not a word
        return
    for reading in (word,) if word.isalpha() else (word, word.translate(LEET_I), word.translate(_LEET_L)):
        closed = _NOT_LETTERS.sub("", reading)
        yield closed
        if _THREE_ALIKE.search(closed):
            yield _THREE_ALIKE.sub(r"\1", closed)
            yield _THREE_ALIKE.sub(r"\1\1", closed)


def _joined(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[Edge]:
    """Yield readings of what stands between blanks, with the signs inside it read as letters or left out."""
    index = 0
    for chunk in _CHUNK.finditer(text):
        first = index
        while index < len(spans) and spans[index][0] < chunk.end():
            index += 1
        whole = chunk.group()
        if index == first or len(whole) > _LONGEST_CHUNK or whole.isalnum() or _HAN_CHARACTER.search(whole):
            continue
        bare = whole.strip(".!?'*_-~+|^")
        for variant in dict.fromkeys((whole, bare)):
            yield from (Edge(first, index, reading) for reading in _readings(variant))
        start, end = spans[first][0], spans[index - 1][1]
        yield from (Edge(first, index, reading) for reading in _readings(text[start:end]))


def _spelled_out(words: Sequence[str], vocabulary: Container[str]) -> Iterator[Edge]:
    """Yield words of `vocabulary` spelled letter by letter, ``p i s t o l``, also inside a longer run of letters."""
    index = 0
    while index < len(words):
        last = index
        while last < len(words) and len(words[last]) == 1 and not _HAN_CHARACTER.match(words[last]):
            last += 1
        run = words[index:last]
        if len(run) >= _SHORTEST_SPELLED_RUN and sum(letter.isalpha() for letter in run) * 2 >= len(run):
            for letters in dict.fromkeys("".join(run).translate(table) for table in (LEET_I, _LEET_L)):
                yield from _spelled_run(letters, index, vocabulary)
        index = max(last, index + 1)


def _spelled_run(letters: str, first: int, vocabulary: Container[str]) -> Iterator[Edge]:
    if len(letters) <= _LONGEST_SPELLED and letters in vocabulary:
        yield Edge(first, first + len(letters), letters)
    for start in range(len(letters)):
        for end in range(start + _SHORTEST_SPELLED_PART, min(start + _LONGEST_SPELLED, len(letters)) + 1):
            # Asked before an edge is made: a long run has a million parts, and hardly one of them is a word.
            if letters[start:end] in vocabulary:
                yield Edge(first + start, first + end, letters[start:end])
