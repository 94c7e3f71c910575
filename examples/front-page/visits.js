/** @import {View} from "./main.js" */

/** How many views are kept. */
const KEPT = 20;

/**
 * What a view was when it was left.
 *
 * @typedef {object} Visit
 * @property {View} view
 * @property {boolean} isOld
 * @property {Node[]} nodes
 * @property {number} top how far it was scrolled
 */

/** The views of the browser's history: going back shows one as it was left, where it was left. */
export class Visits {
  /** @type {Map<string, Visit>} */
  #visits = new Map();
  #current = this.#name();

  constructor() {
    history.scrollRestoration = "manual";
  }

  /**
   * Keeps the view that is left, and returns the one that the history has gone to; undefined for a new one.
   *
   * @param {Omit<Visit, "top"> | undefined} left
   */
  next(left) {
    if (left) this.#visits.set(this.#current, { ...left, top: scrollY });
    for (const name of [...this.#visits.keys()].slice(0, -KEPT)) this.#visits.delete(name);
    this.#current = this.#name();
    return this.#visits.get(this.#current);
  }

  /** Forgets all, such as when the language changes. */
  forget() {
    this.#visits.clear();
  }

  /** The name of the current entry of the history, which a new one gets. */
  #name() {
    /** @type {unknown} */
    const known = history.state?.visit;
    if (typeof known === "string") return known;
    const visit = `${Date.now()}-${Math.random()}`;
    history.replaceState({ visit }, "");
    return visit;
  }
}
