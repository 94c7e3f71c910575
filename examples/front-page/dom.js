import { landscape } from "./landscape.js";

/** @import {Clock} from "./time.js" */
/** @import {Image} from "./api.js" */

/**
 * Makes an element. Text is always inserted as text, never parsed as HTML.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number | null | undefined>} [attributes] those that are null or undefined are left out
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

/**
 * The element with an id in index.html.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no #${id}`);
  return element;
}

/**
 * The attributes of a text in the language of its content, which may differ from that of the interface.
 *
 * @param {{language: string, dir: string}} content
 */
export function inLanguage({ language, dir }) {
  return { lang: language, dir };
}

/**
 * The `#/…` URL of a view.
 *
 * @param {"article" | "section"} view
 * @param {string} slug
 */
export function urlOf(view, slug) {
  return `#/${view}/${encodeURIComponent(slug)}`;
}

/** @param {string} words */
export function searchUrl(words) {
  return `#/search?${new URLSearchParams({ q: words })}`;
}

/**
 * A time that is kept up to date.
 *
 * @param {Clock} clock
 * @param {string | null} time
 */
export function timeElement(clock, time) {
  const element = el("time");
  clock.fill(element, time);
  return element;
}

/**
 * Whether the page may load a picture: from its own origin or over HTTPS, and not from the hosts that are reserved for
 * examples, which don't exist.
 *
 * @param {string} url
 */
export function isLoadable(url) {
  if (!URL.canParse(url)) return false;
  const { origin, protocol, hostname } = new URL(url);
  return origin === location.origin || (protocol === "https:" && !hostname.endsWith(".example"));
}

/**
 * What stands in for a picture that can't be loaded.
 *
 * @param {string} url of the picture
 * @param {string | null} alt
 */
export function placeholder(url, alt) {
  return el("img", { class: "placeholder", src: landscape(url), alt: alt ?? "", width: 480, height: 270 });
}

/**
 * A picture, or a drawing in its place.
 *
 * @param {Image} image
 */
export function picture({ url, alt, width, height }) {
  if (!isLoadable(url)) return placeholder(url, alt);
  const element = el("img", { src: url, alt: alt ?? "", width, height, decoding: "async" });
  element.addEventListener("error", () => element.replaceWith(placeholder(url, alt)), { once: true });
  return element;
}

/**
 * Text with `<mark>` around what matched, as the search has it: only these elements and text are taken from the HTML.
 *
 * @param {string} html
 */
export function highlighted(html) {
  const fragment = document.createDocumentFragment();
  for (const node of new DOMParser().parseFromString(html, "text/html").body.childNodes) {
    const text = node.textContent ?? "";
    fragment.append(node.nodeName === "MARK" ? el("mark", {}, text) : text);
  }
  return fragment;
}
