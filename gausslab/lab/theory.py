"""The theory beside the stage: the phase plane of the Dirac-GAN, and its method played on the real lab.

Nothing of it is loaded before somebody asks for it.
"""

from __future__ import annotations

import streamlit as st
from streamlit.components.v2 import component

from gausslab.lab import plane
from gausslab.lab.visit import Visit

SHOWN = "theory-shown"
_PHASE = component("gausslab.phase", js="phase.js", css="phase.css")

# The switch is in Streamlit's own bar, where it takes no room from the stage; on a wide screen the theory stands beside
# the stage, and so both are seen at once.
BESIDE = """<style>
.stMainBlockContainer { position: relative; }
.stVerticalBlock:has(> .st-key-stage) { gap: 0; }
.st-key-theory-switch { position: absolute; top: 0.5rem; right: 4rem; width: auto; z-index: 999991; }
.st-key-theory { padding-bottom: 1rem; }
@media (min-width: 1100px) {
  .stVerticalBlock:has(> .st-key-stage):has(.st-key-theory) { flex-direction: row; }
  .stVerticalBlock:has(.st-key-theory) > .st-key-stage { flex: 1 1 0; min-width: 0; }
  .stVerticalBlock:has(> .st-key-stage) > [data-testid=stLayoutWrapper]:has(.st-key-theory) {
    flex: 0 0 clamp(330px, 27vw, 460px);
    margin-left: 1rem;
  }
  .stVerticalBlock:has(> .st-key-stage) > [data-testid=stLayoutWrapper]:has(.st-key-theory-switch) { flex: 0 0 0; }
}
</style>"""


def switch() -> None:
    """Draw the switch. It is the whole page's, or every answer to the stage would draw it again."""
    with st.container(key="theory-switch"):
        st.toggle(
            "Theory",
            key=SHOWN,
            help="Two numbers instead of two networks: the phase plane of a GAN, beside the same method on the lab.",
        )


def theory(visit: Visit) -> None:
    """Draw the theory, if it is switched on."""
    if st.session_state.get(SHOWN):
        with st.container(key="theory", gap="small"):
            _plane(visit)


def _plane(visit: Visit) -> None:
    raw = (st.session_state.get("phase") or {}).get("req")
    _PHASE(key="phase", data=visit.plane.reply(raw), on_req_change=_asked, width="stretch", height="content")
    settings = plane.lab_settings(visit.plane.ask)
    if st.button(
        "Play this method on the real lab",
        key="play-method",
        type="primary",
        width="stretch",
        disabled=settings is None,
        help="Begins anew on the target in force, with small plain networks and no other remedy.",
        on_click=lambda: visit.play(plane.BASE, settings or {}),
    ):
        st.rerun()  # all of the page: the stage, and the settings beside it
    st.caption(
        "The lab knows no such half of a gradient." if settings is None else f"Sets {plane.lab_in_words(settings)}."
    )


def _asked() -> None:
    """A callback that there has to be: the request itself is in the session's state."""
