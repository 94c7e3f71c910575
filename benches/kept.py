"""Responses that the server keeps in memory, beside a bare server that sends the same bytes and headers."""

from cases import Case, median
from content import COMMONEST, MEASURED
from programs import bare_server, get, progress

CONNECTIONS = (32, 256)
# The lowest acceptable ratio of requests per second.
LEAST = 0.9


def kept_cases(chosen, port, work, bare, stack):
    """Measures kept responses with the access log, the limits and all headers on."""
    tag = get(port, "/v1/headlines")[0].headers["ETag"]
    cases = [
        Case("kept: latest 20 headlines", port, ["/v1/headlines"]),
        Case("kept: 304", port, ["/v1/headlines"], headers=[f"If-None-Match: {tag}"], status=304),
        Case("kept: one article", port, ["/v1/articles/bench-1"]),
        Case("kept: latest 20 articles of a category", port, [f"/v1/articles?category={MEASURED}"]),
        Case("kept: a search for the commonest word", port, [f"/v1/search?q={COMMONEST}"]),
    ]
    for case in cases:
        # The first request is the one that fetches it.
        get(port, case.paths[0])
        case.prepare(chosen, work)
        case.bare_port = bare_server(bare, stack, case, chosen.workers)
        case.ratios = {}
    for turn in range(chosen.rounds):
        progress(f"measuring kept responses: round {turn + 1} of {chosen.rounds}")
        for case in cases:
            for connections in CONNECTIONS:
                pair = [case.wrk(chosen, place, chosen.seconds, connections) for place in (case.bare_port, port)]
                case.ratios.setdefault(connections, []).append(pair)
    return cases


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
