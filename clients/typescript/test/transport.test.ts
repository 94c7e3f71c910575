// Against a server that fails as it is told.
import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { createClient, isProblem } from "../src/index.js";

async function serve(listener: RequestListener, use: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const problem = { type: "/problems/unavailable", title: "x", status: 503, detail: "x", instance: "/x", request_id: "x", errors: [] };

test("a creation is repeated with the same key until it succeeds", async () => {
  const keys: unknown[] = [];
  const listener: RequestListener = (request, response) => {
    keys.push(request.headers["idempotency-key"]);
    // The first connection breaks, the second answer asks for patience.
    if (keys.length === 1) return void request.socket.destroy();
    const status = keys.length === 2 ? 503 : 201;
    response.writeHead(status, { "Content-Type": "application/json", "Retry-After": "0" });
    response.end(JSON.stringify(status === 201 ? { id: "a" } : problem));
  };
  await serve(listener, async (url) => {
    const created = await createClient({ url }).tags.create({ name: "x" });
    assert.equal(created.id, "a");
  });
  assert.equal(keys.length, 3);
  assert.equal(new Set(keys).size, 1);
});

test("a change is not repeated, nor is anything if retries are off or the wait is too long", async () => {
  let count = 0;
  const listener: RequestListener = (_, response) => {
    count += 1;
    response.writeHead(503, { "Content-Type": "application/problem+json", "Retry-After": "60" });
    response.end(JSON.stringify(problem));
  };
  await serve(listener, async (url) => {
    const is503 = (error: unknown) => isProblem(error) && error.status === 503;
    await assert.rejects(createClient({ url }).tags.delete("x", { ifMatch: "*" }), is503);
    await assert.rejects(createClient({ url, retries: false }).tags.get("x"), is503);
    await assert.rejects(createClient({ url }).tags.get("x"), is503);
  });
  assert.equal(count, 3);
});

test("a wait ends when the request is aborted", async () => {
  const listener: RequestListener = (_, response) => {
    response.writeHead(503, { "Retry-After": "20" }).end();
  };
  await serve(listener, async (url) => {
    const controller = new AbortController();
    const reading = createClient({ url }).tags.get("x", { signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    await assert.rejects(reading, { name: "AbortError" });
  });
});

test("the cache keeps callers apart, and forgets what was not used", async () => {
  let known = 0;
  const listener: RequestListener = (request, response) => {
    if (request.headers["if-none-match"]) {
      known += 1;
      return void response.writeHead(304).end();
    }
    response.writeHead(200, { ETag: '"1"', "Content-Type": "application/json" }).end('{"id": "x"}');
  };
  await serve(listener, async (url) => {
    const client = createClient({ url, cache: 2 });
    for (const id of ["a", "b", "a", "c", "a", "b"]) await client.tags.get(id);
    assert.equal(known, 2);
    await client.api.GET("/v1/tags/{id}", { params: { path: { id: "a" } }, headers: { Authorization: "Bearer other" } });
    assert.equal(known, 2);
  });
});

test("an answer of a proxy is an error too", async () => {
  const listener: RequestListener = (_, response) => void response.writeHead(404, { "Content-Type": "text/html" }).end("<p>");
  await serve(listener, async (url) => {
    const error = await createClient({ url }).tags.get("x").catch((error: unknown) => error);
    assert(error instanceof Error && !isProblem(error) && error.message.includes("404"));
  });
});
