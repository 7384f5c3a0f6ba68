"""One tiny pipeline for all tests of a worker: importing diffusers is the slow part."""

import pytest


@pytest.fixture(scope="session")
def pipeline_folder(tmp_path_factory):
    """Folder of a saved, randomly initialised pipeline; not to be changed."""
    from tests.generation.pipelines import save_pipeline

    return save_pipeline(tmp_path_factory.mktemp("tiny"))
