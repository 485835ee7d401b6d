import pytest

from support.assistant_builders import write_export


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small export with its plant file."""
    folder = tmp_path_factory.mktemp("export")
    write_export(folder)
    return folder
