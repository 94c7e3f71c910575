"""The benchmark cases, and their measurement."""

import json
import random
import re
import statistics
import subprocess
import urllib.parse

from content import AUTHORS, CATEGORIES, COMMONEST, END, LANGUAGES, MEASURED, OTHERS, RARE, SLUGS, SOME, STEMS, WORDS
from content import DAY, moment
from programs import HERE, Database, BenchmarkError, environment, get, progress


class Result:
    """A measurement: requests per second, milliseconds, and the fraction of failures."""

    def __init__(self, rate, p50=None, p99=None, failed=0):
        self.rate, self.p50, self.p99, self.failed = rate, p50, p99, failed


def median(results):
    def of(name):
        values = [getattr(result, name) for result in results]
        return None if None in values else statistics.median(values)

    return Result(of("rate"), of("p50"), of("p99"), of("failed"))


class Case:
    """A benchmark case: for the server alone, or also for the bare server and the bare database."""

    def __init__(self, name, port, paths, sql=None, variables=(), headers=(), status=200, may_fail=False, post=None):
        self.name, self.port, self.paths = name, port, paths
        self.sql, self.variables, self.headers, self.status = sql, variables, headers, status
        self.may_fail = may_fail
        # The body of a POST.
        self.post = post
        self.bare_port = None
        self.product, self.bare, self.database = [], [], []

    def prepare(self, chosen, work):
        name = re.sub(r"\W+", "-", self.name)
        self.file = work / f"{name}-{self.port}.paths"
        self.file.write_text("".join(path + "\n" for path in self.paths))
        if self.post:
            self.file.with_suffix(".post").write_text(self.post)
            self.wrk(chosen, self.port, 1)
            return
        headers = dict(header.split(": ", 1) for header in self.headers)
        answer, body = get(self.port, self.paths[0], headers)
        if answer.status != self.status and not (self.may_fail and answer.status >= 500):
            raise BenchmarkError(f"{self.paths[0]} returns {answer.status}, not {self.status}: {body.decode()}")
        self.body, self.response_headers = body, answer.getheaders()
        self.wrk(chosen, self.port, 1)

    def items(self):
        """The number of items in the response to the first path, if it is a list."""
        found = json.loads(self.body)
        return len(found["items"]) if "items" in found else None

    def wrk(self, chosen, port, seconds, connections=None):
        connections = connections or chosen.connections
        threads = min(2, connections)
        command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "-s", str(HERE / "wrk.lua")]
        for header in self.headers:
            command += ["-H", header]
        command += [f"http://127.0.0.1:{port}", "--", str(self.file)]
        if self.post:
            command.append(str(self.file.with_suffix(".post")))
        ran = subprocess.run(command, env=environment(), capture_output=True, text=True)
        found = re.search(r"^RESULT (\d+) (\d+) (\d+) (\d+) (\d+)$", ran.stdout, re.M)
        if not found:
            raise BenchmarkError(f"wrk failed:\n{ran.stdout}{ran.stderr}")
        requests, microseconds, failures, p50, p99 = map(int, found.groups())
        if failures and not self.may_fail:
            raise BenchmarkError(f"{self.name}: {failures} of {requests} requests failed")
        answered = requests - failures
        if answered <= 0:
            # No response in time: the latency is higher than that.
            return Result(1 / seconds, seconds * 1e3, seconds * 1e3, 1)
        return Result(answered / (microseconds / 1e6), p50 / 1e3, p99 / 1e3, failures / requests)

    def pgbench(self, chosen, database):
        # As many connections as the server has.
        clients = min(chosen.connections, chosen.workers * 8)
        command = [database.pgbench, "-M", "prepared", "-n", "-T", str(chosen.seconds), "-c", str(clients)]
        command += ["-j", str(min(2, clients)), "-f", str(HERE / self.sql)]
        for name, value in self.variables:
            command += ["-D", f"{name}={value}"]
        command += ["-h", str(database.folder), "-U", "manchette", "manchette"]
        ran = subprocess.run(command, env=environment(PGOPTIONS=Database.OPTIONS), capture_output=True, text=True)
        found = re.search(r"^tps = ([\d.]+)", ran.stdout, re.M)
        if ran.returncode != 0 or not found:
            raise BenchmarkError(f"pgbench failed:\n{ran.stdout}{ran.stderr}")
        return Result(float(found[1]))

    def measure(self, chosen):
        self.product.append(self.wrk(chosen, self.port, chosen.seconds))


def compare(slow, fast):
    """How much longer one case takes than the other: the median of the rounds, and each round; then the same by p50."""
    rounds = [b.rate / a.rate for a, b in zip(slow.product, fast.product)]
    p50 = [a.p50 / b.p50 for a, b in zip(slow.product, fast.product)]
    return statistics.median(rounds), rounds, statistics.median(p50)


# --- small and large data sets ----------------------------------------------------------------------------------------

LATEST_HEADLINES = "headlines"
OF_A_CATEGORY = "headlines: category"
RARE_WORD, COMMONEST_WORD, RELATED = "search: a rare word", "search: the commonest word", "related"


def lists(content, chance):
    """Every filter of a list: its name, and the paths to request in turn."""
    rare = content.rare_tags()
    rare = rare[:: max(len(rare) // 50, 1)]
    categories = CATEGORIES[4:]
    begin, end, changed = (urllib.parse.quote(moment(END - days * DAY)) for days in (12, 11, 1))
    sources = [f"source=Agence%20{urllib.parse.quote(stem.capitalize())}" for stem in STEMS]
    asked = [
        ("articles", [""]),
        ("articles: a category and those below it", [f"category={CATEGORIES[0]}"]),
        ("articles: a category, direct", [f"category={CATEGORIES[0]}&direct=true"]),
        ("articles: four categories", [f"category={','.join(categories[n:n + 4])}" for n in range(0, 12, 4)]),
        ("articles: a common tag", ["tag=common-0"]),
        ("articles: a rare tag", [f"tag={tag}" for tag in rare]),
        ("articles: an old tag", ["tag=old"]),
        ("articles: an author", [f"author=author-{n}" for n in range(AUTHORS)]),
        ("articles: a language", ["language=fr"]),
        ("articles: published after and before", [f"published_after={begin}&published_before={end}"]),
        ("articles: a date", [f"date={(END - days * DAY).date()}" for days in range(3, 13)]),
        ("articles: updated after, sort=updated_at", [f"updated_after={changed}&sort=updated_at"]),
        ("articles: updated after", [f"updated_after={changed}"]),
        ("articles: updated before, sort=-updated_at", [f"updated_before={changed}&sort=-updated_at"]),
        ("articles: updated before", [f"updated_before={changed}"]),
        ("articles: a source", sources),
        ("articles: a source, a category", [f"{source}&category={MEASURED}" for source in sources]),
        ("articles: sort=published_at", ["sort=published_at"]),
        ("articles: sort=-updated_at", ["sort=-updated_at"]),
        ("articles: a rare language, sort=-updated_at", [f"language={LANGUAGES[-1]}&sort=-updated_at"]),
        ("articles: a category, a rare tag", [f"category={MEASURED}&tag={tag}" for tag in rare]),
        ("articles: a category, an old tag", [f"category={MEASURED}&tag=old"]),
        (
            "articles: a language, an author, a rare tag",
            [f"language=fr&author=author-{n % AUTHORS}&tag={tag}" for n, tag in enumerate(rare)],
        ),
        (
            "articles: a language, an author, an old tag",
            [f"language=fr&author=author-{n}&tag=old" for n in range(AUTHORS)],
        ),
        ("articles: count=true", ["count=true"]),
        ("articles: 20 ids", [f"ids={','.join(chance.sample(content.articles, 20))}" for _ in range(50)]),
        ("articles: fields=title,category.slug", ["fields=title,category.slug"]),
        (LATEST_HEADLINES, [""]),
        (OF_A_CATEGORY, [f"category={MEASURED}"]),
        ("headlines: a source", sources),
        ("headlines: priority=flash", ["priority=flash"]),
        ("headlines: has_article=true", ["has_article=true"]),
        ("headlines: pinned=true", ["pinned=true"]),
        ("headlines: a common tag", ["tag=common-0"]),
        ("headlines: a rare tag", [f"tag={tag}" for tag in rare]),
        ("headlines: an old tag", ["tag=old"]),
        ("headlines: priority=breaking, a category", [f"priority=breaking&category={MEASURED}"]),
    ]
    return [
        (name, [f"/v1/{name.split(':')[0]}{'?' if query else ''}{query}" for query in queries])
        for name, queries in asked
    ]


def others(content, chance):
    """Requests other than lists, mainly searches."""

    def search(*queries):
        return [f"/v1/search?q={urllib.parse.quote(query)}" for query in queries]

    def suggest(beginnings):
        return [f"/v1/suggest?q={beginning}" for beginning in beginnings]

    return [
        (RARE_WORD, search(RARE)),
        (COMMONEST_WORD, search(COMMONEST)),
        ("search: a word in 2 %", search(SOME)),
        ("search: two words in 2 %", search(f"{SOME} {OTHERS}")),
        ("search: the commonest word and a rare one", search(f"{COMMONEST} {RARE}")),
        ("search: a mistyped word", search(RARE[:3] + RARE[4:])),
        ("suggest: 2 letters", suggest(sorted({word[:2] for word in STEMS}))),
        ("suggest: 6 letters", suggest(word[:6] for word in STEMS if len(word) > 6)),
        ("suggest: 6 letters, rare", suggest(word[:6] for word in WORDS[5_000::100])),
        (RELATED, [f"/v1/articles/bench-{n}/related" for n in chance.sample(range(1, SLUGS + 1), 200)]),
        ("/v1/site", ["/v1/site"]),
        ("/v1/categories?tree=true&count=true", ["/v1/categories?tree=true&count=true"]),
    ]


class Pair:
    """A case over the small and over the large data set."""

    def __init__(self, name, is_list, small, big):
        self.name, self.is_list, self.small, self.big = name, is_list, small, big
        self.alone = None

    def ratio(self):
        return compare(self.big, self.small)[0]

    def failed(self):
        return max(result.failed for case in (self.small, self.big) for result in case.product)


def small_and_big(chosen, database, contents, ports, work):
    """Measures all cases over the small and the large data set in turns; then over the large one with a single connection."""
    found = []
    for content, port in zip(contents, ports):
        chance = random.Random(1)
        found.append([
            (name, is_list, Case(name, port, paths, may_fail=True))
            for is_list, asked in ((True, lists(content, chance)), (False, others(content, chance)))
            for name, paths in asked
        ])
    pairs = [Pair(name, is_list, small, big) for (name, is_list, small), (_, _, big) in zip(*found)]
    progress(f"requesting each of {len(pairs)} cases once")
    for pair in pairs:
        for case in (pair.small, pair.big):
            case.prepare(chosen, work)
            database.rest()
    for turn in range(chosen.rounds):
        progress(f"measuring the small and the large data set: round {turn + 1} of {chosen.rounds}")
        for pair in pairs:
            for case in (pair.small, pair.big):
                case.measure(chosen)
                database.rest()
    progress("measuring one connection")
    for pair in pairs:
        pair.alone = pair.big.wrk(chosen, pair.big.port, chosen.seconds, connections=1)
        database.rest()
    return pairs
