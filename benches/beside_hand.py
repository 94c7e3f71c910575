"""The server without cached responses, beside one that was written by hand (benches/hand)."""

import socket
import time

from cases import Case, median
from content import MEASURED, SLUGS
from programs import BenchmarkError, Server, environment, progress

# The lowest acceptable ratios of requests per second.
LEAST, LEAST_OF_CREATES = 0.8, 0.5
NEW = '{"title": "Les premières pluies relancent les semailles", "language": "fr", "status": "published"}'


def start_hand(program, stack, folder, database, workers):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server([program, str(port), str(database.folder), "manchette", str(workers)], folder / "hand.log", environment())
    stack.callback(server.stop)
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return port
        except OSError:
            time.sleep(0.025)
    raise BenchmarkError("the server by hand doesn't start")


def hand_cases(chosen, port, hand, key, work):
    """Measures both in turn; creates last, as they add rows."""
    slugs = [f"/v1/articles/bench-{n + 1}" for n in range(SLUGS)]
    cases = [
        Case("latest 20 headlines", port, ["/v1/headlines"]),
        Case("one article", port, slugs),
        Case("latest 20 articles of a category", port, [f"/v1/articles?category={MEASURED}&direct=true"]),
        Case("create a headline", port, ["/v1/headlines"], headers=[f"Authorization: Bearer {key}"], status=201, post=NEW, may_fail=True),
    ]
    for case in cases:
        case.prepare(chosen, work)
        case.pairs = []
    for turn in range(chosen.rounds):
        progress(f"measuring beside the server by hand: round {turn + 1} of {chosen.rounds}")
        for case in cases:
            case.pairs.append([case.wrk(chosen, place, chosen.seconds) for place in (hand, port)])
    return cases


def rows_of(cases):
    """The rows of the table: medians, and the median of the ratios of each round."""
    rows = [("", "requests/s", "p50 ms", "p99 ms", "failed", "by hand", "of by hand")]
    for case in cases:
        hand, own = (median([pair[n] for pair in case.pairs]) for n in (0, 1))
        ratio = sorted(pair[1].rate / pair[0].rate for pair in case.pairs)[len(case.pairs) // 2]
        rows.append((case.name, f"{own.rate:,.0f}", f"{own.p50:.2f}", f"{own.p99:.2f}", f"{own.failed:.0%}", f"{hand.rate:,.0f}", f"{ratio:.2f}"))
    return rows
