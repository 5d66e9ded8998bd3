"""The folder of compiled programs."""

import os
import subprocess
import sys

import pytest

from gausslab import cache


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """None of JAX's variables, and what the code sets is undone."""
    for name in ("DIR", "MIN"):
        monkeypatch.delenv(f"JAX_COMPILATION_CACHE_{name}", raising=False)
    for name in ("MIN_COMPILE_TIME_SECS", "MIN_ENTRY_SIZE_BYTES"):
        monkeypatch.setenv(f"JAX_PERSISTENT_CACHE_{name}", "1")
    monkeypatch.setattr(cache, "_keeping", False)
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "")
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR")


@pytest.mark.parametrize(
    ("platform", "variable", "inside"),
    [("linux", "XDG_CACHE_HOME", True), ("win32", "LOCALAPPDATA", True), ("darwin", "HOME", False)],
)
def test_folder_is_where_the_platform_keeps_caches(monkeypatch, tmp_path, platform, variable, inside):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))
    base = tmp_path if inside else tmp_path / "Library" / "Caches"
    assert cache.folder() == base / "gausslab" / "programs"


def test_folder_is_made_and_handed_to_jax(monkeypatch, tmp_path):
    monkeypatch.setattr(cache, "folder", lambda: tmp_path / "deep" / "programs")
    assert cache.keep_programs()
    assert os.environ["JAX_COMPILATION_CACHE_DIR"] == str(tmp_path / "deep" / "programs")
    assert (tmp_path / "deep" / "programs").is_dir()


def test_folder_that_cannot_be_made_is_no_error(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setattr(cache, "folder", lambda: tmp_path / "file" / "programs")
    assert not cache.keep_programs()
    assert "JAX_COMPILATION_CACHE_DIR" not in os.environ


def test_folder_that_is_read_only_is_no_error(monkeypatch, tmp_path):
    monkeypatch.setattr(cache, "folder", lambda: tmp_path)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert not cache.keep_programs()


@pytest.mark.parametrize("chosen", ["elsewhere", ""])
def test_variable_of_jax_has_the_last_word(monkeypatch, tmp_path, chosen):
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", chosen)
    monkeypatch.setattr(cache, "folder", lambda: tmp_path / "programs")
    assert cache.keep_programs() == bool(chosen)
    assert os.environ["JAX_COMPILATION_CACHE_DIR"] == chosen
    assert not (tmp_path / "programs").exists()


def test_jax_puts_programs_into_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for name in ("MIN_COMPILE_TIME_SECS", "MIN_ENTRY_SIZE_BYTES"):
        monkeypatch.delenv(f"JAX_PERSISTENT_CACHE_{name}")
    code = "from gausslab import cache; print(cache.folder(), cache.keep_programs()); import jax; jax.jit(abs)(1.0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    folder, kept = done.stdout.split()
    assert kept == "True"
    assert os.listdir(folder)


def test_traced_programs_are_kept_only_where_somebody_has_asked_to(monkeypatch, tmp_path):
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path))
    assert cache.traced() is None
    cache.keep_programs()
    assert cache.traced() == tmp_path / "traced"
