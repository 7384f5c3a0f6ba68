"""Documents by their labels; posters and forms with one or two of the words are none."""

import pytest

from detectors.document_words import COMMON, LABELS, TITLES, find_papers


@pytest.mark.parametrize(
    ("text", "labels", "has_title"),
    [
        ("姓名 韦小宝\n性别男民族汉\n出生1654年12月20日\n住址 北京市东城区\n公民身份号码 112044165412202438", 6, False),
        ("中华人民共和国\n居民身份证\n签发机关 北京市公安局\n有效期限 2020.01.01-2040.01.01", 2, True),
        ("PASSPORT\nSurname ERIKSSON\nGiven names ANNA MARIA\nDate of birth 12 AUG 1974", 3, True),
        ("DRIVER LICENSE\nDOB 01/31/1990 SEX F\nDocumentNo 123", 3, True),
        ("Nationality\nPlaceofbirth\nDate of  issue", 3, False),
        ("姓 名 张三  性 别 男  民 族 汉", 3, False),
    ],
)
def test_documents(text, labels, has_title):
    found = find_papers(text)
    assert found is not None
    assert (found.labels, found.has_title) == (labels, has_title)
    assert 0 <= found.start < found.end <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "VISA\nexp 12/29", "WORLD CLASS\nSex and the City\nsignature collection, height 2 m",
        "signature: date of birth:", "出生的小鸟", "passport to adventure", "visa signature class authority expires",
    ],
)  # fmt: skip
def test_other_texts(text):
    assert find_papers(text) is None


def test_words_are_listed_once():
    for words in (TITLES, LABELS, COMMON):
        assert len(set(words)) == len(words)
    assert not set(LABELS) & set(COMMON)
