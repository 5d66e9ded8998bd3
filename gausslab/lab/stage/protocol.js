/**
 * The wire between the page and the stage: chunks come in, requests go out.
 *
 * A chunk is the bytes "GLAB", a version, the length of a JSON header, the header, and float32 blocks in the order of
 * `header.fields` and `header.layers`, all little endian. The other end is gausslab/lab/protocol.py.
 */

export const VERSION = 1;

const MAGIC = 0x42414c47; // "GLAB", read as a little-endian uint32
const PREAMBLE = 12;
const SCENES_NAMED = 16;

/**
 * Reads a chunk.
 *
 * The frames are views into one copy of the chunk's numbers. A block of a field has one row for each frame.
 *
 * @param {Uint8Array} bytes the chunk
 * @returns {{header: object, frames: object[]}} a frame holds `step`, `sceneId`, `words`, `marks`, `knobs`, `v` and a
 *   Float32Array under each field's name; the last one `layers` as well, if they were asked for
 * @throws {Error} one sentence, for a person, of what is wrong with the chunk
 */
export function decode(bytes) {
  if (!(bytes instanceof Uint8Array) || bytes.byteLength < PREAMBLE) {
    throw new Error("Expected a chunk of frames from the server, got none: reload the page.");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) {
    throw new Error("Expected a chunk of frames, got other bytes: reload the page.");
  }
  const version = view.getUint16(4, true);
  if (version !== VERSION) {
    throw new Error(`Expected frames of protocol version ${VERSION}, got ${version}: reload the page.`);
  }
  const length = view.getUint32(8, true);
  if (PREAMBLE + length > bytes.byteLength || length % 4) {
    throw new Error("Expected a whole chunk of frames, got a part of one: reload the page.");
  }
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(PREAMBLE, PREAMBLE + length)));
  const numbers = new Float32Array(bytes.slice(PREAMBLE + length).buffer);
  return { header, frames: rows(header, numbers) };
}

/** Cuts the blocks of a chunk into frames. */
function rows(header, numbers) {
  const count = header.frames ?? 0;
  const frames = Array.from({ length: count }, (_, index) => ({
    step: header.steps[index],
    sceneId: String(header.sceneOf[index]),
    words: header.words?.[index] ?? { verdict: "", sentence: "" },
    marks: header.marks?.[index] ?? { folds: [], flats: [] },
    knobs: { ...header.knobs, ...header.turned?.[index] },
    v: header.v,
    rivalGrid: header.rivalGrids?.[header.rivalGridOf[index]] ?? null,
  }));
  let start = 0;
  for (const field of header.fields ?? []) {
    const width = field.shape.slice(1).reduce((product, size) => product * size, 1);
    for (const frame of frames) {
      frame[field.name] = numbers.subarray(start, start + width);
      start += width;
    }
  }
  if (start > numbers.length) {
    throw new Error("Expected a whole chunk of frames, got a part of one: reload the page.");
  }
  if (header.layers && count) frames.at(-1).layers = readLayers(header.layers, numbers, start);
  return frames;
}

/** The units of each hidden layer, a curve each. */
function readLayers({ station, step, places, units }, numbers, start) {
  const curves = (count) => Array.from({ length: count }, () => numbers.subarray(start, (start += places.length)));
  return { station, step, places: Float32Array.from(places), layers: units.map(curves) };
}

/**
 * Gives a scene of a header the arrays that drawing needs.
 *
 * Numbers that JSON cannot hold come as null and become NaN.
 *
 * @param {object} scene as it stands in `header.scenes`
 * @returns {object} the same, with Float32Arrays for p, z, u and ideal
 */
export function readScene(scene) {
  const floats = (list) => Float32Array.from(list ?? [], (value) => (value === null ? NaN : value));
  return {
    ...scene,
    id: String(scene.id),
    p: floats(scene.p),
    z: floats(scene.z),
    u: floats(scene.u),
    ideal: floats(scene.ideal),
    modeMasses: floats(scene.modeMasses),
  };
}

/**
 * Builds a request; the page refuses any other form.
 *
 * @param {object} wish
 * @param {number} wish.seq rises with every request
 * @param {number} wish.v version of the knobs
 * @param {number} wish.epoch last epoch seen
 * @param {number} wish.from step of the last frame that the stage keeps
 * @param {number} wish.frames frames wanted, 1 to 60
 * @param {number} wish.speed steps per second wanted; 0 is as fast as it goes
 * @param {number} wish.stepsPerFrame steps between two frames; 0 asks for the present moment only
 * @param {Object<string, number>} wish.knobs every live knob
 * @param {string} wish.act what to do
 * @param {number} [wish.at] step to seek
 * @param {?object} [wish.target] a new target: `{text}` or `{drawn: [[x, y], ...]}`
 * @param {?string} wish.into "G" or "D": whose hidden layers are looked at
 * @param {Iterable<string>} wish.scenes ids of the scenes held
 * @param {Iterable<string>} wish.ghosts ids of the ghosts held
 * @param {string} [wish.address] the query of the page's address, to be opened by a server that knows nothing of it
 * @returns {object} the request
 */
export function request(wish) {
  const { seq, v, epoch, from, frames, speed, stepsPerFrame, knobs, act, at, target, into } = wish;
  const { scenes, ghosts, address } = wish;
  return {
    seq,
    v,
    epoch,
    from,
    frames: Math.min(60, Math.max(1, Math.round(frames))),
    speed,
    stepsPerFrame: Math.max(0, Math.round(stepsPerFrame)),
    knobs: { ...knobs },
    act,
    at: at ?? 0,
    target: target ?? null,
    into: into ?? null,
    scenes: [...scenes].slice(-SCENES_NAMED),
    ghosts: [...ghosts],
    address: address ?? null,
  };
}
