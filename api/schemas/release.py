"""What is handed in for release, and what is answered about it."""

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, Json, field_validator, model_validator

from api.refusals import PROBLEM_TYPE
from policies.line.standing import Progress

if TYPE_CHECKING:
    from policies.line.standing import Standing
    from policies.rules.decision import Decision

MOST_PROMPT_CHARACTERS = 100_000


class Context(BaseModel):
    """Circumstances of one release that packs may read."""

    model_config = ConfigDict(extra="forbid")

    tenant: str = Field(default="", max_length=200, description="on whose behalf, for packs that ask")
    jurisdictions: list[Annotated[str, Field(max_length=20)]] = Field(
        default=[], max_length=50, description="where it will be published, such as cn or eu"
    )
    explicit_label_waived: bool = Field(
        default=False, description="the user asked for a copy without the visible label, under an agreement"
    )
    portrayed: bool = Field(
        default=False, description="it is made from somebody's photograph, or shows somebody who has to agree"
    )
    purpose: str = Field(default="", max_length=40, description="what it is for, as consents name it, such as avatar")
    consents: list[Annotated[str, Field(max_length=36)]] = Field(
        default=[], max_length=16, description="ids of consents; each has to cover it, or it is held"
    )


class Making(BaseModel):
    """How the file was made; what labels and manifests say of it."""

    model_config = ConfigDict(extra="forbid")

    model_name: str = Field(default="", max_length=200)
    model_identifier: str = Field(default="", max_length=500, description="URI or package URL (purl) of the model")
    backend: str = Field(default="", max_length=200, description="software that ran it, with its version")
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**64)
    digital_source_type: str = Field(
        default="trainedAlgorithmicMedia", pattern="^[A-Za-z]{1,64}$", description="last part of the IPTC NewsCode"
    )


class OfFile(BaseModel):
    """Something that is made here of a file."""

    model_config = ConfigDict(extra="forbid")

    of: str = Field(
        default="",
        max_length=36,
        description="id of a release that it is made of; else of the file that comes with it",
        examples=["0192f0c1-2b3c-7d4e-8f50-61728394a5b6"],
    )


class Restyling(OfFile):
    """How a photograph of somebody is to be laid anew; who they are has to have agreed (`context.consents`)."""

    style: Literal["comic", "ink", "mosaic", "oil", "pencil", "watercolour"] = Field(description="no model, a filter")


class Moving(OfFile):
    """What a clip is to be, whatever it is made of."""

    seconds: float = Field(default=5.0, ge=1, le=180, description="how long, or how much longer")
    strength: float = Field(default=1.0, ge=0, le=2, description="how far the camera goes; 0 stands still")
    particles: int = Field(default=60, ge=0, le=400, description="specks of light in the air")
    music: bool = Field(default=False, description="compose music for it, by its colours and words")


class Extension(Moving):
    """How a clip is to go on from where it ends."""


class Animation(Moving):
    """How a picture is to move."""

    move: Literal["auto", "push", "pull", "pan", "orbit", "rise", "drift"] = "auto"
    side: int = Field(default=720, ge=180, le=1080, description="pixels of the shorter side")
    rate: int = Field(default=30, ge=12, le=60, description="frames a second")
    say: list[Annotated[str, Field(min_length=1, max_length=540)]] = Field(
        default=[],
        max_length=40,
        description="lines that are spoken: 'words', 'deep: words' or 'deep@2.5: words'; screened as a prompt is",
    )
    ambience: Literal["", "rain", "sea", "wind", "room"] = Field(default="", description="what is heard around")


class Order(BaseModel):
    """What is to be released: a file, a prompt that is to be drawn first, or what is to be made of a file."""

    model_config = ConfigDict(extra="forbid")

    prompt: str | None = Field(
        default=None,
        min_length=1,
        max_length=MOST_PROMPT_CHARACTERS,
        description="what the file was made from; without a file, what is to be drawn",
        examples=["a red boat on a calm lake"],
    )
    packs: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(
        default=[], max_length=20, description="more policy packs that decide, beside the site's own, which always do"
    )
    name: str = Field(default="", max_length=255, description="file name, for people")
    type: str = Field(default="", max_length=100, description="media type that the sender claims; checked")
    context: Context = Context()
    recipe: Making | None = Field(default=None, description="how the file was made; not of what is made here")
    animate: Animation | None = Field(
        default=None,
        description="make a clip of a picture, or of one that is drawn from the prompt first, and release that",
    )
    extend: Extension | None = Field(
        default=None, description="go on from where a clip ends, and release the longer one"
    )
    restyle: Restyling | None = Field(
        default=None, description="lay a photograph of somebody anew, and release that; held without their consent"
    )
    seed: int = Field(default=0, ge=0, lt=2**63, description="of what is made here: same seed, same one")
    width: int = Field(default=512, ge=64, le=4096, description="of a drawing, in pixels")
    height: int = Field(default=512, ge=64, le=4096, description="of a drawing, in pixels")
    steps: int | None = Field(default=None, ge=1, le=1000, description="of a drawing; the backend's own number if left")

    @property
    def of_file(self) -> Animation | Extension | Restyling | None:
        """What is to be made of a file, if anything."""
        return self.animate or self.extend or self.restyle

    @field_validator("prompt")
    @classmethod
    def _say_something(cls, value: str | None) -> str | None:
        if value is not None and not any(char.isprintable() and not char.isspace() for char in value):
            raise ValueError("expected at least one word")
        return None if value is None else value.strip()


class FormOrder(Order):
    """The same as a form's text fields: packs in one field or several; context, recipe and what is made as JSON."""

    context: Json[Context] | Context = Context()
    recipe: Json[Making] | Making | None = None
    animate: Json[Animation] | Animation | None = None
    extend: Json[Extension] | Extension | None = None
    restyle: Json[Restyling] | Restyling | None = None

    @model_validator(mode="before")
    @classmethod
    def _split(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Take single fields out of their lists; packs may be named in one, with commas."""
        several = {name: texts for name, texts in values.items() if isinstance(texts, list) and name != "packs"}
        for name, texts in several.items():
            if len(texts) != 1:
                raise ValueError(f"expected one field {name}, got {len(texts)}")
        single = {name: texts[0] for name, texts in several.items()}
        packs = [one.strip() for text in values.get("packs", ()) for one in text.split(",") if one.strip()]
        return {**values, **single, **({"packs": packs} if "packs" in values else {})}


class ReasonModel(BaseModel):
    """One rule's contribution to a decision."""

    pack: str
    rule: str
    outcome: str = Field(description="release, hold or block")
    clause: str = Field(description="the law, standard or house rule that it rests on")
    text: str


class FaultModel(BaseModel):
    """Why a file is no asset, as an answer of 4xx would have said had it been found before it was accepted."""

    type: str = Field(examples=["urn:chopmark:error:asset.undecodable"])
    title: str = Field(description="code that does not change", examples=["asset.undecodable"])
    detail: str

    @classmethod
    def build(cls, standing: "Standing") -> Self | None:
        """Build it, or return None where the file is sound, or nobody has looked yet."""
        code, decision = standing.error, standing.decision
        said = [] if decision is None or not code else [one.text for one in decision.reasons if one.rule == code]
        return cls(type=f"{PROBLEM_TYPE}{code}", title=code, detail=said[0]) if said else None


class DecisionModel(BaseModel):
    """The decision that counts."""

    id: str
    outcome: str = Field(description="release, hold or block")
    decided_by: str = Field(description="policy, or review where a moderator decided")
    packs: list[str]
    reasons: list[ReasonModel]

    @classmethod
    def build(cls, decision: "Decision") -> Self:
        """Build it for whoever handed the asset in: who reviewed it is the operator's to know."""
        return cls(
            id=decision.id,
            outcome=decision.outcome.value,
            decided_by=decision.decided_by.partition(":")[0],
            packs=[pack.name for pack in decision.packs],
            reasons=[
                ReasonModel(pack=one.pack, rule=one.rule, outcome=one.outcome.value, clause=one.clause, text=one.text)
                for one in decision.reasons
            ],
        )


class ReleasedFile(BaseModel):
    """What was released."""

    url: str = Field(description="where its bytes are, for who may")
    media_type: str
    sha256: str
    ledger_index: int
    manifest_url: str | None = Field(description="where its manifest is that is kept beside it; null when it is inside")


_EXAMPLE: Final[dict[str, Any]] = {
    "id": "0192f0c1-2b3c-7d4e-8f50-61728394a5b6",
    "status": "released",
    "final": True,
    "name": "boat.png",
    "created_at": "2026-11-29T09:30:00.000Z",
    "url": "/v1/releases/0192f0c1-2b3c-7d4e-8f50-61728394a5b6",
    "decision": {
        "id": "8c0e4b52-7d0f-4f0a-9a53-3f9d5b1c2e10",
        "outcome": "release",
        "decided_by": "policy",
        "packs": ["baseline"],
        "reasons": [],
    },
    "file": {
        "url": "/v1/assets/0192f0c1-2b3c-7d4e-8f50-61728394a5b6/file",
        "media_type": "image/png",
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "ledger_index": 41,
        "manifest_url": None,
    },
    "error": None,
}


class Release(BaseModel):
    """One submission and where it stands."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str = Field(examples=["0192f0c1-2b3c-7d4e-8f50-61728394a5b6"])
    status: Progress
    final: bool = Field(description="whether nothing more happens by itself")
    name: str
    created_at: str
    url: str
    decision: DecisionModel | None = None
    file: ReleasedFile | None = None
    error: str | None = Field(
        default=None, description="code of what kept it from being drawn or made, or of why a file is no asset"
    )
    problem: FaultModel | None = Field(default=None, description="why a file is no asset; null where it is one")
    appeal: str | None = Field(
        default=None, description="where a refusal can be appealed against, once and without an account"
    )

    @classmethod
    def build(cls, standing: "Standing") -> Self:
        """Build what its submitter is told."""
        return cls(
            id=standing.asset_id,
            status=standing.progress,
            final=standing.is_final,
            name=standing.name,
            created_at=standing.created_at,
            url=f"/v1/releases/{standing.asset_id}",
            decision=None if standing.decision is None else DecisionModel.build(standing.decision),
            file=build_file(standing),
            error=standing.error or None,
            problem=FaultModel.build(standing),
        )


class ReleasePage(BaseModel):
    """Some submissions, newest first."""

    items: list[Release]
    next: str | None = Field(description="cursor of the next page, null on the last")


def build_file(standing: "Standing") -> ReleasedFile | None:
    """Return where the released file is, or None while nothing is released."""
    if standing.progress is not Progress.RELEASED or standing.ledger_index is None:
        return None
    place = f"/v1/assets/{standing.asset_id}"
    is_embedded = bool((standing.seal or {}).get("is_embedded", True))
    return ReleasedFile(
        url=f"{place}/file",
        media_type=standing.media_type,
        sha256=standing.sha256,
        ledger_index=standing.ledger_index,
        manifest_url=None if is_embedded else f"{place}/manifest",
    )
