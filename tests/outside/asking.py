"""Ask the command line as a person would, at 80 columns, on a site of its own."""

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest
import structlog

from api.cli import main
from api.console import ERR, OUT
from tests.sites import PLAIN

FIXTURES = Path(__file__).parents[3] / "shared" / "data" / "c2pa-rs-fixtures"


@dataclass(frozen=True)
class Told:
    """What one run came to."""

    code: int
    out: str
    err: str

    @property
    def words(self):
        """Standard output with every run of white space as one space, so that lines may wrap."""
        return " ".join(self.out.split())

    @property
    def results(self):
        """The results of the one JSON document on standard output."""
        return json.loads(self.out)["results"]

    @property
    def result(self):
        """The only one of them."""
        (item,) = self.results
        return item

    def layer(self, name):
        """The only layer of that name in the only result."""
        (layer,) = (layer for layer in self.result["layers"] if layer["name"] == name)
        return layer


def ask(home, *arguments, **environment):
    """Run `chopmark` on the site at `home`, with more settings as CHOPMARK_ variables."""
    out, err = io.StringIO(), io.StringIO()
    given = {**PLAIN, "CHOPMARK_HOME": str(home), **environment}
    with (
        patch.dict(os.environ, given),
        patch.object(OUT, "_width", 80),
        patch.object(ERR, "_width", 80),
        patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO())),
        redirect_stdout(out),
        redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main([str(item) for item in arguments])
    structlog.reset_defaults()
    return Told(ended.value.code, out.getvalue(), err.getvalue())


def fixture(name):
    """Path of a file of c2pa-rs."""
    if not FIXTURES.is_dir():
        pytest.skip("../shared/data/c2pa-rs-fixtures is absent")
    return FIXTURES / name
