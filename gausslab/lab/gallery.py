"""The gallery of saved runs: a dialog that keeps the run that plays, and opens, compares, renames and deletes others.

What a button does it does in a callback, before the page is drawn again: the drawing may be left before its end when
the stage asks for frames.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from gausslab.errors import BadInput
from gausslab.files import Saved, delete, rename
from gausslab.files.choosing import COLUMNS, chosen, words
from gausslab.files.shelf import LONGEST_NAME, checked
from gausslab.lab import challenge, overheard
from gausslab.lab.beside import Comparison, compare
from gausslab.lab.glimpses import glimpse
from gausslab.lab.keeping import Keeping, keep, loaded, opened
from gausslab.lab.plain import plain
from gausslab.lab.shelves import Shelf, free_name, is_at_home, setting, shelf_of
from gausslab.lab.visit import Visit

ACROSS = 4  # runs in a row
AT_FIRST = 12  # runs shown, and as many more each time that more are asked for
LONGEST_SENTENCE = 120  # characters of a diagnosis
LONGEST_LABEL = 24  # characters of a name beside a box
LONGEST_WISH = 60  # characters of a name that is proposed
OFTEN = 0.4  # seconds between two looks at a run that is being saved
ORDERS = {"saved": "when saved", "wasserstein": "W1/σ"} | {
    name: name for name in COLUMNS if name not in ("saved", "wasserstein")
}
DOWNWARD = ("saved",)  # orders that begin with the largest
WHOSE = {
    "own": "The runs of this folder: those saved here and by `gausslab train`.",
    "shared": "Everybody who visits this server sees these runs, and may rename and delete them.",
    "visitor": "Only you see these runs. This browser keeps the key to them: clear its site data, and they are lost.",
}
NO_RUNS = "Nothing is kept here yet. Save the run that plays, and it will wait for you."


@dataclass(eq=False)
class Gallery:
    """What is under way in the gallery of one browser tab."""

    open: bool = False
    keeping: Keeping | None = None
    entering: str | None = None  # the run that is to be opened
    rival: str | None = None  # the run that it is to have beside it
    asked: str | None = None  # the run that is to be deleted, once that is said again
    compared: list[str] = field(default_factory=list)  # up to two
    comparison: Comparison | None = None
    shown: int = AT_FIRST
    told: str = ""  # what has been done
    complaint: str = ""
    wishes: int = 0  # names that have been used up: the field is empty again then


def button() -> None:
    """The way to the gallery."""
    st.button(
        "Saved runs",
        key="runs",
        icon=":material/collections_bookmark:",
        help="Save the run that plays; open, compare, rename and delete those that you have kept.",
        on_click=_open,
        shortcut="k",
        width="stretch",
    )


def show(visit: Visit, shelf: Callable[..., Any]) -> None:
    """The gallery, while it is open.

    Args:
        visit: whose it is.
        shelf: the component that asks the browser whose runs to show.
    """
    if _gallery().open:
        st.dialog("Saved runs", width="large", on_dismiss=_close)(_content)(visit, shelf)


def _gallery() -> Gallery:
    return st.session_state.setdefault("gallery", Gallery())


def _open() -> None:
    _gallery().open = True


def _close() -> None:
    gallery = _gallery()
    gallery.open, gallery.asked, gallery.told, gallery.complaint = False, None, "", ""


def _content(visit: Visit, ask: Callable[..., Any]) -> None:
    gallery = _gallery()
    told = _told_by_the_browser()
    try:
        headless = bool(st.get_option("server.headless"))
        at_home = is_at_home(st.context.ip_address, st.context.headers, headless=headless)
        shelf = shelf_of(setting(), told.get("token"), at_home=at_home)
        if gallery.entering is not None:
            _enter(visit, shelf)
        runs = shelf.saved()
    except BadInput as error:
        if told:
            st.error(plain(_sentence(error)), icon=":material/error:")
        else:
            st.caption("Looking for your runs …")
    else:
        names = {one.name for one in runs}
        gallery.compared = [name for name in gallery.compared if name in names]
        # Each under a name of its own, or some of one would stay to be seen in the other.
        if len(gallery.compared) == 2:
            with st.container(key="beside"):
                _comparison(shelf, (gallery.compared[0], gallery.compared[1]))
        else:
            with st.container(key="all"):
                st.caption(WHOSE[shelf.whose])
                _save(visit, shelf, free_name(_wish(visit), names), told.get("step"))
                _say()
                _runs(shelf, runs)
    ask(key="shelf", data={"heard": told.get("times", 0)}, on_told_change=_heard, width="stretch", height="content")
    overheard.listen()


def _say() -> None:
    """What has been done, or could not be."""
    gallery = _gallery()
    if gallery.complaint:
        st.error(plain(gallery.complaint), icon=":material/error:")
    elif gallery.told:
        st.success(plain(gallery.told), icon=":material/check:")


def _heard() -> None:
    """A callback that there has to be: what was told is in the session's state."""


def _told_by_the_browser() -> dict[str, Any]:
    """Which token the browser keeps, and at which step the run stands; nothing before it has said so."""
    state = st.session_state.get("shelf")
    told = state.get("told") if isinstance(state, Mapping) else None
    return dict(told) if isinstance(told, Mapping) else {}


def _enter(visit: Visit, shelf: Shelf) -> None:
    """Open the run that was asked for; the page is drawn anew around it."""
    gallery = _gallery()
    name, rival, gallery.entering, gallery.rival = str(gallery.entering), gallery.rival, None, None
    try:
        with st.spinner(f"Opening {name} …"):
            other = loaded(shelf, rival) if rival else None
            visit.take_up(*opened(shelf, name))
            if rival and other:
                visit.duel_with(challenge.of_run(challenge.opening(other.experiment, other.events), rival))
    except BadInput as error:
        gallery.complaint = _sentence(error, shelf)
        return
    _close()
    st.rerun()


def _save(visit: Visit, shelf: Shelf, wish: str, step: Any) -> None:
    gallery = _gallery()
    key = f"name@{gallery.wishes}"
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    left.text_input("Name for this run", key=key, placeholder=wish, max_chars=LONGEST_NAME)

    def begin() -> None:
        gallery.told = gallery.complaint = ""
        at = step if isinstance(step, int) and not isinstance(step, bool) and step >= 0 else None
        try:
            with visit.alone:
                gallery.keeping = keep(visit.session, shelf, st.session_state[key].strip() or wish, at)
        except BadInput as error:
            gallery.complaint = _sentence(error, shelf)

    busy = gallery.keeping is not None
    right.button("Save this run", key="keep", on_click=begin, type="primary", disabled=busy, width="stretch")
    if gallery.keeping:
        done = gallery.keeping.done.done()
        st.fragment(_watch, run_every=None if done else OFTEN)(shelf)


def _watch(shelf: Shelf) -> None:
    """Look whether the run is saved, and say so."""
    gallery = _gallery()
    if gallery.keeping is None:
        return
    if not gallery.keeping.done.done():
        st.status(f"Saving {plain(gallery.keeping.name)} …", state="running")
        return
    keeping, gallery.keeping = gallery.keeping, None
    try:
        keeping.done.result()
        gallery.told = f"Saved as {keeping.name}."
        gallery.wishes += 1
    except BadInput as error:
        gallery.complaint = _sentence(error, shelf)
    st.rerun()


def _wish(visit: Visit) -> str:
    """A name for the run that plays: what it learns, and by which recipe."""
    run = visit.session.run
    label = re.sub(r"[^\w .+=,()-]+", " ", run.parsed[run.text].label)
    wish = f"{' '.join(label.split())[:LONGEST_WISH].strip(' .,-')}, {visit.recipe}"
    try:
        return checked(wish)
    except BadInput:
        return visit.recipe


def _runs(shelf: Shelf, runs: list[Saved]) -> None:
    gallery = _gallery()
    if not runs:
        st.info(NO_RUNS, icon=":material/bookmark_add:")
        return
    left, middle, right = st.columns([3, 2, 1], vertical_alignment="bottom")
    filters = left.text_input(
        "Find",
        key="find",
        placeholder="vanilla  steps>1000",
        help="Words that are to turn up; COLUMN=WORD, steps>1000, wasserstein<0.1, as for `gausslab runs --filter`.",
    )
    order = middle.selectbox("Order by", list(ORDERS), key="order", format_func=ORDERS.__getitem__)
    reverse = right.toggle("Reversed", key="reversed")
    try:
        found = chosen(runs, words(filters), order, reverse != (order in DOWNWARD))
    except BadInput as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    if not found:
        st.caption("No run fits.")
    for start in range(0, min(gallery.shown, len(found)), ACROSS):
        for column, one in zip(st.columns(ACROSS), found[start : start + ACROSS], strict=False):
            with column.container(border=True, height="stretch"):
                _card(shelf, one)
    if len(found) > gallery.shown:

        def more() -> None:
            gallery.shown += AT_FIRST

        st.button(f"Show more ({len(found) - gallery.shown})", key="more", on_click=more)


def _card(shelf: Shelf, one: Saved) -> None:
    picture = None if one.damaged else glimpse(shelf.folder / one.name)
    if picture:
        st.image(picture, width="stretch", alt=f"What {one.name} made, and its target")
    st.markdown(f"**{plain(one.name)}**")
    if not one.damaged:
        distance = "–" if one.wasserstein is None else f"{one.wasserstein:.4f}"
        steps = "–" if one.steps is None else f"{one.steps:,}"
        st.caption(f"{plain(one.target)}, {plain(one.recipe or '–')}  \n{steps} steps, W1 {distance} σ")
    st.caption(plain(_short(_without_path(one.diagnosis, shelf), LONGEST_SENTENCE)))
    with st.container(horizontal=True):
        if not one.damaged:
            st.button("Open", key=f"open@{one.name}", on_click=_ask_to_open, args=(one.name,))
        with st.popover("More", key=f"more@{one.name}"):
            _more(shelf, one)
    if not one.damaged:
        _choice(one.name)


def _ask_to_open(name: str, rival: str | None = None) -> None:
    gallery = _gallery()
    gallery.entering, gallery.rival, gallery.told, gallery.complaint = name, rival, "", ""


def _more(shelf: Shelf, one: Saved) -> None:
    gallery = _gallery()
    key = f"rename@{one.name}"
    st.text_input("Another name", one.name, key=key, max_chars=LONGEST_NAME)

    def give() -> None:
        gallery.told = gallery.complaint = ""
        try:
            new = rename(shelf.folder, one.name, st.session_state[key].strip()).name
        except BadInput as error:
            gallery.complaint = _sentence(error, shelf)
        else:
            gallery.told = f"{one.name} is now {new}."
            gallery.compared = [new if name == one.name else name for name in gallery.compared]

    def ask() -> None:
        gallery.asked = one.name

    def leave() -> None:
        gallery.asked = None

    def remove() -> None:
        gallery.asked, gallery.told, gallery.complaint = None, "", ""
        try:
            delete(shelf.folder, one.name)
            gallery.told = f"{one.name} is deleted."
        except BadInput as error:
            gallery.complaint = _sentence(error, shelf)

    with st.container(horizontal=True):
        st.button("Rename", key=f"give@{one.name}", on_click=give)
        if gallery.asked != one.name:
            st.button("Delete …", key=f"delete@{one.name}", on_click=ask)
    if gallery.asked == one.name:
        st.write("Delete it for good?")
        with st.container(horizontal=True):
            st.button("Delete", key=f"remove@{one.name}", on_click=remove, type="primary")
            st.button("Keep it", key=f"leave@{one.name}", on_click=leave)


def _choice(name: str) -> None:
    gallery = _gallery()
    key = f"compare@{name}"

    def choose() -> None:
        gallery.compared = [other for other in gallery.compared if other != name] + [name] * st.session_state[key]

    first = gallery.compared[:1] not in ([], [name])
    label = f"Compare with {plain(_short(gallery.compared[0], LONGEST_LABEL))}" if first else "Compare"
    st.checkbox(label, name in gallery.compared, key=key, on_change=choose)


def _comparison(shelf: Shelf, names: tuple[str, str]) -> None:
    """Two runs beside each other, in the place of all."""
    gallery = _gallery()
    theme = "dark" if st.context.theme.type == "dark" else "light"

    def leave() -> None:
        gallery.compared = []

    left, right = st.columns([3, 1], vertical_alignment="center")
    left.markdown(f"**{plain(names[0])}** beside **{plain(names[1])}**")
    right.button("Back to all runs", key="back", on_click=leave, icon=":material/arrow_back:", width="stretch")
    found = gallery.comparison
    if found is None or (found.names, found.theme) != (names, theme):
        try:
            with st.spinner("Comparing …"):
                found = gallery.comparison = compare(shelf, names, theme)
        except BadInput as error:
            st.error(plain(_sentence(error, shelf)), icon=":material/error:")
            return
    st.markdown(plain(found.verdict))
    st.caption(f"They differ in: {plain(found.differences)}.")
    st.button(
        "Let them play side by side",
        key="side by side",
        on_click=_ask_to_open,
        args=names,
        icon=":material/swords:",
        help=f"A duel on the stage: both begin anew on the seed of {plain(names[0])}, and race to where it stood.",
    )
    st.image(found.picture, width="stretch", alt=f"{names[0]} and {names[1]} over each other")


def _short(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"


def _sentence(error: BadInput, shelf: Shelf | None = None) -> str:
    return _without_path(str(error), shelf)


def _without_path(sentence: str, shelf: Shelf | None) -> str:
    """What is said of a file, without where the server has it: that is nobody's business."""
    if shelf is None:
        return sentence
    for folder in (shelf.folder.resolve(), shelf.folder.absolute(), shelf.folder):
        sentence = sentence.replace(f"{folder}/", "").replace(str(folder), "this shelf")
    return sentence
