"""Works that are texts: the code of the whole and of each passage, in the same exact index as those of pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from provenance.fingerprints.base import Fingerprint, Unhashable
from provenance.fingerprints.shingles import ALG, CODE_BITS, RADIUS_BITS, Passages
from provenance.storage.database import Database
from provenance.tenant import Tenant
from provenance.works.codes import Code
from provenance.works.indexes import Indexes
from provenance.works.matching import Found, build_matches, nearest_of_each_owner, suppress_allowed
from provenance.works.record import PLAIN, Bank, MatchReport

TOO_SHORT: Final = Unhashable(ALG, 0, "too few words to tell it from other texts")


def spell_passage(number: int) -> str:
    """Return the variant under which a code is kept: the whole, or which passage."""
    return PLAIN if number == 0 else f"passage {number}"


def build_passage_codes(codes: Sequence[Fingerprint]) -> list[Code]:
    """Return a text's codes as they are kept."""
    return [Code(code.alg, spell_passage(number), code.value) for number, code in enumerate(codes)]


@dataclass(frozen=True, slots=True)
class TextIndex:
    """Finds texts among a tenant's works."""

    database: Database
    indexes: Indexes
    tenant: Tenant

    def match(self, passages: Passages, banks: Mapping[str, Bank]) -> MatchReport:
        """Return the active works that have the same words, or a passage of the same words; each by its nearest."""
        if not passages.codes:
            return MatchReport((), (TOO_SHORT,), (ALG,))
        index = self.indexes.open("works", ALG, CODE_BITS, RADIUS_BITS)
        nearest: dict[str, Found] = {}
        with self.database.read() as connection:
            for code in passages.codes:
                for one in nearest_of_each_owner(connection, index.search(code.value, RADIUS_BITS)):
                    known = nearest.get(one.code.owner_id)
                    if known is None or one.distance_bits < known.distance_bits:
                        nearest[one.code.owner_id] = one
            matches = build_matches(
                connection, nearest.values(), banks=banks, alg=ALG, default_bits=RADIUS_BITS, tenant=self.tenant
            )
        ordered = suppress_allowed(matches, confident_bits={ALG: RADIUS_BITS})
        return MatchReport(ordered, (), (ALG,), {ALG: passages.codes[0].value.hex()})
