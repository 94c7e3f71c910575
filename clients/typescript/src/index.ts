import createFetchClient, { type Client as FetchClient } from "openapi-fetch";
import { Caller, type Call, type Filters, type Listed, pages, type Page, type ReadOptions, Resources, type Whole } from "./resource.js";
import type { components, paths } from "./schema.js";
import { caching, retrying, type Retries, type Send } from "./transport.js";

export type { FieldOf, Selected } from "./fields.js";
export { isProblem, type Problem, ProblemError, type ProblemType } from "./problem.js";
export type { CreateOptions, Filters, Listed, New, Page, Patch, ReadOptions, Resources, Whole, WriteOptions } from "./resource.js";
export type { components, operations, paths } from "./schema.js";
export type { Retries } from "./transport.js";

/** The types of the API by name: `Schemas["Headline"]`. */
export type Schemas = components["schemas"];

export interface Options {
  /** Where the API is: `https://news.example.org`. */
  url: string;
  /** An API key or a JWT. Published content can be read without one. */
  key?: string;
  /** The languages for names and problems, as in `Accept-Language`: `fr, ar;q=0.8`. */
  language?: string;
  /** Requests that are repeated, or `false`. */
  retries?: Retries | false;
  /** How many answers are kept with their `ETag`; 0 turns that off. Default: 200. */
  cache?: number;
  /** Another `fetch`. */
  fetch?: typeof fetch;
}

/** A client for one server. */
export interface Client {
  readonly articles: Resources<"/v1/articles">;
  readonly authors: Resources<"/v1/authors">;
  readonly categories: Resources<"/v1/categories">;
  readonly headlines: Resources<"/v1/headlines">;
  readonly tags: Resources<"/v1/tags">;
  /** The site's settings. */
  site(options?: ReadOptions): Promise<Whole<"/v1/site">>;
  /** One page of what a search finds. */
  search(query: Filters<"/v1/search">, options?: ReadOptions): Promise<Page<Listed<"/v1/search">>>;
  /** Everything that a search finds, from page to page. */
  searchAll(query: Filters<"/v1/search">, options?: ReadOptions): AsyncGenerator<Listed<"/v1/search">, void>;
  /** Every operation of the API, by path: openapi-fetch with the same retries and cache. */
  readonly api: FetchClient<paths>;
}

/** Makes a client. */
export function createClient({ url, key, language, retries = {}, cache = 200, fetch: given }: Options): Client {
  let send: Send = (request) => (given ?? globalThis.fetch)(request);
  if (retries) send = retrying(send, retries);
  if (cache > 0) send = caching(send, cache);
  const headers: Record<string, string> = {};
  if (key) headers["Authorization"] = `Bearer ${key}`;
  if (language) headers["Accept-Language"] = language;
  const api = createFetchClient<paths>({ baseUrl: url.replace(/\/+$/, ""), headers, fetch: send });
  const caller = new Caller(api.request.bind(api) as unknown as Call);
  return {
    articles: new Resources(caller, "/v1/articles"),
    authors: new Resources(caller, "/v1/authors"),
    categories: new Resources(caller, "/v1/categories"),
    headlines: new Resources(caller, "/v1/headlines"),
    tags: new Resources(caller, "/v1/tags"),
    site: (options = {}) => caller.send("get", "/v1/site", options),
    search: (query, options = {}) => caller.send("get", "/v1/search", { params: { query }, ...options }),
    async *searchAll(query, options = {}) {
      const all = pages<Listed<"/v1/search">>(caller, "/v1/search", query, options);
      for await (const page of all) yield* page.items;
    },
    api,
  };
}
