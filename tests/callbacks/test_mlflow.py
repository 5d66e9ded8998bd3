"""What MLflow's own client finds in its store."""

import sys

import pytest
from constructors import plain, small

from gausslab.callbacks import MLflow
from gausslab.errors import BadInput
from gausslab.run import begin

# SQLAlchemy tells MLflow, not us, what will be gone one day.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def uri(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow').as_posix()}/mlflow.db"


def test_mlflow_reads_parameters_metrics_and_the_diagnosis(uri):
    from mlflow.tracking import MlflowClient

    watcher = MLflow("lessons", name="first", uri=uri, every=2)
    run = begin(small({"seed": 7})).train(20, progress=False, watchers=[watcher])
    reader = MlflowClient(tracking_uri=uri)
    found = reader.get_run(watcher.run_id)
    assert reader.get_experiment(found.info.experiment_id).name == "lessons"
    assert found.info.run_name == "first" and found.info.status == "FINISHED"
    assert found.data.params["seed"] == "7" and found.data.params["generator.widths"] == "(5,)"
    assert found.data.tags["diagnosis"] == run.frames[-1].diagnosis
    metrics = sorted(reader.get_metric_history(watcher.run_id, "wasserstein_over_std"), key=lambda metric: metric.step)
    assert [metric.step for metric in metrics] == [0, 10, 20]
    assert [metric.value for metric in metrics] == [
        run.frames[place].readings.wasserstein_over_std for place in (0, 2, 4)
    ]
    run.train(10, progress=False, watchers=[watcher])
    again = reader.get_run(watcher.run_id)
    assert again.info.status == "FINISHED" and again.data.metrics["ks"] == run.frames[-1].readings.ks


def test_a_run_that_broke_down_is_called_failed(uri):
    from mlflow.tracking import MlflowClient

    watcher = MLflow("lessons", uri=uri, every=10_000)
    begin(plain({"loss": "kl", "generator.rate": 1.0, "discriminator.rate": 1.0})).train(
        1000, progress=False, watchers=[watcher]
    )
    assert MlflowClient(tracking_uri=uri).get_run(watcher.run_id).info.status == "FAILED"


def test_without_mlflow_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow.tracking", None)
    with pytest.raises(BadInput, match=r"gausslab\[mlflow\]"):
        MLflow()
