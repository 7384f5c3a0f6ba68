from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Json, ValidationError

from api.refusals import InvalidRequestError, TooManyRequestsError, build_invalid


class Thing(BaseModel):
    """With one field."""

    words: int


def test_what_was_refused_is_named_and_not_repeated():
    with pytest.raises(ValidationError) as caught:
        Thing(words="a secret")
    error = build_invalid(caught.value.errors())
    assert isinstance(error, InvalidRequestError)
    assert error.problems[0]["field"] == "words"
    assert "words: input should be a valid integer" in str(error)
    assert "secret" not in str(error)


def test_when_to_come_back_is_a_number():
    assert TooManyRequestsError("slower", retry_after_s=3).retry_after_s == 3


def test_a_field_with_two_spellings_is_told_by_what_it_lacks_and_without_names_of_ours():
    class Styling(BaseModel):
        style: Literal["ink", "oil"]

    class Asked(BaseModel):
        restyle: Annotated[Json[Styling] | Styling, "as JSON or as an object"]

    with pytest.raises(ValidationError) as caught:
        Asked.model_validate({"restyle": '{"style": "cubism"}'})
    (problem,) = build_invalid(caught.value.errors()).problems
    assert problem == {"field": "restyle.style", "detail": "input should be 'ink' or 'oil'"}
