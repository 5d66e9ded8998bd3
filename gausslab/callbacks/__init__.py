"""Watchers of a run: one small protocol, and two that carry its readings elsewhere.

    run.train(5000, watchers=[TensorBoard("logs")])

docs/ecosystem.md shows how to write another.
"""

from gausslab.callbacks.mlflow import MLflow
from gausslab.callbacks.tensorboard import TensorBoard
from gausslab.callbacks.watching import Watcher, numbers, watched

__all__ = ["MLflow", "TensorBoard", "Watcher", "numbers", "watched"]
