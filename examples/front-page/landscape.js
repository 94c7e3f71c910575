/**
 * Draws a shore under a sun, as a picture in place of one that can't be loaded: the same for the same text.
 *
 * @param {string} seed
 * @returns {string} a `data:` URL
 */
export function landscape(seed) {
  const random = generator(seed);
  const between = (/** @type {number} */ from, /** @type {number} */ to) => Math.round(from + random() * (to - from));
  const isBlue = random() < 0.6;
  const hue = isBlue ? between(185, 228) : between(8, 34);
  const evening = isBlue ? between(14, 40) : between(40, 52);
  const horizon = between(120, 160);
  const hills = [0, 1, 2, 3].map((place) => {
    const top = horizon + place * 30;
    return `<path fill="hsl(${hue + place * 8} ${28 + place * 4}% ${62 - place * 13}%)" d="${ridge(top, between(10, 30), random)}"/>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 270" preserveAspectRatio="xMidYMid slice">
    <linearGradient id="sky" x2="0" y2="1"><stop stop-color="hsl(${hue} 34% 78%)"/><stop offset="1" stop-color="hsl(${evening} 48% 88%)"/></linearGradient>
    <rect width="480" height="270" fill="url(#sky)"/>
    <circle cx="${between(150, 330)}" cy="${horizon - between(0, 70)}" r="${between(22, 42)}" fill="hsl(${evening} 62% 74%)"/>
    ${hills.join("")}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

/**
 * The outline of a hill or a wave, from the left edge to the right one, closed below.
 *
 * @param {number} top
 * @param {number} height
 * @param {() => number} random
 */
function ridge(top, height, random) {
  const y = () => Math.round(top + (random() - 0.5) * 2 * height);
  let path = `M0 ${y()}`;
  for (let x = 60; x <= 480; x += 120) path += `S${x - 20} ${y()} ${x + 60} ${y()}`;
  return `${path}V270H0z`;
}

/**
 * Numbers from 0 to 1 that follow from a text (FNV-1a, mulberry32).
 *
 * @param {string} text
 */
function generator(text) {
  let state = 0x811c9dc5;
  for (const character of text) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
