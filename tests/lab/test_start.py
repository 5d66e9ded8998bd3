"""Who may see a page that `streamlit run` serves."""

from pathlib import Path

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from gausslab.lab.start import SETTINGS, from_here

APP = Path(__file__).parents[2] / "app.py"


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_let_in_under_any_of_its_names(address):
    assert from_here(address)


@pytest.mark.parametrize("address", ["192.0.2.2", "::ffff:192.0.2.2", "fd00::2", "0.0.0.0", "8.8.8.8"])
def test_other_machines_are_strangers(address):
    assert not from_here(address)


def test_streamlit_run_opens_the_page_with_the_lab_s_own_settings():
    at = AppTest.from_file(str(APP), default_timeout=120).run()
    assert not at.exception
    assert not at.error
    assert len(at.get("bidi_component")) == 1
    assert {name: config.get_option(name) for name in SETTINGS} == SETTINGS
