#!/usr/bin/env python3
"""Has examples/offline-copy keep a copy through random changes, kills, cuts and restarts, and compares it with what the public sees.

    .ci/offline_copy.py PROGRAM [CHANGES]

SEED sets the random changes. Needs Python 3.9.
"""

import http.client
import json
import os
import pathlib
import random
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime, timedelta, timezone

COPY = pathlib.Path(__file__).resolve().parent.parent / "examples/offline-copy/copy.py"
KINDS = {"headline": "headlines", "article": "articles", "category": "categories", "author": "authors", "tag": "tags"}
WRITERS = 4
# Only ends a hang.
DEADLINE = 300
HOST = "127.0.0.1"


class Node:
    """The server, on a port and a data folder that it keeps over restarts."""

    def __init__(self, program, folder):
        with socket.socket() as free:
            free.bind((HOST, 0))
            self.port = free.getsockname()[1]
        self.folder, self.log = folder / "data", open(folder / "log", "a")
        self.command = [program, "serve", "--data-dir", self.folder, "--listen", f"{HOST}:{self.port}", "--shutdown-delay", "0"]
        for limit in ("reads", "writes", "reads-without-key"):
            self.command += [f"--rate-{limit}", "off"]
        self.starts = 0
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=self.log)
        self.starts += 1
        wait_until(lambda: request(self.port, "GET", "/readyz")[0] == 200)

    def stop(self, how):
        self.process.send_signal(how)
        self.process.wait(DEADLINE)


def wait_until(is_done):
    end = time.monotonic() + DEADLINE
    while not is_done():
        if time.monotonic() > end:
            sys.exit("nothing happens any more")
        time.sleep(0.05)


def request(port, method, path, body=None, key=None):
    """The status and the text of a response; 0 where there is none."""
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()


class Proxy(threading.Thread):
    """Passes bytes on to the server, and cuts connections when it is told to."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.target, self.open, self.cuts = port, set(), 0
        self.listener = socket.create_server((HOST, 0))
        self.port = self.listener.getsockname()[1]

    def run(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            server = socket.create_connection((HOST, self.target))
        except OSError:
            return client.close()
        pair = {client: server, server: client}
        self.open.add(client)
        try:
            while client in self.open:
                for side in select.select([client, server], [], [], 0.2)[0]:
                    received = side.recv(65536)
                    if not received:
                        return
                    pair[side].sendall(received)
        except OSError:
            pass
        finally:
            self.open.discard(client)
            client.close()
            server.close()

    def cut(self):
        self.cuts += len(self.open)
        self.open.clear()


class Writer(threading.Thread):
    """Makes random changes. One that the server did not answer, or refused, counts for nothing."""

    def __init__(self, node, key, seed, changes, shared):
        super().__init__(daemon=True)
        self.node, self.key, self.changes, self.shared = node, key, changes, shared
        self.random, self.done = random.Random(seed), 0

    def run(self):
        while self.done < self.changes:
            method, path, body = self.change()
            status, text = request(self.node.port, method, path, body, self.key)
            if status in (200, 201):
                made = json.loads(text)
                self.shared[path.split("/")[2]].add(made["id"])
            self.done += status in (200, 201, 204)
            if status == 0:
                time.sleep(0.1)

    def pick(self, list):
        ids = sorted(self.shared[list])
        return self.random.choice(ids) if ids else None

    def content(self, list):
        soon = (datetime.now(timezone.utc) + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        choice = self.random.choice
        fields = {
            "title": f"Titre {self.random.randrange(10**6)} « é » \\ \"{self.random.randrange(10**4)}\"",
            "language": choice(["fr", "ar", "en"]),
            "category_id": choice([None, self.pick("categories")]),
            **choice([{"status": "published"}, {"status": "draft"}, {"status": "withdrawn"}, {"status": "published"},
                      {"status": "scheduled", "published_at": soon}, {"status": "published", "expires_at": soon}]),
        }
        if list == "headlines":
            return {**fields, "priority": choice(["normal", "breaking", "flash"]), "article_id": choice([None, self.pick("articles")])}
        fields["translation_of"] = choice([None, None, self.pick("articles")])
        ids = {"author_ids": self.pick("authors"), "tag_ids": self.pick("tags")}
        return {**fields, "body": "Un texte.", **{name: [id] if id else [] for name, id in ids.items()}}

    def change(self):
        list = self.random.choices(["headlines", "articles", "categories", "authors", "tags"], [60, 25, 5, 5, 5])[0]
        id = self.pick(list)
        action = self.random.random()
        if list in ("headlines", "articles"):
            new = self.content(list)
        else:
            name = f"Nom {self.random.randrange(10**6)}"
            new = {"name": name, "names": {"ar": f"{name} ar", "en": f"{name} en"}}
            if list == "categories":
                new["parent_id"] = self.random.choice([None, None, self.pick(list)])
        if id is None or action < 0.3:
            return "POST", f"/v1/{list}", new
        if action < 0.4:
            return "DELETE", f"/v1/{list}/{id}", None
        if action < 0.5:
            return "PUT", f"/v1/{list}/{id}", new  # also out of the trash
        fields = self.random.sample(sorted(new), self.random.randint(1, 2))
        return "PATCH", f"/v1/{list}/{id}", {name: new[name] for name in fields}


def public(node):
    """Everything that the public sees: the text of each document."""
    found = {("site", json.loads(text)["id"]): text for text in [request(node.port, "GET", "/v1/site")[1]]}
    for kind, path in KINDS.items():
        cursor = ""
        while cursor is not None:
            page = json.loads(request(node.port, "GET", f"/v1/{path}?limit=100&fields=id{cursor}")[1])
            for item in page["items"]:
                status, text = request(node.port, "GET", f"/v1/{path}/{item['id']}")
                if status == 200:
                    found[kind, item["id"]] = text
            cursor = page["page"]["next"] and f"&cursor={page['page']['next']}"
    return found


def difference(node, file):
    """The first difference between the public's documents and the copy's, if there is one."""
    there = public(node)
    with sqlite3.connect(file) as db:
        copied = {(kind, id): text for kind, id, text in db.execute("SELECT resource, id, document FROM documents")}
    for name in sorted(there.keys() | copied.keys()):
        if there.get(name) != copied.get(name):
            return len(there), f"{name}:\n  the public: {there.get(name)}\n  the copy:   {copied.get(name)}"
    return len(there), None


def disturb(node, proxy, start_copy, is_over, dice):
    """Kills the copy, cuts its connections and restarts the server, until the writers are done."""
    process, kills, restarts = start_copy(), 0, [signal.SIGINT, signal.SIGKILL, signal.SIGINT]
    last_restart = time.monotonic()
    while not is_over():
        time.sleep(dice.uniform(0.2, 1.5))
        if dice.random() < 0.4:
            process.kill()
            process.wait()
            process, kills = start_copy(), kills + 1
        else:
            proxy.cut()
        if restarts and time.monotonic() - last_restart > 10:
            node.stop(restarts.pop())
            node.start()
            last_restart = time.monotonic()
    process.kill()
    process.wait()
    return kills


def main():
    program, changes = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    seed = int(os.environ.get("SEED", random.randrange(1 << 31)))
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        folder.chmod(0o755)
        node = Node(program, folder)
        key, file = (node.folder / "key").read_text().strip(), folder / "copy.sqlite"
        proxy = Proxy(node.port)
        proxy.start()
        copy = [sys.executable, COPY, f"http://{HOST}:{proxy.port}", file]
        shared = {path: set() for path in KINDS.values()}
        writers = [Writer(node, key, seed + n, changes // WRITERS, shared) for n in range(WRITERS)]
        for writer in writers:
            writer.start()
        kills = disturb(node, proxy, lambda: subprocess.Popen(copy), lambda: not any(it.is_alive() for it in writers), dice)
        end, differs = time.monotonic() + DEADLINE, True
        try:
            # What is scheduled, or expires, does so within a second or two.
            while differs and time.monotonic() < end:
                subprocess.run([*copy, "--once"], check=True, timeout=DEADLINE)
                count, differs = difference(node, file)
        finally:
            node.stop(signal.SIGINT)
    done = sum(writer.done for writer in writers)
    print(f"{done} changes, {kills} kills, {proxy.cuts} cuts, {node.starts} starts of the server, {count} documents (SEED={seed})")
    if differs:
        sys.exit(differs)


if __name__ == "__main__":
    main()
