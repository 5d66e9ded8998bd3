"""What a person sees, and looks at more closely."""

import pytest


def test_first_frame_moves_by_itself(lively):
    before = lively.pixels("densities")
    lively.wait_for_step(lively.step + 20)
    assert lively.pixels("densities") != before
    assert lively.playing


@pytest.mark.parametrize("station", ["G", "D"])
def test_station_that_is_clicked_shows_its_hidden_layers(revisit, station):
    lab = revisit("?recipe=vanilla&target=normal(4,1.25)&seed=3")
    lab.pause()
    place = lab.stage.locator(f"[data-station={station}]")
    place.click()
    lab.until(lambda: place.get_attribute("aria-expanded") == "true", "the station to open")
    lab.until(lambda: f"Inside {station}: hidden layers of 32 and 32 units." in lab.described(), "the units")
    opened, step = lab.pixels("machine"), lab.step
    lab.button({"G": "generator", "D": "discriminator"}[station]).click()
    lab.until(lambda: lab.step == step + 1 and lab.pixels("machine") != opened, "the units to move")
    place.click()
    lab.until(lambda: place.get_attribute("aria-expanded") == "false", "the station to close")


def test_pointing_at_the_map_lights_up_x_in_the_densities(lasting):
    lasting.pause()
    before = lasting.pixels("densities")
    lasting.canvas("map").hover()
    lasting.until(lambda: lasting.pixels("densities") != before, "the line at x")
    lasting.page.mouse.move(0, 0)
    lasting.until(lambda: lasting.pixels("densities") == before, "the line to go")


def test_layer_is_switched_off_in_the_legend(lasting):
    lasting.pause()
    before = lasting.pixels("densities")
    lasting.hide("generator")
    lasting.until(lambda: lasting.pixels("densities") != before, "the density to vanish")
    lasting.hide("generator")
    lasting.until(lambda: lasting.pixels("densities") == before, "the density to come back")


def test_legend_says_what_is_estimated_and_what_is_sampled(visit):
    def layer(name):
        return lab.stage.locator(f"[data-layer={name}]")

    lab = visit("?recipe=vanilla&target=values(1,2,3,5,8)&latent.dimension=2&seed=3")
    lab.until(lambda: layer("generator").inner_text().endswith("(sampled)"), "the legend")
    assert layer("target").inner_text() == "target (KDE)"
    assert "KDE of 5 values" in layer("target").get_attribute("title")
    assert "Read from samples" in lab.described() and "turns back" not in lab.described()


def test_legend_of_an_exact_scene_says_neither(lasting):
    lasting.until(lambda: "turns back" in lasting.described(), "the words")
    names = [lasting.stage.locator(f"[data-layer={name}]").inner_text() for name in ("target", "generator")]
    assert [name.split()[0] for name in names] == ["target", "made"] and not any("(" in name for name in names)


def test_what_cannot_be_seen_is_told(visit):
    # A target without a mean has no W1, and this generator runs away from it, out of the picture.
    lab = visit("?recipe=vanilla&target=cauchy(1,2)&generator.rate=1&seed=3")
    lab.until(lambda: "; 100 % of it lies outside the picture;" in lab.described(), "the words")
    assert "Distance KS" in lab.described() and lab.numbers().startswith("KS ")
