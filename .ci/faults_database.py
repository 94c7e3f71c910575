"""Tests for `.ci/faults`: a connection pooler in front of the database, a locked table, a full disk."""

import collections
import contextlib
import os
import shutil
import signal
import statistics
import subprocess
import threading
import time

from __main__ import Node, Postgres, Trial, TestFailure, ask, program, progress

# The error message for a refused pooler.
SENTENCE = "connection pooler in transaction or statement mode"
READERS = 60
# Seconds that the table is locked.
LOCKED = 8


class PgBouncer:
    """PgBouncer in front of a Postgres, with its own socket."""

    def __init__(self, folder, postgres):
        self.folder, self.postgres = folder, postgres
        folder.mkdir()
        if postgres.user:
            shutil.chown(folder, "nobody")
        self.url = f"postgres://manchette@/manchette?host={folder}&port=6432"
        self.write("session")
        self.process = subprocess.Popen(
            [shutil.which("pgbouncer") or "/usr/sbin/pgbouncer", "-q", folder / "pgbouncer.ini"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **postgres.user,
        )
        begun = time.monotonic()
        while not (folder / ".s.PGSQL.6432").exists():
            if self.process.poll() is not None or time.monotonic() - begun > 10:
                raise TestFailure(f"PgBouncer does not start: {(folder / 'log').read_text()}")
            time.sleep(0.05)

    def write(self, mode):
        (self.folder / "pgbouncer.ini").write_text(
            f"[databases]\nmanchette = host={self.postgres.sockets} dbname=manchette user=manchette\n"
            f"[pgbouncer]\npool_mode = {mode}\nlisten_addr =\nlisten_port = 6432\nunix_socket_dir = {self.folder}\n"
            f"auth_type = any\ndefault_pool_size = 60\nmax_client_conn = 200\nlogfile = {self.folder}/log\n"
        )

    def switch(self, mode):
        """Changes the mode with a reload: existing connections stay open."""
        self.write(mode)
        self.process.send_signal(signal.SIGHUP)
        # PgBouncer applies its settings at once, without a message.
        time.sleep(0.3)

    def stop(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def ending(trial):
    """Ends the processes of a test, also when it fails."""
    try:
        yield trial
        for node in trial.nodes:
            node.stop()
    finally:
        for node in trial.nodes:
            node.process.kill()
        if isinstance(trial.postgres, Postgres):
            trial.postgres.send(signal.SIGQUIT)


def a_pooler(server, folder):
    progress("a pooler is in front of Postgres")
    folder.mkdir()
    made = []

    def through(postgres):
        made.append(PgBouncer(folder / "pgbouncer", postgres))
        return made[0].url

    try:
        with ending(Trial(server, folder, through)) as trial:
            pooler = made[0]
            trial.while_writing("through PgBouncer in session mode", lambda: None)
            for mode in ("transaction", "statement"):
                trial.while_writing(f"PgBouncer is switched to {mode} mode and back", lambda: switched(trial, pooler, mode))
            for mode in ("transaction", "statement"):
                pooler.switch(mode)
                for command in (["serve"], ["migrate"], ["demo"], ["keys", "list"]):
                    refused(server, pooler.url, command, mode)
            pooler.switch("session")
    finally:
        for pooler in made:
            pooler.stop()


def switched(trial, pooler, mode):
    pooler.switch(mode)
    begun = time.monotonic()
    for node in trial.nodes:
        while True:
            status, headers, found, _ = ask(node.address, "GET", "/readyz")
            if status == 503 and SENTENCE in found["detail"] and headers.get("Retry-After"):
                break
            if time.monotonic() - begun > 5:
                raise TestFailure(f"{mode} mode is not detected: /readyz returns {status} {found}")
            time.sleep(0.02)
    noticed = time.monotonic() - begun
    asked = collections.Counter(ask(node.address, "GET", "/v1/headlines")[0] for node in trial.nodes for _ in range(50))
    if set(asked) != {503}:
        raise TestFailure(f"in {mode} mode some requests succeeded: {dict(asked)}")
    progress(f"   detected after {noticed:.2f} s; then all of {sum(asked.values())} requests were refused")
    pooler.switch("session")


def refused(server, url, command, mode):
    environment = {**os.environ, "DATABASE_URL": url, "MANCHETTE_LISTEN": "127.0.0.1:0"}
    done = subprocess.run([server, *command], env=environment, capture_output=True, text=True, timeout=60)
    if done.returncode == 0 or SENTENCE not in done.stderr:
        raise TestFailure(f"{command} in {mode} mode ends with {done.returncode}: {done.stderr}")


def a_locked_table(server, folder):
    progress(f"headlines are locked for {LOCKED} s, and {READERS} read them")
    folder.mkdir()
    with ending(Trial(server, folder)) as trial:
        node = trial.nodes[0]
        # Opens every connection and prepares every statement.
        for path in ("/v1/headlines", "/v1/articles", "/v1/authors") * 30:
            ask(node.address, "GET", path)
        lock = f"BEGIN; LOCK TABLE headlines IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep({LOCKED}); COMMIT"
        locker = threading.Thread(target=trial.postgres.ask, args=(lock,))
        locker.start()
        time.sleep(0.3)
        until = time.monotonic() + LOCKED - 1
        answers, seconds, wrong = collections.defaultdict(collections.Counter), collections.defaultdict(list), []

        def reads(path, pause, key=None, body=None):
            while time.monotonic() < until:
                method = "GET" if body is None else "POST"
                status, headers, _, took = ask(node.address, method, path, key, body and {"name": f"tag {time.monotonic_ns()}"})
                answers[path][status] += 1
                seconds[path].append(took)
                if status == 503 and not headers.get("Retry-After"):
                    wrong.append(f"{path}: 503 without Retry-After")
                time.sleep(pause)

        threads = [threading.Thread(target=reads, args=("/v1/headlines", 0)) for _ in range(READERS)]
        threads += [threading.Thread(target=reads, args=(path, 0.1)) for path in ("/v1/articles", "/v1/authors")]
        threads.append(threading.Thread(target=reads, args=("/v1/tags", 0.1, trial.key, True)))
        for thread in threads:
            thread.start()
        for thread in (*threads, locker):
            thread.join()
        for path in answers:
            middle, slowest = statistics.median(seconds[path]), max(seconds[path])
            progress(f"   {path}: {dict(answers[path])}; median {middle * 1000:.0f} ms, slowest {slowest * 1000:.0f} ms")
        expected = {"/v1/headlines": {503}, "/v1/articles": {200}, "/v1/authors": {200}, "/v1/tags": {201}}
        for path, statuses in expected.items():
            if set(answers[path]) != statuses:
                wrong.append(f"{path} answered {dict(answers[path])}")
        if wrong:
            raise TestFailure("\n".join(wrong[:10]))
        trial.heal("a locked table")


class OwnPostgres:
    """The Postgres that the server runs under its data folder."""

    def __init__(self, data):
        self.data = data / "postgres"

    def ask(self, sql):
        words = [program("psql"), "-h", self.data, "-U", "manchette", "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", sql, "manchette"]
        done = subprocess.run(words, capture_output=True, text=True, cwd="/")
        if done.returncode:
            raise TestFailure(f"{sql}: {done.stderr}")
        return [line.split("\t") for line in done.stdout.splitlines()]


class FullDisk(Trial):
    """A server with an embedded Postgres, one folder of which is on a small disk."""

    def __init__(self, server, folder, part, size):
        folder.mkdir()
        data, self.disk = folder / "data", folder / "disk"
        self.disk.mkdir()
        self.log = folder / "log-1"
        node = Node(server, "", self.log, MANCHETTE_DATA_DIR=str(data), MANCHETTE_NO_DEMO="true")
        node.stop()
        self.postgres = OwnPostgres(data)
        # The folder is moved to the disk and replaced by a link.
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}m,mode=0755", "none", self.disk], check=True)
        self.nodes = [node]
        place = self.postgres.data / part
        subprocess.run(["cp", "-a", place, self.disk / "part"], check=True)
        shutil.rmtree(place)
        place.symlink_to(self.disk / "part")
        os.chown(place, *(getattr(os.stat(self.postgres.data), name) for name in ("st_uid", "st_gid")), follow_symlinks=False)
        node.start()
        self.key = (data / "key").read_text().strip()

    def write(self):
        """Sends a write and returns its status."""
        line = {"title": f"full {time.monotonic_ns()}", "language": "fr", "source": "x" * 100}
        status, headers, found, _ = ask(self.nodes[0].address, "POST", "/v1/headlines", self.key, line)
        if status in (503, 507) and not headers.get("Retry-After"):
            raise TestFailure(f"{status} without Retry-After: {found}")
        return status

    def data_disk(self):
        """Keeps the disk full until enough writes were refused."""
        ballast = self.disk / "ballast"
        with contextlib.suppress(OSError), open(ballast, "wb", buffering=0) as file:
            while True:
                # One page at a time, until none is left.
                file.write(b"\0" * 4096)
        reads, writes = collections.Counter(), collections.Counter()
        begun = time.monotonic()
        while writes[507] < 50:
            writes[self.write()] += 1
            for path in ("/v1/headlines?limit=5", "/v1/articles", "/readyz"):
                reads[ask(self.nodes[0].address, "GET", path, self.key)[0]] += 1
            if time.monotonic() - begun > 30:
                raise TestFailure(f"the disk is full, and writes are answered {dict(writes)}")
        ballast.unlink()
        progress(f"   while it was full: reads {dict(reads)}, writes {dict(writes)}")
        if set(reads) != {200}:
            raise TestFailure(f"while the disk was full, reads were answered {dict(reads)}")

    def wal_disk(self):
        """The write-ahead log has no space for its next file for a while."""
        before = self.log.read_text().count("restarting it in")
        fill = "CREATE TABLE ballast AS SELECT md5(n::text) || md5((n + 1)::text) AS it FROM generate_series(1, 1000000) AS n"
        try:
            self.postgres.ask(fill)
        except TestFailure:
            pass
        else:
            raise TestFailure("the disk of the log was never full")
        statuses = collections.Counter()
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                statuses[ask(self.nodes[0].address, "GET", "/v1/headlines")[0]] += 1
            time.sleep(0.1)
        restarts = self.log.read_text().count("restarting it in") - before
        progress(f"   full for 10 s: {restarts} restarts; reads {dict(statuses)}")
        if not 1 <= restarts <= 6:
            raise TestFailure(f"Postgres was started {restarts} times in 10 s")
        if not set(statuses) <= {200, 503}:
            raise TestFailure(f"reads were answered {dict(statuses)}")
        subprocess.run(["mount", "-o", "remount,size=512m", self.disk], check=True)
        self.room = time.monotonic()

    def heal(self, what):
        super().heal(what)
        if hasattr(self, "room"):
            progress(f"   it wrote again {time.monotonic() - self.room:.1f} s after space was freed")


def full_disks(server, folder):
    if os.getuid() != 0:
        progress("full disks: left out, as only root can mount a small one")
        return
    folder.mkdir()
    # The user that runs the server's Postgres needs access.
    folder.chmod(0o755)
    for name, part, size, healed in (("data", "base", 128, 5), ("wal", "pg_wal", 64, 40)):
        trial = None
        try:
            trial = FullDisk(server, folder / name, part, size)
            trial.healed = healed
            fill = trial.data_disk if name == "data" else trial.wal_disk
            with ending(trial):
                trial.while_writing(f"the disk of Postgres's {part} is full", fill)
        finally:
            # The server's Postgres ends shortly after the server.
            for _ in range(50):
                if subprocess.run(["umount", folder / name / "disk"], capture_output=True).returncode == 0 or not trial:
                    break
                time.sleep(0.1)


TRIALS = {"pooler": a_pooler, "lock": a_locked_table, "disk": full_disks}


def run(server, folder, names):
    """The named tests, or all of them."""
    for name, trial in TRIALS.items():
        if not names or name in names:
            begun = time.monotonic()
            trial(server, folder / name)
            progress(f"   took {time.monotonic() - begun:.0f} s")
