"""What the tests of the page share."""

from functools import cache

import pytest
from streamlit.components.v2 import manifest_scanner


@pytest.fixture(scope="session", autouse=True)
def installed_once():
    """Streamlit's harness reads the description of all that is installed for each page; it stays what it is."""
    manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
