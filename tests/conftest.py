"""What the tests of the command line share."""

import atexit
import os
import shutil
import tempfile

import pytest

from diffcli.cli.main import run

os.environ["DIFFCLI_CACHE_DIR"] = tempfile.mkdtemp(prefix="diffcli-tests-")  # compiled programs, not the user's own
atexit.register(shutil.rmtree, os.environ["DIFFCLI_CACHE_DIR"], ignore_errors=True)


@pytest.fixture
def command(capsys, monkeypatch, tmp_path):
    """Run a command in an empty folder: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        code = run(list(words))
        out, err = capsys.readouterr()
        return code, out, err

    return call
