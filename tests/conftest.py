"""Shapes are checked everywhere in the package while the tests run."""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")

from jaxtyping import install_import_hook

install_import_hook("gausslab", "beartype.beartype")
