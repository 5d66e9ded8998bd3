/** The starting point in the hand: pointer, finger and arrow keys. */

const FINGER = 40; // CSS pixels about the point within which a finger grabs it; elsewhere it scrolls the page
const STRIDE = 0.1; // of an arrow key
const SMALL_STRIDE = 0.01; // with Shift
const DIGITS = 3;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

/**
 * Watches the plane.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Plane} plane
 * @param {object} told
 * @param {function([number, number])} told.move
 * @param {function()} told.home
 * @param {function()} told.redraw
 */
export function watchPlane(canvas, plane, { move, home, redraw }) {
  const held = (value) => {
    const rounded = Number(value.toFixed(DIGITS));
    return Math.min(plane.reach, Math.max(-plane.reach, rounded));
  };
  const put = (theta, psi) => move([held(theta), held(psi)]);
  const under = ({ clientX, clientY }) => {
    const box = canvas.getBoundingClientRect();
    return [clientX - box.left, clientY - box.top];
  };
  const follow = (event) => {
    const [x, y] = under(event);
    put(plane.X.under(x), plane.Y.under(y));
  };
  const near = (touch) => {
    const [x, y] = under(touch);
    return Math.hypot(plane.X.at(plane.start[0]) - x, plane.Y.at(plane.start[1]) - y) < FINGER;
  };
  const hold = (on) => {
    plane.held = on;
    redraw();
  };
  // Where the point is not, a finger scrolls the page; this has to be said before the browser makes up its mind.
  canvas.addEventListener("touchstart", (event) => near(event.touches[0]) && event.preventDefault(), {
    passive: false,
  });
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || (event.pointerType === "touch" && !near(event))) return;
    canvas.setPointerCapture(event.pointerId);
    hold(true);
    follow(event);
  });
  canvas.addEventListener("pointermove", (event) => plane.held && follow(event));
  canvas.addEventListener("click", follow); // a tap of a finger puts the point there
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => hold(false));
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const way = ARROWS[event.key];
    if (!way && event.key !== "Home") return;
    event.preventDefault();
    event.stopPropagation();
    if (!way) return home();
    const stride = event.shiftKey ? SMALL_STRIDE : STRIDE;
    put(plane.start[0] + stride * way[0], plane.start[1] + stride * way[1]);
  });
}
