"""Runs that the tests of saved runs share."""

import shutil

import pytest


@pytest.fixture(scope="session")
def trained():
    """A run of 60 steps to which something was done."""
    # Imported here: pytest reads this file before its filters of warnings are set.
    from constructors import small

    from gausslab.run import begin

    run = begin(small()).train(30, progress=False)
    return run.change({"generator.rate": 1e-3}).train(30, progress=False)


@pytest.fixture(scope="session")
def kept(trained, tmp_path_factory):
    """It, in a folder that nobody is to write to."""
    folder = tmp_path_factory.mktemp("kept") / "run"
    trained.save(folder)
    return folder


@pytest.fixture
def shelf(kept, tmp_path):
    """A folder with the run `first` in it."""
    shutil.copytree(kept, tmp_path / "shelf" / "first")
    return tmp_path / "shelf"
