"""Settings of what makes clips, music and speech."""

from pydantic import BaseModel, ConfigDict


class MakerSettings(BaseModel):
    """Backends beside the one of pictures, by name, each with its `backend_options`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    clips: str = ""
    """Backend that makes clips, such as ``diffusers_video``; empty for the animator, which needs no model."""
    music: str = ""
    """Backend that makes music, such as ``transformers_music``; empty for the composer, which needs no model."""
    voices: str = ""
    """Backend that speaks, such as ``transformers_speech``; empty for the packaged voice of the extra ``voices``."""
