import { byId, el, isLoadable, placeholder } from "./dom.js";

/** @import {Article} from "./api.js" */
/** @import {Messages} from "./messages.js" */

/**
 * The body of an article. The server has sanitized `body_html`: it has no scripts, styles and forms. It is parsed in a
 * document of its own, in which nothing is loaded, and changed there to what this page's Content-Security-Policy allows.
 *
 * @param {Article} article
 * @param {Messages} messages
 */
export function bodyOf({ body_html, language, dir }, messages) {
  const { body } = new DOMParser().parseFromString(body_html, "text/html");
  for (const source of body.querySelectorAll("picture source")) source.remove();
  for (const image of body.querySelectorAll("img")) {
    image.removeAttribute("srcset");
    const url = image.getAttribute("src") ?? "";
    if (!isLoadable(url)) image.replaceWith(placeholder(url, image.alt));
  }
  for (const media of body.querySelectorAll("audio, video, iframe")) {
    const url = media.getAttribute("src") ?? media.querySelector("source")?.getAttribute("src");
    const label = media.getAttribute("title")?.trim() || messages.play;
    media.replaceWith(url ? el("a", { class: "media", href: url, rel: "noopener" }, label) : "");
  }
  // The page has one `h1`, and a heading of a table has a text.
  rename(body.querySelectorAll("h1"), "h2");
  rename(body.querySelectorAll("th:empty"), "td");
  // Wide code and tables scroll in boxes of their own, which the keyboard reaches.
  for (const code of body.querySelectorAll("pre")) code.tabIndex = 0;
  for (const table of body.querySelectorAll("table")) {
    const box = el("div", { class: "table", tabindex: 0 });
    table.replaceWith(box);
    box.append(table);
  }
  const element = el("div", { class: "body", lang: language, dir });
  for (const node of body.childNodes) element.append(document.importNode(node, true));
  for (const image of element.querySelectorAll("img")) {
    image.addEventListener("error", () => image.replaceWith(placeholder(image.src, image.alt)), { once: true });
  }
  return element;
}

/**
 * Replaces elements by others of this name, with the same content.
 *
 * @param {Iterable<Element>} elements
 * @param {keyof HTMLElementTagNameMap} name
 */
function rename(elements, name) {
  for (const element of elements) {
    const other = el(name, element.id ? { id: element.id } : {});
    other.append(...element.childNodes);
    element.replaceWith(other);
  }
}

/**
 * Follows links within the page, such as those of footnotes and the skip link, without changing the URL: its fragment
 * names the view.
 */
export function followFragments() {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest('a[href^="#"]') : null;
    const fragment = link?.getAttribute("href")?.slice(1) ?? "";
    if (!fragment || fragment.startsWith("/")) return;
    event.preventDefault();
    const target = document.getElementById(decodeURIComponent(fragment)) ?? byId("content");
    if (target.tabIndex < 0) target.tabIndex = -1;
    target.focus();
    target.scrollIntoView();
  });
}
