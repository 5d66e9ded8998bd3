"""Shapes and types are checked everywhere in the package while the tests run."""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Programs compile in half the time and run slower; tests that look at last bits ask for the optimised ones.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")

from jaxtyping import install_import_hook

# An int where a float is asked for is right by PEP 484, and by everybody who types 2 for 2.0.
install_import_hook("gausslab", "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))")


def pytest_configure(config):
    """Let pass what Flax's own annotations make Beartype grumble about."""
    config.addinivalue_line("filterwarnings", "ignore:.*deprecated by PEP 585")
