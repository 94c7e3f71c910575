#!/usr/bin/env python3
"""Posts forty articles of 500 kB at once with one key while other clients read: no read may be refused, and every article
must be stored in the end. Prints the duration of reads, with and without the posts.

    .ci/faults_bodies.py target/debug/manchette
"""

import collections
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid

POSTS = 40
READERS = 4
BODY = 500_000
# Seconds within which all posts must succeed, on a machine with two processors and a server built without optimisation.
LONGEST = 600


def load_faults():
    path = str(pathlib.Path(__file__).with_name("faults"))
    loader = importlib.machinery.SourceFileLoader("faults", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("faults", loader))
    loader.exec_module(module)
    return module


faults = load_faults()


# One text is slow to render; the other is slower to index than to render.
MARKUP = "Il *a* [plu](https://a.example/{number}/{n}) sur la plaine{n}, **enfin**, et le port rouvre à midi.\n\n"
PLAIN = "Il a plu sur la plaine{n}, enfin, et le port{number} rouvre à midi.\n\n"


def body(form, number):
    """Paragraphs in this form, with different words."""
    paragraphs, length = [], 0
    while length < BODY - 200:
        paragraph = form.format(number=number, n=len(paragraphs))
        paragraphs.append(paragraph)
        length += len(paragraph)
    return "".join(paragraphs)


class Reader(threading.Thread):
    """Reads the paths one after the other."""

    def __init__(self, address, paths):
        super().__init__(daemon=True)
        self.address, self.paths = address, paths
        self.going = True
        self.statuses = collections.Counter()
        self.seconds = []

    def run(self):
        turn = 0
        while self.going:
            turn += 1
            path = self.paths[turn % len(self.paths)]
            status, _, _, seconds = faults.ask(self.address, "GET", path, timeout=60)
            self.statuses[status] += 1
            self.seconds.append(seconds)


class Poster(threading.Thread):
    """Posts one article, repeated until it succeeds."""

    def __init__(self, address, key, form, number):
        super().__init__(daemon=True)
        self.address, self.key, self.form, self.number = address, key, form, number
        self.statuses = collections.Counter()
        self.id = None
        self.wrong = None

    def run(self):
        new = {"title": f"Posted {self.number}", "language": "fr", "status": "published", "body": body(self.form, self.number)}
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        begun = time.monotonic()
        while time.monotonic() - begun < LONGEST:
            status, answered, found, _ = faults.ask(self.address, "POST", "/v1/articles", self.key, new, headers, timeout=120)
            self.statuses[status] += 1
            if status == 201:
                self.id = found["id"]
                return
            if status not in (409, 503) or not answered.get("Retry-After"):
                self.wrong = f"{status}: {json.dumps(found)[:300]}"
                return
            time.sleep(int(answered["Retry-After"]))


def reading(address, paths, work):
    """Reads while the work is done."""
    readers = [Reader(address, paths) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    work()
    for reader in readers:
        reader.going = False
    for reader in readers:
        reader.join()
    statuses = sum((reader.statuses for reader in readers), collections.Counter())
    seconds = sorted(second for reader in readers for second in reader.seconds)
    half, most = statistics.median(seconds), seconds[int(len(seconds) * 0.99)]
    faults.progress(f"   {dict(statuses)} reads: half within {half * 1000:.0f} ms, 99 % within {most * 1000:.0f} ms, all within {seconds[-1] * 1000:.0f} ms")
    return statuses


def trial(node, key):
    small = {"title": "Read", "language": "fr", "status": "published", "body": "Il a plu."}
    status, _, found, _ = faults.ask(node.address, "POST", "/v1/articles", key, small)
    assert status == 201, found
    paths = ["/v1/articles", "/v1/headlines", f"/v1/articles/{found['id']}", "/v1/site"]
    faults.progress("nothing is posted")
    reading(node.address, paths, lambda: time.sleep(3))
    for what, form in (("plain text", PLAIN), ("markup", MARKUP)):
        faults.progress(f"{POSTS} articles with {BODY // 1000} kB of {what} are posted at once with one key")
        posting(node, key, form, paths)


def posting(node, key, form, paths):
    posters = [Poster(node.address, key, form, number) for number in range(POSTS)]
    begun = time.monotonic()

    def work():
        for poster in posters:
            poster.start()
        for poster in posters:
            poster.join()

    statuses = reading(node.address, paths, work)
    posts = sum((poster.statuses for poster in posters), collections.Counter())
    faults.progress(f"   {dict(posts)} posts in {time.monotonic() - begun:.0f} s")
    wrong = [f"reads were answered {status}" for status in statuses if status != 200]
    wrong += [f"post {poster.number}: {poster.wrong or 'never taken'}" for poster in posters if not poster.id]
    if wrong:
        raise faults.TestFailure("\n".join(wrong))


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="manchette-bodies-"))
    folder.chmod(0o755)
    postgres = node = None
    try:
        postgres = faults.Postgres(folder)
        environment = {**os.environ, "DATABASE_URL": postgres.url}
        subprocess.run([program, "migrate"], env=environment, check=True, capture_output=True)
        words = [program, "keys", "create", "--name", "bodies", "--scope", "admin"]
        made = subprocess.run(words, env=environment, check=True, capture_output=True, text=True)
        node = faults.Node(program, postgres.url, folder / "log")
        trial(node, made.stdout.strip())
    except faults.TestFailure as failure:
        print(failure, file=sys.stderr)
        sys.exit(1)
    finally:
        if node:
            node.stop()
        if postgres:
            postgres.stop("fast")
        shutil.rmtree(folder, ignore_errors=True)
    faults.progress("all checks passed")


if __name__ == "__main__":
    main()
