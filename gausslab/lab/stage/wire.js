/**
 * The stage's own connection, beside Streamlit's: it brings requests and answers that concern nothing but the stage,
 * without a run of the page's script. Where there is none, everything goes by Streamlit.
 */

const PATH = "gausslab/stage"; // as in gausslab/lab/protocol.py
const AGAIN = 1000; // ms before a wire that was cut is put up again
const TRIES = 5; // in a row that fail, as behind a proxy that lets no other connection through

/** Holds the connection of one visit. */
export class Wire {
  /** @param {function(Uint8Array)} hear takes an answer */
  constructor(hear) {
    this.hear = hear;
    this.secret = null;
    this.socket = null;
    this.failed = 0;
  }

  /** Whether what is sent goes out. */
  get stands() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /**
   * Is told of which visit the page is.
   *
   * @param {?string} secret by which the server knows it
   */
  reach(secret) {
    if (!secret || secret === this.secret) return;
    this.cut();
    this.secret = secret;
    this.failed = 0;
    this.connect();
  }

  /** Tries anew where it has given up, since the server has been away and is there again. */
  mend() {
    if (!this.secret || this.socket) return;
    clearTimeout(this.timer);
    this.failed = 0;
    this.connect();
  }

  connect() {
    const address = new URL(PATH, document.baseURI);
    address.protocol = address.protocol.replace("http", "ws");
    address.search = new URLSearchParams({ visit: this.secret });
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => (this.failed = 0);
    socket.onmessage = ({ data }) => this.hear(new Uint8Array(data));
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.socket = null;
      this.failed += 1;
      if (this.failed < TRIES) this.timer = setTimeout(() => this.connect(), AGAIN * this.failed);
    };
    this.socket = socket;
  }

  /** Sends a request, if it can. */
  send(wish) {
    if (this.stands) this.socket.send(JSON.stringify(wish));
    return this.stands;
  }

  /** Hangs up. */
  cut() {
    clearTimeout(this.timer);
    const { socket } = this;
    this.socket = this.secret = null;
    socket?.close();
  }
}
