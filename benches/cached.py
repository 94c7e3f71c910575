"""Responses that the server keeps in memory, beside a bare server that sends the same bytes and headers."""

import http.client
import random
import threading

from cases import Case, median
from content import AUTHORS, COMMONEST, LANGUAGES, MEASURED
from programs import BenchmarkError, bare_server, get, progress

CONNECTIONS = (32, 256)
ADDRESSES, DAY_SECONDS = 10_000, 10
# The lowest acceptable ratio of requests per second.
LEAST = 0.9


def cached_cases(chosen, port, work, bare, stack):
    """Measures cached responses with the access log, the limits and all headers on."""
    tag = get(port, "/v1/headlines")[0].headers["ETag"]
    cases = [
        Case("cached: latest 20 headlines", port, ["/v1/headlines"]),
        Case("cached: 304", port, ["/v1/headlines"], headers=[f"If-None-Match: {tag}"], status=304),
        Case("cached: one article", port, ["/v1/articles/bench-1"]),
        Case("cached: latest 20 articles of a category", port, [f"/v1/articles?category={MEASURED}"]),
        Case("cached: a search for the commonest word", port, [f"/v1/search?q={COMMONEST}"]),
    ]
    for case in cases:
        # The first request is the one that fetches it.
        get(port, case.paths[0])
        case.prepare(chosen, work)
        case.bare_port = bare_server(bare, stack, case, chosen.workers)
        case.ratios = {}
    for turn in range(chosen.rounds):
        progress(f"measuring cached responses: round {turn + 1} of {chosen.rounds}")
        for case in cases:
            for connections in CONNECTIONS:
                pair = [case.wrk(chosen, place, chosen.seconds, connections) for place in (case.bare_port, port)]
                case.ratios.setdefault(connections, []).append(pair)
    return cases


def day(chosen, port, key, content, work):
    """A day of readers: 10,000 addresses by Zipf's law, while a headline is written each second. Returns the share of hits, and
    what wrk measured."""
    chance = random.Random(1)
    lists = ["/v1/headlines", "/v1/articles", "/v1/site", "/v1/categories?tree=true"]
    lists += [f"/v1/{kind}?language={language}" for kind in ("headlines", "articles") for language in LANGUAGES]
    lists += [f"/v1/articles?author=author-{n}" for n in range(AUTHORS)]
    addresses = lists + [f"/v1/articles/{article}" for article in content.articles[: ADDRESSES - len(lists)]]
    weights = [1 / (rank + 1) for rank in range(len(addresses))]
    case = Case("a day", port, chance.choices(addresses, weights, k=200_000))
    case.prepare(chosen, work)
    written, over = [], threading.Event()

    def write():
        body = '{"title": "Les premières pluies relancent les semailles", "language": "fr", "status": "published"}'
        while not over.wait(1):
            conn = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            conn.request("POST", "/v1/headlines", body.encode(), {"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
            written.append(conn.getresponse().status)
            conn.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        progress("measuring a day of readers")
        # The first half fills the cache.
        case.wrk(chosen, port, DAY_SECONDS, 64)
        found = case.wrk(chosen, port, DAY_SECONDS, 64)
        sample = [get(port, path)[0].headers["Cache-Status"] for path in chance.choices(addresses, weights, k=2_000)]
    finally:
        over.set()
        writer.join()
    if set(written) != {201}:
        raise BenchmarkError(f"writes were answered with {set(written)}")
    return sum("; hit" in status for status in sample) / len(sample), found


def rows_of(cases):
    """The rows of the table: medians, and the median of the ratios of each round."""
    rows = [("", "connections", "bytes", "requests/s", "p99 ms", "bare req/s", "of bare")]
    for case in cases:
        for connections, pairs in case.ratios.items():
            bare, kept = (median([pair[n] for pair in pairs]) for n in (0, 1))
            ratio = sorted(pair[1].rate / pair[0].rate for pair in pairs)[len(pairs) // 2]
            rows.append((
                case.name, str(connections), f"{len(case.body):,}", f"{kept.rate:,.0f}", f"{kept.p99:.2f}",
                f"{bare.rate:,.0f}", f"{ratio:.2f}",
            ))
    return rows
