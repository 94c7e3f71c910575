import { getSite, HttpError, OfflineError } from "./api.js";
import { showArticle } from "./article.js";
import { showFront, showSection } from "./articles.js";
import { followFragments } from "./body.js";
import { byId, el, searchUrl, urlOf } from "./dom.js";
import { LANGUAGES, directionOf, messagesFor } from "./messages.js";
import { network, read, saveForOffline, write } from "./offline.js";
import { showSearch } from "./search.js";
import { Ticker } from "./ticker.js";
import { Clock } from "./time.js";
import { Visits } from "./visits.js";

/** @import {Site} from "./api.js" */
/** @import {Messages} from "./messages.js" */

/**
 * What all parts of the page need to know.
 *
 * @typedef {object} Context
 * @property {string} language of the interface and of what is listed
 * @property {"ltr" | "rtl"} direction
 * @property {Messages} messages
 * @property {Site} site
 * @property {Clock} clock
 */

/**
 * The content of a view.
 *
 * @typedef {object} View
 * @property {string} title
 * @property {(Node | "" | null | undefined | false)[]} content with one `h1`
 * @property {string | undefined} [section] the slug of its section, at the top of the tree
 * @property {string} [language] of an article
 * @property {Record<string, string>} [translations] the URLs of an article in other languages
 */

/** After this, a view that the server could not give is asked for again. In milliseconds. */
const PAUSE = 10_000;

const main = byId("content");
const ticker = new Ticker(byId("ticker-lines"), byId("ticker-empty"), byId("ticker-news"));
const query = /** @type {HTMLInputElement} */ (byId("query"));
/** @type {Context} */
let context;
/** @type {View | undefined} */
let view;
/** Whether the view is incomplete or old, because it was made while offline. */
let isOld = false;
let navigation = new AbortController();
let starting = new AbortController();
const visits = new Visits();

/** Reads the site, and shows everything in a language; the last language that was asked for wins. @param {string} wanted */
async function start(wanted) {
  starting.abort();
  starting = new AbortController();
  const { signal } = starting;
  let site = await getSite(wanted, signal);
  const offered = site.languages.filter((language) => messagesFor(language));
  // Without one that has messages, the interface is in English, and the content in the site's first language.
  const language = offered.find((tag) => tag === wanted || tag.startsWith(`${wanted}-`)) ?? offered[0] ?? site.languages[0] ?? "en";
  if (language !== wanted) site = await getSite(language, signal);
  signal.throwIfAborted();
  const messages = messagesFor(language) ?? /** @type {Messages} */ (messagesFor("en"));
  context = { language, direction: directionOf(language), messages, site, clock: new Clock(language, site.time_zone) };
  showFrame(offered);
  ticker.start(context);
}

/** Fills what surrounds the views. @param {string[]} offered the languages */
function showFrame(offered) {
  const { language, direction, messages, site } = context;
  document.documentElement.lang = language;
  document.documentElement.dir = direction;
  /** @type {Record<string, unknown>} */
  const texts = messages;
  for (const element of document.querySelectorAll("[data-text]")) {
    if (element instanceof HTMLElement) element.textContent = String(texts[element.dataset["text"] ?? ""]);
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    if (element instanceof HTMLElement) element.ariaLabel = String(texts[element.dataset["label"] ?? ""]);
  }
  byId("name").replaceChildren(el("a", { href: "#/" }, site.name));
  const entries = site.categories.map(({ slug, name }) => ({ url: urlOf("section", slug), name }));
  const links = [{ url: "#/", name: messages.front }, ...entries].map(({ url, name }) => el("li", {}, el("a", { href: url }, name)));
  byId("sections").replaceChildren(el("ul", {}, ...links));
  byId("links").replaceChildren(...site.links.map(({ name, url }) => el("li", {}, el("a", { href: url, rel: "noopener" }, name))));
  showLanguages(offered);
  expandTicker(false);
  showToday();
  showNetwork();
}

/** One button for each language; they stay, so that the one that was pressed keeps the focus. @param {string[]} offered */
function showLanguages(offered) {
  const list = byId("languages");
  if (list.childElementCount === 0 && offered.length > 1) {
    for (const language of offered) {
      const button = el("button", { lang: language, value: language }, messagesFor(language)?.itself);
      button.addEventListener("click", () => chooseLanguage(language));
      list.append(el("li", {}, button));
    }
  }
  for (const button of list.querySelectorAll("button")) button.ariaPressed = String(button.value === context.language);
}

/** @param {string} language */
async function chooseLanguage(language) {
  const translation = view?.language === language ? undefined : view?.translations?.[language];
  try {
    await start(language);
  } catch (error) {
    // Everything stays as it is.
    if (error instanceof OfflineError) byId("offline").textContent = messagesFor(language)?.not_kept ?? "";
    return;
  }
  write("language", language);
  visits.forget();
  view = undefined;
  if (translation) location.hash = translation;
  else await show({ isNavigation: false });
}

/** The view that the URL names; null if there is none. @param {AbortSignal} signal */
function viewOf(signal) {
  const [, path = "", parameters = ""] = /^#?\/?([^?]*)\??(.*)$/.exec(location.hash) ?? [];
  const [name, slug] = path.split("/");
  query.value = "";
  if (!name) return showFront(context, signal);
  if (name === "section" && slug) return showSection(context, decodeURIComponent(slug), signal);
  if (name === "article" && slug) return showArticle(context, decodeURIComponent(slug), signal);
  const words = new URLSearchParams(parameters).get("q")?.trim();
  query.value = words ?? "";
  if (name === "search" && words) return showSearch(context, words.slice(0, 200), signal);
  return null;
}

/**
 * Shows the view that the URL names. A navigation moves the focus to its heading, from where a screen reader reads on.
 *
 * @param {{isNavigation: boolean}} options
 */
async function show({ isNavigation }) {
  navigation.abort();
  navigation = new AbortController();
  const { signal } = navigation;
  const visit = isNavigation ? visits.next(view && { view, isOld, nodes: [...main.childNodes] }) : undefined;
  if (visit) {
    ({ view, isOld } = visit);
    showView(view, visit.nodes);
    scrollTo(0, visit.top);
    return focusHeading();
  }
  main.ariaBusy = "true";
  try {
    view = (await viewOf(signal)) ?? problem(context.messages.not_found);
    isOld = network.since !== null;
  } catch (error) {
    if (signal.aborted) return;
    isOld = true;
    view = problem(describe(error));
    if (error instanceof HttpError && (error.status === 429 || error.status >= 500)) tryAgain(signal);
  }
  if (signal.aborted) return;
  showView(view, view.content.filter((node) => node instanceof Node));
  if (!isNavigation) return;
  scrollTo(0, 0);
  expandTicker(false);
  focusHeading();
}

function focusHeading() {
  const heading = main.querySelector("h1");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

/** Shows the same view again after a while, unless another was chosen. @param {AbortSignal} signal */
function tryAgain(signal) {
  setTimeout(() => !signal.aborted && show({ isNavigation: false }), PAUSE);
}

/** @param {View} view @param {Node[]} nodes */
function showView(view, nodes) {
  main.replaceChildren(...nodes);
  main.ariaBusy = "false";
  const isFront = /^#?\/?$/.test(location.hash);
  document.body.dataset["view"] = isFront ? "front" : "other";
  document.title = isFront ? context.site.name : `${view.title} – ${context.site.name}`;
  markSection(isFront ? "#/" : view.section && urlOf("section", view.section));
}

/** @param {unknown} error */
function describe(error) {
  const { messages } = context;
  if (error instanceof OfflineError) return messages.not_kept;
  if (error instanceof URIError) return messages.not_found;
  const status = error instanceof HttpError ? error.status : 0;
  if (status === 410) return messages.withdrawn;
  return status === 404 || status === 400 ? messages.not_found : messages.failed;
}

/** @param {string} title @returns {View} */
function problem(title) {
  const link = el("p", {}, el("a", { href: "#/" }, context.messages.to_front));
  return { title, content: [el("header", { class: "section" }, el("h1", {}, title)), link] };
}

/** @param {string | undefined} url */
function markSection(url) {
  for (const link of byId("sections").querySelectorAll("a")) {
    link.ariaCurrent = link.getAttribute("href") === url ? "page" : null;
  }
}

function showToday() {
  const { clock } = context;
  byId("today").textContent = clock.date.format(new Date());
}

/** Says since when there is no connection; says nothing while there is one. */
function showNetwork() {
  const { since } = network;
  byId("offline").textContent = since && context ? context.messages.offline(context.clock.short(since)) : "";
}

/** On narrow screens, the ticker shows only some lines at first. @param {boolean} isExpanded */
function expandTicker(isExpanded) {
  const { messages } = context;
  const button = byId("ticker-more");
  button.ariaExpanded = String(isExpanded);
  button.textContent = isExpanded ? messages.fewer_lines : messages.all_lines;
  byId("ticker").classList.toggle("expanded", isExpanded);
}

/** Starts, or tries again when there is a connection. */
async function begin() {
  const chosen = [read("language"), navigator.language.split("-")[0]].filter((tag) => tag && /^[a-z]{2,3}$/i.test(tag));
  // Without a connection, in any language that was read before.
  const languages = /** @type {string[]} */ ([...chosen, ...LANGUAGES]);
  /** @type {unknown} */
  let problem;
  for (const language of languages) {
    try {
      await start(language);
      return await show({ isNavigation: false });
    } catch (error) {
      problem = error;
      if (!(error instanceof OfflineError)) break;
    }
  }
  const messages = messagesFor(languages[0] ?? "en") ?? /** @type {Messages} */ (messagesFor("en"));
  main.replaceChildren(el("h1", {}, problem instanceof OfflineError ? messages.not_kept : messages.failed));
  network.lose();
}

addEventListener("hashchange", () => context && show({ isNavigation: true }));
network.addEventListener("lost", showNetwork);
network.addEventListener("found", () => {
  showNetwork();
  if (!context) begin();
  else if (isOld) show({ isNavigation: false });
});
byId("ticker-more").addEventListener("click", ({ currentTarget }) => {
  expandTicker(currentTarget instanceof HTMLElement && currentTarget.ariaExpanded === "false");
});
byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  if (query.value.trim()) location.hash = searchUrl(query.value.trim());
});
setInterval(() => {
  if (!context) return;
  showToday();
  context.clock.refresh(document);
}, 30_000);
followFragments();
begin();
saveForOffline();
