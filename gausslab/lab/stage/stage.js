/**
 * The stage: a Streamlit component that plays chunks of frames at the screen's own pace.
 *
 * Streamlit calls the default export with every answer of the page; the stage itself lives on between calls.
 */

import { Address } from "./address.js";
import { Branches } from "./branches.js";
import { showButtons, showLayer, watchButtons } from "./buttons.js";
import { Knobs, speedSlider, timeline } from "./controls.js";
import { LAYERS } from "./densities.js";
import { History } from "./history.js";
import { emptyHand, watchDensities, watchKeys, watchMap } from "./input.js";
import { layOut } from "./layout.js";
import { dressLegend, nameLayers } from "./legend.js";
import { Lifeline } from "./lifeline.js";
import { lodged } from "./lodging.js";
import { HALF_STEPS } from "./machine.js";
import { Moment, place } from "./moment.js";
import { Panels } from "./panels.js";
import { Playhead } from "./playhead.js";
import { DUEL, Post } from "./post.js";
import { offerFile, showLink } from "./sharing.js";
import { Rival } from "./rival.js";
import { readTheme, themeKey } from "./theme.js";
import { Words } from "./words.js";

const CALM = 250; // ms between two drawings for those who asked for less motion
const WORDS_EVERY = 200; // ms between two looks at words and buttons
const STILL = 50; // ms between two looks while nothing moves: at the screen's pace they would keep a processor awake
const LEAST_ROOM = 560; // CSS pixels; a window that is lower scrolls

const WHERE = "gausslab.where"; // asked by shelf.js, which is a component of its own
const STOPPED = "Have a look: the recipe stops here. Space plays on.";
const PREPARES = "What you have chosen is being compiled; it goes on in a moment.";
const PAST_MOMENT = "This moment is past: fork from here (F) to go on from it with this setting.";

class Stage {
  constructor(parent) {
    this.parts = layOut(parent);
    const { parts } = this;
    this.moment = new Moment();
    this.history = new History();
    this.hand = emptyHand();
    this.shows = { ...Object.fromEntries(LAYERS.map(({ name, off }) => [name, !off])), ghosts: true };
    this.playhead = new Playhead((wish) => this.post.send(wish));
    this.panels = new Panels(parts);
    this.words = new Words(parts);
    this.knobs = new Knobs(parts.knobs, (path, value) => {
      this.playhead.turn(path, value);
      if (this.playhead.visited) this.complain(PAST_MOMENT);
      this.redraw();
    });
    this.showSpeed = speedSlider(parts.speed, (speed) => {
      this.playhead.speed = speed;
      this.playhead.slow = false;
    });
    this.showTime = timeline(parts.timeline, (step) => {
      this.playhead.seek(step);
      this.complain("");
      this.redraw();
    });
    this.address = new Address();
    this.post = new Post(
      (chunk) => this.hear(chunk),
      (there) => this.connect(there),
    );
    this.resumes = Lifeline.played();
    this.branches = new Branches(parts.branches, {
      enter: (number) => this.playhead.enter(number),
      drop: (number) => this.playhead.drop(number),
    });
    this.playhead.ghosts = this.branches.held;
    this.rival = new Rival(parts.duel);
    this.target = null;
    this.span = { first: 0, last: 0 };
    this.epoch = -1;
    this.drawn = this.drawnAt = this.saidAt = this.shownAt = 0;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.request = this.timer = null;
    this.listen();
    this.showSpeed(this.playhead.speed);
    this.loop = this.loop.bind(this);
    this.wake();
  }

  /** The element that is shown. */
  get root() {
    return this.parts.root;
  }

  listen() {
    const { parts } = this;
    watchButtons(this);
    watchDensities(parts.densities[1], this);
    watchMap(parts.map[1], this);
    this.unwatch = watchKeys(parts.root, (name) => this.act(name));
    this.tellWhere = this.tellWhere.bind(this);
    window.addEventListener(WHERE, this.tellWhere);
    this.resizing = new ResizeObserver(() => this.measure());
    this.resizing.observe(parts.root);
    this.resizing.observe(parts.densities[1]); // another row above the pictures makes them lower, and the root not
    this.measure = this.measure.bind(this);
    window.addEventListener("resize", this.measure);
  }

  /** Takes what is left of the window, so that nothing has to be scrolled for. */
  measure() {
    const { root } = this.parts;
    const top = Math.max(0, root.getBoundingClientRect().top);
    root.style.setProperty("--room", `${Math.max(LEAST_ROOM, window.innerHeight - top - 10)}px`);
    this.redraw();
  }

  redraw() {
    this.dirty = true;
    this.tellRest();
    if (this.timer !== null) this.wake();
  }

  /** Tells another part of the page at which step the run stands; nothing while it plays. */
  tellWhere({ detail }) {
    const { playhead } = this;
    if (playhead.current && !playhead.playing) detail.step = playhead.reached;
  }

  /** Does what a button or a key asks for. */
  act(name) {
    const { playhead, parts } = this;
    if (name === "help") parts.keys.open ? parts.keys.close() : parts.keys.showModal();
    else if (name === "link") playhead.linkTo();
    else if (name === "play") playhead.play();
    else if (name === "slow") playhead.slowDown();
    else if (name === "fork") playhead.fork();
    else if (DUEL.has(name)) {
      if (this.rival.there) playhead.duel(name);
    } else if (name === "draw") {
      this.hand.drawing = !this.hand.drawing;
      parts.densities[1].classList.toggle("drawing", this.hand.drawing);
    } else playhead.once(name);
    this.redraw();
  }

  /** Sets another target; it stands where it was drawn, so the knobs that move targets go back. */
  aim(target) {
    this.act("draw");
    for (const [path, rest] of [
      ["location", 0],
      ["scale", 1],
    ]) {
      if (this.knobs.items.has(path)) this.knobs.show(path, rest);
    }
    this.playhead.knobs = this.knobs.values();
    this.playhead.aim(target);
  }

  /** Lets the hand point at a latent z. */
  pointAt(z, pixel) {
    const { scene } = this.moment;
    const at = place(scene.z, z);
    const index = Math.min(scene.u.length - 2, Math.floor(at));
    this.hand.u = scene.u[index] + (at - index) * (scene.u[index + 1] - scene.u[index]);
    this.hand.pixel = pixel;
    this.redraw();
  }

  /** Is told when the server is lost, and when it answers again. */
  connect(there) {
    this.playhead.offline = !there;
    this.note(there ? "" : "The server does not answer. This page waits for it, and goes on where it stands.");
  }

  /** Says something that is no complaint, until somebody plays on. */
  note(sentence) {
    const { note } = this.parts;
    if (note.textContent !== sentence) note.textContent = sentence;
    note.hidden = !sentence;
  }

  /** Goes on with a server that has forgotten this page. */
  comeBack() {
    const { playhead, address } = this;
    const now = performance.now();
    const whole = address.holds() && playhead.current !== null;
    if (whole) address.put(now, playhead.reached);
    else this.epoch = -1;
    playhead.comeBack(location.search, whole, now);
  }

  /** Stands at the step of a link, or plays on where it has only been interrupted. */
  arrive() {
    const { playhead, address } = this;
    if (this.resumes) playhead.play(true);
    else {
      const at = `at step ${playhead.current.step.toLocaleString("en")}; space plays on from here.`;
      this.note(address.own ? `It stands ${at}` : `This is a shared run ${at}`);
    }
    this.resumes = false;
    address.own = true;
  }

  /** Takes what Streamlit hands over. */
  update({ data, setStateValue }) {
    this.post.byPage = (wish) => setStateValue("req", wish);
    this.wake();
    this.undressed = true; // Streamlit calls after a change of theme as well
    if (data) this.hear(data);
  }

  /** Takes an answer. */
  hear(chunk) {
    try {
      const answer = this.post.open(chunk, this.playhead.epoch);
      if (!answer) return;
      const { header, frames } = answer;
      if (header.lost) {
        if (this.playhead.seq) this.comeBack();
        return;
      }
      this.address.take(header);
      if (header.setup) this.setUp(header);
      this.moment.names = header.scalarNames ?? this.moment.names;
      const { seq, playing } = this.playhead;
      const taken = this.playhead.receive(header, frames);
      if (taken) {
        // Both sides of a new duel begin anew, and play on from where the run stood if it played.
        if (this.rival.begins(header)) this.resumes = seq ? playing : this.resumes || header.onward;
        this.rival.take(header);
      }
      if (header.goal && this.playhead.returning === null) this.adopt(header.knobs);
      if (taken) this.branches.take(header);
      this.complain(header.setup?.message ?? "");
      if (taken && header.share) showLink(this.parts.link, header.share, header.setup.fromStart);
      if (taken && header.file) offerFile(this.parts.link, header.file);
    } catch (error) {
      this.complain(error.message);
    }
    this.redraw();
    // A hand that has moved on meanwhile need not wait for the next drawing as well.
    if (this.playhead.stale) this.playhead.ask(performance.now());
  }

  setUp({ setup, epoch = 0 }) {
    this.target = setup.target ?? this.target;
    this.seed = setup.seed;
    this.playhead.stops = new Set(setup.stops ?? []);
    if (setup.recipe !== this.recipe) for (const name of setup.layers ?? []) showLayer(this, name, true);
    this.recipe = setup.recipe;
    this.span = setup.history ?? this.span;
    this.knobs.describe(setup.controls ?? [], this.target);
    if (epoch > this.epoch) {
      this.adopt(Object.fromEntries((setup.controls ?? []).map(({ path, value }) => [path, value])));
      if (this.epoch < 0 && setup.speed !== undefined) {
        this.playhead.speed = setup.speed;
        this.showSpeed(setup.speed);
      }
      this.epoch = epoch;
    }
  }

  /** Takes the knobs as the page has turned them. */
  adopt(knobs) {
    for (const [path, value] of Object.entries(knobs)) this.knobs.show(path, value);
    this.playhead.knobs = this.knobs.values();
  }

  complain(sentence) {
    const { message } = this.parts;
    if (message.textContent !== sentence) message.textContent = sentence;
    message.hidden = !sentence;
  }

  loop(now) {
    this.request = requestAnimationFrame(this.loop);
    this.goOn(now);
    this.tellRest();
    if (this.request === null || (this.moves && !this.calm.matches)) return;
    cancelAnimationFrame(this.request);
    this.request = null;
    this.timer = setTimeout(() => this.wake(), STILL);
  }

  /** Whether the next drawing might be another one. */
  get moves() {
    const { playhead, moment } = this;
    const plays = (playhead.playing || playhead.slow) && !playhead.visited;
    return this.dirty || plays || moment.view.moving || playhead.position !== this.shownAt;
  }

  /** Says, in the page, whether what is shown will stay as it is until somebody does something. */
  tellRest() {
    const { acts, current, waiting } = this.playhead;
    const told = this.saidAt > this.drawnAt; // the words follow the pictures
    const rests = String(Boolean(current) && told && !this.moves && !waiting && !acts.length);
    const { dataset } = this.parts.root;
    if (dataset.rests !== rests) dataset.rests = rests;
  }

  goOn(now) {
    const { playhead, moment } = this;
    if (this.undressed) this.dress();
    const stands = playhead.advance(now, now - (this.lastNow ?? now));
    if (stands === "arrived") this.arrive();
    if (stands === "stopped") this.note(STOPPED);
    this.lastNow = now;
    if (!playhead.current) return;
    this.remember();
    if (moment.scene && now - this.saidAt > WORDS_EVERY) this.report(now);
    if (this.calm.matches && now - this.drawnAt < CALM) return;
    const live = playhead.slow && playhead.playing;
    if (!this.dirty && !live && !moment.view.moving && playhead.position === this.shownAt) return;
    this.dirty = false;
    this.drawnAt = now;
    this.shownAt = playhead.position;
    this.draw(now);
  }

  /** Hands the key frames that have been shown to the history. */
  remember() {
    const { playhead, history } = this;
    if (playhead.generation !== this.generation) {
      this.generation = playhead.generation;
      history.clear();
      this.rival.clear();
      this.words.verdict = null; // what was said of another run
    }
    let index = Math.floor(playhead.position);
    while (index >= 0 && !playhead.frames[index].seen) index -= 1;
    for (index += 1; index <= playhead.position; index++) {
      playhead.frames[index].seen = true;
      history.add(playhead.frames[index], this.moment.names);
      this.rival.add(playhead.frames[index]);
    }
  }

  draw(now) {
    const { playhead, moment } = this;
    this.panels.draw(now, this, this.calm.matches);
    this.drawn += 1;
    const { dataset } = this.parts.root;
    dataset.drawn = this.drawn;
    dataset.step = moment.step;
    dataset.v = moment.frame.v;
    dataset.epoch = playhead.epoch;
    dataset.moments = this.history.count;
  }

  /** The half-step that is shown alone, if one is. */
  get half() {
    return HALF_STEPS[this.playhead.lastAct] ? this.playhead.lastAct : null;
  }

  /** Brings words, buttons, sliders, timeline and stations up to the moment. */
  report(now) {
    const { playhead, span, moment, half } = this;
    this.saidAt = now;
    const { failure, playing, layers } = playhead;
    // Who is only on the way to the step of a link is to stand there, also when that is interrupted.
    this.post.lifeline.playing = playing && (this.resumes || playhead.goal === 0);
    const racing = this.rival.there && playhead.goal > 0 && playhead.returning === null;
    if (racing) this.note(`Both run from the start to step ${playhead.goal.toLocaleString("en")} …`);
    else if (playhead.prepares) this.note(PREPARES);
    else if (playing && !playhead.offline) this.note("");
    if (!playhead.goal && playhead.returning === null)
      this.address.keep(now, playhead.reached, playing && !playhead.offline, playhead.v);
    this.words.say(now, moment, { half, failure, playing, layers, seed: this.seed });
    this.rival.say(now, moment, playing);
    const last = Math.max(span.last ?? 0, this.history.last, moment.step);
    this.showTime(span.first ?? 0, moment.step, last);
    if (!playhead.visited) this.branches.follow(moment);
    if (playhead.visited !== this.mirrored) {
      this.mirrored = playhead.visited;
      for (const [path, value] of Object.entries(playhead.inForce)) this.knobs.show(path, value);
    }
    nameLayers(this.parts.layers, moment.scene);
    showButtons(this);
  }

  /** Takes up the theme, if it is another. */
  dress() {
    this.undressed = false;
    const key = themeKey(this.parts.root);
    if (key === this.key) return;
    this.key = key;
    const theme = readTheme(this.parts.root);
    this.parts.root.dataset.theme = theme.dark ? "dark" : "light";
    for (const panel of [this.panels, this.branches, this.rival]) panel.dress(theme);
    dressLegend(this.parts.root, theme);
    this.redraw();
  }

  /** Goes on with the screen's next picture. */
  wake() {
    clearTimeout(this.timer);
    this.timer = null;
    this.request ??= requestAnimationFrame(this.loop);
  }

  /** Stands still. */
  rest() {
    clearTimeout(this.timer);
    cancelAnimationFrame(this.request);
    this.request = this.timer = this.lastNow = null;
  }

  /** Stops everything and leaves nothing behind. */
  leave() {
    this.rest();
    this.unwatch();
    this.post.leave();
    this.resizing.disconnect();
    window.removeEventListener("resize", this.measure);
    window.removeEventListener(WHERE, this.tellWhere);
    this.parts.root.remove();
  }
}

/**
 * Shows what the page sends; the first call makes the stage. Streamlit hands over
 *
 * - `data`: a chunk, as a Uint8Array, or nothing;
 * - `parentElement`: where to show it;
 * - `setStateValue`: takes a name and a value for the page.
 */
export default lodged((parent) => new Stage(parent));
