/**
 * The connection to the server: Streamlit asks for a lost one at ever longer intervals, up to four seconds; who is back
 * before it is asked again has the page loaded anew, from its address.
 */

const LOOK = 400; // ms between two looks
const PATIENCE = 600; // ms that Streamlit gets once the server is back
const SILENCE = 8000; // ms without an answer after which a page that is connected again is asked something
const PLAYED = "gausslab.played"; // in the tab's own store, for the length of a reload

/** Watches over the connection. */
export class Lifeline {
  /** @param {function(boolean)} tell is told when nothing that is sent arrives, and when it does again */
  constructor(tell) {
    this.tell = tell;
    this.there = true;
    this.since = null; // when the server, or the connection, was first seen again, in ms
    this.playing = false; // whether a page that is loaded anew is to play on
    this.timer = setInterval(() => this.look(), LOOK);
  }

  /** Whether the page played when it was loaded anew; it is asked once. */
  static played() {
    const played = sessionStorage.getItem(PLAYED) !== null;
    sessionStorage.removeItem(PLAYED);
    return played;
  }

  /** Stops watching. */
  leave() {
    clearInterval(this.timer);
  }

  get connected() {
    return document.querySelector("[data-testid=stApp]")?.dataset.testConnectionState === "CONNECTED";
  }

  /** Hears that the page has answered. */
  heard() {
    if (this.there || !this.connected) return;
    this.there = true;
    this.tell(true);
  }

  async look() {
    const { connected } = this;
    if (this.there && connected) return;
    if (this.there || connected !== this.connectedBefore) this.since = null;
    this.connectedBefore = connected;
    if (this.there) {
      this.there = false;
      this.tell(false);
    }
    // Streamlit runs the page again when it has connected: a request before that would be one to a page that is not.
    const seen = connected || (!document.hidden && (await isThere()));
    this.since = seen ? (this.since ?? performance.now()) : null;
    const seconds = seen ? performance.now() - this.since : 0;
    if (connected && seconds > SILENCE) this.heard();
    if (!connected && !this.connected && seconds > PATIENCE) this.reload();
  }

  reload() {
    this.leave();
    if (this.playing) sessionStorage.setItem(PLAYED, "yes");
    location.reload();
  }
}

async function isThere() {
  try {
    const answer = await fetch("_stcore/health", { cache: "no-store", signal: AbortSignal.timeout(2000) });
    return answer.ok;
  } catch {
    return false;
  }
}
