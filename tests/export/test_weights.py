"""Weights under readable names."""

import numpy as np
import pytest
from constructors import small
from safetensors.numpy import load_file, save_file

from gausslab.errors import BadInput
from gausslab.export import load_weights, save_history, save_weights
from gausslab.networks import ACTIVATIONS
from gausslab.run import begin


@pytest.fixture(scope="module")
def trained():
    changes = {"target": "normal(40, 3)", "generator.averaging": 0.9, "generator.knots": 9, "discriminator.knots": 9}
    return begin(small(changes)).train(10, progress=False)


def test_a_reader_who_knows_only_the_file_can_run_the_generator(trained, tmp_path):
    weights = load_weights(save_weights(trained, tmp_path / "w.safetensors"))
    layers, about = weights.tree["generator"], weights.about
    low, high = about["spans"]["generator"]
    frame = trained.frames[-1]
    h = 2.0 * (frame.scene.z[:, None] - low) / (high - low) - 1.0
    for place in range(len(about["generator"]["widths"])):
        layer = layers["hidden"][str(place)]
        h = np.asarray(ACTIVATIONS[about["generator"]["activation"]](h @ layer["kernel"] + layer["bias"]))
    curve = layers["curve"]
    value = h @ layers["output"]["kernel"] + layers["output"]["bias"]
    value = value + np.interp(frame.scene.z, curve["places"], curve["heights"])[:, None]
    x = about["units"]["origin"] + about["units"]["unit"] * value
    np.testing.assert_allclose(x[:, 0], frame.g, rtol=0, atol=1e-5)
    assert about["step"] == 10 and about["latent"]["kind"] == "uniform"


def test_a_file_holds_the_average_the_last_step_and_the_discriminator(trained, tmp_path):
    arrays = load_file(save_weights(trained, tmp_path / "w.safetensors"))
    sizes = {
        player: sum(
            array.size for name, array in arrays.items() if name.startswith(f"{player}.") and "places" not in name
        )
        for player in ("generator", "generator_last", "discriminator")
    }
    state = trained.state
    assert sizes == {
        "generator": state.average.size,
        "generator_last": state.generator.parameters.size,
        "discriminator": state.discriminator.parameters.size,
    }
    assert np.any(arrays["generator.output.kernel"] != arrays["generator_last.output.kernel"])
    last = np.concatenate(
        [array.ravel() for name, array in arrays.items() if name.startswith("generator_last.") and "places" not in name]
    )
    np.testing.assert_array_equal(np.sort(last), np.sort(np.asarray(state.generator.parameters)))


def test_bad_files_are_refused_in_a_sentence(trained, tmp_path):
    save_file({"a": np.zeros(2, np.float32)}, tmp_path / "foreign.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(b"\x10")
    for name in ("none.safetensors", "foreign.safetensors", "cut.safetensors"):
        with pytest.raises(BadInput, match=name):
            load_weights(tmp_path / name)
    with pytest.raises(BadInput, match=r"\.safetensors"):
        save_weights(trained, tmp_path / "w.bin")
    with pytest.raises(BadInput, match="folder"):
        save_weights(trained, tmp_path / "nowhere" / "w.safetensors")


def test_a_history_comes_back_from_parquet(trained, tmp_path):
    import pandas as pd

    again = pd.read_parquet(save_history(trained, tmp_path / "h.parquet"))
    now = trained.history
    assert list(again.columns) == list(now.columns)
    np.testing.assert_array_equal(again["step"], now["step"])
    np.testing.assert_array_equal(again["wasserstein"], now["wasserstein"])
    assert [list(row) for row in again["mode_masses"]] == now["mode_masses"].tolist()
