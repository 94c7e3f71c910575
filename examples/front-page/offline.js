/** How long the server may take to say that it is there. In milliseconds. */
const CHECK_TIMEOUT = 8000;

/**
 * Knows whether the server can be reached. Fires `lost` and `found`.
 *
 * It is lost when the browser says so, or when a response can only come from what the service worker has saved. It is
 * found when the server has answered.
 */
class Network extends EventTarget {
  /** When the connection was lost; null while there is one. @type {Date | null} */
  since = navigator.onLine ? null : lastSeen();

  constructor() {
    super();
    addEventListener("offline", () => this.lose(new Date()));
    addEventListener("online", () => this.check());
    // The server may be away without an event of the browser.
    setInterval(() => this.since && navigator.onLine && this.check(), 5000);
  }

  /** Notes that the server has answered. */
  seen() {
    if (!this.since) write("last-seen", new Date().toISOString());
  }

  /**
   * Notes that it can't be reached.
   *
   * @param {Date} [since] by default, when it answered last
   */
  lose(since = lastSeen()) {
    if (this.since) return;
    this.since = since;
    this.dispatchEvent(new Event("lost"));
  }

  /** Asks the server for something small, past all caches. */
  async check() {
    const signal = AbortSignal.timeout(CHECK_TIMEOUT);
    const response = await fetch("/v1/site?fields=id", { cache: "no-store", signal }).catch(() => null);
    if (!response || response.headers.has("X-Offline") || response.status >= 500) return this.lose();
    const was = this.since;
    this.since = null;
    this.seen();
    if (was) this.dispatchEvent(new Event("found"));
  }
}

/**
 * Registers the service worker. Without one, such as over plain HTTP, the page works online only.
 */
export async function saveForOffline() {
  const workers = navigator.serviceWorker;
  if (!workers) return;
  const isFirst = !workers.controller;
  try {
    await workers.register("/front-page/worker.js", { scope: "/" });
  } catch {
    return;
  }
  if (!isFirst) return;
  // What this page has read before the worker was there is read again, so that it is saved too.
  workers.addEventListener("controllerchange", () => {
    for (const { name } of performance.getEntriesByType("resource")) {
      const { origin, pathname } = new URL(name);
      const isSaved = pathname.startsWith("/v1/") && !pathname.endsWith("/stream");
      if (origin === location.origin && isSaved) fetch(name, { headers: { Accept: "application/json" } }).catch(() => {});
    }
  }, { once: true });
}

/** When the server has answered last; now, if that is unknown. */
function lastSeen() {
  return new Date(Date.parse(read("last-seen") ?? "") || Date.now());
}

/**
 * A value that the browser keeps; null if it keeps none.
 *
 * @param {string} name
 */
export function read(name) {
  try {
    return localStorage.getItem(`front-page.${name}`);
  } catch {
    return null;
  }
}

/**
 * Has the browser keep a value, if it can.
 *
 * @param {string} name
 * @param {string} value
 */
export function write(name, value) {
  try {
    localStorage.setItem(`front-page.${name}`, value);
  } catch {
    // The storage is full or turned off: the value is lost when the page is closed.
  }
}

export const network = new Network();
