/**
 * The service worker: asks the server first, and falls back to what it has saved.
 *
 * A response that doesn't come from the server has the header `X-Offline`: `saved`, or `missing` for an empty one. It has
 * the status 200 in both cases, because browsers log every other status as an error.
 */

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

/** Change this name when the form of what is saved changes. */
const CACHE = "front-page-1";
/** How long the server may take, where there is a saved response. In milliseconds. */
const TIMEOUT = 8000;
/** How many responses of the API are kept: the last ones. */
const KEPT = 300;
/** The page's own files. */
const FILES = [
  "/",
  "/front-page/style.css",
  "/front-page/content.css",
  "/front-page/icon.svg",
  "/front-page/landscape.js",
  "/front-page/main.js",
  "/front-page/api.js",
  "/front-page/article.js",
  "/front-page/articles.js",
  "/front-page/body.js",
  "/front-page/dom.js",
  "/front-page/messages.js",
  "/front-page/offline.js",
  "/front-page/search.js",
  "/front-page/ticker.js",
  "/front-page/time.js",
  "/front-page/visits.js",
];

worker.addEventListener("install", (event) => {
  const saved = caches.open(CACHE).then((cache) => cache.addAll(FILES));
  event.waitUntil(saved.then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(deleteOldCaches().then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate") {
    if (pathname === "/") event.respondWith(answer(event));
  } else if (FILES.includes(pathname)) {
    event.respondWith(answer(event));
  } else if (pathname.startsWith("/v1/") && !isLive(request, pathname) && !request.headers.has("Authorization")) {
    event.respondWith(answerApi(event));
  }
});

/**
 * Whether a request is for what happens now: a stream, or changes.
 *
 * @param {Request} request
 * @param {string} pathname
 */
function isLive(request, pathname) {
  const accept = request.headers.get("Accept") ?? "";
  return accept.includes("text/event-stream") || pathname.endsWith("/stream") || pathname === "/v1/changes";
}

/**
 * Answers the front page's requests only: other pages of the server, such as its documentation, use the API too.
 *
 * @param {FetchEvent} event
 */
async function answerApi(event) {
  const client = await worker.clients.get(event.clientId);
  const isFrontPage = client !== undefined && new URL(client.url).pathname === "/";
  return isFrontPage ? answer(event) : fetch(event.request);
}

/**
 * The server's response; a saved one where the server is away, is busy, or takes too long.
 *
 * @param {FetchEvent} event
 */
async function answer(event) {
  const { request } = event;
  // A check past all caches is not saved, and not answered by what was.
  if (request.cache === "no-store") return fetch(request).catch(missing);
  const response = fetch(request).then((response) => {
    event.waitUntil(keep(request, response.clone()));
    return response;
  });
  const first = await Promise.race([response, sleep(TIMEOUT)]).catch(() => undefined);
  if (first && first.status < 500 && first.status !== 429) return first;
  return (await saved(request)) ?? response.catch(missing);
}

/** @param {number} milliseconds @returns {Promise<undefined>} */
function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), milliseconds));
}

/**
 * The saved response to a request, with `X-Offline: saved`.
 *
 * @param {Request} request
 */
async function saved(request) {
  const cache = await caches.open(CACHE);
  const response = await cache.match(keyOf(request));
  if (!response) return undefined;
  const headers = new Headers(response.headers);
  headers.set("X-Offline", "saved");
  return new Response(response.body, { status: response.status, headers });
}

/**
 * What a response is saved under: the page itself without its query.
 *
 * @param {Request} request
 */
function keyOf(request) {
  return request.mode === "navigate" ? "/" : request;
}

function missing() {
  return Response.json({ offline: true }, { headers: { "X-Offline": "missing" } });
}

/**
 * Saves a response, and forgets what is gone: a withdrawn article is not shown any more without a connection, either.
 *
 * @param {Request} request
 * @param {Response} response
 */
async function keep(request, response) {
  const cache = await caches.open(CACHE);
  if (response.status === 404 || response.status === 410) await cache.delete(keyOf(request));
  if (!response.ok) return;
  await cache.put(keyOf(request), response);
  const answers = (await cache.keys()).filter(({ url }) => new URL(url).pathname.startsWith("/v1/"));
  await Promise.all(answers.slice(0, -KEPT).map((oldest) => cache.delete(oldest)));
}

async function deleteOldCaches() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("front-page-") && name !== CACHE).map((name) => caches.delete(name)));
}
