"""What a supervisor is told."""

from pydantic import BaseModel, Field


class Health(BaseModel):
    """The server is up."""

    status: str = Field(examples=["ok"])
    ledger_size: int
    decoder_deaths: int


class Readiness(BaseModel):
    """Whether requests can be served."""

    status: str = Field(description="ready or not ready")
    checks: dict[str, bool] = Field(description="database, quarantine, public, signer")
