/**
 * Curves and the areas between them. A curve of hundreds of values is a line of a few dozen corners where it is smooth:
 * without a GPU that is most of what it costs to draw it.
 */

const UNSEEN = 0.15; // CSS pixels by which a curve may be off, for fewer corners

/** A path through points from left to right, without those that lie on the way between others. */
class Polyline {
  constructor() {
    this.down = false;
  }

  /** Begins a path. */
  begin(context) {
    this.context = context;
    this.down = false;
    context.beginPath();
  }

  /** Goes on to a point. */
  to(x, y) {
    if (!this.down) {
      this.down = true;
      this.context.moveTo(x, y);
      this.turn(x, y);
    } else {
      // Between the steepest and the flattest line from the last corner that pass all points since near enough.
      const slope = (y - this.fromY) / (x - this.fromX);
      if (!(slope >= this.flattest && slope <= this.steepest)) {
        this.context.lineTo(this.x, this.y);
        this.turn(this.x, this.y);
      }
      const run = x - this.fromX;
      this.flattest = Math.max(this.flattest, (y - UNSEEN - this.fromY) / run);
      this.steepest = Math.min(this.steepest, (y + UNSEEN - this.fromY) / run);
    }
    this.x = x;
    this.y = y;
  }

  /** Has a corner. */
  turn(x, y) {
    this.fromX = x;
    this.fromY = y;
    this.flattest = -Infinity;
    this.steepest = Infinity;
  }

  /** Ends at the last point; another one begins anew. */
  lift() {
    if (this.down) this.context.lineTo(this.x, this.y);
    this.down = false;
  }
}

const polyline = new Polyline();

/**
 * Traces y over evenly spaced x.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Float32Array} values y; NaN lifts the pen
 * @param {number} x0 x of the first
 * @param {number} dx spacing
 * @param {Scale} X
 * @param {Scale} Y
 * @param {number} [most] values above are drawn at this height
 * @param {number} [right] pixels by which all of it is shifted
 * @param {number} [below] likewise
 */
export function trace(context, values, x0, dx, X, Y, most = Infinity, right = 0, below = 0) {
  polyline.begin(context);
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (value !== value) polyline.lift();
    else polyline.to(X.at(x0 + index * dx) + right, Y.at(value < most ? value : most) + below);
  }
  polyline.lift();
}

/** Traces ys over xs, both held within the limits given in y. */
export function traceOver(context, xs, ys, X, Y, least, most) {
  polyline.begin(context);
  for (let index = 0; index < xs.length; index++) {
    const value = ys[index];
    if (value !== value) polyline.lift();
    else polyline.to(X.at(xs[index]), Y.at(value < least ? least : value > most ? most : value));
  }
  polyline.lift();
}

/**
 * Traces the area between two curves where the first lies above the second.
 *
 * @param {Float32Array} upper
 * @param {Float32Array|number} lower a curve, or one height
 * @param {boolean} [bothWays] fill wherever the curves differ
 */
export function traceBetween(context, upper, lower, x0, dx, X, Y, most = Infinity, bothWays = false) {
  const flat = typeof lower === "number";
  context.beginPath();
  for (let index = 0; index < upper.length; index++) {
    const floor = flat ? lower : lower[index];
    const high = bothWays || upper[index] > floor ? upper[index] : floor;
    context.lineTo(X.at(x0 + index * dx), Y.at(high < most ? high : most));
  }
  for (let index = upper.length - 1; index >= 0; index--) {
    const floor = flat ? lower : lower[index];
    context.lineTo(X.at(x0 + index * dx), Y.at(floor < most ? floor : most));
  }
  context.closePath();
}
