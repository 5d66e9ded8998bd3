/**
 * Where a component lives. Streamlit calls a component with every answer, and cleans up after its calls: also after one
 * that the next has overtaken, while all stays where it is; and it may take a component out of the page and put it up
 * again in a moment. What is shown outlives both.
 */

const PATIENCE = 5000; // ms that what was taken out of the page waits to be put up again

/**
 * Makes the function that Streamlit calls.
 *
 * @param {function(Node): object} make makes what is shown, inside a node: it can `update` with what Streamlit hands
 *   over, `rest` while it is nowhere, and `leave`; its `root` is the element that is shown
 * @returns {function(object): function()} takes what Streamlit hands over, and returns the clean-up
 */
export function lodged(make) {
  const guests = new WeakMap(); // by the node in which they live
  let away = null; // who was taken out of the page
  let leaving = null;

  const welcome = (parent) => {
    clearTimeout(leaving);
    const guest = away ?? make(parent);
    if (away) parent.append(away.root);
    away = null;
    return guest;
  };

  return (component) => {
    const { parentElement } = component;
    if (!guests.has(parentElement)) guests.set(parentElement, welcome(parentElement));
    guests.get(parentElement).update(component);
    return () => {
      const guest = guests.get(parentElement);
      if (parentElement.isConnected || !guest) return;
      guests.delete(parentElement);
      guest.rest();
      away = guest;
      leaving = setTimeout(() => {
        away = null;
        guest.leave();
      }, PATIENCE);
    };
  };
}
