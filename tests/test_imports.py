"""Data flow in one direction: which module may import which library, and what a short command loads."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import gausslab

PACKAGE = Path(gausslab.__file__).parent
DEVICE = {
    "compiling",
    "game",
    "looking",
    "losses",
    "networks",
    "observing",
    "optimisers",
    "penalties",
    "sampling",
    "sweep",
    "training",
    "updates",
}
ALLOWED = {
    "jax": {"export", "files", "force", "programs", "run", *DEVICE},
    "flax": {"networks"},
    "optax": {"game", "optimisers"},
    "matplotlib": {"figures"},
    "imageio_ffmpeg": {"figures"},
    "streamlit": {"lab"},
    "click": {"cli"},
    "safetensors": {"export", "files"},
}
SOURCES = [path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py" or path.parent != PACKAGE]


def imported(path: Path) -> set[str]:
    """The modules that a file imports anywhere, inside functions too."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}


@pytest.mark.parametrize("library", ALLOWED)
def test_library_is_imported_only_where_it_belongs(library):
    users = {
        path.relative_to(PACKAGE).with_suffix("").parts[0]
        for path in SOURCES
        if any(module.split(".")[0] == library for module in imported(path))
    }
    assert users <= ALLOWED[library]


@pytest.mark.parametrize("face", ["cli", "lab", "figures"])
def test_mathematics_never_imports_a_face(face):
    mathematics = {*DEVICE, "pushforward", "metrics", "diagnosis", "frame", "targets", "settings"}
    for path in SOURCES:
        if path.relative_to(PACKAGE).with_suffix("").parts[0] in mathematics:
            assert not any(module.startswith(f"gausslab.{face}") for module in imported(path)), path.name


def loaded_by(code: str) -> set[str]:
    """The top-level modules that are loaded once a fresh interpreter has run some code."""
    ending = "\nimport sys; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code + ending], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_package_alone_loads_no_library():
    assert not {"jax", "scipy", "numpy", "pydantic", "matplotlib"} & loaded_by("import gausslab; dir(gausslab)")


def test_help_loads_neither_jax_nor_scipy():
    for arguments in (["--help"], ["train", "--help"]):
        code = (
            f"from gausslab.cli import main\ntry: main({arguments!r})\nexcept SystemExit as end: assert end.code == 0"
        )
        assert not {"jax", "scipy", "matplotlib", "streamlit"} & loaded_by(code)


def test_every_public_name_is_there():
    for name in gausslab.__all__:
        assert getattr(gausslab, name) is not None


def test_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        _ = gausslab.nonsense


def test_version_is_written_down_once():
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"].get("version") is None
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "gausslab.__version__"}


@pytest.mark.parametrize("wrong", [["--steps", "0"], ["--set", "generator.rate=-1"], ["--target", "9**9**9"]])
def test_bad_input_is_told_before_jax_is_loaded(wrong):
    arguments = ["train", *wrong]
    code = f"from gausslab.cli import main\ntry: main({arguments!r})\nexcept SystemExit as end: assert end.code == 2"
    assert not {"jax", "flax", "matplotlib"} & loaded_by(code)
