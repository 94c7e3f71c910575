#!/usr/bin/env python3
"""Measures the stream of headlines: the time from a commit to its readers, and the server's memory and CPU.

    cargo build --release --example streams && cargo build --release && benches/streams.py

For each number of readers, a new server with a Postgres of its own in a temporary folder; 20 headlines are created in
each second while all readers are connected. Times are in milliseconds. `last` is the last reader of each headline. A
commit is counted from the moment when its response was there, and 0 where a reader was faster; `from request` counts
from the moment when the request was sent. The readers are a single process on the same processors (benches/streams).
Memory is that of the server without Postgres: `kB each` when all readers are connected, and after the last headline.

Needs Linux, cargo, Postgres's programs, Python 3.9, and a limit of open files (`ulimit -Hn`) above the readers.
Everything is removed in the end.
"""

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

from programs import HERE, BenchmarkError, Server, environment, get, processors, progress  # noqa: E402

# The goals: milliseconds from the commit to the last reader (p99), and kB of memory for each of the most readers.
MOST_OF_LAST = 1000
MOST_OF_MEMORY = 30
# Files that the server and the client have open beside the readers' connections.
OTHER_FILES = 1000
OPTIONS = (
    "--no-demo --listen 127.0.0.1:0 --max-streams-per-address 100000 --max-connections-per-address 100000 "
    "--max-connections 100000 --rate-reads-without-key off --rate-reads off --rate-writes off --shutdown-delay 0"
).split()


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--readers", type=int, nargs="+", default=[100, 1_000, 10_000], help="(default: 100 1000 10000)")
    add("--seconds", type=int, default=15, help="of creating headlines (default: %(default)s)")
    add("--server", type=pathlib.Path, help="the program to measure (default: the release that was built)")
    add("--client", type=pathlib.Path, help="the readers (default: the example that was built)")
    return parser.parse_args()


def raise_file_limit(readers):
    """For this process and those that it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard != resource.RLIM_INFINITY and hard < readers + OTHER_FILES:
        raise BenchmarkError(f"{readers:,} readers need a limit of {readers + OTHER_FILES:,} open files: it is {hard:,}")


def built(chosen):
    """The server and the client."""
    if not (chosen.server and chosen.client):
        command = ["cargo", "metadata", "--format-version=1", "--no-deps"]
        metadata = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, check=True)
        release = pathlib.Path(json.loads(metadata.stdout)["target_directory"]) / "release"
    server = chosen.server or release / "manchette"
    client = chosen.client or release / "examples" / "streams"
    for program in (server, client):
        if not program.exists():
            raise BenchmarkError(f"{program} is missing: build it (see --help)")
    return server, client


# --- the server's resources -------------------------------------------------------------------------------------------


class Usage:
    """Memory and CPU of a process until now."""

    def __init__(self, process):
        folder = pathlib.Path("/proc", str(process.pid))
        status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        self.kilobytes = int(status["VmRSS"].split()[0])
        # The fields after the program's name, which may have spaces.
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        self.cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        self.at = time.monotonic()

    def cpu_since(self, before):
        """Processors in use, in percent of one."""
        return 100 * (self.cpu - before.cpu) / (self.at - before.at)


def warm_up(server):
    """Has the server do once what it does later, so that its memory without readers is comparable."""
    headers = {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"}
    conn = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    for turn in range(20):
        body = json.dumps({"title": f"Before the readers: {turn}", "language": "en", "status": "published"})
        conn.request("POST", "/v1/headlines", body, headers)
        answer = conn.getresponse()
        answer.read()
        if answer.status != 201:
            raise BenchmarkError(f"no headline was created: {answer.status}")
        get(server.port, "/v1/headlines")
    conn.close()
    time.sleep(2)


# --- measuring --------------------------------------------------------------------------------------------------------


def expect(client, line):
    """Reads a line of the client."""
    found = client.stdout.readline().strip()
    if not found or (line and found != line):
        raise BenchmarkError("the client failed: see its message above")
    return found


def measure(programs, folder, readers, seconds):
    """The results of one number of readers."""
    program, client_program = programs
    folder.mkdir()
    command = [program, "serve", "--data-dir", folder / "data", *OPTIONS]
    server = Server(command, folder / "log", environment(RUST_LOG="warn"))
    with contextlib.ExitStack() as stack:
        stack.callback(server.stop)
        server.wait()
        key = folder / "data" / "key"
        server.key = key.read_text().strip()
        warm_up(server)
        without = Usage(server.process)
        command = [client_program, str(server.port), key, str(readers), str(seconds)]
        client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        stack.callback(client.wait)
        stack.callback(client.kill)

        def go_on():
            client.stdin.write("\n")
            client.stdin.flush()

        expect(client, "open")
        before, client_before = Usage(server.process), Usage(client)
        go_on()
        expect(client, "done")
        after, client_after = Usage(server.process), Usage(client)
        go_on()
        results = json.loads(expect(client, None))
    results["kb_open"] = (before.kilobytes - without.kilobytes) / readers
    results["kb_after"] = (after.kilobytes - without.kilobytes) / readers
    results["cpu"] = after.cpu_since(before)
    results["client_cpu"] = client_after.cpu_since(client_before)
    return results


# --- the table --------------------------------------------------------------------------------------------------------


def number(value, digits=0):
    return "-" if value is None else f"{value:,.{digits}f}"


def table(rows):
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths)))


def report(chosen, measured):
    print(
        f"\n20 creates per second for {chosen.seconds} s; {processors()} processors (shared by the server, Postgres and the "
        "readers);\nCPU in percent of one processor.\n"
    )
    rows = [(
        "readers", "p50 ms", "p99 ms", "last: p50", "p99", "max", "from request: p99", "create: p99", "creates/s",
        "kB each", "at the end", "server CPU", "readers' CPU", "lost", "repeated", "cut off",
    )]
    for it in measured:
        rows.append((
            number(it["readers"]), number(it["each"]["p50"], 1), number(it["each"]["p99"], 1),
            number(it["last"]["p50"], 1), number(it["last"]["p99"], 1), number(it["last"]["max"], 1),
            number(it["last_from_request"]["p99"], 1), number(it["create"]["p99"], 1),
            number(it["headlines"] / it["seconds"], 1), number(it["kb_open"], 1), number(it["kb_after"], 1),
            number(it["cpu"]), number(it["client_cpu"]), number(it["lost"]),
            number(it["repeated"] + it["unknown"]), number(it["ended"]),
        ))
    table(rows)
    for it in measured:
        if it["why_ended"]:
            print(f"\nOf {it['readers']:,} readers, {it['ended']:,} were cut off: {it['why_ended']}")
    print(f"\n{verdict(measured)}")


def verdict(measured):
    """Whether the goals hold, in one line."""
    missed = []
    for it in measured:
        readers = f"{it['readers']:,} readers"
        if it["last"]["p99"] is None or it["last"]["p99"] >= MOST_OF_LAST:
            missed.append(f"{number(it['last']['p99'])} ms to the last of {readers}")
        if it["lost"] or it["repeated"] or it["unknown"] or it["ended"]:
            missed.append(f"{it['lost']:,} lost and {it['repeated'] + it['unknown']:,} repeated of {readers}")
    most = max(measured, key=lambda it: it["readers"])
    memory = max(most["kb_open"], most["kb_after"])
    if memory > MOST_OF_MEMORY:
        missed.append(f"{memory:.1f} kB for each of {most['readers']:,} readers")
    goals = f"p99 to the last reader under {MOST_OF_LAST:,} ms, at most {MOST_OF_MEMORY} kB each, nothing lost or repeated"
    return f"Goals ({goals}): {'NO: ' + '; '.join(missed) if missed else 'yes'}"


def main():
    chosen = options()
    with contextlib.ExitStack() as stack:
        try:
            raise_file_limit(max(chosen.readers))
            folder = pathlib.Path(tempfile.mkdtemp(prefix="mb-", dir="/tmp"))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            # Copies, so that a build in the meantime doesn't replace the measured programs.
            programs = [pathlib.Path(shutil.copy2(program, folder / program.name)) for program in built(chosen)]
            measured = []
            for readers in chosen.readers:
                progress(f"{readers:,} readers")
                measured.append(measure(programs, folder / str(readers), readers, chosen.seconds))
            report(chosen, measured)
        except BenchmarkError as error:
            sys.exit(f"benches/streams.py: {error}")


if __name__ == "__main__":
    main()
