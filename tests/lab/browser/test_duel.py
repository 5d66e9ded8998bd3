"""A duel: a second run beside the first, in every picture, with one line of who is ahead."""

QUERY = "?recipe=vanilla&target=normal(4,1.25)&seed=3"
RIVAL = (156, 0, 101)


def words(lab):
    return lab.stage.locator(".versus").text_content()


def test_link_with_a_rival_shows_both_and_the_sides_can_be_swapped_and_parted(visit):
    lab = visit(f"{QUERY}&rival=penalties.r1:1")
    lab.wait_for_step(30)
    lab.pause()
    lab.until(lambda: "They differ in: penalties.r1 none | 1. " in words(lab) and "σ against" in words(lab), "the line")
    for panel in ("densities", "map", "game"):
        assert lab.colour(panel, RIVAL)["count"] > 0, panel
    lab.hide("rival")
    lab.until(lambda: lab.colour("densities", RIVAL)["count"] == 0, "the rival to vanish")
    assert lab.faults() == []
    step = lab.step
    lab.page.keyboard.press("x")
    lab.until(lambda: "They differ in: penalties.r1 1 | none. " in words(lab), "the sides to be swapped")
    lab.until(lambda: lab.step == step and lab.slider("penalties.r1").count() == 1, "the other side at the same step")
    lab.page.keyboard.press("e")
    lab.until(lambda: not lab.stage.locator(".duel").is_visible(), "the end of the duel")
    lab.until(lambda: "rival=" not in lab.page.url and "penalties.r1=1" in lab.page.url, "the address of one run")


def test_rival_chosen_in_mid_run_is_raced_from_the_start_and_both_play_on(visit):
    lab = visit(QUERY)
    lab.wait_for_step(30)
    lab.section("Duel").get_by_role("button", name="Begin the duel").click()
    lab.until(lambda: "They differ in: penalties.r1 none | 1. " in words(lab), "the rival")
    lab.until(lambda: "rival=penalties.r1:1" in lab.page.url and lab.playing, "both to play on from there")
