"""The choice of a rival, beside the stage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from gausslab.comparing import shown
from gausslab.errors import BadInput
from gausslab.lab import challenge, record
from gausslab.lab.challenge import Challenge
from gausslab.lab.fields import field
from gausslab.lab.plain import plain
from gausslab.lab.visit import FIRST_WEIGHT, Visit
from gausslab.recipes import RECIPES
from gausslab.settings import LIMITS, PENALTY_TABLE, Setting

SETTING, RECIPE, BRANCH, FILE = "this run, one setting changed", "a recipe", "a branch of this run", "a saved run"
HELP = (
    "A second run in lock-step with this one: the same seed, the same batches, the same step in every picture. Both "
    "begin anew and are taken to where this run stands. What you turn on the stage is turned in both, the target "
    "included, but for the settings in which they differ: those act on this run alone."
)
USUAL = "r1"  # a penalty that a rival is offered with
UNUSUAL = ("location", "scale", "target")  # last in the list: then they learn different things


def duel(visit: Visit) -> None:
    """Draw the choice, and what there is to do about the rival that there is."""
    rival = visit.session.rival
    if rival:
        told = rival.told(visit.session.run)
        names = f"This run against **{plain(rival.challenge.name)}**."
        st.caption(
            f"{names} They differ in: {plain(told['all'] or told['differences'])}. E on the stage ends the duel."
        )
    kinds = {SETTING: _setting, RECIPE: _recipe, BRANCH: _branch, FILE: _file}
    if len(visit.session.branches) == 1:
        del kinds[BRANCH]
    kind = st.selectbox("Another rival" if rival else "Against", list(kinds), key=visit.key("against"), help=HELP)
    kinds[kind](visit)


def _setting(visit: Visit) -> None:
    found = {setting.path: setting for setting in _choices(visit)}
    path = st.selectbox(
        "Setting",
        list(found),
        index=list(found).index("loss" if USUAL in dict(visit.experiment.penalties) else f"penalties.{USUAL}"),
        key=visit.key("duel setting"),
        format_func=lambda path: path.replace(".", ": ").replace("_", " "),
    )
    setting = found[path]
    now = dict(visit.experiment.penalties).get(path.partition(".")[2]) if _is_penalty(path) else setting.value
    key = visit.key(f"duel {path}")
    told = {"key": key, "help": f"{setting.help} This run: {shown(now)}."}
    value = field(setting, "Value of the rival", told)
    same = value == (", ".join(map(str, now)) if isinstance(now, tuple) else now or 0 if _is_penalty(path) else now)

    def chosen() -> Challenge:
        value = st.session_state[key]
        # A penalty of no weight is none: the rival need not work it out.
        return challenge.with_changes(visit.experiment, {path: None if _is_penalty(path) and value == 0 else value})

    _begin(visit, chosen, disabled=same)


def _choices(visit: Visit) -> list[Setting]:
    """Every setting in which a rival may differ, and every penalty, whether the run has it or not."""
    own = visit.experiment
    absent = [name for name in PENALTY_TABLE.members() if name not in dict(own.penalties)]
    every = challenge.changed(own, {f"penalties.{name}": FIRST_WEIGHT for name in absent})
    found = [setting for setting in every.settings if setting.path not in challenge.SAME]
    return sorted(found, key=lambda setting: setting.path in UNUSUAL)


def _is_penalty(path: str) -> bool:
    return path.startswith("penalties.")


def _recipe(visit: Visit) -> None:
    key = visit.key("duel recipe")
    st.selectbox(
        "Recipe of the rival",
        list(RECIPES),
        index=list(RECIPES).index("vanilla"),
        key=key,
        format_func=lambda name: RECIPES[name].title,
        help="It learns the target of this run.",
    )
    _begin(visit, lambda: challenge.of_recipe(st.session_state[key]))


def _branch(visit: Visit) -> None:
    branches = visit.session.branches
    others = {branch.number: branch for branch in branches.members.values() if branch.stand}
    names = {number: branch.label(branch.stand.run) for number, branch in others.items() if branch.stand}
    key = visit.key("duel branch")
    st.selectbox("Branch", list(others), key=key, format_func=lambda number: names[number])

    def chosen() -> Challenge:
        number = st.session_state[key]
        stand = branches.left(number).stand
        assert stand is not None
        if not stand.from_start:
            raise BadInput(
                "expected a branch that can be had again from its start, got one whose networks were changed"
            )
        return challenge.of_branch(stand.run, number, names[number])

    _begin(visit, chosen)


def _file(visit: Visit) -> None:
    key = visit.key("duel file")
    file = st.file_uploader(
        "experiment.toml of the rival",
        ["toml"],
        key=key,
        max_upload_size=LIMITS.upload // 1_000_000,
        help="As saved here (Run, TOML) or by `gausslab train`. What was done to it is done again, on this run's seed.",
    )

    def chosen() -> Challenge:
        # Read again when it is wanted: the page may have been left before its end.
        return challenge.of_run(record.read(st.session_state[key].getvalue()))

    _begin(visit, chosen, disabled=file is None)


def _begin(visit: Visit, chosen: Callable[[], Challenge], *, disabled: bool = False) -> None:
    def begin() -> None:
        try:
            rival: Any = chosen()
        except BadInput as error:
            visit.message = str(error)
        else:
            visit.duel_with(rival)

    # By a callback: the body of a page may be left before its end when the stage asks for frames.
    st.button("Begin the duel", key=visit.key("duel"), on_click=begin, disabled=disabled, width="stretch")
