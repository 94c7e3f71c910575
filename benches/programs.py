"""The programs under measurement: Postgres, the server, and the bare server."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent


class BenchmarkError(Exception):
    """An error message for the user, without a stack trace."""


def processors():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def progress(text):
    print(text, file=sys.stderr, flush=True)


def environment(**more):
    """The user's environment, without settings of the server or of Postgres."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in ("MANCHETTE_POSTGRES_BIN", "MANCHETTE_POSTGRES_USER")
        or not name.startswith(("MANCHETTE_", "DATABASE_URL", "PG", "RUST_LOG"))
    }
    return {**kept, **more}


def postgres_program(name):
    found = shutil.which(name)
    if found:
        return found
    folders = []
    if shutil.which("pg_config"):
        asked = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True)
        folders.append(pathlib.Path(asked.stdout.strip()))
    installed = pathlib.Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(installed, key=lambda folder: float(folder.parent.name), reverse=True)
    for folder in folders:
        if (folder / name).is_file():
            return str(folder / name)
    raise BenchmarkError(f"{name} is missing: install Postgres's server and client programs")


def programs(build):
    """The server, the bare server and the one by hand, built first if `build` is set."""
    if not shutil.which("wrk"):
        raise BenchmarkError("wrk is missing: install it (apt-get install wrk, dnf install wrk, brew install wrk)")
    root = HERE.parent
    if build:
        progress("building")
        for what in (["--bin", "manchette"], ["--example", "bare", "--example", "hand"]):
            if subprocess.run(["cargo", "build", "--release", *what], cwd=root).returncode != 0:
                raise BenchmarkError("the build failed")
    metadata = subprocess.run(
        ["cargo", "metadata", "--format-version=1", "--no-deps"], cwd=root, capture_output=True, text=True, check=True
    )
    release = pathlib.Path(json.loads(metadata.stdout)["target_directory"]) / "release"
    found = release / "manchette", release / "examples" / "bare", release / "examples" / "hand"
    if not all(program.exists() for program in found):
        raise BenchmarkError("nothing was built yet: run this without --no-build")
    return found


class Server:
    """A running server, until `stop` is called."""

    def __init__(self, command, log, env):
        self.log = log
        # In a separate session, so that Ctrl-C reaches it only through `stop`.
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log.open("w"), env=env, start_new_session=True, text=True
        )

    def wait(self):
        """Reads the port from the startup message."""
        for line in self.process.stdout:
            found = re.search(r"Listening\s+127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found[1])
                return self
        raise BenchmarkError(f"the server doesn't start:\n{self.log.read_text()}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(90)
        except subprocess.TimeoutExpired:
            self.process.kill()


def bare_server(program, stack, case, workers):
    file = case.file.with_suffix(".body")
    file.write_bytes(case.body)
    headers = case.file.with_suffix(".headers")
    # The framework sets these itself.
    own = ("content-length", "date", "connection", "transfer-encoding")
    headers.write_text("".join(f"{name}: {value}\n" for name, value in case.response_headers if name.lower() not in own))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, str(port), file, str(workers), str(case.status), headers]
    server = Server(command, case.file.with_suffix(".log"), environment())
    stack.callback(server.stop)
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return port
        time.sleep(0.025)
    raise BenchmarkError("the bare server doesn't start")


def get(port, path, headers=None):
    conn = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        conn.request("GET", path, headers=headers or {})
        answer = conn.getresponse()
        return answer, answer.read()
    finally:
        conn.close()


class Database:
    """The embedded Postgres that the server started in this folder."""

    # The options of the server's own connections.
    OPTIONS = (
        "-c plan_cache_mode=force_generic_plan -c random_page_cost=1.1 -c jit=off -c max_parallel_workers_per_gather=0"
    )

    def __init__(self, folder):
        self.folder = folder
        self.psql = postgres_program("psql")
        self.pgbench = postgres_program("pgbench")

    def command(self, name="manchette"):
        return [self.psql, "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder), "-U", "manchette", name]

    def ask(self, sql, name="manchette"):
        asked = subprocess.run(self.command(name), input=sql, env=environment(), capture_output=True, text=True)
        if asked.returncode != 0:
            raise BenchmarkError(f"Postgres refused:\n{asked.stderr}")
        return asked.stdout.strip()

    def rest(self):
        """Waits until no statement is running: the client may have disconnected before its statement ended."""
        running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid();"
        for _ in range(100):
            if self.ask(running) == "0":
                break
            time.sleep(0.1)

    def copy(self, table, columns, rows, name):
        """Loads rows, without triggers and foreign keys: the rows are known to be valid."""
        psql = subprocess.Popen(
            self.command(name), env=environment(), stdin=subprocess.PIPE, text=True, encoding="utf-8"
        )
        try:
            write = psql.stdin.write
            write(f"SET session_replication_role = replica;\nCOPY {table} ({', '.join(columns)}) FROM STDIN;\n")
            for row in rows:
                write("\t".join(row) + "\n")
            write("\\.\n")
            psql.stdin.close()
        except BrokenPipeError:
            pass
        if psql.wait() != 0:
            raise BenchmarkError(f"{table} can't be loaded")
