"""What somebody does beside the stage at the very moment at which the stage asks for frames.

The browser sends what has been done within a few milliseconds as one message. Where the stage asks in the same one,
Streamlit takes all of it for the stage's own: it draws the stage alone, and the rest of the page stays as it was, with
a file that was brought and never read. So each answer to the stage looks whether anything else has changed.
"""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

LAST = "drawn with"
OWN = {"stage", "phase", LAST}  # of the stage's fragment, which is drawn with every answer


def listen() -> None:
    """Remember what everything beside the stage showed when it was drawn."""
    before = st.session_state.get(LAST, {})
    # A button is pressed for one run alone, and a switch that was just turned on looks like it until the next answer.
    st.session_state[LAST] = {
        key: value for key, value in _shown().items() if value is not True or before.get(key) is True
    }


def answer() -> None:
    """Draw all of the page again, where only the stage has been drawn for what was done beside it."""
    context, last = get_script_run_ctx(), st.session_state.get(LAST)
    if last is None or context is None or not context.fragment_ids_this_run:
        return
    now = _shown()
    if any(key in now and now[key] != value for key, value in last.items()):
        st.rerun()
    st.session_state[LAST] = {**now, **last}


def _shown() -> dict[str, Any]:
    return {str(key): value for key, value in st.session_state.items() if key not in OWN}
