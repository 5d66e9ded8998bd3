"""What a recipe does to its run on the way, whatever else is done to it, and where it stops for a person to look."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence

from gausslab.events import PAUSE, Event


class Agenda:
    """The events of a recipe, of which some are still ahead."""

    def __init__(self, events: Sequence[Event] = ()) -> None:
        """An agenda of which nothing is done.

        Args:
            events: in order.
        """
        self.events = tuple(events)
        self._ahead = deque(self.events)

    @property
    def stops(self) -> list[int]:
        """The steps at which a person is to have a look."""
        return [event.step for event in self.events if event.knob == PAUSE]

    @property
    def next(self) -> int | None:
        """The step of the next event; None where there is none."""
        return self._ahead[0].step if self._ahead else None

    def stand(self, step: int, done: Collection[Event]) -> None:
        """Take it up where a run stands.

        Args:
            step: of the run.
            done: what was done to it so far.
        """
        self._ahead = deque(
            event for event in self.events if event.step > step or (event.step == step and event not in done)
        )

    def due(self, step: int) -> list[Event]:
        """Take from it what is to be done at a step; a stop asks for nothing to be done."""
        found = []
        while self._ahead and self._ahead[0].step <= step:
            found.append(self._ahead.popleft())
        return [event for event in found if event.knob != PAUSE]
