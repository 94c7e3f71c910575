// Against a running server with the sample content: MANCHETTE_URL and MANCHETTE_KEY.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient, isProblem } from "../src/index.js";

const { MANCHETTE_URL: url = "http://127.0.0.1:8080", MANCHETTE_KEY: key = "" } = process.env;
const client = createClient({ url, key });

test("lists page to the end, with the fields that were asked for", async () => {
  const ids = new Set<string>();
  for await (const headline of client.headlines.all({ limit: 7, fields: ["title"] })) {
    assert.deepEqual(Object.keys(headline).sort(), ["id", "title"]);
    ids.add(headline.id);
  }
  const { page } = await client.headlines.list({ limit: 1, count: true });
  assert.equal(ids.size, page.total);
});

test("a resource is created once, changed, and deleted", async () => {
  const idempotencyKey = crypto.randomUUID();
  const body = { title: "Le port rouvre à midi", language: "fr", source: "Agence Oued" };
  const created = await client.headlines.create(body, { idempotencyKey });
  assert.equal((await client.headlines.create(body, { idempotencyKey })).id, created.id);
  const changed = await client.headlines.update(created.id, { priority: "flash", source: null });
  assert.deepEqual([changed.priority, changed.source, changed.version], ["flash", null, 2]);
  await client.headlines.delete(created.id);
  await assert.rejects(client.headlines.get(created.id), (error) => isProblem(error, "/problems/not-found"));
});

test("a change that is based on an old version is refused, with the current one", async () => {
  const { id } = await client.tags.create({ name: "Marées" });
  const other = createClient({ url, key });
  await other.tags.update(id, { name: "Grandes marées" });
  const error = await client.tags.update(id, { name: "Marée" }).catch((error: unknown) => error);
  assert(isProblem(error, "/problems/precondition-failed"));
  assert.equal(error.problem.current?.version, 2);
  // What was refused can be tried again: it is based on what is there now.
  assert.equal((await client.tags.update(id, { name: "Marée" })).version, 3);
  await client.tags.delete(id);
});

test("a problem has every fault", async () => {
  const error = await client.headlines.create({ title: " ", language: "French" }).catch((error: unknown) => error);
  assert(isProblem(error, "/problems/invalid"));
  assert.deepEqual(error.errors.map(({ pointer, code }) => [pointer, code]).sort(), [
    ["/language", "invalid_language"],
    ["/title", "blank"],
  ]);
  assert.match(error.requestId, /^[0-9a-f-]{36}$/);
});

test("an unchanged answer comes from memory", async () => {
  const statuses: number[] = [];
  const watched = createClient({
    url,
    fetch: async (request) => {
      const response = await fetch(request);
      statuses.push(response.status);
      return response;
    },
  });
  const first = await watched.articles.get("tadla-arroser-la-nuit");
  assert.deepEqual(await watched.articles.get("tadla-arroser-la-nuit"), first);
  assert.deepEqual(statuses, [200, 304]);
});

test("searches find articles and headlines", async () => {
  const types = new Set<string>();
  for await (const hit of client.searchAll({ q: "coopératives", limit: 2 })) types.add(hit.type);
  assert(types.has("article") || types.has("headline"));
});

test("every other operation is there, by path", async () => {
  const { data } = await client.api.GET("/v1/me");
  assert.equal(data?.kind, "key");
});
