"""Values that the tests of this folder are made of."""

from datetime import date

from hypothesis import HealthCheck, settings

from detectors.base import Signal, Status
from policies.rules.condition_checks import parse_condition
from policies.rules.context import Context
from policies.rules.decision import Outcome
from policies.rules.pack import Demand, Pack, Requirement, Rule, Threshold
from policies.rules.vocabulary import CATEGORIES
from provenance.asset import Asset, AssetId, MediaType, Origin, sha256_hex
from provenance.grant import MarkKind

DETECTORS = ("clip", "copyright", "incoming_marks", "nsfw", "nudity", "prompt")
DAY = date(2026, 11, 22)

PATIENT = settings(max_examples=70, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For laws: tests share their machine, so no example is ever too slow."""

ASSET = Asset(
    id=AssetId("0193f0a0-0000-7000-8000-000000000001"),
    sha256=sha256_hex(b"picture"),
    media_type=MediaType.PNG,
    size_bytes=12345,
    facts={"width": 640, "height": 480},
    origin=Origin.GENERATED,
)


def condition(text):
    return parse_condition(text, categories=CATEGORIES, detectors=DETECTORS)


def signal(detector="nsfw", status=Status.OK, reason="", evidence=(), **scores):
    scores = {name.replace("__", "."): score for name, score in scores.items()}
    return Signal(
        detector=detector, version="0" * 16, status=status, scores=scores, evidence=tuple(evidence), reason=reason
    )


def context(**fields):
    return Context(**{"decided_on": DAY, **fields})


def threshold(category="nsfw", hold=0.5, block=0.9):
    return Threshold(category=category, hold=hold, block=block, clause="House 1", text=f"too much {category}")


def rule(when, outcome=Outcome.HOLD, name="rule"):
    return Rule(id=name, when=condition(when), outcome=outcome, clause="House 2", text="a rule speaks")


def requirement(detector="nsfw", *, not_applicable=False):
    return Requirement(detector=detector, not_applicable=not_applicable, clause="House 3", text="must answer")


def demand(mark=MarkKind.WATERMARK, *, when=None, required=True, name="mark", **parameters):
    return Demand(
        id=name,
        mark=mark,
        clause="House 4",
        text="a mark is due",
        parameters=parameters,
        required=required,
        when=None if when is None else condition(when),
    )


def pack(name="house", *, thresholds=None, rules=(), requires=(), obligations=(), until=None, sha256=None):
    return Pack(
        name=name,
        version="1.0.0",
        title="A pack",
        description="A pack for tests",
        jurisdiction="any",
        effective_from=date(2026, 1, 1),
        effective_until=until,
        sources=(),
        requires=tuple(requires),
        thresholds=(threshold(),) if thresholds is None else tuple(thresholds),
        rules=tuple(rules),
        obligations=tuple(obligations),
        sha256=sha256 or sha256_hex(name.encode()),
    )
