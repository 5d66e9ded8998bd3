/**
 * Whose saved runs are shown: a token that this browser keeps to itself, and that is never in the page's address. With
 * it goes the step at which the run is shown, so that what is saved is what was seen.
 */

const KEPT = "gausslab.shelf"; // in the browser's own store for this page
const WHERE = "gausslab.where"; // what the stage is asked
const LOOK = 300; // ms between two looks at the stage
const PATIENCE = 10; // looks until what the page has not heard is told again

/** The token of this browser; empty where it keeps nothing. */
function token() {
  try {
    const kept = localStorage.getItem(KEPT);
    if (/^[0-9a-f]{32}$/.test(kept)) return kept;
    const numbers = crypto.getRandomValues(new Uint8Array(16));
    const made = [...numbers].map((number) => number.toString(16).padStart(2, "0")).join("");
    localStorage.setItem(KEPT, made);
    return localStorage.getItem(KEPT) ?? "";
  } catch {
    return "";
  }
}

/** The step at which the run stands; null while it plays. */
function step() {
  const detail = { step: null };
  window.dispatchEvent(new CustomEvent(WHERE, { detail }));
  return detail.step;
}

const watches = new WeakMap(); // by the element in which the component lives

/**
 * Tells the page whose runs to show, and again whenever the run comes to stand, or goes on.
 *
 * @param {object} component what Streamlit hands to a component
 * @param {{heard: number}} component.data how often the page was told, as far as it knows
 * @param {Node} component.parentElement
 * @param {function(string, object)} component.setStateValue
 * @returns {function()} the clean-up
 */
export default function shelf({ data, parentElement, setStateValue }) {
  const watch = watches.get(parentElement) ?? { told: undefined, times: data.heard, looks: 0, timer: null };
  watch.send = setStateValue;
  watch.heard = data.heard;
  const tell = () => {
    const now = step();
    watch.looks += 1;
    if (now === watch.told && (watch.heard === watch.times || watch.looks < PATIENCE)) return;
    Object.assign(watch, { told: now, times: watch.times + 1, looks: 0 });
    watch.send("told", { token: token(), step: now, times: watch.times });
  };
  if (!watches.has(parentElement)) {
    watches.set(parentElement, watch);
    watch.timer = setInterval(tell, LOOK);
    tell();
  }
  return () => {
    clearInterval(watch.timer);
    watches.delete(parentElement);
  };
}
