"""Tests with misbehaving connections: clients that request large responses and don't read them, clients that send nothing,
and clients that keep sending requests while the server stops. `.ci/faults` runs them."""

import collections
import contextlib
import http.client
import json
import pathlib
import re
import socket
import threading
import time

# The number of articles, and the bytes of each body; a response has all bodies in three forms.
ARTICLES, BODY = 100, 12_000
LARGE = "/v1/articles?limit=100&fields=body,body_html,body_text"
READERS = 900
# Seconds: the setting of the servers in these tests.
WRITE_TIMEOUT = 3
# Seconds of tolerance on a busy machine.
SLACK = 5
# Seconds until every client with an unread response must be disconnected, one after another.
DISCONNECTED = 90
# Additional memory that the process may use: the limit for one address, and the memory of each connection.
UNSENT_MIB = 32
PER_CONNECTION_MIB = 0.2
# Memory for responses in preparation, not yet counted: database connections, times rows and JSON.
MADE_MIB = 200


class TestFailure(Exception):
    pass


def progress(text):
    print(f"-- {text}", flush=True)


def resident(process):
    """The resident memory of a process, in MiB."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def connect(address):
    host, port = address.split(":")
    connection = socket.create_connection((host, int(port)), timeout=10)
    return connection


def request(path, more=""):
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode()


def is_closed(connection):
    """Whether the server has closed the connection. Received bytes stay unread."""
    try:
        connection.setblocking(False)
        state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
        # ESTABLISHED: neither end has closed.
        return state[0] != 1
    except OSError:
        return True


def starts(connection, bytes):
    """Whether the received bytes begin with these. They stay unread."""
    try:
        connection.setblocking(False)
        return connection.recv(len(bytes), socket.MSG_PEEK) == bytes
    except OSError:
        return False


class HealthPoller(threading.Thread):
    """Polls the health endpoints, each time on a new connection."""

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
        progress(f"   {self.asked} health checks, the slowest took {self.slowest * 1000:.0f} ms")
        if self.wrong or not self.asked:
            raise TestFailure(f"{what}: {len(self.wrong)} of {self.asked} health checks failed, such as {self.wrong[:3]}")


def write_articles(node, key):
    """Creates the articles that make responses large."""
    connection = http.client.HTTPConnection(*node.address.split(":"), timeout=30)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    text = ("Une phrase comme une autre, et encore une.\n\n" * (BODY // 44))[:BODY]
    for number in range(ARTICLES):
        article = {"title": f"Long {number}", "language": "fr", "status": "published", "body": text}
        connection.request("POST", "/v1/articles", json.dumps(article), headers)
        answer = connection.getresponse()
        found = answer.read()
        if answer.status != 201:
            raise TestFailure(f"no article was created: {answer.status} {found[:200]}")
    connection.close()


def never_reading(node, count, path=LARGE):
    """Connections of clients that send a request and don't read the response."""
    connections = []
    for _ in range(count):
        connection = connect(node.address)
        connection.sendall(request(path))
        connections.append(connection)
    return connections


def readers(node):
    """900 clients that request megabytes each and don't read them."""
    progress(f"{READERS} clients request {LARGE} and don't read the response")
    before = resident(node.process)
    poller = HealthPoller(node.address)
    poller.start()
    most = before
    connections = never_reading(node, READERS)
    begun = time.monotonic()
    # Refused clients stay until the idle timeout; those with an unread response must be disconnected.
    while time.monotonic() - begun < WRITE_TIMEOUT + SLACK:
        most = max(most, resident(node.process))
        time.sleep(0.1)
    bound = UNSENT_MIB + READERS * PER_CONNECTION_MIB + MADE_MIB
    progress(f"   resident memory: {before:.0f} MiB before, {most:.0f} MiB at most, {resident(node.process):.0f} MiB afterwards")
    poller.done("clients that don't read")
    # Disconnecting some clients lets the responses of others start.
    while True:
        large = [connection for connection in connections if starts(connection, b"HTTP/1.1 200")]
        left = [connection for connection in large if not is_closed(connection)]
        if not left or time.monotonic() - begun > DISCONNECTED:
            break
        # A reset may be lost behind a closed window: sending a byte makes the server repeat it.
        for connection in left:
            with contextlib.suppress(OSError):
                connection.send(b"\r\n")
        time.sleep(0.5)
    progress(f"   {len(large)} received the beginning of a response, and {len(large) - len(left)} of those were disconnected")
    if left or not large:
        raise TestFailure(f"{len(left)} clients that don't read are still connected")
    if most - before > bound:
        raise TestFailure(f"clients that don't read: {most - before:.0f} MiB more, at most {bound:.0f} allowed")
    for connection in connections:
        connection.close()


def dribblers(node):
    """A few clients that read a byte now and then."""
    progress("clients read a byte now and then")
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
            raise TestFailure(f"{len(connections) - len(closed)} clients that read a byte now and then are still connected")
        time.sleep(0.3)
    progress(f"   they were closed within {time.monotonic() - begun:.1f} s")
    for connection in connections:
        connection.close()


def crowd(node, count, what, sends):
    """More connections than allowed, none of which reads."""
    progress(f"{count} clients {what}, with a limit of 100 connections")
    poller = HealthPoller(node.address)
    poller.start()
    connections = []
    for _ in range(count):
        try:
            connection = connect(node.address)
            connection.sendall(sends)
            connections.append(connection)
        except OSError:
            # The server closed it at once to make room.
            pass
    time.sleep(WRITE_TIMEOUT + SLACK)
    poller.done(f"{count} clients {what}")
    for connection in connections:
        connection.close()


class Asker(threading.Thread):
    """Sends requests on a connection until it is closed, then on a new one, until none is accepted."""

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
        """Sends requests until the connection is closed; returns whether it was closed in order."""
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
            raise ValueError(f"the response ended after {len(head)} lines")
        length = next(int(line.split(b":")[1]) for line in head if line.lower().startswith(b"content-length:"))
        body = stream.read(length)
        if len(body) < length:
            raise ValueError(f"the response ended after {len(body)} of {length} bytes")
        return head, body


def stop_under_load(node, rounds=5):
    """SIGTERM while clients send requests on persistent connections."""
    progress(f"a server is stopped under load, {rounds} times")
    total, longest = collections.Counter(), 0
    for _ in range(rounds):
        askers = [Asker(node.address) for _ in range(32)]
        for asker in askers:
            asker.start()
        # Idle connections, kept open: they must not delay the shutdown.
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
            raise TestFailure(f"/readyz answers {status} while the server stops")
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
            raise TestFailure(f"{len(wrong)} requests got an incomplete response, such as {wrong[:3]}")
        node.start()
    progress(f"   responses: {dict(total)}; the longest stop took {longest:.1f} s")
    if not total["200"]:
        raise TestFailure("no request got a 200")


def ready(address):
    connection = http.client.HTTPConnection(*address.split(":"), timeout=10)
    connection.request("GET", "/readyz")
    status = connection.getresponse().status
    connection.close()
    return status


def run(start, key):
    """Runs all tests; `start(**settings)` starts a server with these settings."""
    node = start(MANCHETTE_WRITE_TIMEOUT=str(WRITE_TIMEOUT))
    write_articles(node, key)
    readers(node)
    dribblers(node)
    node.stop()
    node = start(MANCHETTE_WRITE_TIMEOUT=str(WRITE_TIMEOUT), MANCHETTE_MAX_CONNECTIONS="100")
    for count in (130, READERS):
        crowd(node, count, "request megabytes and don't read them", request(LARGE))
        crowd(node, count, "send nothing", b"")
        crowd(node, count, "begin a request", b"GET /livez HTTP/1.1\r\nHost:")
    node.stop()
    node = start(MANCHETTE_SHUTDOWN_DELAY="1")
    stop_under_load(node)
    node.stop()
