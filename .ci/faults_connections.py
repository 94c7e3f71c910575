"""Trials of what clients can do with their connections: ask for much and read nothing, say nothing at all, and go on asking
while the server stops. `.ci/faults` runs them."""

import collections
import contextlib
import http.client
import json
import os
import pathlib
import re
import socket
import threading
import time

# Articles, and the bytes of each one's body, of which an answer has all and in three forms.
ARTICLES, BODY = 100, 12_000
LARGE = "/v1/articles?limit=100&fields=body,body_html,body_text"
READERS = 900
# Seconds, as the servers of these trials are set.
WRITE_TIMEOUT = 3
# Seconds that something may take longer than it should on a busy machine.
SLACK = 5
# Seconds until every reader is gone who was given an answer, one after another.
DISCONNECTED = 90
# What the process may hold more than before: the bound for one address, and what each connection has for itself.
UNSENT_MIB = 32
PER_CONNECTION_MIB = 0.2
# What answers take while they are made, before they are known: connections to the database, times rows and JSON.
MADE_MIB = 200


class Trouble(Exception):
    pass


def say(text):
    print(f"-- {text}", flush=True)


def resident(process):
    """Its resident memory, in MiB."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def connect(address):
    host, port = address.split(":")
    connection = socket.create_connection((host, int(port)), timeout=10)
    return connection


def request(path, more=""):
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode()


def is_closed(connection):
    """Whether the other end has closed it. What was received stays unread where it is not."""
    try:
        connection.setblocking(False)
        state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
        # ESTABLISHED: neither end has closed.
        return state[0] != 1
    except OSError:
        return True


def starts(connection, bytes):
    """Whether what came begins so. It stays unread."""
    try:
        connection.setblocking(False)
        return connection.recv(len(bytes), socket.MSG_PEEK) == bytes
    except OSError:
        return False


class Watcher(threading.Thread):
    """Asks for the server's health on a connection of its own, again and again."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address, self.going = address, True
        self.asked, self.slowest, self.wrong = 0, 0.0, []

    def run(self):
        while self.going:
            for path in ("/livez", "/readyz"):
                begun = time.monotonic()
                try:
                    connection = http.client.HTTPConnection(*self.address.split(":"), timeout=10)
                    connection.request("GET", path)
                    status = connection.getresponse().status
                    connection.close()
                except (OSError, http.client.HTTPException) as error:
                    status = repr(error)
                if status != 200:
                    self.wrong.append(f"{path}: {status}")
                self.asked += 1
                self.slowest = max(self.slowest, time.monotonic() - begun)
            time.sleep(0.05)

    def done(self, what):
        self.going = False
        self.join()
        say(f"   health was asked {self.asked} times, the slowest answer took {self.slowest * 1000:.0f} ms")
        if self.wrong or not self.asked:
            raise Trouble(f"{what}: {len(self.wrong)} of {self.asked} answers about health were wrong, such as {self.wrong[:3]}")


def write_articles(node, key):
    """What answers are large with, unless it is there."""
    connection = http.client.HTTPConnection(*node.address.split(":"), timeout=30)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    text = ("Une phrase comme une autre, et encore une.\n\n" * (BODY // 44))[:BODY]
    for number in range(ARTICLES):
        article = {"title": f"Long {number}", "language": "fr", "status": "published", "body": text}
        connection.request("POST", "/v1/articles", json.dumps(article), headers)
        answer = connection.getresponse()
        found = answer.read()
        if answer.status != 201:
            raise Trouble(f"no article was made: {answer.status} {found[:200]}")
    connection.close()


def never_reading(node, count, path=LARGE):
    """So many clients who ask and read nothing."""
    connections = []
    for _ in range(count):
        connection = connect(node.address)
        # A small window, as somebody who means it would have.
        connection.sendall(request(path))
        connections.append(connection)
    return connections


def readers(node):
    """Nine hundred who ask for megabytes each and read nothing."""
    say(f"{READERS} clients ask for {LARGE} and read nothing")
    before = resident(node.process)
    watcher = Watcher(node.address)
    watcher.start()
    most = before
    connections = never_reading(node, READERS)
    begun = time.monotonic()
    # Refused ones stay until they were idle for too long; those whose answer waits must go.
    while time.monotonic() - begun < WRITE_TIMEOUT + SLACK:
        most = max(most, resident(node.process))
        time.sleep(0.1)
    bound = UNSENT_MIB + READERS * PER_CONNECTION_MIB + MADE_MIB
    say(f"   resident memory: {before:.0f} MiB before, {most:.0f} MiB at most, {resident(node.process):.0f} MiB then")
    watcher.done("clients who read nothing")
    # When some were disconnected, others had their turn.
    while True:
        large = [connection for connection in connections if starts(connection, b"HTTP/1.1 200")]
        left = [connection for connection in large if not is_closed(connection)]
        if not left or time.monotonic() - begun > DISCONNECTED:
            break
        # Behind a closed window a reset may be lost: whoever says something is told again.
        for connection in left:
            with contextlib.suppress(OSError):
                connection.send(b"\r\n")
        time.sleep(0.5)
    say(f"   {len(large)} of them got the beginning of an answer, and {len(large) - len(left)} of those were disconnected")
    if left or not large:
        raise Trouble(f"{len(left)} clients who read nothing are still connected")
    if most - before > bound:
        raise Trouble(f"clients who read nothing: {most - before:.0f} MiB more, and at most {bound:.0f} may be")
    for connection in connections:
        connection.close()


def dribblers(node):
    """A few who read a byte now and then."""
    say("clients read a byte now and then")
    connections = never_reading(node, 5)
    begun = time.monotonic()
    closed = set()
    while len(closed) < len(connections):
        for connection in connections:
            if is_closed(connection):
                closed.add(connection)
                continue
            try:
                connection.recv(1)
            except BlockingIOError:
                pass
            except OSError:
                closed.add(connection)
        if time.monotonic() - begun > WRITE_TIMEOUT + 2 * SLACK:
            raise Trouble(f"{len(connections) - len(closed)} clients who read a byte now and then are still there")
        time.sleep(0.3)
    say(f"   they were closed within {time.monotonic() - begun:.1f} s")
    for connection in connections:
        connection.close()


def crowd(node, count, what, sends):
    """More connections than may be open, and none of them reads."""
    say(f"{count} clients {what}, where 100 connections may be open")
    watcher = Watcher(node.address)
    watcher.start()
    connections = []
    for _ in range(count):
        try:
            connection = connect(node.address)
            connection.sendall(sends)
            connections.append(connection)
        except OSError:
            # It had to make room at once.
            pass
    time.sleep(WRITE_TIMEOUT + SLACK)
    watcher.done(f"{count} clients {what}")
    for connection in connections:
        connection.close()


class Asker(threading.Thread):
    """Asks on one connection as long as it is kept, then on another, until none is accepted."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address, self.outcomes, self.cut = address, collections.Counter(), []

    def run(self):
        while True:
            try:
                connection = connect(self.address)
            except OSError:
                self.outcomes["refused"] += 1
                return
            with connection:
                if not self.on(connection):
                    return

    def on(self, connection):
        """Asks on this connection until it is closed; whether it was closed in good order."""
        stream = connection.makefile("rb")
        while True:
            try:
                connection.sendall(request("/v1/headlines?limit=20"))
                head, body = self.answer(stream)
            except (OSError, ValueError) as error:
                self.cut.append(repr(error))
                return False
            self.outcomes[head[0].split(b" ")[1].decode()] += 1
            if any(line.lower().strip() == b"connection: close" for line in head):
                return True

    def answer(self, stream):
        head = []
        while (line := stream.readline()) not in (b"\r\n", b""):
            head.append(line)
        if not head or line == b"":
            raise ValueError(f"the answer broke off after {len(head)} lines")
        length = next(int(line.split(b":")[1]) for line in head if line.lower().startswith(b"content-length:"))
        body = stream.read(length)
        if len(body) < length:
            raise ValueError(f"the answer broke off after {len(body)} of {length} bytes")
        return head, body


def stop_under_load(node, rounds=5):
    """SIGTERM while clients ask on connections that they keep."""
    say(f"a server is stopped under load, {rounds} times")
    total, longest = collections.Counter(), 0
    for _ in range(rounds):
        askers = [Asker(node.address) for _ in range(32)]
        for asker in askers:
            asker.start()
        # Some that are idle, and kept: they must keep nobody waiting.
        idle = []
        for _ in range(10):
            connection = connect(node.address)
            connection.sendall(request("/livez"))
            connection.recv(4096)
            idle.append(connection)
        time.sleep(1)
        begun = time.monotonic()
        node.process.terminate()
        time.sleep(0.3)
        status = ready(node.address)
        if status != 503:
            raise Trouble(f"/readyz answers {status} while the server stops")
        node.process.wait(30)
        longest = max(longest, time.monotonic() - begun)
        for asker in askers:
            asker.join(10)
            total.update(asker.outcomes)
            total["cut"] += len(asker.cut)
        for connection in idle:
            connection.close()
        wrong = [cut for asker in askers for cut in asker.cut]
        if wrong:
            raise Trouble(f"{len(wrong)} requests got no whole answer, such as {wrong[:3]}")
        node.start()
    say(f"   answers: {dict(total)}; the longest stop took {longest:.1f} s")
    if not total["200"]:
        raise Trouble("nobody was answered at all")


def ready(address):
    connection = http.client.HTTPConnection(*address.split(":"), timeout=10)
    connection.request("GET", "/readyz")
    status = connection.getresponse().status
    connection.close()
    return status


def run(start, key):
    """All of it; `start(**settings)` starts a server with settings of its own."""
    node = start(MANCHETTE_WRITE_TIMEOUT=str(WRITE_TIMEOUT))
    write_articles(node, key)
    readers(node)
    dribblers(node)
    node.stop()
    node = start(MANCHETTE_WRITE_TIMEOUT=str(WRITE_TIMEOUT), MANCHETTE_MAX_CONNECTIONS="100")
    for count in (130, READERS):
        crowd(node, count, "ask for megabytes and read nothing", request(LARGE))
        crowd(node, count, "say nothing", b"")
        crowd(node, count, "begin a request", b"GET /livez HTTP/1.1\r\nHost:")
    node.stop()
    node = start(MANCHETTE_SHUTDOWN_DELAY="1")
    stop_under_load(node)
    node.stop()
