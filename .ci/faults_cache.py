"""Readers check every response of two nodes that keep responses, while writers change what they read and everything that the
cache depends on is broken: the connection that follows the log of changes, all connections, a node, Postgres.

    .ci/faults target/debug/manchette cache        for SECONDS (the variable CACHE_SECONDS, or 20)

What a response may show follows from the writes: on the node that acknowledged a write, nothing older from then on; on the
other node, nothing older a second later. Responses marked as stale may be older, and are only allowed while Postgres is away.
"""

import collections
import datetime
import http.client
import json
import os
import random
import signal
import subprocess
import threading
import time

from __main__ import Node, Postgres, ask
from faults_connections import TestFailure, progress

SECONDS = float(os.environ.get("CACHE_SECONDS", "20"))
WRITERS, READERS, HEADLINES = 4, 6, 12
# How long after the acknowledgement by one node the other may show what was before: a second, and the test's own delays.
FOLLOWS = 1.25
CATEGORIES = ["economie", "sport"]
# The first of the categories moves from one of these to the other.
PARENTS = ["monde", "pays"]
SECRET = "SECRET"
# Allowed difference between a request's times here and Postgres's clock, which is the same machine's.
CLOCKS = 0.02
ALWAYS = "2026-01-01T00:00:00Z"


def moment(at):
    return datetime.datetime.fromtimestamp(at, datetime.timezone.utc).isoformat()


class State:
    """What one write made of a headline: it may go out and expire by itself."""

    def __init__(self, number, category, public, begins=float("-inf"), ends=float("inf")):
        self.number, self.category, self.public = number, category, public
        self.begins, self.ends = begins, ends
        self.sent = time.monotonic()
        # Between the two clocks.
        self.offset = time.time() - self.sent
        # When which node acknowledged it.
        self.acknowledged, self.node = None, None

    def may_be_seen(self, begun, ended):
        return self.public and self.begins - CLOCKS <= ended + self.offset and begun + self.offset <= self.ends + CLOCKS

    def must_be_seen(self, begun, ended):
        return self.public and self.begins + CLOCKS <= begun + self.offset and ended + self.offset <= self.ends - CLOCKS

    def title(self, headline):
        return f"{headline}.{self.number}" + ("" if self.public else f" {SECRET}")


class Resource:
    """A resource that one writer changes, with all of its states."""

    def __init__(self, kind, node, key, first):
        self.key, self.states = key, [first]
        status, headers, made, _ = ask(node.address, "POST", f"/v1/{kind}", key, self.body(first))
        if status != 201:
            raise TestFailure(f"nothing is created in {kind}: {status} {made}")
        self.id, self.path, self.etag = made["id"], f"/v1/{kind}/{made['id']}", headers["ETag"]
        self.acknowledge(first, node)

    def acknowledge(self, state, node):
        state.node, state.acknowledged = node, time.monotonic()

    def change(self, node):
        """Writes the next state. If it stays unknown whether it was written, it may be."""
        state = self.next_state(self.states[-1])
        self.states.append(state)
        try:
            status, headers, found, _ = ask(node.address, "PATCH", self.path, self.key, self.body(state), {"If-Match": self.etag})
            if status == 200:
                self.etag = headers["ETag"]
                self.acknowledge(state, node)
                return status
            if status not in (412, 503):
                raise TestFailure(f"PATCH answers {status}: {found}")
            # An earlier write was done after all, or this one may have been.
            status, headers, _, _ = ask(node.address, "GET", self.path, self.key)
            if status == 200:
                self.etag = headers["ETag"]
            return 503
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            return None

    def allowed(self, node, begun, ended):
        """The states that a response of this node may show, to a request that was sent and answered at these times."""
        states = [state for state in self.states if state.sent <= ended]
        first = 0
        for place, state in enumerate(states):
            if state.acknowledged is not None:
                limit = begun if state.node is node else begun - FOLLOWS
                if state.acknowledged < limit:
                    first = place
        return states[first:]


class Headline(Resource):
    def __init__(self, name, node, key, categories):
        self.name, self.categories = name, categories
        super().__init__("headlines", node, key, State(0, CATEGORIES[0], True))

    def next_state(self, last):
        begins, ends, now = float("-inf"), float("inf"), time.time()
        if random.random() < 0.3:
            begins = now + random.random()
        if random.random() < 0.3:
            ends = max(begins, now) + 0.1 + random.random()
        return State(last.number + 1, random.choice(CATEGORIES), random.random() > 0.2, begins, ends)

    def body(self, state):
        is_scheduled = state.begins > 0
        status = "draft" if not state.public else "scheduled" if is_scheduled else "published"
        return {
            "title": state.title(self.name), "language": "fr", "status": status,
            "published_at": moment(state.begins) if is_scheduled else ALWAYS,
            "expires_at": moment(state.ends) if state.ends < float("inf") else None,
            "category_id": self.categories[state.category],
        }


class Moving(Resource):
    """A category that moves in the tree: the category of its state is its parent."""

    def __init__(self, slug, node, key, parents):
        self.slug, self.parents = slug, parents
        super().__init__("categories", node, key, State(0, PARENTS[0], True))

    def next_state(self, last):
        return State(last.number + 1, random.choice(PARENTS), True)

    def body(self, state):
        return {"name": self.slug, "slug": self.slug, "parent_id": self.parents[state.category]}


class Oracle:
    def __init__(self, program, folder):
        folder.mkdir()
        folder.chmod(0o755)
        (folder / "postgres").mkdir()
        self.postgres = Postgres(folder / "postgres")
        settings = {"MANCHETTE_CACHE_SIZE": "16", "MANCHETTE_WORKERS": "2", "MANCHETTE_MAX_STALE": "60"}
        subprocess.run([program, "migrate"], env={**os.environ, "DATABASE_URL": self.postgres.url}, check=True, capture_output=True)
        self.nodes = [Node(program, self.postgres.url, folder / f"log-{n}", **settings) for n in range(2)]
        made = subprocess.run(
            [program, "keys", "create", "--name", "oracle", "--scope", "read", "--scope", "write", "--scope", "publish"],
            env={**os.environ, "DATABASE_URL": self.postgres.url}, check=True, capture_output=True, text=True,
        )
        self.key = next(word for word in made.stdout.split() if word.startswith("mnc_"))
        ids = {}
        for slug in [*PARENTS, CATEGORIES[1]]:
            _, _, category, _ = ask(self.nodes[0].address, "POST", "/v1/categories", self.key, {"name": slug, "slug": slug})
            ids[slug] = category["id"]
        self.moving = Moving(CATEGORIES[0], self.nodes[0], self.key, ids)
        categories = {CATEGORIES[0]: self.moving.id, CATEGORIES[1]: ids[CATEGORIES[1]]}
        self.headlines = [Headline(f"h{n}", self.nodes[0], self.key, categories) for n in range(HEADLINES)]
        self.going = True
        # Times at which responses may be stale.
        self.away_since, self.away_until = float("inf"), float("-inf")
        self.statuses, self.writes = collections.Counter(), collections.Counter()
        self.wrong = []

    def write(self, mine):
        while self.going:
            try:
                self.writes[random.choice(mine).change(random.choice(self.nodes))] += 1
            except TestFailure as failure:
                self.wrong.append(str(failure))
            time.sleep(random.random() * 0.05)

    def read(self):
        while self.going:
            node = random.choice(self.nodes)
            category = random.choice([None, *CATEGORIES, *PARENTS])
            one = random.choice(self.headlines) if random.random() < 0.3 else None
            path = one.path if one else "/v1/headlines?limit=50" + (f"&category={category}" if category else "")
            begun = time.monotonic()
            try:
                status, headers, found, _ = ask(node.address, "GET", path)
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                self.statuses["cut"] += 1
                continue
            ended = time.monotonic()
            kept = headers.get("Cache-Status", "") if status == 200 else status
            self.statuses[kept] += 1
            if kept == "manchette; hit; fwd=stale":
                if ended < self.away_since or begun > self.away_until:
                    self.wrong.append(f"{path} is stale while Postgres is there")
            elif one:
                self.check_one(one, node, begun, ended, status, found)
            elif status == 200:
                self.check_list(category, node, begun, ended, found)
            elif status != 503:
                self.wrong.append(f"GET {path} answers {status}: {found}")

    def check_one(self, headline, node, begun, ended, status, found):
        states = headline.allowed(node, begun, ended)
        public = {state.title(headline.name) for state in states if state.may_be_seen(begun, ended)}
        if status == 200 and found["title"] not in public:
            self.wrong.append(f"{headline.path} shows {found['title']}, not one of {sorted(public)}")
        if status in (404, 410) and all(state.must_be_seen(begun, ended) for state in states):
            self.wrong.append(f"{headline.path} is missing")

    def check_list(self, category, node, begun, ended, found):
        titles = {item["title"].split(".")[0]: item["title"] for item in found["items"]}
        if SECRET in json.dumps(found):
            self.wrong.append("a draft is public")
        places = {state.category for state in self.moving.allowed(node, begun, ended)}

        def fits(state, place):
            """Whether the list has a headline in this state while the moving category is there."""
            branch = [state.category, place] if state.category == self.moving.slug else [state.category]
            return category is None or category in branch

        for headline in self.headlines:
            states = headline.allowed(node, begun, ended)
            shown = titles.get(headline.name)
            possible = [state for state in states if state.may_be_seen(begun, ended)]
            listed = {state.title(headline.name) for state in possible if any(fits(state, place) for place in places)}
            if shown and shown not in listed:
                self.wrong.append(f"a list of {category} shows {shown}, not one of {sorted(listed)}")
            certain = all(state.must_be_seen(begun, ended) for state in states)
            if not shown and certain and all(fits(state, place) for state in states for place in places):
                self.wrong.append(f"a list of {category} lacks {states[0].title(headline.name)}")

    def terminate(self, condition):
        self.postgres.ask(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            f"WHERE datname = 'manchette' AND pid <> pg_backend_pid() AND {condition}"
        )

    def cut_followers(self):
        for _ in range(3):
            self.terminate("query LIKE '%pg_current_snapshot%'")
            time.sleep(0.5)

    def cut_all(self):
        self.away_since, self.away_until = time.monotonic(), float("inf")
        self.terminate("true")
        self.back(2)

    def kill_node(self):
        node = random.choice(self.nodes)
        node.kill()
        node.start()

    def hang(self):
        self.away_since, self.away_until = time.monotonic(), float("inf")
        self.postgres.send(signal.SIGSTOP)
        try:
            time.sleep(2.5)
        finally:
            self.postgres.send(signal.SIGCONT)
        self.back(5)

    def restart_postgres(self):
        self.away_since, self.away_until = time.monotonic(), float("inf")
        self.postgres.stop()
        time.sleep(1.5)
        self.postgres.start()
        self.back(5)

    def back(self, seconds):
        """Postgres is there; it takes the nodes a moment to notice."""
        time.sleep(seconds)
        self.away_until = time.monotonic()

    def run(self):
        per = HEADLINES // WRITERS
        threads = [threading.Thread(target=self.write, args=(self.headlines[n * per:(n + 1) * per],)) for n in range(WRITERS)]
        threads += [threading.Thread(target=self.write, args=([self.moving],))]
        threads += [threading.Thread(target=self.read) for _ in range(READERS)]
        for thread in threads:
            thread.start()
        ends = time.monotonic() + SECONDS
        try:
            while time.monotonic() < ends and not self.wrong:
                for fault in (self.cut_followers, self.kill_node, self.cut_all, self.hang, self.restart_postgres):
                    if time.monotonic() < ends:
                        time.sleep(SECONDS / 20)
                        fault()
        finally:
            self.going = False
            for thread in threads:
                thread.join()
        progress(f"   reads: {dict(self.statuses)}")
        progress(f"   writes: {dict(self.writes)}")
        if self.wrong:
            raise TestFailure("\n".join(self.wrong[:10]))
        hits, stale = self.statuses["manchette; hit"], self.statuses["manchette; hit; fwd=stale"]
        if hits < 100 or stale < 1 or self.writes[200] < 50:
            raise TestFailure("too little was kept, stale or written for the trial to mean anything")

    def stop(self):
        for node in self.nodes:
            node.process.kill()
        self.postgres.send(signal.SIGCONT)
        self.postgres.send(signal.SIGQUIT)


def run(program, folder):
    progress(f"cached responses are compared with what was written, for {SECONDS:.0f} s of faults")
    oracle = Oracle(program, folder)
    try:
        oracle.run()
    finally:
        oracle.stop()
