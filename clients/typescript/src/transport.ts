/** A function that answers a request, as `fetch` does. */
export type Send = (request: Request) => Promise<Response>;

export interface Retries {
  /** How often a request is repeated at most. Default: 3. */
  attempts?: number;
  /** The longest wait that is accepted, in milliseconds. If the server asks for a longer one, its answer is returned. Default: 30,000. */
  maxDelay?: number;
}

const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS"]);
const TEMPORARY = new Set([429, 502, 503, 504]);

/** Whether a repeated request changes nothing that the first one has not changed. */
function isRepeatable(request: Request): boolean {
  return IDEMPOTENT.has(request.method) || request.headers.has("Idempotency-Key");
}

/** The wait that an answer asks for, in milliseconds; with no answer or no wish, longer each time, and never the same for all. */
function delay(attempt: number, response: Response | undefined): number {
  const wish = Number(response?.headers.get("Retry-After") ?? Number.NaN);
  return Number.isFinite(wish) ? wish * 1000 : 200 * 2 ** attempt * (0.5 + Math.random());
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
  });
}

/** Repeats requests that failed for a moment, if repeating them is safe. */
export function retrying(send: Send, { attempts = 3, maxDelay = 30_000 }: Retries): Send {
  return async (request) => {
    for (let attempt = 0; ; attempt += 1) {
      const isLast = attempt >= attempts || !isRepeatable(request);
      let response: Response | undefined;
      try {
        response = await send(isLast ? request : request.clone());
        if (isLast || !TEMPORARY.has(response.status)) return response;
      } catch (error) {
        if (isLast || request.signal.aborted) throw error;
      }
      const wait = delay(attempt, response);
      if (response && wait > maxDelay) return response;
      await sleep(wait, request.signal);
    }
  };
}

interface Stored {
  etag: string;
  body: string;
  headers: Headers;
}

/** Keeps answers with their `ETag`: an unchanged one is a 304 without a body, and comes from here. */
export function caching(send: Send, maxEntries: number): Send {
  const entries = new Map<string, Stored>();
  return async (request) => {
    if (request.method !== "GET" || request.headers.has("If-None-Match")) return send(request);
    const about = ["Authorization", "Accept-Language"].map((name) => request.headers.get(name) ?? "");
    const name = [request.url, ...about].join("\n");
    const stored = entries.get(name);
    if (stored) request.headers.set("If-None-Match", stored.etag);
    const response = await send(request);
    if (stored && response.status === 304) {
      // The most recently used is last.
      entries.delete(name);
      entries.set(name, stored);
      return new Response(stored.body, { status: 200, headers: stored.headers });
    }
    const etag = response.headers.get("ETag");
    if (!response.ok || !etag) return response;
    const body = await response.text();
    entries.delete(name);
    entries.set(name, { etag, body, headers: response.headers });
    const [oldest] = entries.keys();
    if (entries.size > maxEntries && oldest !== undefined) entries.delete(oldest);
    return new Response(body, { status: response.status, headers: response.headers });
  };
}
