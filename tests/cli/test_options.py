"""What `--knowledge`, `--rephrase` and `--rephrase-model` may be, and the one line where they are not."""

from pathlib import Path

import pytest

from medgrpo.cli.options import analysis_options, given_help
from medgrpo.core import DataError, InputError


def test_a_model_needs_its_address_and_its_name():
    help = given_help(None, "http://localhost:1/v1", "m")
    assert help.rephraser is not None
    assert help.rephraser.name == "m"
    assert analysis_options(5.0, "cholecystectomy", "m").rephrase_model == "m"
    assert given_help(None, None, None).rephraser is None
    for url, name in (("http://localhost:1/v1", None), (None, "m")):
        with pytest.raises(InputError, match="go together"):
            given_help(None, url, name)
    with pytest.raises(InputError, match="'localhost' is no http address"):
        given_help(None, "localhost", "m")


def test_a_folder_that_is_no_knowledge_base_is_said_to_be_none(tmp_path: Path):
    with pytest.raises(DataError, match="knowledge build"):
        given_help(tmp_path, None, None)
