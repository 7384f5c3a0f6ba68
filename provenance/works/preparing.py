"""Everything that is kept of an original: the codes that it is found by, and a small picture of it to compare with."""

from collections.abc import Sequence

from provenance.errors import WorksError
from provenance.fingerprints.base import Fingerprint, Unhashable
from provenance.fingerprints.copy import Copy
from provenance.works.codes import Code
from provenance.works.indexes import Indexes
from provenance.works.intake import Entry, build_entry
from provenance.works.likeness import build_codes, build_reference
from provenance.works.passages import TOO_SHORT, build_passage_codes
from provenance.works.record import PLAIN, Registration
from provenance.works.tracks import build_track_codes


def prepare(
    registration: Registration, indexes: Indexes, algs: Sequence[str], others: Sequence[str], *, finds_parts: bool
) -> Entry | Unhashable:
    """Compute everything that is kept of an original; the first fingerprint that has none decides.

    Args:
        registration: a picture, a clip or a text.
        indexes: know the fingerprint schemes.
        algs: of pictures, without which one cannot be registered.
        others: of pictures, which are kept where there are any.
        finds_parts: keep codes of what a picture shows, too.

    Raises:
        WorksError: something about the registration is not allowed.
    """
    if registration.passages is not None:
        codes = build_passage_codes(registration.passages.codes)
        return build_entry(registration, codes) if codes else TOO_SHORT
    if registration.picture is None:
        raise WorksError("expected a picture, a clip or a text, got none")
    picture = registration.picture.flattened()
    if registration.track:
        return build_entry(registration, build_track_codes(registration.track), build_reference(picture))
    codes = []
    for alg in (*algs, *others):
        scheme = indexes.scheme(alg)
        plain = scheme.compute(picture)
        if isinstance(plain, Fingerprint):
            codes.append(Code(alg, PLAIN, plain.value))
            codes += (Code(alg, name, one.value) for name, one in scheme.compute_variants(picture))
        elif alg in algs:
            return plain
    if finds_parts:
        codes += build_codes(Copy(), picture)
    return build_entry(registration, codes, build_reference(picture))
