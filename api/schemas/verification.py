"""What is answered about where a file comes from."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Address(BaseModel):
    """Where a file lies that is to be verified."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=1, max_length=4096, description="http or https", examples=["https://example.com/a.jpg"])


class LayerModel(BaseModel):
    """What one layer answered."""

    name: str = Field(examples=["manifest"])
    technique: str
    status: str
    text: str = Field(description="one line for a person")
    detail: dict[str, Any]


class VerificationModel(BaseModel):
    """Where a file comes from, by every layer that was asked."""

    state: str = Field(description="the joint state", examples=["consistent"])
    conflict: bool = Field(description="whether layers contradict each other, or what was found does not hold")
    summary: str = Field(description="the joint state in words")
    asset_id: str | None = Field(description="of the asset of this site that it was found to be")
    manifest_id: str | None
    layers: list[LayerModel]
    remarks: list[str] = []
    grade: str | None = Field(
        default=None, description="of a text, how much of the release it is: exact, canonical, recovered or none"
    )
