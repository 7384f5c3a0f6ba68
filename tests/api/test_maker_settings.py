import pytest
from pydantic import ValidationError

from api.maker_settings import MakerSettings


def test_nothing_is_named_unless_somebody_does_and_other_fields_are_refused():
    assert MakerSettings().model_dump() == {"clips": "", "music": "", "voices": ""}
    with pytest.raises(ValidationError):
        MakerSettings(pictures="sketch")
