import type { FieldOf, Selected } from "./fields.js";
import { toError } from "./problem.js";
import type { paths } from "./schema.js";

/** The lists that have resources with an id below them. */
export type ListPath = "/v1/articles" | "/v1/authors" | "/v1/categories" | "/v1/headlines" | "/v1/tags";

type Json<T> = T extends { content: { "application/json": infer Body } } ? Body : never;
type ItemPath<Path extends ListPath> = `${Path}/{id}`;

/** The filters of a list; `fields` apart. */
export type Filters<Path extends keyof paths> = paths[Path] extends { get: { parameters: { query?: infer Query } } }
  ? Omit<NonNullable<Query>, "fields">
  : never;
/** One entry of a list. */
export type Listed<Path extends keyof paths> = paths[Path] extends { get: { responses: { 200: infer Answer } } }
  ? Json<Answer> extends { items: (infer Item)[] } ? Item : never
  : never;
/** A whole resource. */
export type Whole<Path extends keyof paths> = paths[Path] extends { get: { responses: { 200: infer Answer } } } ? Json<Answer> : never;
/** The body that creates or replaces a resource. */
export type New<Path extends keyof paths> = paths[Path] extends { post: { requestBody: infer Body } } ? Json<Body> : never;
/** The body that changes a resource: `null` clears a field. */
export type Patch<Path extends keyof paths> = paths[Path] extends { patch: { requestBody: { content: infer Content } } }
  ? Content[keyof Content]
  : never;

/** A page of a list. */
export interface Page<Item> {
  items: Item[];
  page: { limit: number; next: string | null; prev: string | null; total?: number; total_is_exact?: boolean };
}

export interface ReadOptions {
  signal?: AbortSignal;
}
export interface WriteOptions extends ReadOptions {
  /**
   * The `ETag` of the version that the change is based on. Default: that of the version that this client has read or written
   * last; it is read first if there is none.
   */
  ifMatch?: string;
}
export interface CreateOptions extends ReadOptions {
  /** Identifies the creation for 24 hours: repeated, it creates nothing. Default: a new one for each call. */
  idempotencyKey?: string;
}

interface Init {
  params?: { path?: object; query?: object; header?: object };
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}
/** What is used of openapi-fetch, for paths that are only known at run time. */
export type Call = (
  method: "get" | "post" | "put" | "patch" | "delete",
  path: string,
  init: Init,
) => Promise<{ data?: unknown; error?: unknown; response: Response }>;

/** Calls, throws problems, and remembers the `ETag` of each resource. */
export class Caller {
  readonly #etags = new Map<string, string>();

  constructor(readonly call: Call) {}

  async send<Answer>(...request: Parameters<Call>): Promise<Answer> {
    const [, path, init] = request;
    const { data, error, response } = await this.call(...request);
    if (!response.ok) throw toError(error, response);
    const etag = response.headers.get("ETag");
    const id = (data as { id?: unknown } | undefined)?.id;
    if (etag && typeof id === "string") this.#remember(path.includes("{id}") ? path.replace("{id}", id) : `${path}/${id}`, etag);
    const asked = (init.params?.path as { id?: string } | undefined)?.id;
    if (etag && asked) this.#remember(path.replace("{id}", asked), etag);
    return data as Answer;
  }

  /** The `ETag` of a resource, which is read if it is not known. */
  async etag(path: string, id: string, options: ReadOptions): Promise<string> {
    const name = path.replace("{id}", id);
    if (!this.#etags.has(name)) await this.send("get", path, { params: { path: { id } }, ...options });
    return this.#etags.get(name) ?? "*";
  }

  forget(path: string, id: string): void {
    this.#etags.delete(path.replace("{id}", id));
  }

  #remember(name: string, etag: string): void {
    this.#etags.delete(name);
    this.#etags.set(name, etag);
    const [oldest] = this.#etags.keys();
    if (this.#etags.size > 1000 && oldest !== undefined) this.#etags.delete(oldest);
  }
}

/** The pages of a list, one after the other. */
export async function* pages<Item>(
  caller: Caller,
  path: string,
  query: object,
  options: ReadOptions,
): AsyncGenerator<Page<Item>, void> {
  let cursor: string | null | undefined;
  do {
    const params = { query: cursor ? { ...query, cursor } : query };
    const page: Page<Item> = await caller.send("get", path, { params, ...options });
    yield page;
    cursor = page.page.next;
  } while (cursor);
}

/** The resources of one list. */
export class Resources<Path extends ListPath> {
  readonly #caller: Caller;
  readonly #list: Path;
  readonly #item: ItemPath<Path>;

  constructor(caller: Caller, path: Path) {
    this.#caller = caller;
    this.#list = path;
    this.#item = `${path}/{id}`;
  }

  /** One page. With `fields`, its items have these fields and `id`. */
  list<Field extends FieldOf<Listed<Path>> = never>(
    query: Filters<Path> & { fields?: readonly Field[] } = {} as Filters<Path>,
    options: ReadOptions = {},
  ): Promise<Page<[Field] extends [never] ? Listed<Path> : Selected<Listed<Path>, Field>>> {
    return this.#caller.send("get", this.#list, { params: { query: toQuery(query) }, ...options });
  }

  /** Every item, from page to page. */
  async *all<Field extends FieldOf<Listed<Path>> = never>(
    query: Filters<Path> & { fields?: readonly Field[] } = {} as Filters<Path>,
    options: ReadOptions = {},
  ): AsyncGenerator<[Field] extends [never] ? Listed<Path> : Selected<Listed<Path>, Field>, void> {
    const all = pages<[Field] extends [never] ? Listed<Path> : Selected<Listed<Path>, Field>>(
      this.#caller,
      this.#list,
      toQuery(query),
      options,
    );
    for await (const page of all) yield* page.items;
  }

  /** A resource by its id or slug. */
  get(id: string, options: ReadOptions = {}): Promise<Whole<ItemPath<Path>>> {
    return this.#caller.send("get", this.#item, { params: { path: { id } }, ...options });
  }

  /** Creates a resource, once, however often the request has to be repeated. */
  create(body: New<Path>, { idempotencyKey = randomKey(), ...options }: CreateOptions = {}): Promise<Whole<ItemPath<Path>>> {
    const params = { header: { "Idempotency-Key": idempotencyKey } };
    // Its answer has the ETag of the new resource.
    return this.#caller.send("post", this.#list, { params, body, ...options });
  }

  /** Changes the given fields; `null` clears one. Throws a 412 if somebody else has changed the resource. */
  update(id: string, patch: Patch<ItemPath<Path>>, options: WriteOptions = {}): Promise<Whole<ItemPath<Path>>> {
    return this.#write("patch", id, patch, options);
  }

  /** Replaces the resource. Throws a 412 if somebody else has changed it. */
  replace(id: string, body: New<Path>, options: WriteOptions = {}): Promise<Whole<ItemPath<Path>>> {
    return this.#write("put", id, body, options);
  }

  /** Deletes the resource. Throws a 412 if somebody else has changed it. */
  delete(id: string, options: WriteOptions = {}): Promise<void> {
    return this.#write("delete", id, undefined, options);
  }

  async #write<Answer>(
    method: "put" | "patch" | "delete",
    id: string,
    body: unknown,
    { ifMatch, ...options }: WriteOptions,
  ): Promise<Answer> {
    const etag = ifMatch ?? (await this.#caller.etag(this.#item, id, options));
    const headers: Record<string, string> = method === "patch" ? { "Content-Type": "application/merge-patch+json" } : {};
    try {
      return await this.#caller.send(method, this.#item, {
        params: { path: { id }, header: { "If-Match": etag } },
        headers,
        ...(body === undefined ? {} : { body }),
        ...options,
      });
    } catch (error) {
      // The next change is based on what is read then.
      this.#caller.forget(this.#item, id);
      throw error;
    }
  }
}

/** A query with `fields` in the form of the API. */
export function toQuery({ fields, ...query }: { fields?: readonly string[] }): object {
  return fields?.length ? { ...query, fields: fields.join(",") } : query;
}

/** A key that nobody else uses. It need not be secret. */
function randomKey(): string {
  return globalThis.crypto?.randomUUID?.() ?? `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
}
