"""Readers follow streams and changes of two nodes, while writers publish, schedule, withdraw and delete, and everything that they
depend on is broken. Then thousands of readers who never read, and readers who send.

    .ci/faults target/debug/manchette streams      for STREAM_SECONDS (default: 20), with READERS that never read (10,000)

Each reader must have got every headline that the public may see, never before its time, in versions that rise, each once, and
learned of each that went away; nothing of what was never public.
"""

import collections
import datetime
import http.client
import json
import os
import pathlib
import random
import resource
import signal
import socket
import threading
import time
import uuid

from __main__ import Trial, ask
from faults_connections import TestFailure, progress

SECONDS = float(os.environ.get("STREAM_SECONDS", "20"))
HALF_OPEN = int(os.environ.get("READERS", "10000"))
WRITERS, STREAMS = 3, 4
# Seconds after the last fault within which every reader must have everything.
CATCHES_UP = 60
SECRET = "SECRET"
# Allowed difference between a request's times here and Postgres's clock, which is the same machine's.
CLOCKS = 0.02
# Megabytes that readers who send may take, and by which a second wave of readers may take more than the first: the allocator keeps
# what it has got from the system for a while, so it doesn't show that memory is free again.
MORE = 60
GONE = ("withdrawn", "expired", "deleted")


def moment(seconds):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).isoformat()


class Reader(threading.Thread):
    """Keeps what it was told of each headline: (name, version), in order."""

    def __init__(self, trial, number):
        super().__init__(daemon=True)
        self.trial, self.number = trial, number
        self.told = collections.defaultdict(list)
        self.wrong, self.place, self.connections = [], None, 0

    def node(self):
        return random.choice(self.trial.nodes)

    def take(self, name, document):
        if document["resource"] != "headline":
            return
        if SECRET in json.dumps(document):
            self.wrong.append(f"reader {self.number} was sent a draft: {document}")
        if name not in GONE and document.get("published_at"):
            early = datetime.datetime.fromisoformat(document["published_at"].replace("Z", "+00:00")).timestamp() - time.time()
            if early > CLOCKS:
                self.wrong.append(f"reader {self.number} was sent {document['id']} {early:.3f} s before its time")
        self.told[document["id"]].append((name, document.get("version")))

    def run(self):
        while self.trial.reading:
            try:
                self.connections += 1
                self.read()
            except (OSError, http.client.HTTPException, ValueError):
                pass
            time.sleep(0.1)


class StreamReader(Reader):
    def read(self):
        connection = http.client.HTTPConnection(*self.node().address.split(":"), timeout=20)
        try:
            connection.request("GET", "/v1/stream", headers={"Last-Event-ID": self.place} if self.place else {})
            answer = connection.getresponse()
            if answer.status != 200:
                if answer.status != 503:
                    self.wrong.append(f"a stream answers {answer.status}")
                return
            self.follow(answer)
        finally:
            connection.close()

    def follow(self, answer):
        event = {}
        while self.trial.reading:
            line = answer.readline()
            if not line.endswith(b"\n"):
                return
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name:
                event[name] = value
                continue
            if event.get("event") == "reset":
                self.wrong.append(f"stream {self.number} was reset: {event}")
            elif "data" in event:
                self.take(event["event"], json.loads(event["data"]))
            self.place = event.get("id", self.place)
            event = {}


class ChangesReader(Reader):
    """Reads pages of changes, in which what has changed several times is there once, as it is now."""

    def read(self):
        path = f"/v1/changes?wait=1&limit=20&since={self.place or 'now'}"
        status, _, page, _ = ask(self.node().address, "GET", path, timeout=20)
        if status != 200:
            if status != 503:
                self.wrong.append(f"changes answer {status}: {page}")
            return
        for item in page["items"]:
            self.take(item["change"], {"resource": item["resource"], "id": item["id"], **item.get("headline", {})})
        self.place = page["page"]["next"]


class StreamTrial(Trial):
    def __init__(self, program, folder):
        super().__init__(program, folder)
        self.reading = self.writing = True
        self.statuses = collections.Counter()
        self.readers = [StreamReader(self, n) for n in range(STREAMS)] + [ChangesReader(self, STREAMS)]

    def send(self, method, path, body=None, headers=None):
        """Sends a request until it is answered, or the trial is over."""
        headers = {"Idempotency-Key": str(uuid.uuid4()), **(headers or {})}
        while True:
            try:
                status, _, found, _ = ask(random.choice(self.nodes).address, method, path, self.key, body, headers)
                self.statuses[status] += 1
                if status not in (409, 503, 507):
                    return status, found
            except (OSError, http.client.HTTPException, ValueError):
                pass
            if not self.writing:
                return None, None
            time.sleep(0.05)

    def write(self):
        while self.writing:
            title = uuid.uuid4().hex
            kind = random.choice(["published", "draft", "scheduled", "expiring", "short", "withdrawn", "deleted", "changed"])
            body = {"title": title, "language": "fr", "status": "published"}
            if kind == "draft":
                body |= {"title": f"{SECRET} {title}", "status": "draft"}
            if kind in ("scheduled", "short"):
                body |= {"status": "scheduled", "published_at": moment(random.uniform(0.5, 2.5))}
            if kind in ("expiring", "short"):
                body["expires_at"] = moment(random.uniform(3, 4))
            status, found = self.send("POST", "/v1/headlines", body)
            if status != 201:
                continue
            path, any_version = f"/v1/headlines/{found['id']}", {"If-Match": "*"}
            for _ in range(random.randrange(3) if kind == "changed" else 0):
                self.send("PATCH", path, {"source": uuid.uuid4().hex}, any_version)
            if kind == "withdrawn":
                self.send("PATCH", path, {"status": "withdrawn"}, any_version)
            if kind == "deleted":
                self.send("DELETE", path, headers=any_version)

    def cut_followers(self):
        for _ in range(3):
            self.postgres.ask(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = 'manchette' AND pid <> pg_backend_pid() "
                "AND (query LIKE '%pg_current_snapshot%' OR query LIKE 'LISTEN%')"
            )
            time.sleep(0.4)

    def hang_briefly(self):
        self.postgres.send(signal.SIGSTOP)
        time.sleep(2)
        self.postgres.send(signal.SIGCONT)

    def follow(self):
        progress(f"streams and changes are followed, for {SECONDS:.0f} s of faults")
        for reader in self.readers:
            reader.start()
        while any(reader.place is None for reader in self.readers):
            time.sleep(0.05)
        writers = [threading.Thread(target=self.write) for _ in range(WRITERS)]
        for writer in writers:
            writer.start()
        ends = time.monotonic() + SECONDS
        try:
            while time.monotonic() < ends:
                for fault in (self.cut_followers, self.kill_server, self.cut, self.restart_postgres, self.hang_briefly):
                    if time.monotonic() < ends:
                        time.sleep(random.uniform(0.3, 1))
                        fault()
            self.heal("streams")
        finally:
            self.writing = False
            for writer in writers:
                writer.join()
        self.compare()

    def expected(self):
        """Of each headline that was ever public: the version that the public sees now, or none."""
        rows = self.postgres.ask(
            "SELECT h.id, CASE WHEN h.release = 'out' THEN h.version END FROM headlines h "
            "WHERE EXISTS (SELECT FROM events e WHERE e.resource_id = h.id AND e.effect IS NOT NULL)"
        )
        return {id: int(version) if version else None for id, version in rows}

    def compare(self):
        begun = time.monotonic()
        while True:
            waiting = int(self.postgres.ask("SELECT count(*) FROM headlines WHERE release = 'pending' OR release = 'out' AND expires_at IS NOT NULL")[0][0])
            expected = self.expected()
            wrong = [fault for reader in self.readers for fault in self.differences(reader, expected)]
            if not wrong and not waiting:
                break
            if time.monotonic() - begun > CATCHES_UP:
                raise TestFailure(f"{waiting} are still due, {len(wrong)} faults, such as\n" + "\n".join(wrong[:10]))
            time.sleep(0.5)
        self.reading = False
        wrong = [fault for reader in self.readers for fault in reader.wrong]
        if wrong:
            raise TestFailure("\n".join(wrong[:10]))
        told = sum(len(told) for reader in self.readers for told in reader.told.values())
        connections = sum(reader.connections for reader in self.readers[:STREAMS])
        progress(f"   {len(expected)} headlines were public, {told} events over {connections} connections; writes: {dict(self.statuses)}")
        if len(expected) < 100 or connections == STREAMS:
            raise TestFailure("too little was written or cut for the trial to mean anything")

    def differences(self, reader, expected):
        wrong = []
        for id, version in expected.items():
            told = list(reader.told.get(id, []))
            versions = [version for name, version in told if name not in GONE]
            if versions != sorted(set(versions)):
                wrong.append(f"reader {reader.number}: the versions of {id} don't rise: {told}")
            names = [name for name, _ in told]
            # What has come and gone while a reader was away is told as gone only.
            if isinstance(reader, StreamReader) and (names[:1] != ["published"] and len(names) != 1 or any(name in GONE for name in names[:-1])):
                wrong.append(f"reader {reader.number} got events of {id} in a wrong order: {told}")
            last = told[-1] if told else None
            is_right = last is not None and (last[0] in GONE if version is None else last == (last[0], version) and last[0] not in GONE)
            if not is_right:
                wrong.append(f"reader {reader.number}: {id} is of version {version}, told was {told}")
        for id in reader.told.keys() - expected.keys():
            wrong.append(f"reader {reader.number} was told of {id}, which was never public")
        return wrong


def megabytes(node):
    status = pathlib.Path("/proc", str(node.process.pid), "status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def opened(node, path, buffer=None):
    client = socket.socket()
    if buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    host, port = node.address.split(":")
    client.connect((host, int(port)))
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return client


def all_get(trial, node, readers, what):
    """A headline reaches these readers."""
    title = uuid.uuid4().hex
    status, _, _, _ = ask(node.address, "POST", "/v1/headlines", trial.key, {"title": title, "language": "fr", "status": "published"}, timeout=30)
    if status != 201:
        raise TestFailure(f"{what}: a headline was answered with {status}")
    for reader in readers:
        received = b""
        reader.settimeout(30)
        while title.encode() not in received[-20_000:]:
            more = reader.recv(65536)
            if not more:
                raise TestFailure(f"{what}: a stream has ended")
            received += more


def files(node):
    return len(os.listdir(f"/proc/{node.process.pid}/fd"))


def gone(node, before, what):
    """Waits until the connections of those who have gone are closed."""
    begun = time.monotonic()
    while files(node) > before + 20:
        if time.monotonic() - begun > CATCHES_UP:
            raise TestFailure(f"{what}: {files(node) - before} connections are not closed")
        time.sleep(0.5)


def readers_who_never_read(trial):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = HALF_OPEN if hard == resource.RLIM_INFINITY else min(HALF_OPEN, hard - 1500)
    progress(f"{count:,} readers who never read")
    high = str(count + 1000)
    node = trial.node(
        MANCHETTE_MAX_CONNECTIONS=high, MANCHETTE_MAX_CONNECTIONS_PER_ADDRESS=high, MANCHETTE_MAX_STREAMS_PER_ADDRESS=high
    )
    live = [opened(node, "/v1/headlines/stream") for _ in range(3)]
    all_get(trial, node, live, "before")
    before, most = (megabytes(node), files(node)), []
    for _ in range(2):
        silent = [opened(node, "/v1/headlines/stream", 4096) for _ in range(count)]
        for _ in range(20):
            all_get(trial, node, live, "with readers who never read")
        most.append(megabytes(node))
        for client in silent:
            client.close()
        gone(node, before[1], "readers who never read")
        all_get(trial, node, live, "after the readers who never read")
    if most[1] > most[0] + MORE:
        raise TestFailure(f"a second wave of readers took {most[1] - most[0]:.0f} MB more")
    progress(f"   {(most[0] - before[0]) * 1024 / count:.0f} kB each; {most[1] - most[0]:.0f} MB more for as many again")
    node.stop()


def readers_who_send(trial):
    progress("readers who send")
    node = trial.node()
    live = [opened(node, "/v1/headlines/stream")]
    senders = [opened(node, "/v1/headlines/stream") for _ in range(20)]
    all_get(trial, node, live, "before")
    before, sent = (megabytes(node), files(node) - len(senders)), 0
    for number, sender in enumerate(senders):
        # A request that waits for its turn, bytes without an end, a body that nobody asked for.
        junk = [b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", b"\x00\xff" * 50, b"X" * 100][number % 3]
        sender.setblocking(False)
        try:
            for _ in range(100_000):
                sent += sender.send(junk)
        except (BlockingIOError, ConnectionError):
            pass
    for _ in range(5):
        all_get(trial, node, live, "with readers who send")
    taken = megabytes(node) - before[0]
    if taken > MORE:
        raise TestFailure(f"readers who send take {taken:.0f} MB")
    for sender in senders:
        sender.close()
    gone(node, before[1], "readers who send")
    all_get(trial, node, live, "after the readers who send")
    progress(f"   {sent / 1e6:.0f} MB were sent, {taken:.0f} MB taken")
    node.stop()


def run(program, folder):
    folder.mkdir()
    trial = StreamTrial(program, folder)
    try:
        trial.follow()
        readers_who_never_read(trial)
        readers_who_send(trial)
    finally:
        trial.reading = False
        for node in trial.others:
            node.process.kill()
        trial.postgres.send(signal.SIGCONT)
        trial.postgres.send(signal.SIGQUIT)
