"""Shapes and types are checked everywhere in the package while the tests run."""

import builtins
import functools
import gc
import inspect
import os
import re
import shutil
import tempfile
from collections import Counter

os.environ.setdefault("JAX_PLATFORMS", "cpu")
# What one server or command of the tests has compiled, the others need not: each finds this folder in its environment.
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["JAX_COMPILATION_CACHE_DIR"] = tempfile.mkdtemp(prefix="gausslab-tests-")
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"
# Workers have no cores to spare for threads that NumPy starts.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Programs compile in half the time and run slower; tests that look at last bits ask for those that people get.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_use_fusion_emitters=false"

import jax
import jaxtyping
import pytest
from xdist.scheduler import LoadFileScheduling

BROWSER = "tests/lab/browser/"
# Files that play the same games, or give the command the same run to train: what one has compiled, the other has.
TOGETHER = [
    {"tests/test_training.py", "tests/test_observing.py", "tests/test_looking.py"},
    {"tests/test_cli.py", "tests/cli/test_saved_runs.py"},
]

SHAPED = (jaxtyping.AbstractDtype, jaxtyping.AbstractArray)
shaped = jaxtyping.jaxtyped


def bound(it):
    """One call of it is one scope of axis names: jaxtyping itself would check each argument twice, and bind them."""

    @functools.wraps(it)
    def call(*args, **kwargs):
        with shaped("context"):
            return it(*args, **kwargs)

    return call


def checked(*, typechecker):
    """Check types, and shapes where there are any."""

    def check(it):
        if not inspect.isfunction(it):
            return shaped(it, typechecker=typechecker)
        annotations = re.sub(r"""'[^']*'|"[^"]*\"""", "", " ".join(map(str, it.__annotations__.values())))  # no axes
        names = re.findall(r"(?<![.\w])[A-Za-z_]\w*", annotations)
        kinds = [it.__globals__.get(name, getattr(builtins, name, None)) for name in names if name != "None"]
        # What is not known yet, or only within a function, jaxtyping passes over, where beartype alone would stop.
        known = None not in kinds and "<locals>" not in it.__qualname__
        if not known:
            return shaped(it, typechecker=typechecker)
        with_shapes = any(inspect.isclass(kind) and issubclass(kind, SHAPED) for kind in kinds)
        return bound(typechecker(it)) if with_shapes else typechecker(it)

    return check


jaxtyping.jaxtyped = checked
# An int where a float is asked for is right by PEP 484, and by everybody who types 2 for 2.0.
jaxtyping.install_import_hook("gausslab", "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))")


def pytest_configure(config):
    """Let pass what Flax's own annotations make Beartype grumble about, and spare the tests what costs them most."""
    config.addinivalue_line("filterwarnings", "ignore:.*deprecated by PEP 585")
    # Here it costs more to write a program down than to compile it once more.
    jax.config.update("jax_enable_compilation_cache", False)
    # The flags are read once, here; the processes that tests start are to do without.
    jax.devices()
    os.environ["XLA_FLAGS"] = os.environ["XLA_FLAGS"].rpartition(" ")[0]


def pytest_collection_modifyitems(items):
    """Those with a browser come first: they wait more than they compute, and other tests fill the gaps.

    Then file by file, those with many tests first: short ones at the end leave nobody waiting for the last.
    """
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: (not item.nodeid.startswith(BROWSER), -tests[item.path]))


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Look for rubbish seldom, and only among what the tests themselves make: what is imported here is none.

    JAX makes millions of small objects when it traces: a seventh of the tests' processor time went into the search.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(100_000, 20, 100)
        gc.enable()


def pytest_xdist_auto_num_workers(config):
    """One more than there are cores: the one with the browser waits half of its time."""
    return (os.cpu_count() or 1) + 1


def pytest_xdist_make_scheduler(config, log):
    """Files stay together, and all that need a browser, which share it and a server, or that compile the same."""

    class Together(LoadFileScheduling):
        def _split_scope(self, nodeid):
            if nodeid.startswith(BROWSER):
                return BROWSER
            file = super()._split_scope(nodeid)
            return next((min(files) for files in TOGETHER if file in files), file)

    return Together(config, log)


def pytest_unconfigure(config):
    """Leave nothing behind."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        shutil.rmtree(os.environ["JAX_COMPILATION_CACHE_DIR"], ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def compiled_quickly():
    """The programs of a training, compiled in a third of the time; each step then takes ten times as long."""
    from constructors import QUICKLY

    from gausslab import training

    quick = training.jitted(QUICKLY)
    training.programs_of = lambda structure: quick


@pytest.fixture(scope="session")
def cache_of_a_user(tmp_path_factory):
    """Where one fresh user keeps caches, who runs the commands of all files that start them."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def as_people_run_it():
    """Bits are those of the programs that people get, in this process and in others."""
    from constructors import optimised

    with optimised():
        yield
