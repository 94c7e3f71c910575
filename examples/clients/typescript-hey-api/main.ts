// Lists, creates and changes headlines with the client that @hey-api/openapi-ts generates.
//
//   node main.js URL KEY

import { client } from "./client/client.gen";
import { createHeadline, listHeadlines, search, updateHeadline, type Problem } from "./client";

const [baseUrl = "http://127.0.0.1:8080", key = ""] = process.argv.slice(2);
client.setConfig({ baseUrl, auth: key });

function fail(problem: Problem | undefined): never {
  throw new Error(problem ? `${problem.type}: ${problem.detail}` : "no answer");
}

// List, page to the end.
let count = 0;
let cursor: string | null = null;
do {
  const query: { limit: number; cursor?: string } = cursor ? { limit: 50, cursor } : { limit: 50 };
  const { data, error } = await listHeadlines({ query });
  if (!data) fail(error);
  count += data.items.length;
  cursor = data.page.next;
} while (cursor);
console.log(count, "headlines");

// Create. A retry with the same key creates nothing.
const headers = { "Idempotency-Key": crypto.randomUUID() };
const body = { title: "Le port rouvre à midi", language: "fr", source: "Agence Oued" };
const created = await createHeadline({ headers, body });
const retried = await createHeadline({ headers, body });
if (!created.data) fail(created.error);
if (created.data.id !== retried.data?.id) throw new Error("created twice");

// Change that version: null clears a field, a field that is not given stays.
const { id } = created.data;
const etag = created.response?.headers.get("ETag") ?? "*";
const change = () =>
  updateHeadline({
    path: { id },
    headers: { "If-Match": etag },
    body: { title: "Le port rouvre à 14 heures", source: null },
  });
const changed = await change();
if (!changed.data) fail(changed.error);
const title: string = changed.data.title;
console.log(title);

// The same tag again is refused: the version is another one now.
const stale = await change();
if (stale.error?.type !== "/problems/precondition-failed") throw new Error("not refused");
console.log("refused:", stale.error.detail);

// Every fault of a body, with a code for programs.
const invalid = await createHeadline({ body: { title: " ", language: "French" } });
for (const fault of invalid.error?.errors ?? []) console.log(fault.pointer, fault.code);

// A search result is an article or a headline; `type` tells which.
const found = await search({ query: { q: "port" } });
for (const hit of found.data?.items ?? []) {
  const content = hit.type === "article" ? hit.article : hit.headline;
  console.log(hit.type, content.title);
}
