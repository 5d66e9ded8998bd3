"""Readings to MLflow, through its client: no global run is begun, and none that is active is touched."""

from __future__ import annotations

import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gausslab.callbacks.watching import EVERY, numbers
from gausslab.errors import BadInput
from gausslab.frame import Frame

if TYPE_CHECKING:
    from gausslab.run import Run

LONGEST_VALUE = 500  # characters of a parameter that every kind of store takes
PARAMETERS = 100  # in one call


class MLflow:
    """Writes the experiment as parameters, every number of a frame as a metric, and the diagnosis as a tag.

    Args:
        experiment: the MLflow experiment that the run is filed under; made where there is none.
        name: of the run; MLflow invents one if None.
        uri: of the store, such as sqlite:///mlflow.db; what MLFLOW_TRACKING_URI says, or MLflow's own, if None.
        every: frames between two looks.

    Raises:
        BadInput: MLflow is not installed.
    """

    def __init__(
        self, experiment: str = "gausslab", name: str | None = None, uri: str | None = None, every: int = EVERY
    ):
        try:
            self._entities: Any = import_module("mlflow.entities")
            tracking: Any = import_module("mlflow.tracking")
        except ImportError as error:
            raise BadInput(f"expected MLflow, got {error}; install it with pip install 'gausslab[mlflow]'") from None
        self.experiment, self.name, self.every = experiment, name, every
        self.run_id: str | None = None  # of the MLflow run, once it has begun
        self._client: Any = tracking.MlflowClient(tracking_uri=uri)

    def began(self, run: Run) -> None:
        """Begin an MLflow run; one that goes on stays the same."""
        if self.run_id is not None:
            self._client.update_run(self.run_id, status="RUNNING")
            return
        found = self._client.get_experiment_by_name(self.experiment)
        home = found.experiment_id if found else self._client.create_experiment(self.experiment)
        self.run_id = self._client.create_run(home, run_name=self.name).info.run_id
        told = [self._entities.Param(path, str(value)[:LONGEST_VALUE]) for path, value in run.experiment.values.items()]
        for start in range(0, len(told), PARAMETERS):
            self._client.log_batch(self.run_id, params=told[start : start + PARAMETERS])

    def saw(self, frame: Frame) -> None:
        """Write its numbers."""
        now = int(time.time() * 1000)
        metrics = [self._entities.Metric(name, value, now, frame.step) for name, value in numbers(frame).items()]
        tags = [self._entities.RunTag(name, getattr(frame, name)) for name in ("verdict", "diagnosis")]
        self._client.log_batch(self.run_id, metrics=metrics, tags=tags)

    def ended(self, run: Run) -> None:
        """End the MLflow run."""
        self._client.set_terminated(self.run_id, status="FAILED" if run.failure else "FINISHED")
