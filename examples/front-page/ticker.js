import { el, timeElement } from "./dom.js";
import { network, read, write } from "./offline.js";
import { linkOf } from "./search.js";

/** @import {Headline, Tombstone} from "./api.js" */
/** @import {Context} from "./main.js" */

const SNAPSHOT = 20;
const MAX_LINES = 50;
/** With fewer lines than this, after many were withdrawn, there is room for older ones. */
const FEW = 10;
/** New lines that come within this time are announced together. In milliseconds. */
const ANNOUNCEMENT_DELAY = 1000;
/** A stream that has sent nothing for this long after it was opened has no snapshot to send. In milliseconds. */
const SNAPSHOT_TIMEOUT = 3000;

/** The live list of headlines. */
export class Ticker {
  /** @type {EventSource | null} */
  #source = null;
  /** The place of the last event in the log of changes: a stream can go on from there. */
  #place = "";
  /** What has come of the snapshot, until it is complete; null afterwards. @type {Map<string, Headline> | null} */
  #snapshot = null;
  /** Whether there are older headlines than the snapshot had. */
  #isFull = false;
  /** The lines in the list. @type {Map<string, {headline: Headline, element: HTMLLIElement}>} */
  #lines = new Map();
  /** @type {Context | null} */
  #context = null;
  /** @type {string[]} */
  #news = [];
  #timer = 0;

  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} empty shown while there are no lines
   * @param {HTMLElement} announcer a live region
   */
  constructor(list, empty, announcer) {
    this.list = list;
    this.empty = empty;
    this.announcer = announcer;
    network.addEventListener("lost", () => this.#close());
    network.addEventListener("found", () => this.#open());
    addEventListener("offline", () => this.#close());
  }

  /**
   * Starts in a language. Until the server has answered, and offline, it shows the lines that were saved last.
   *
   * @param {Context} context
   */
  start(context) {
    this.#close();
    this.#context = context;
    this.#place = "";
    this.#replaceAll(savedLines(context.language));
    this.#open();
  }

  #open() {
    if (!this.#context || this.#source || network.since) return;
    const { language } = this.#context;
    const from = this.#place ? { since: this.#place } : { snapshot: String(SNAPSHOT) };
    const source = new EventSource(`/v1/headlines/stream?${new URLSearchParams({ language, ...from })}`);
    this.#source = source;
    this.#snapshot = this.#place ? null : new Map();
    /** @type {(name: string, handle: (event: MessageEvent<string>) => void) => void} */
    const on = (name, handle) => source.addEventListener(name, (event) => {
      network.seen();
      handle(event);
      this.#place = event.lastEventId || this.#place;
    });
    on("published", (event) => this.#receive(event, true));
    on("updated", (event) => this.#receive(event, false));
    for (const name of ["withdrawn", "expired", "deleted", "left"]) on(name, (event) => this.#remove(event));
    source.addEventListener("reset", () => this.#context && this.start(this.#context));
    source.addEventListener("open", () => {
      setTimeout(() => source === this.#source && this.#completeSnapshot(), SNAPSHOT_TIMEOUT);
    });
    source.addEventListener("error", () => this.#onError(source));
  }

  #close() {
    this.#source?.close();
    this.#source = null;
  }

  /**
   * The browser connects again by itself, except after a status such as 429 or 503.
   *
   * @param {EventSource} source
   */
  #onError(source) {
    if (source !== this.#source) return;
    network.check();
    if (source.readyState !== EventSource.CLOSED) return;
    this.#source = null;
    setTimeout(() => this.#open(), 5000 + Math.random() * 10_000);
  }

  /**
   * @param {MessageEvent<string>} event
   * @param {boolean} isPublished whether it is news, not a change of what was published before
   */
  #receive({ data, lastEventId }, isPublished) {
    /** @type {Headline} */
    const headline = JSON.parse(data);
    if (this.#snapshot) {
      this.#snapshot.set(headline.id, headline);
      // Only the last event of the snapshot has an id.
      if (lastEventId) this.#completeSnapshot();
      return;
    }
    const isNew = !this.#lines.has(headline.id);
    const oldest = this.#newestFirst().at(-1)?.headline;
    if (isNew && this.#isFull && oldest && isBefore(headline, oldest)) return;
    this.#put(headline);
    const line = this.#lines.get(headline.id);
    if (isNew && isPublished && line) {
      line.element.classList.add("new");
      this.#announce(headline);
    }
    this.#save();
  }

  #completeSnapshot() {
    if (!this.#snapshot) return;
    const headlines = [...this.#snapshot.values()];
    this.#isFull = headlines.length >= SNAPSHOT;
    this.#snapshot = null;
    this.#replaceAll(headlines);
    this.#save();
  }

  /** @param {Headline[]} headlines */
  #replaceAll(headlines) {
    this.#lines.clear();
    this.list.replaceChildren();
    for (const headline of headlines) this.#put(headline);
    this.empty.hidden = headlines.length > 0;
  }

  /** @param {MessageEvent<string>} event */
  #remove({ data }) {
    /** @type {Tombstone} */
    const { id } = JSON.parse(data);
    this.#snapshot?.delete(id);
    this.#lines.get(id)?.element.remove();
    this.#lines.delete(id);
    this.empty.hidden = this.#lines.size > 0;
    this.#save();
    if (this.#isFull && !this.#snapshot && this.#lines.size < FEW) {
      // The older ones are read again.
      this.#close();
      this.#place = "";
      this.#open();
    }
  }

  /**
   * Inserts or replaces a line, and drops the oldest beyond the limit.
   *
   * @param {Headline} headline
   */
  #put(headline) {
    const known = this.#lines.get(headline.id);
    const element = known?.element ?? el("li");
    this.#fill(element, headline);
    this.#lines.set(headline.id, { headline, element });
    if (!known || known.headline.published_at !== headline.published_at) {
      const older = this.#newestFirst().find((line) => line.element !== element && isBefore(line.headline, headline));
      this.list.insertBefore(element, older?.element ?? null);
    }
    for (const { headline: { id }, element } of this.#newestFirst().slice(MAX_LINES)) {
      element.remove();
      this.#lines.delete(id);
    }
    this.empty.hidden = true;
  }

  #newestFirst() {
    return [...this.#lines.values()].sort((a, b) => (isBefore(a.headline, b.headline) ? 1 : -1));
  }

  /**
   * Fills a line. A link that has the focus stays where it is, with its new text.
   *
   * @param {HTMLLIElement} element
   * @param {Headline} headline
   */
  #fill(element, headline) {
    const { title, priority, published_at, language, dir } = headline;
    if (!this.#context) return;
    const { clock, messages } = this.#context;
    const link = element.querySelector("a") ?? element.appendChild(el("a"));
    const url = linkOf(headline);
    if (url) link.href = url;
    else link.removeAttribute("href");
    link.lang = language;
    link.dir = dir;
    link.textContent = title;
    for (const child of [...element.children]) if (child !== link) child.remove();
    link.before(timeElement(clock, published_at), " ");
    if (priority !== "normal") link.before(el("strong", {}, messages[priority]), " ");
    element.className = priority;
  }

  /** @param {Headline} headline */
  #announce({ title, priority }) {
    const { messages } = /** @type {Context} */ (this.#context);
    this.#news.push(priority === "normal" ? title : `${messages[priority]}: ${title}`);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.announcer.textContent = this.#news.length > 3 ? messages.new_lines(this.#news.length) : this.#news.join(". ");
      this.#news = [];
    }, ANNOUNCEMENT_DELAY);
  }

  #save() {
    const headlines = [...this.#lines.values()].map(({ headline }) => headline);
    write(`ticker.${this.#context?.language}`, JSON.stringify(headlines));
  }
}

/**
 * The lines that were saved last; none where something else stands in their place.
 *
 * @param {string} language
 * @returns {Headline[]}
 */
function savedLines(language) {
  try {
    /** @type {Headline[]} */
    const lines = JSON.parse(read(`ticker.${language}`) ?? "[]");
    return lines.filter(({ id, title, published_at }) => id && title && Date.parse(published_at ?? ""));
  } catch {
    return [];
  }
}

/**
 * Whether one headline was published before another.
 *
 * @param {Headline} a
 * @param {Headline} b
 */
function isBefore(a, b) {
  const [first, second] = [a.published_at ?? "", b.published_at ?? ""];
  return first === second ? a.id < b.id : first < second;
}
