"""One tiny pipeline for all tests of a worker: importing diffusers is the slow part."""

import pytest


@pytest.fixture(scope="session")
def pipeline_folder(tmp_path_factory):
    """Folder of a saved, randomly initialised pipeline; not to be changed."""
    from tests.generation.pipelines import save_pipeline

    return save_pipeline(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(autouse=True)
def _hub_reachable(monkeypatch):
    """Let pulls reach the hub of the test, whatever another suite in this process said to the hub's client."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
