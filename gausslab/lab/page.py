"""The page: the stage in the middle, and native widgets for what is set up once in a while.

The stage lives in a fragment of its own, which alone is run again when the stage asks for frames or a slider on it is
dragged; the widgets beside it run the whole page.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st
from streamlit.components.v2 import component
from streamlit.errors import StreamlitAPIException
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType

from gausslab.errors import BadInput
from gausslab.lab import address, gallery, overheard, record, saving, theory, upload, wire
from gausslab.lab.dueling import duel
from gausslab.lab.fields import field
from gausslab.lab.foresight import FORESIGHT
from gausslab.lab.start import warm_up
from gausslab.lab.visit import Visit
from gausslab.recipes import RECIPES
from gausslab.settings import LIMITS, PENALTY_TABLE, Setting
from gausslab.targets import TARGETS, parse

try:
    _STAGE = component("gausslab.stage", js="stage.js", css="stage.css")
    _SHELF = component("gausslab.shelf", js="shelf.js")
except StreamlitAPIException:
    raise RuntimeError("expected gausslab to be installed, got its bare folder; run `pip install -e .` in it") from None

GROUPS = {
    "Game": ("loss", "update", "batch", "stratified", "standardised"),
    "Generator": ("generator.",),
    "Discriminator": ("discriminator.",),
    "Noise z": ("latent.",),
    "Optimiser": ("optimiser.",),
    "Remedies": ("remedies.",),
}
SENT = 0.05  # seconds in which Streamlit, which sends a hundred times a second, has sent what was drawn
# Room for the stage, and Streamlit's own bar above it instead of over it.
SPACE = """<style>
.stMainBlockContainer { padding: 2.5rem 1rem 0; max-width: none; }
[data-testid=stHeader] { height: 2.5rem; min-height: 2.5rem; background: none; }
</style>"""


def page() -> None:
    """Draw the page once."""
    st.set_page_config(page_title="gausslab", page_icon="🔔", layout="wide", initial_sidebar_state="collapsed")
    st.html(SPACE + theory.BESIDE)
    if "visit" not in st.session_state:
        _open()
        return
    visit: Visit = st.session_state.visit
    with visit.alone:
        _draw(visit)
    _send_out()


def _draw(visit: Visit) -> None:
    FORESIGHT.notice(hand=True)
    with st.sidebar:
        gallery.button()
        _recipe(visit)
        _target(visit)
        opened = [title for title in GROUPS if _section(title, lambda title=title: _settings(visit, title))]
        _section("Duel", lambda: duel(visit))
        _section("Save and open", lambda: _save(visit))
    FORESIGHT.expect(visit.experiment, tuple(path for title in opened for path in GROUPS[title]))
    _stage()
    theory.switch()
    gallery.show(visit, _SHELF)
    overheard.listen()


@st.fragment  # in the place of the other one: elsewhere on the page, the stage would be another
def _open() -> None:
    """Open what the page's address asks for; a page that has outlived its server is first asked for its address."""
    raw = _show(address.LOST).req
    query = st.query_params.to_dict()
    if raw is not None:
        query = address.told(raw, st.session_state.get("lost_at"))
    if query is None:
        st.session_state.lost_at = address.sequence(raw)
        return
    warm_up()
    visit = st.session_state.visit = Visit.opened(query)
    wire.open_to(visit)
    st.rerun()


@st.fragment
def _stage() -> None:
    visit: Visit = st.session_state.visit
    raw = (st.session_state.get("stage") or {}).get("req")
    _show(visit.reply_again(raw, given_up=_overtaken))
    theory.theory(visit)  # in this fragment: where two fragments ask at the same moment, only one of them is run
    overheard.answer()


def _show(chunk: bytes) -> Any:
    return _STAGE(key="stage", data=chunk, on_req_change=_asked, width="stretch", height="content")


def _send_out() -> None:
    """Let what has been drawn go out, where the stage has asked for frames meanwhile.

    Streamlit would begin to answer at once, throw away what was drawn of the stage and is not sent yet, and have the
    browser take the stage down, since it was not drawn.
    """
    if _overtaken():
        time.sleep(SENT)


def _overtaken() -> bool:
    """Whether the page has been asked for something newer, which Streamlit keeps to itself until this is answered."""
    context = get_script_run_ctx()
    requests = context.script_requests if context else None
    return getattr(requests, "_state", ScriptRequestType.CONTINUE) is not ScriptRequestType.CONTINUE


def _asked() -> None:
    """Answer what changes the widgets beside the stage, and have the whole page drawn; the rest is the stage's own."""
    raw, visit = (st.session_state.get("stage") or {}).get("req"), st.session_state.get("visit")
    if visit is not None and visit.concerns_the_page(raw):
        visit.reply_again(raw)
        st.rerun()


def _section(title: str, draw: Callable[[], None]) -> bool:
    """A part of the sidebar that is drawn once it is opened: what is shut costs neither server nor browser anything.

    Returns:
        Whether it is open.
    """
    section = st.expander(title, key=f"section {title}", on_change="rerun")
    if section.open:
        with section:
            draw()
    return bool(section.open)


def _recipe(visit: Visit) -> None:
    st.selectbox(
        "Recipe",
        list(RECIPES),
        index=list(RECIPES).index(visit.recipe),
        format_func=lambda name: RECIPES[name].title,
        key=visit.key("recipe"),
        help="A named experiment with a story; it starts anew.",
        on_change=visit.heeding("recipe", lambda: visit.choose_recipe(st.session_state[visit.key("recipe")])),
    )
    recipe = RECIPES[visit.recipe]
    st.caption(f"{recipe.story} **Try:** {recipe.attempt}" if recipe.attempt else recipe.story)


def _target(visit: Visit) -> None:
    st.subheader("Target", anchor=False)
    text = visit.text if len(visit.text) <= LIMITS.formula else ""
    typed = st.text_input(
        "Density to learn",
        text,
        key=visit.key("target"),
        max_chars=LIMITS.formula,
        live=True,
        help="Such as normal(4, 1.25), comb(8), 0.3*normal(-2, 0.5) + 0.7*laplace(3, 1), density(exp(-x^4), -3, 3).",
    )
    if typed and typed != text:
        try:
            found = parse(typed, files=False)
        except BadInput as error:
            st.error(str(error), icon=":material/error:")
        else:
            visit.set_up({"target": found.text})
    family = st.selectbox(
        "or a family",
        list(TARGETS),
        index=None,
        key=visit.key("family"),
        format_func=lambda name: f"{name}: {TARGETS[name].help}",
        placeholder="choose one",
    )
    if family:
        visit.set_up({"target": family})
        visit.renew()
        st.rerun()
    _upload(visit)


def _upload(visit: Visit) -> None:
    file = st.file_uploader(
        "or your own data",
        list(upload.ENDINGS),
        key=visit.key("upload"),
        max_upload_size=LIMITS.upload // 1_000_000,
        help="CSV, NPY, Parquet: a column of numbers. An image: its grey pixels.",
    )
    if file is None:
        return
    content = file.getvalue()
    choices = upload.columns(content, file.name)
    column = st.selectbox("Column", choices, key=visit.key("column")) if choices else None
    try:
        found = upload.target(content, file.name, column)
    except BadInput as error:
        st.error(str(error), icon=":material/error:")
        return
    st.caption(f"{found.label}: mean {found.mean:.4g}, std {found.std:.4g}")
    values = np.asarray(found.sample)
    counts, edges = np.histogram(values, bins=40)
    st.bar_chart({"x": (edges[:-1] + edges[1:]) / 2, "count": counts}, x="x", y="count", height=120)

    def learn() -> None:
        visit.set_up({"target": found.text})
        visit.renew()  # or the field above would ask for the old target again

    # By a callback: the body of a page may be left before its end when the stage asks for frames.
    st.button("Learn this", key=visit.key("learn"), type="primary", on_click=learn)


def _settings(visit: Visit, group: str) -> None:
    live = visit.on_the_stage
    for setting in visit.experiment.settings:
        if setting.path.startswith(GROUPS[group]) and setting.path not in live:
            _widget(visit, setting)
    if group == "Game":
        _penalties(visit)


def _widget(visit: Visit, setting: Setting) -> None:
    """The native widget of a setting, with its bounds, help and unit."""
    key = visit.key(setting.path)
    name = setting.path.rpartition(".")[2].replace("_", " ")
    label = f"{name} ({setting.unit})" if setting.unit else name
    told: dict[str, Any] = {
        "key": key,
        "help": f"{setting.help} {visit.consequence(setting)}",
        "on_change": visit.heeding(setting.path, lambda: visit.set_up({setting.path: st.session_state[key]})),
    }
    field(setting, label, told)


def _penalties(visit: Visit) -> None:
    members = PENALTY_TABLE.members()
    key = visit.key("penalties")
    st.multiselect(
        "Penalties on the discriminator",
        list(members),
        list(dict(visit.experiment.penalties)),
        key=key,
        format_func=lambda name: f"{name}: {members[name].summary}",
        help="Their weights are sliders on the stage. Keeps the weights.",
        on_change=visit.heeding("penalties", lambda: visit.choose_penalties(st.session_state[key])),
    )


def _save(visit: Visit) -> None:
    theme = "dark" if st.context.theme.type == "dark" else "light"
    left, right = st.columns(2)
    for place, (ending, kind) in enumerate(saving.FILES.items()):
        with (left, right)[place % 2]:
            st.download_button(
                kind.label,
                lambda ending=ending, kind=kind: kind.make(visit.session, ending, theme),
                f"gausslab{ending}",
                kind.mime,
                key=f"save{ending}",
                on_click="ignore",
                width="stretch",
            )
    for place, (ending, kind) in enumerate(saving.FILMS.items()):
        with (left, right)[(place + len(saving.FILES)) % 2]:
            asked = {"on_click": _make_film, "args": (visit, ending, theme)}
            st.button(kind.label, key=f"save{ending}", width="stretch", **asked)
    if visit.film:
        made = visit.film.content.done()
        st.fragment(_film, run_every=None if made else 1.0)(visit.film, asked_again=not made)
    _open_file(visit)


def _make_film(visit: Visit, ending: str, theme: str) -> None:
    try:
        visit.film, visit.message = saving.FILMS[ending].make(visit.session, ending, theme), ""
    except BadInput as error:
        visit.message = str(error)


def _open_file(visit: Visit) -> None:
    key = visit.key("open")
    st.file_uploader(
        "Open a run's experiment.toml",
        ["toml"],
        key=key,
        max_upload_size=LIMITS.upload // 1_000_000,
        help="As saved here (Run, TOML) or by `gausslab train`. It stands where it was saved, and goes on from there.",
        on_change=lambda: _take_file(visit, st.session_state[key]),
    )


def _take_file(visit: Visit, file: Any) -> None:
    if file is None:
        return
    try:
        visit.go_to(record.read(file.getvalue()))
    except BadInput as error:
        visit.message = str(error)


def _film(film: saving.Film, asked_again: bool) -> None:
    if not film.content.done():
        st.caption("The film is being made; it will be here to save …")
        return
    if asked_again:
        st.rerun()  # for the last time
    kind = saving.FILMS[film.ending]
    try:
        content = film.content.result()
    except BadInput as error:
        st.error(str(error), icon=":material/error:")
        return
    st.download_button(
        f"Save the film ({film.ending.removeprefix('.').upper()})",
        content,
        f"gausslab{film.ending}",
        kind.mime,
        key="film",
        on_click="ignore",
        type="primary",
        width="stretch",
    )
