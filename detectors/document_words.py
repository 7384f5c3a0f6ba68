"""Is a text that of an identity document? Told by the labels that such cards have, in English and Chinese.

Source: labels of ICAO Doc 9303-3 and -4 (English), of GA 490-2013 (resident's card), of ISO/IEC 18013-1 (driving
licence), and their Chinese forms.
"""

import re
from dataclasses import dataclass
from typing import Final

TITLES: Final = (
    "passport", "passeport", "identity card", "identification card", "national id", "id card", "driving licence",
    "driver license", "driver's license", "drivers license", "driver licence", "residence permit", "permanent resident",
    "work permit", "visa", "social security", "health insurance card", "student id", "birth certificate",
    "居民身份证", "身份证", "护照", "驾驶证", "行驶证", "居住证", "港澳通行证", "往来港澳", "台湾通行证",
    "社会保障卡", "户口簿", "出生医学证明", "签证",
)  # fmt: skip
"""What such a document calls itself."""

LABELS: Final = (
    "surname", "given names", "given name", "date of birth", "place of birth", "birth date", "nationality",
    "date of issue", "date of expiry", "expiration date", "valid until", "document no", "document number",
    "passport no", "card no", "personal no", "id no", "licence no", "license no", "holder's signature",
    "issuing authority", "place of issue", "dob", "country code", "code of issuing state",
    "姓名", "性别", "民族", "出生", "住址", "公民身份号码", "身份号码", "签发机关", "有效期限", "有效期",
    "国籍", "出生日期", "签发日期", "证号", "准驾车型", "初次领证日期", "护照号", "出生地点", "签发地点", "持证人",
)  # fmt: skip
"""What such a document calls what it says of a person."""

COMMON: Final = ("authority", "class", "exp", "expires", "eyes", "height", "iss", "issued", "name", "sex", "signature")
"""Labels that are everyday words, too: all of them together count for one."""

_LEAST_LABELS: Final = 3
_LEAST_UNDER_A_TITLE: Final = 2


@dataclass(frozen=True, slots=True)
class Papers:
    """What of a text is a document's.

    Attributes:
        labels: how many different ones.
        has_title: it says what it is.
        start, end: from the first of these words to the last.
    """

    labels: int
    has_title: bool
    start: int
    end: int


def find_papers(text: str) -> Papers | None:
    """Return what makes `text` that of a document: three labels, or two under a title; None where there are fewer.

    Limits: forms and questionnaires have such labels, too; a document in other languages has none of them.
    """
    labels, titles, common = (list(one.finditer(text)) for one in (_LABELS, _TITLES, _COMMON))
    different = len({_plain(one[0]) for one in labels}) + bool(common)
    if different < (_LEAST_UNDER_A_TITLE if titles else _LEAST_LABELS):
        return None
    words = labels + titles + common
    return Papers(different, bool(titles), min(one.start() for one in words), max(one.end() for one in words))


def _plain(word: str) -> str:
    return re.sub(r"[\s/.:]+", " ", word.casefold()).strip()


def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Return what finds each word as a whole; readers drop the blanks of English ones and add some to Chinese ones."""
    spelled = []
    for word in sorted(words, key=len, reverse=True):
        if word.isascii():
            spelled.append(r"(?<![A-Za-z])" + r"[\s.]{0,2}".join(map(re.escape, word.split())) + r"(?![A-Za-z])")
        else:
            spelled.append(r" ?".join(word))
    return re.compile("|".join(spelled), re.IGNORECASE)


_TITLES: Final = _pattern(TITLES)
_LABELS: Final = _pattern(LABELS)
_COMMON: Final = _pattern(COMMON)
