/**
 * The page's address: it always says where the run stands, so that a reload, or a server that was restarted, comes back
 * to this moment.
 */

const OFTEN = 2000; // ms between two addresses of a run that plays; browsers refuse many more

/** Keeps the address up to the moment. */
export class Address {
  constructor() {
    this.query = null; // all but the step; null where this moment fits into no address
    this.fromStart = true; // whether the weights follow from it
    this.own = Boolean(history.state?.gausslab); // else somebody has sent it
    this.writtenAt = -Infinity;
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
   * Writes the address, if it is another.
   *
   * @param {number} now ms
   * @param {number} step that is shown
   * @param {boolean} playing whether there will be another step soon
   */
  keep(now, step, playing) {
    if (this.query === null || (playing && now - this.writtenAt < OFTEN)) return;
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
