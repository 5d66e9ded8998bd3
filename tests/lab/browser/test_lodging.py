"""The stage stays what it is, whatever Streamlit does with the place in which it lives."""

from playwright.sync_api import expect

# The module itself, as the page has loaded it, with places of our own to live in.
TRY = """async () => {
  const { lodged } = await import(new URL("lodging.js", document.querySelector("script[src$='/stage.js']").src));
  const told = [];
  const place = () => document.body.appendChild(document.createElement("div"));
  const call = lodged((parent) => {
    const root = parent.appendChild(document.createElement("p"));
    return {
      root,
      update: ({ data }) => told.push(data),
      rest: () => told.push("rest"),
      leave: () => { told.push("leave"); root.remove(); },
    };
  });
  const [first, second] = [place(), place()];
  const overtaken = call({ parentElement: first, data: 1 });
  const root = first.firstChild;
  const last = call({ parentElement: first, data: 2 });
  overtaken();
  const stays = first.firstChild === root;
  first.remove();
  last();
  const end = call({ parentElement: second, data: 3 });
  const moves = second.firstChild === root;
  second.remove();
  end();
  window.guests = { told, stays, moves };
}"""
WATCH = """() => {
  window.taken = 0;
  const holds = (node) => node.matches?.(".stBidiComponent") || node.querySelector?.(".stBidiComponent");
  new MutationObserver((changes) => {
    for (const { removedNodes } of changes) window.taken += [...removedNodes].filter(holds).length;
  }).observe(document.body, { childList: true, subtree: true });
}"""


def test_guest_outlives_overtaken_calls_and_a_move_and_leaves_once_nobody_puts_it_up_again(page, address):
    empty = page("whose clock is set by hand")
    empty.clock.install()
    empty.goto(address)
    expect(empty.locator(".stage")).to_have_attribute("data-playing", "true")
    empty.evaluate(TRY)
    told = ["rest", 3, "rest"]
    assert empty.evaluate("window.guests") == {"told": [1, 2, *told], "stays": True, "moves": True}
    empty.clock.fast_forward(6000)
    assert empty.evaluate("window.guests.told.at(-1)") == "leave"


def test_stage_stays_where_it_is_while_another_loss_is_compiled(visit):
    lab = visit("?recipe=vanilla&target=normal(4,1.25)&seed=3")
    lab.page.evaluate(WATCH)
    lab.stage.evaluate("root => { root.mark = true }")
    field = lab.section("Game").get_by_role("combobox", name="loss")
    for loss in ("hinge", "jeffreys"):
        epoch = lab.said("epoch")
        lab.choose(field, loss)
        lab.until(lambda epoch=epoch: lab.said("epoch") > epoch, "the new loss")
    assert lab.page.evaluate("window.taken") == 0
    assert lab.stage.evaluate("root => root.mark")
