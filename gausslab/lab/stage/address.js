/**
 * The page's address: it always says where the run stands, so that a reload, or a server that was restarted, comes back
 * to this moment.
 */

// To take up an address costs a browser as much as several drawings, and it refuses many at once.
const OFTEN = 5000; // ms between two addresses of a run that plays
const REST = 500; // ms that a hand has to be off all sliders

/** Keeps the address up to the moment. */
export class Address {
  constructor() {
    this.query = null; // all but the step; null where this moment fits into no address
    this.fromStart = true; // whether the weights follow from it
    this.own = Boolean(history.state?.gausslab); // else somebody has sent it
    this.version = 0; // of the knobs that was seen last
    this.writtenAt = this.turnedAt = -Infinity;
  }

  /** Takes what the server says of the run. */
  take({ address, setup }) {
    this.query = address ?? null;
    this.fromStart = setup?.fromStart ?? this.fromStart;
  }

  /** Whether a step can be come back to. */
  holds() {
    return this.query !== null && this.fromStart;
  }

  /**
   * Writes the address now and then, if it is another.
   *
   * @param {number} now ms
   * @param {number} step that is shown
   * @param {boolean} playing whether there will be another step soon
   * @param {number} version of the knobs: a hand turns them while it changes
   */
  keep(now, step, playing, version) {
    if (version !== this.version) this.turnedAt = now;
    this.version = version;
    if (now - this.turnedAt >= REST && !(playing && now - this.writtenAt < OFTEN)) this.put(now, step);
  }

  /** Writes the address of a step, if it is another. */
  put(now, step) {
    if (this.query === null) return;
    const query = this.query + (this.fromStart && step ? `&step=${step}` : "");
    if (query === this.written) return;
    this.written = query;
    this.writtenAt = now;
    this.write(new URL(query, location.href));
  }

  /** Puts an address of this page in the place of the present one: the way back stays as it is. */
  write(address) {
    history.replaceState({ ...history.state, gausslab: true }, "", address);
    this.own = true;
  }
}
