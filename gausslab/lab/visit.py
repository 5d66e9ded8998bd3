"""One visitor: the session, what the page remembers beside it, and the answers to the stage's requests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import wraps
from secrets import token_urlsafe
from threading import RLock
from types import MappingProxyType
from typing import Any, Concatenate, ParamSpec, TypeVar

from gausslab.errors import BadInput
from gausslab.events import Event
from gausslab.lab import challenge, link, protocol, record
from gausslab.lab.branches import Ghost
from gausslab.lab.challenge import Challenge
from gausslab.lab.controls import controls
from gausslab.lab.foresight import FORESIGHT
from gausslab.lab.plane import Plane
from gausslab.lab.preparing import compile_loop
from gausslab.lab.rival import Rival
from gausslab.lab.saving import Film
from gausslab.lab.session import Session
from gausslab.lab.transplant import UNITS
from gausslab.lab.turns import TURNS
from gausslab.recipes import RECIPES
from gausslab.settings import LIMITS, Experiment, Setting
from gausslab.targets import parse

DUEL = ("swap", "peace")  # acts of the stage that the widgets beside it show
PATIENCE = 0.12  # seconds that the stage, which holds frames for longer, waits for a program to be compiled
FIRST_WEIGHT = 1.0  # of a penalty that is added

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def _alone(
    method: Callable[Concatenate[Visit, Arguments], Result],
) -> Callable[Concatenate[Visit, Arguments], Result]:
    """Have page and stage, which come by two ways, wait for each other."""

    @wraps(method)
    def in_turn(self: Visit, /, *args: Arguments.args, **named: Arguments.kwargs) -> Result:
        with self.alone:
            return method(self, *args, **named)

    return in_turn


@dataclass(eq=False)
class Visit:
    """What one browser tab sees."""

    session: Session
    recipe: str = link.DEFAULT_RECIPE
    message: str = ""
    film: Film | None = None
    plane: Plane = field(default_factory=Plane)
    generation: int = 0  # of the native widgets: raised when they have to show something else than was put in
    secret: str = field(default_factory=token_urlsafe, repr=False)  # by which its page is known
    alone: RLock = field(default_factory=RLock, repr=False)  # held by the page while it is drawn, or by the stage
    bring: Callable[[bytes], None] | None = field(default=None, repr=False)  # an answer, by the stage's own wire
    _plays_at: int = -1  # the last epoch that is to be played by itself
    _answered: tuple[Any, bytes] | None = field(default=None, repr=False)
    _asked: Any = field(default=None, repr=False)  # the stage's last request
    _brought: Any = field(default=None, repr=False)  # that which Streamlit brought last
    _written: tuple[Any, str | None] | None = field(default=None, repr=False)
    _played: bool = False  # whether frames were asked for at last
    _onward: bool = False  # whether a duel was begun while the run played
    _waiting_since: float = 0.0  # for its turn; 0 where it does not wait

    @classmethod
    def opened(cls, query: Mapping[str, str]) -> Visit:
        """A visit as the page's address asks for it; a bad address opens the default, with a sentence of why."""
        try:
            asked, message = link.read(query), ""
        except BadInput as error:
            asked, message = link.default(), f"This link could not be opened: {error}"
        visit = cls(_session(asked), asked.recipe, message)
        visit._meet(asked)
        return visit

    @_alone
    def go_to(self, asked: link.Opening) -> None:
        """Leave this run for another one, which is taken to its step and stands there."""
        self.take_up(_session(asked), asked.recipe)
        self._meet(asked)

    @_alone
    def take_up(self, session: Session, recipe: str) -> None:
        """Leave this run for that of another session."""
        session.epoch = self.session.epoch + 1
        self.session, self.recipe, self.message = session, recipe, ""
        self.renew()

    def _meet(self, asked: link.Opening) -> None:
        """Begin the duel that a link asks for, if it does."""
        if asked.rival:
            try:
                self.session.duel(challenge.read(asked.rival, asked.experiment))
            except BadInput as error:
                self.message = f"The rival of this link could not be had: {error}"

    @_alone
    def duel_with(self, rival: Challenge | link.Opening) -> None:
        """Set a rival beside the run, or another run as a link or a file opens it; what cannot be is said on the stage.

        Both begin anew and are taken to where the run stands.
        """
        try:
            asked = challenge.of_run(rival) if isinstance(rival, link.Opening) else rival
            self.session.duel(asked, playing=self._played)
            self.message, self._onward = "", self._played
        except BadInput as error:
            self.message = str(error)

    @property
    def experiment(self) -> Experiment:
        """The experiment as it stands, or is about to."""
        return self.session.intended

    @property
    def text(self) -> str:
        """The text of the target in force."""
        return self.session.run.text

    @property
    def on_the_stage(self) -> set[str]:
        """The settings that have a live slider."""
        return {control["path"] for control in self._controls()}

    def key(self, name: str) -> str:
        """The key of a native widget."""
        return f"{name}@{self.generation}"

    def heeding(self, name: str, does: Callable[[], None]) -> Callable[[], None]:
        """What a native widget does when it is changed, for as long as it is shown.

        A request of the stage that was on its way when the widgets were renewed brings the values of the old ones.

        Args:
            name: of the widget.
            does: takes its value up.
        """
        key = self.key(name)
        return lambda: does() if key == self.key(name) else None

    def renew(self) -> None:
        """Have the native widgets show the session as it stands."""
        self.generation += 1

    def consequence(self, setting: Setting) -> str:
        """What it means to change a setting in mid-run."""
        if setting.knob and not setting.gate:
            return "Acts at once."
        return "Asks for a new start." if setting.path in UNITS else "Keeps the weights where they fit."

    @_alone
    def set_up(self, values: Mapping[str, Any]) -> None:
        """Take settings from a native widget; what cannot be used is said on the stage."""
        self._set_up(values)
        self._answer_at_once()

    def _set_up(self, values: Mapping[str, Any]) -> None:
        FORESIGHT.notice(hand=True)
        try:
            self.session.set_up(values, playing=self._played)
            self.message = ""
        except BadInput as error:
            self.message = str(error)
            self.renew()

    @_alone
    def choose_recipe(self, name: str, changes: Mapping[str, Any] = MappingProxyType({})) -> None:
        """Begin a recipe, with some settings changed, on the target in force where it names none."""
        self._begin_recipe(name, changes)
        self._answer_at_once()

    def _begin_recipe(self, name: str, changes: Mapping[str, Any]) -> None:
        recipe, experiment, rival = RECIPES[name], RECIPES[name].experiment(**changes), self.session.rival
        kept = {"seed", "location", "scale"} | ({"target"} - set(recipe.settings))
        usual = {
            path: value
            for path, value in experiment.values.items()
            if not path.startswith("penalties.") and path not in kept
        }
        self._set_up(usual | {"penalties": dict(experiment.penalties)})
        if not self.message:
            self.recipe = name
            self.session.restart(agenda=recipe.events)
            if rival:
                self.session.duel(rival.challenge)  # as it was chosen: no mixture of two recipes
        self.renew()

    @_alone
    def play(self, name: str, changes: Mapping[str, Any]) -> None:
        """Begin a recipe, with some settings changed, and play it even if the stage stands still."""
        self._begin_recipe(name, changes)
        if not self.message:
            self._plays_at = self.session.epoch
        self._answer_at_once()

    @_alone
    def choose_penalties(self, names: Iterable[str]) -> None:
        """Have these penalties and no others."""
        now = dict(self.experiment.penalties)
        self.set_up({"penalties": {name: now.get(name, FIRST_WEIGHT) for name in names}})

    @property
    def address(self) -> str | None:
        """The query of the page's own address, without a step; None on the way to a step, and where it is too long."""
        session, run = self.session, self.session.run
        if session.goal > session.step or run.step > LIMITS.link_steps:
            return None
        rival = session.rival and (session.rival.challenge, len(session.rival.run.events))
        knobs = () if session.from_start else run.knobs
        mark = (session.identity, session.epoch, len(run.events), self.recipe, rival, knobs)
        if self._written is None or self._written[0] != mark:
            address = self._longest(tuple(run.events))
            self._written = (mark, address)
        return self._written[1]

    def link(self, step: int) -> str:
        """The query of a link to a step of this run; to its settings, where weights were kept from another one.

        Raises:
            BadInput: there is too much to say for a link.
        """
        return self._link(tuple(event for event in self.session.run.events if event.step <= step), step)

    def _shared(self, step: int) -> dict[str, str]:
        """What a person can send to somebody: a link, or a file where there is too much to say for one."""
        try:
            return {"share": self.link(step)}
        except BadInput:
            return {"file": record.write(self.session, step).decode()}

    def _longest(self, events: tuple[Event, ...]) -> str | None:
        """A link with the rival if there is room for it, else without it; None where that is too long as well."""
        for alone in (False, True) if self.session.rival else (True,):
            with suppress(BadInput):
                return self._link(events, alone=alone)
        return None

    def _link(self, events: tuple[Event, ...], step: int = 0, *, alone: bool = False) -> str:
        session, rival = self.session, None if alone else self.session.rival
        if not session.from_start:
            text = challenge.between(session.experiment, rival.experiment).text if rival else ""
            return link.write(link.Opening(self.recipe, session.experiment, rival=text))
        text = rival.asked(step or None).text if rival else ""
        return link.write(link.Opening(self.recipe, session.run.experiment, events, step, text))

    @_alone
    def reply(self, raw: Any, given_up: Callable[[], bool] = lambda: False) -> bytes:
        """Answer the stage, when it is this session's turn; the same request gets the same bytes again.

        Args:
            raw: as it came from the browser; None before the stage has asked for anything.
            given_up: asked while there is no turn: the stage wants something else by now, and gets the last answer.
        """
        self._asked = raw
        urgent = self._is_urgent(raw)
        FORESIGHT.notice(hand=urgent or self.session.prepares)
        last = self._answered
        if last and self._is_answered(raw):
            return last[1]
        if not urgent:
            self.session.await_preparation(PATIENCE, given_up)
        self._waiting_since = self._waiting_since or time.monotonic()
        with TURNS.turn(self._waiting_since, urgent=urgent, given_up=given_up) as came:
            if last and not came:
                return last[1]
            self._waiting_since = 0.0
            return self._answer(raw, given_up)

    @_alone
    def reply_again(self, raw: Any, given_up: Callable[[], bool] = lambda: False) -> bytes:
        """Answer a run of the page's script, which brings what the stage last had Streamlit bring, however old that is.

        Args:
            raw: as for `reply`.
            given_up: as for `reply`.
        """
        if raw == self._brought:
            return self.reply(self._asked, given_up)
        self._brought = raw
        return self.reply(raw, given_up)

    def concerns_the_page(self, raw: Any) -> bool:
        """Whether a request of the stage changes what the widgets beside it show."""
        return isinstance(raw, Mapping) and raw.get("act") in DUEL and not self._is_answered(raw)

    def _answer_at_once(self) -> None:
        """Show on the stage what has been set beside it, before the rest of the page is drawn."""
        if self.bring and self._asked is not None and not self._is_answered(self._asked):
            self.bring(self.reply(self._asked))

    def _is_answered(self, raw: Any) -> bool:
        return self._answered is not None and self._answered[0] == self._mark(raw)

    def _mark(self, raw: Any) -> tuple[Any, ...]:
        return (str(raw), self.session.epoch, self.message, self.generation)

    def _is_urgent(self, raw: Any) -> bool:
        """Whether a hand waits for the answer, and not only the film that plays."""
        return not isinstance(raw, Mapping) or raw.get("act") != "play" or raw.get("v") != self.session.version

    def _answer(self, raw: Any, given_up: Callable[[], bool]) -> bytes:
        sequence = raw.get("seq") if isinstance(raw, Mapping) else None
        known: frozenset[str] = frozenset()
        ghosts: frozenset[str] = frozenset()
        version, lines, message, share, layers = 0, [], self.message, None, None
        try:
            request = None if raw is None else protocol.understand(raw)
            if request:
                self._played = request.act == "play"
                version, known, ghosts = request.v, frozenset(request.scenes), frozenset(request.ghosts)
            rival = self.session.rival
            lines = self.session.answer(None if request and request.act == "open" else request, given_up)
            if rival is not self.session.rival and request and request.act in DUEL:
                self._follow_duel(rival)
            if request and request.into and lines and request.act != "seek":
                layers = self.session.layers(request.into)
            if request and request.act == "share":
                share = self._shared(self.session.step if request.at is None else request.at)
        except BadInput as error:
            message = str(error)
        header = self._header(sequence if isinstance(sequence, int) else 0, version, message) | (share or {})
        header |= {"branches": self.session.tree, "current": self.session.branches.current.number}
        header["rival"] = self.session.rival and self.session.rival.told(self.session.run)
        header["ghosts"] = {name: _ghost(found) for name, found in self.session.branches.ghosts(ghosts).items()}
        chunk = protocol.encode(protocol.Answer(lines, header, known, layers))
        self._answered = (self._mark(raw), chunk)
        return chunk

    def _follow_duel(self, before: Rival | None) -> None:
        """Have the widgets beside the stage show what the stage has done to the duel."""
        if self.session.rival and before:
            other = before.challenge.opening
            self.recipe = before.challenge.recipe or (other.recipe if other else self.recipe)
            self.renew()

    def _header(self, sequence: int, version: int, message: str) -> dict[str, Any]:
        session, run = self.session, self.session.run
        return {
            "seq": sequence,
            "v": version,
            "session": session.identity,
            "secret": self.secret,
            "epoch": session.epoch,
            "knobs": run.knobs,
            "failure": run.failure.sentence if run.failure else None,
            "goal": session.goal,
            "plays": session.epoch == self._plays_at,
            "onward": self._onward and session.goal > 0,
            "prepares": session.prepares,
            "address": self.address,
            "speed": session.pace.steps_per_second,
            "frameRate": TURNS.frame_rate,
            "setup": self._setup(message),
        }

    def _controls(self) -> list[dict[str, Any]]:
        run = self.session.run
        return controls(run.experiment, run.knobs, parse(run.text, files=False))

    def _setup(self, message: str) -> dict[str, Any]:
        session, run = self.session, self.session.run
        target = parse(run.text, files=False)
        return {
            "version": protocol.VERSION,
            "session": session.identity,
            "controls": self._controls(),
            "target": {
                "text": run.text if len(run.text) <= 200 else target.label,
                "label": target.label,
                "centre": target.centre,
                "spread": target.spread,
                "isSample": target.sample is not None,
            },
            "message": message,
            "fromStart": session.from_start,
            "seed": run.experiment.seed,
            "stops": session.stops,
            "recipe": self.recipe,
            "layers": list(RECIPES[self.recipe].layers),
            "loss": run.experiment.loss,
        }


def _session(asked: link.Opening) -> Session:
    session = Session(asked.experiment, asked.events, asked.step, RECIPES[asked.recipe].events)
    compile_loop(asked.experiment.structure())  # by two cores; the first frame would have one program after the other
    return session


def _ghost(found: Ghost) -> dict[str, Any]:
    return {"steps": found.steps, "distances": found.distances, **protocol.outline(found.last)}
