"""Readings to TensorBoard, through its own event writer: neither TensorFlow nor PyTorch is needed."""

from __future__ import annotations

import os
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gausslab.callbacks.watching import EVERY, numbers
from gausslab.errors import BadInput
from gausslab.frame import Frame

if TYPE_CHECKING:
    from gausslab.run import Run


class TensorBoard:
    """Writes every number of a frame as a scalar, and the experiment and the diagnosis as text.

    Args:
        folder: where `tensorboard --logdir` looks; one folder a run keeps their curves apart.
        every: frames between two looks.

    Raises:
        BadInput: TensorBoard is not installed.
    """

    def __init__(self, folder: str | os.PathLike[str], every: int = EVERY):
        try:
            self._protocol: Any = import_module("tensorboard.compat.proto.summary_pb2")
            self._tensors: Any = import_module("tensorboard.util.tensor_util")
            self._events: Any = import_module("tensorboard.compat.proto.event_pb2")
            self._writers: Any = import_module("tensorboard.summary.writer.event_file_writer")
        except ImportError as error:
            raise BadInput(
                f"expected TensorBoard, got {error}; install it with pip install 'gausslab[tensorboard]'"
            ) from None
        self.folder, self.every = os.fspath(folder), every
        self._writer: Any = None

    def began(self, run: Run) -> None:
        """Open an event file."""
        from gausslab.settings import to_toml

        self._writer = self._writers.EventFileWriter(self.folder)
        # Markdown: four spaces keep the lines of a TOML file apart.
        text = "\n".join(f"    {line}" for line in to_toml(run.experiment).splitlines())
        self._write(run.step, [self._text("experiment", text)])

    def saw(self, frame: Frame) -> None:
        """Write its numbers."""
        scalars = [
            self._protocol.Summary.Value(tag=_tag(name), simple_value=value) for name, value in numbers(frame).items()
        ]
        self._write(frame.step, [*scalars, self._text("diagnosis", frame.diagnosis)])

    def ended(self, run: Run) -> None:
        """Close the file."""
        self._writer.close()

    def _write(self, step: int, values: list[Any]) -> None:
        summary = self._protocol.Summary(value=values)
        self._writer.add_event(self._events.Event(step=step, wall_time=time.time(), summary=summary))

    def _text(self, tag: str, words: str) -> Any:
        kind = self._protocol.SummaryMetadata(
            plugin_data=self._protocol.SummaryMetadata.PluginData(plugin_name="text"),
            data_class=self._protocol.DATA_CLASS_TENSOR,
        )
        tensor = self._tensors.make_tensor_proto([words.encode()])
        return self._protocol.Summary.Value(tag=tag, metadata=kind, tensor=tensor)


def _tag(name: str) -> str:
    """TensorBoard folds what stands before the slash into a group."""
    group, dot, rest = name.partition(".")
    return f"{group}/{rest}" if dot else f"readings/{name}"
