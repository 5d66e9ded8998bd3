"""What the papers are reproduced with is written down in full: a new default of the lab changes no figure."""

import pytest

from gausslab.reproductions import connoisseur, f_gan

UNUSED = {
    *("location", "scale", "seed", "latent.low", "latent.high", "remedies.noise_half_life"),
    *("generator.fourier_decay", "discriminator.fourier_decay", "discriminator.minibatch_dimension"),
    *("optimiser.decay", "optimiser.decay_every", "generator.activation"),
    *("generator.leak", "discriminator.leak"),  # of leaky ReLUs
}


@pytest.mark.parametrize(
    ("experiment", "told"),
    [
        (connoisseur.experiment("normal_normal"), {*connoisseur.SETTINGS, "penalties.r1", "penalties.r2"}),
        (f_gan.experiment("kl"), {*f_gan.SETTINGS}),
    ],
)
def test_every_setting_that_matters_is_written_down(experiment, told):
    told |= {"target", "steps", "frame_every", "optimiser.horizon", "latent.kind"}
    rest = [item for item in experiment.settings if item.path not in told | UNUSED]
    assert [item.path for item in rest if item.value] == []
