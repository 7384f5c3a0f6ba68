"""What a platform says of content that others hand in: three verdicts, by what was found, declared, or traced.

Source: Measures for Labelling AI-Generated Content, Art. 6(1) to (3); GB 45438-2025, values of Label.
"""

from enum import StrEnum


class Verdict(StrEnum):
    """Values of the item's `Label`."""

    IS = "1"
    """The metadata says that it is generated."""
    POSSIBLY = "2"
    """Nothing in the metadata, but whoever hands it in declares it."""
    SUSPECTED = "3"
    """Neither, but a label that people see, or other traces of generation, were found."""


def decide_verdict(*, is_labelled: bool, is_declared: bool, has_traces: bool) -> Verdict | None:
    """Return the verdict, the surest first; None where nothing speaks for generation."""
    if is_labelled:
        return Verdict.IS
    if is_declared:
        return Verdict.POSSIBLY
    return Verdict.SUSPECTED if has_traces else None
