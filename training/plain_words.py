"""Short texts that ask for nothing: common words, names of people and places, trades, colours, things; and glosses.

Most of what a policy lists is one word, so a head that learned harmless sentences alone takes every short prompt for a
listed one: "a cat" looked like a weapon. Sources: word counts of `wordfreq` 3.1.1 (Apache-2.0), names of `Faker` (MIT),
nouns and glosses of WordNet 3.0 (Debian's ``wordnet-base``, WordNet licence). Of each what a policy may speak
of is left out by its words, so some that is harmless is missing, and some that is not may have stayed.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

_LISTED: Final = Path(__file__).with_name("listed.txt")
_LANGUAGES: Final = (
    "en zh ja ko es fr de ru ar hi pt it tr vi id pl nl uk fa sv cs ro el he hu fi da nb bg bn ta ur fil ms"
)
_LOCALES: Final = (
    "ar_AA ar_SA cs_CZ de_DE el_GR en_GB en_IN en_US es_ES es_MX fa_IR fi_FI fr_FR he_IL hi_IN hu_HU id_ID it_IT ja_JP"
    " ko_KR nl_NL pl_PL pt_BR ro_RO ru_RU sv_SE th_TH tr_TR uk_UA vi_VN zh_CN zh_TW bn_BD ta_IN en_NG"
)
_COMMON: Final = slice(60, None)  # ranks of a language: the first are no words that one would draw
_RANKS: Final = 4200
_WORDS: Final = 170  # of each language
_NAMES: Final = {"name": 24, "city": 24, "job": 24, "color_name": 12}  # of each locale
_TRIES: Final = 4
_NOUNS: Final = 150  # of each kind
_SYLLABLES: Final = frozenset({"zh", "ja", "ko"})
# WordNet's files of nouns: act, animal, artifact, body, cognition, communication, event, feeling, food, group,
# location, object, person, phenomenon, plant, state, substance.
_KINDS: Final = frozenset({4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 17, 18, 19, 20, 26, 27})
_POLICED: Final = re.compile(
    r"\b(kill|murder|weapon|gun|sex|porn|drug|narcot|alcohol|liquor|wine|beer|whisk|brand|gambl|tobacco|cigar|nazi|suicid"
    r"|tortur|blood|corpse|naked|nud|genital|penis|vagina|breast|buttock|anus|prostitut|rape|terror|explosi|bomb|missile"
    r"|rifle|pistol|steal|thief|crim|forge|counterfeit|slur|offensive|racis|hatr|death|dead|hang|execut|slaughter|cannabis"
    r"|marijuana|opium|poppy|heroin|cocaine|smok|intoxic|president|politic|dictator|party|war|soldier|military|attack"
    r"|assault|violen|wound|injur|explod|firearm|ammunition|shoot|sword|knife|dagger|erotic|lust|copulat|sodom|masturb"
    r"|urin|defec|feces|excre|pimp|whore|slut|homosex|lesbian|faeces|semen|vulgar|slang|disparag|cadaver|bleed|poison"
    r"|toxic|fight|kidnap|hostage|robb|burglar|smuggl|fraud|money|coin|bank|passport|vodka|rum|gin|bet|casino|poker|dice"
    r"|roulette|lottery|election|government|senat|minister|king|queen|leader|revolution|protest)",
    re.IGNORECASE,
)


def read_plain(wordnet: Path, policed: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield kind (word, gloss) and text, the same every time.

    Args:
        wordnet: the folder of its files.
        policed: words of which a policy speaks, in lower case.
    """
    yield from (("word", text) for text in (*read_common(policed), *make_names()))
    yield from read_nouns(wordnet)


def read_common(policed: frozenset[str]) -> Iterator[str]:
    """Yield common words of each language, but for `policed` ones and those of ``listed.txt``."""
    import wordfreq

    listed = {word for line in _LISTED.read_text(encoding="utf-8").splitlines() for word in line.lower().split()[1:]}
    for language in _LANGUAGES.split():
        shortest = 2 if language in _SYLLABLES else 3
        words = [
            word
            for word in wordfreq.top_n_list(language, _RANKS)[_COMMON]
            if word.isalpha() and len(word) >= shortest and word not in listed | policed
        ]
        yield from Random(f"freq{language}").sample(words, min(_WORDS, len(words)))  # noqa: S311 - draws texts


def make_names() -> Iterator[str]:
    """Yield names of people, towns, trades and colours, as each place has them."""
    from faker import Faker

    for locale in _LOCALES.split():
        maker = Faker(locale)
        maker.seed_instance(5)
        for kind, most in _NAMES.items():
            made: set[str] = set()
            for _ in range(most * _TRIES if hasattr(maker, kind) else 0):
                if len(made) < most:
                    made.add(getattr(maker, kind)().strip())
            yield from sorted(made)


def read_nouns(wordnet: Path) -> Iterator[tuple[str, str]]:
    """Yield ("word", noun), with its article or without, and ("gloss", what it is) of some nouns of each kind."""
    chance = Random("wn")  # noqa: S311 - draws texts, guards nothing
    found: dict[int, list[tuple[str, str]]] = {}
    for line in (wordnet / "data.noun").read_text(encoding="utf-8").splitlines():
        data, _, said = line.partition(" | ")
        fields = data.split()
        if line.startswith("  ") or int(fields[1]) not in _KINDS or _POLICED.search(line):
            continue
        noun, gloss = fields[4].replace("_", " "), re.split(r';\s*"|; ', said)[0].strip()
        if len(noun) > 2 and len(gloss) >= 12:
            found.setdefault(int(fields[1]), []).append((noun, gloss))
    for _, nouns in sorted(found.items()):
        for noun, gloss in chance.sample(nouns, min(_NOUNS, len(nouns))):
            article = "an" if noun[0].lower() in "aeiou" else "a"
            yield "word", noun if chance.random() < 0.6 else f"{article} {noun}"
            if chance.random() < 0.45:
                yield "gloss", gloss[:160]
