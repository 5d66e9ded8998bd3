/**
 * What each thing looks like, in Streamlit's light and dark theme.
 *
 * Okabe and Ito's colours; no meaning hangs on colour alone: every line has its own dashes, every area its own hatch.
 */

const LOOKS = {
  target: { colour: ["#0072B2", "#56B4E9"], dash: [1.5, 3], width: 2.4 },
  generator: { colour: ["#D55E00", "#E69F00"], dash: [], width: 2 },
  discriminator: { colour: ["#009E73", "#2BC79A"], dash: [10, 4], width: 2 },
  optimal: { colour: ["#00664A", "#A6EBD3"], dash: [4, 3], width: 1 }, // a hairline: wider, it costs ten times as much
  certainty: { colour: ["#8F6B00", "#F0E442"], dash: [12, 3, 2, 3], width: 1.6 },
  rearranged: { colour: ["#7A3E6B", "#DDA0C4"], dash: [8, 2, 2, 2], width: 1 },
  tooHigh: { colour: ["#C4281C", "#FF7B6B"], dash: [], width: 1 },
  tooLow: { colour: ["#23782F", "#8FD16F"], dash: [], width: 1 },
  rival: { colour: ["#9C0065", "#FF8AD8"], dash: [9, 3, 2, 3], width: 2 },
  rivalBelief: { colour: ["#9C0065", "#FF8AD8"], dash: [3, 4], width: 1.4 },
  fold: { colour: ["#B2568F", "#E18CC0"], dash: [], width: 1 },
};
// Of branches that were left; each has dashes that no curve of the present has.
const BRANCHES = [
  { colour: ["#8C4A78", "#CC79A7"], dash: [5, 3] },
  { colour: ["#3A6EA5", "#9AC8F0"], dash: [7, 3, 1.5, 3] },
  { colour: ["#7A6A00", "#F0E442"], dash: [2, 2] },
  { colour: ["#4D4D4D", "#BFBFBF"], dash: [9, 3] },
  { colour: ["#00664A", "#2BC79A"], dash: [4, 2, 1, 2, 1, 2] },
  { colour: ["#A0522D", "#FFB08A"], dash: [12, 3, 3, 3] },
];
const MODES = {
  light: ["#0072B2", "#E69F00", "#56B4E9", "#D55E00", "#009E73", "#CC79A7", "#F0E442"],
  dark: ["#56B4E9", "#E69F00", "#0072B2", "#D55E00", "#2BC79A", "#CC79A7", "#F0E442"],
};

/** What tells one theme from another, cheap enough to ask with every answer of the page. */
export function themeKey(element) {
  const style = getComputedStyle(element);
  return ["--st-text-color", "--st-background-color", "--st-font"]
    .map((name) => style.getPropertyValue(name))
    .join("|");
}

/**
 * Reads Streamlit's theme off an element inside the component.
 *
 * @param {Element} element any element beneath the one that carries the variables
 * @returns {object} colours as strings, `font`, `dark`, and one look `{colour, dash, width}` for each kind of thing
 */
export function readTheme(element) {
  const style = getComputedStyle(element);
  const variable = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  const text = parsed(variable("--st-text-color", "#31333f"));
  const background = parsed(variable("--st-background-color", "#ffffff"));
  const dark = luminance(background) < 0.4;
  const theme = {
    dark,
    font: variable("--st-font", "sans-serif"),
    text: css(text),
    background: css(background),
    ground: faded(css(background), 0.85),
    muted: css(mixed(background, text, 0.74)),
    grid: css(mixed(background, text, 0.1)),
    frame: css(mixed(background, text, 0.3)),
    modes: dark ? MODES.dark : MODES.light,
  };
  for (const [name, look] of Object.entries(LOOKS)) {
    theme[name] = { ...look, colour: look.colour[dark ? 1 : 0] };
  }
  theme.branches = BRANCHES.map(({ colour, dash }) => ({ colour: colour[dark ? 1 : 0], dash, width: 1.3 }));
  theme.push = { colour: theme.text, dash: [], width: 1.4 };
  theme.batch = { colour: theme.target.colour, dash: [1.2, 3], width: 8 };
  return theme;
}

/**
 * A colour with an opacity.
 *
 * @param {string} colour `#rrggbb`
 * @param {number} opacity from 0 to 1
 * @returns {string} `#rrggbbaa`
 */
export function faded(colour, opacity) {
  return (
    css(parsed(colour)) +
    Math.round(255 * opacity)
      .toString(16)
      .padStart(2, "0")
  );
}

/** Red, green and blue of any colour that CSS knows. */
function parsed(colour) {
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = colour;
  const read = context.fillStyle; // "#rrggbb", or "rgba(…)" where it is not opaque
  if (read.startsWith("#")) return [1, 3, 5].map((at) => parseInt(read.slice(at, at + 2), 16));
  return read
    .match(/[\d.]+/g)
    .slice(0, 3)
    .map(Number);
}

function css(rgb) {
  return "#" + rgb.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("");
}

function mixed(from, to, share) {
  return from.map((part, index) => part + share * (to[index] - part));
}

function luminance([red, green, blue]) {
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}
