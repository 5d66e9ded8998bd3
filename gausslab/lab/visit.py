"""One visitor: the session, what the page remembers beside it, and the answers to the stage's requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gausslab.errors import BadInput
from gausslab.lab import link, protocol
from gausslab.lab.controls import controls
from gausslab.lab.session import Session
from gausslab.lab.transplant import UNITS
from gausslab.recipes import RECIPES
from gausslab.settings import Experiment, Setting, settings
from gausslab.targets import parse

FIRST_WEIGHT = 1.0  # of a penalty that is added


@dataclass(eq=False)
class Visit:
    """What one browser tab sees."""

    session: Session
    recipe: str = link.DEFAULT_RECIPE
    message: str = ""
    generation: int = 0  # of the native widgets: raised when they have to show something else than was put in
    _answered: tuple[Any, bytes] | None = field(default=None, repr=False)

    @classmethod
    def opened(cls, query: Mapping[str, str]) -> Visit:
        """A visit as the page's address asks for it; a bad address opens the default, with a sentence of why."""
        try:
            asked, message = link.read(query), ""
        except BadInput as error:
            asked, message = link.default(), f"This link could not be opened: {error}"
        return cls(Session(asked.experiment, asked.events, asked.step), asked.recipe, message)

    @property
    def experiment(self) -> Experiment:
        """The experiment as it stands."""
        return self.session.experiment

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

    def renew(self) -> None:
        """Have the native widgets show the session as it stands."""
        self.generation += 1

    def consequence(self, setting: Setting) -> str:
        """What it means to change a setting in mid-run."""
        if setting.knob and not setting.gate:
            return "Acts at once."
        return "Asks for a new start." if setting.path in UNITS else "Keeps the weights where they fit."

    def set_up(self, values: Mapping[str, Any]) -> None:
        """Take settings from a native widget; what cannot be used is said on the stage."""
        try:
            self.session.set_up(values)
            self.message = ""
        except BadInput as error:
            self.message = str(error)
            self.renew()

    def choose_recipe(self, name: str) -> None:
        """Begin a recipe, on the target in force."""
        self.recipe = name
        usual = {setting.path: setting.value for setting in settings(RECIPES[name].experiment())}
        for path in [path for path in usual if path.startswith("penalties.")] + ["target", "seed", "location", "scale"]:
            usual.pop(path)
        usual["penalties"] = dict(RECIPES[name].experiment().penalties)
        self.set_up(usual)
        self.session.restart()
        self.renew()

    def choose_penalties(self, names: Iterable[str]) -> None:
        """Have these penalties and no others."""
        now = dict(self.experiment.penalties)
        self.set_up({"penalties": {name: now.get(name, FIRST_WEIGHT) for name in names}})

    def link(self) -> str:
        """The query of a link to this moment.

        Raises:
            BadInput: there is too much to say for a link.
        """
        run = self.session.run
        if not self.session.from_start:
            return link.write(link.Opening(self.recipe, self.experiment))
        return link.write(link.Opening(self.recipe, run.experiment, tuple(run.events), self.session.step))

    def reply(self, raw: Any) -> bytes:
        """Answer the stage; the same request gets the same bytes again.

        Args:
            raw: as it came from the browser; None before the stage has asked for anything.
        """
        sequence = raw.get("seq") if isinstance(raw, Mapping) else None
        mark = (str(raw), self.session.epoch, self.message, self.generation)
        if self._answered and self._answered[0] == mark:
            return self._answered[1]
        known: frozenset[str] = frozenset()
        version, lines, message = 0, [], self.message
        try:
            request = None if raw is None else protocol.understand(raw)
            if request:
                version, known = request.v, frozenset(request.scenes)
            lines = self.session.answer(request)
        except BadInput as error:
            message = str(error)
        header = self._header(sequence if isinstance(sequence, int) else 0, version, message)
        chunk = protocol.encode(protocol.Answer(lines, header, known))
        self._answered = ((str(raw), self.session.epoch, self.message, self.generation), chunk)
        return chunk

    def _header(self, sequence: int, version: int, message: str) -> dict[str, Any]:
        session, run = self.session, self.session.run
        return {
            "seq": sequence,
            "v": version,
            "session": session.identity,
            "epoch": session.epoch,
            "knobs": run.knobs,
            "failure": run.failure.sentence if run.failure else None,
            "speed": session.pace.steps_per_second,
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
            "share": self._share(),
            "seed": run.experiment.seed,
            "recipe": self.recipe,
            "loss": run.experiment.loss,
        }

    def _share(self) -> str:
        try:
            return self.link()
        except BadInput:
            return ""
