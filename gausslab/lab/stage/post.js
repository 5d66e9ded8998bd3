/** What goes between stage and server, by the stage's own wire where it stands. */

import { Lifeline } from "./lifeline.js";
import { decode } from "./protocol.js";
import { Wire } from "./wire.js";

export const DUEL = new Set(["swap", "peace"]); // what changes a duel
const OF_THE_PAGE = new Set([...DUEL, "open"]); // what Streamlit has to hear of

/** Sends requests and opens answers. */
export class Post {
  /**
   * @param {function(Uint8Array)} hear takes an answer that comes by the wire
   * @param {function(boolean)} connect is told when the server is lost, and when it answers again
   */
  constructor(hear, connect) {
    this.wire = new Wire(hear);
    this.lifeline = new Lifeline((there) => {
      if (there) this.wire.mend();
      connect(there);
    });
    this.byPage = null; // sends something by Streamlit
    this.asked = false; // for anything, so far
    this.answered = 0; // number of the last request that was
  }

  /** Sends a request; the first one by Streamlit, which a server that has forgotten this page knows it by. */
  send(wish) {
    if (this.asked && !OF_THE_PAGE.has(wish.act) && this.wire.send(wish)) return;
    this.asked = true;
    this.byPage(wish);
  }

  /**
   * Opens an answer.
   *
   * @param {Uint8Array} chunk
   * @param {number} epoch that the stage has seen
   * @returns {?{header: object, frames: object[]}} nothing where the wire has been quicker
   * @throws {Error} where it is no answer
   */
  open(chunk, epoch) {
    this.lifeline.heard();
    const answer = decode(chunk);
    const { seq, epoch: its, lost, secret } = answer.header;
    if (lost) this.wire.cut();
    else {
      if (seq < this.answered && its <= epoch) return null;
      this.answered = seq;
      this.wire.reach(secret);
    }
    return answer;
  }

  /** Hangs up. */
  leave() {
    this.lifeline.leave();
    this.wire.cut();
  }
}
