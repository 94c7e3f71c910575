import { network } from "./offline.js";

/** @import {components} from "../../clients/typescript/src/schema.js" */
/** @typedef {components["schemas"]} Schemas */
/** @typedef {Schemas["Headline"]} Headline */
/** @typedef {Schemas["Article"]} Article */
/** @typedef {Schemas["ListedArticle"]} ListedArticle */
/** @typedef {Schemas["Image"]} Image */
/** @typedef {Schemas["Site"]} Site */
/** @typedef {Schemas["CategoryNode"]} CategoryNode */
/** @typedef {Schemas["SearchHit"]} SearchHit */
/** @typedef {Schemas["Tombstone"]} Tombstone */
/** @typedef {Record<string, string | number | null | undefined>} Query */

/** A response other than 200. */
export class HttpError extends Error {
  /** @param {number} status */
  constructor(status) {
    super(`HTTP ${status}`);
    this.status = status;
  }
}

/** There is no connection, and no saved response. */
export class OfflineError extends Error {}

/**
 * Reads JSON from the API.
 *
 * @param {string} path
 * @param {Query} query parameters that are null or undefined are left out
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
async function get(path, query, signal) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined) parameters.set(name, String(value));
  }
  const url = parameters.size > 0 ? `${path}?${parameters}` : path;
  let response;
  try {
    response = await fetch(url, { headers: { Accept: "application/json" }, ...(signal && { signal }) });
  } catch (error) {
    if (signal?.aborted) throw error;
    network.lose();
    throw new OfflineError();
  }
  // The service worker says so if the response doesn't come from the server.
  const saved = response.headers.get("X-Offline");
  if (saved) network.lose();
  else network.seen();
  if (saved === "missing") throw new OfflineError();
  if (!response.ok) throw new HttpError(response.status);
  return response.json();
}

/**
 * The site, with the names of its sections in a language.
 *
 * @param {string} language
 * @param {AbortSignal} [signal]
 * @returns {Promise<Site>}
 */
export function getSite(language, signal) {
  return get("/v1/site", { language }, signal);
}

/**
 * The slug that a section has now, by one that it has or had.
 *
 * @param {string} slug
 * @param {AbortSignal} [signal]
 * @returns {Promise<string>}
 */
export async function currentSlug(slug, signal) {
  return (await get(`/v1/categories/${encodeURIComponent(slug)}`, { fields: "slug" }, signal)).slug;
}

/**
 * A page of articles, newest first.
 *
 * @param {{language: string, category?: string | undefined, limit: number, cursor?: string | null | undefined}} query
 * @param {AbortSignal} [signal]
 * @returns {Promise<Schemas["ArticlePage"]>}
 */
export function getArticles(query, signal) {
  return get("/v1/articles", query, signal);
}

/**
 * @param {string} slug
 * @param {AbortSignal} [signal]
 * @returns {Promise<Article>}
 */
export function getArticle(slug, signal) {
  return get(`/v1/articles/${encodeURIComponent(slug)}`, {}, signal);
}

/**
 * @param {string} slug
 * @param {AbortSignal} [signal]
 * @returns {Promise<ListedArticle[]>}
 */
export async function getRelated(slug, signal) {
  return (await get(`/v1/articles/${encodeURIComponent(slug)}/related`, {}, signal)).items;
}

/**
 * A page of what a search finds.
 *
 * @param {{q: string, language: string, limit: number, cursor?: string | null | undefined}} query
 * @param {AbortSignal} [signal]
 * @returns {Promise<Schemas["SearchHitPage"]>}
 */
export function search(query, signal) {
  return get("/v1/search", query, signal);
}
