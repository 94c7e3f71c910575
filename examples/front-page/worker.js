/**
 * The service worker: asks the server first, and falls back to what it has saved.
 *
 * A response that doesn't come from the server has the header `X-Offline`: `saved`, or `missing` for an empty one. It has
 * the status 200 in both cases, because browsers log every other status as an error.
 */

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

/** Change this name when the form of what is saved changes. */
const CACHE = "front-page-1";
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

/** @param {FetchEvent} event */
async function answer(event) {
  const { request } = event;
  try {
    const response = await fetch(request);
    if (response.status < 500) {
      // A check past all caches is not saved either.
      const isSaved = response.ok && request.cache !== "no-store";
      if (isSaved) event.waitUntil(save(request, response.clone()));
      return response;
    }
    return (request.cache !== "no-store" && (await saved(request))) || response;
  } catch {
    return (request.cache !== "no-store" && (await saved(request))) || missing();
  }
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
 * @param {Request} request
 * @param {Response} response
 */
async function save(request, response) {
  const cache = await caches.open(CACHE);
  await cache.put(keyOf(request), response);
  const answers = (await cache.keys()).filter(({ url }) => new URL(url).pathname.startsWith("/v1/"));
  await Promise.all(answers.slice(0, -KEPT).map((oldest) => cache.delete(oldest)));
}

async function deleteOldCaches() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("front-page-") && name !== CACHE).map((name) => caches.delete(name)));
}
