"""Runs the examples of a page and compares the answers with those beside them.

In a fenced block of the kind `console` a line that begins with `$ ` is a command (a `\\` at its end or an open quote
continues it), and the lines below it are its answer. All commands of a page run in one shell, one after another, in a folder
that has the server's data folder as `data`. `http://127.0.0.1:8080` is replaced by the address of the server.

Compared are
- the status: that of a status line (`curl -i`) or of the member `status` of a problem document, else the method's usual one:
  201 for POST, 204 for DELETE, 200 for all others;
- the names of headers, where the answer shows a head; a line `…` stands for those that are left out;
- the shape of JSON: names and types; of values only true, false, null and those of `type`, `code` and `status`. White space
  is free, and `…` at the end of an object or a list stands for what is left out;
- of other text only whether there is some.
"""

import dataclasses
import json
import os
import pathlib
import pwd
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

BASE = "http://127.0.0.1:8080"
STARTED = 120
USUAL = {"POST": 201, "DELETE": 204}
FIXED = {"type", "code", "status"}
MORE = "…"
# Notes the method and the status of each request beside the example's output.
PRELUDE = """
curl() { command curl -sS -w '%{stderr}%{method} %{http_code}\\n' "$@" 2>>"$EXAMPLE.statuses"; }
"""


@dataclasses.dataclass
class Fence:
    kind: str
    lines: list


@dataclasses.dataclass
class Example:
    path: pathlib.Path
    line: int
    command: str
    answer: str


def fences(path):
    """The fenced blocks of a page, each line with its number."""
    fence = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        mark = re.match(r"\s*```(\w*)", line)
        if mark and fence is None:
            fence = Fence(mark[1], [])
        elif mark:
            yield fence
            fence = None
        elif fence is not None:
            fence.lines.append((number, line))


def is_whole(command):
    """Whether a command ends here: not with a `\\`, nor within quotes."""
    try:
        return bool(shlex.split(command))
    except ValueError:
        return False


def read_examples(path):
    for fence in fences(path):
        if fence.kind != "console":
            continue
        example = None
        for number, line in fence.lines:
            if line.startswith("$ "):
                if example:
                    yield example
                example = Example(path, number, line[2:], "")
            elif not example:
                raise SystemExit(f"{path}:{number}: a console block begins with `$ `")
            elif not is_whole(example.command):
                example.command += "\n" + line
            else:
                example.answer += line + "\n"
        if example:
            yield example


# --- running ----------------------------------------------------------------------------------------------------------


class Server:
    """The program in a temporary folder, with sample content."""

    def __init__(self, program, user):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="manchette-docs-"))
        self.folder.chmod(0o755)
        (self.folder / "manchette").symlink_to(program)
        self.environment = {"PATH": f"{self.folder}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "HOME": str(self.folder)}
        self.options = {"cwd": self.folder, "env": self.environment, "stdin": subprocess.DEVNULL}
        if user:
            who = pwd.getpwnam(user)
            os.chown(self.folder, who.pw_uid, who.pw_gid)
            self.options |= {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}

    def __enter__(self):
        command = [self.folder / "manchette", "--listen", "127.0.0.1:0", "--shutdown-delay", "0"]
        with open(self.folder / "said", "wb") as said, open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(command, stdout=said, stderr=log, **self.options)
        try:
            self.base = self.wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait(self):
        for _ in range(STARTED * 10):
            address = re.search(r"Listening +(\S+)", (self.folder / "said").read_text(encoding="utf-8"))
            if address:
                return f"http://{address[1]}"
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise SystemExit("the server did not start:\n" + (self.folder / "log").read_text(encoding="utf-8"))

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        shutil.rmtree(self.folder)

    def run(self, examples):
        """Runs all commands in one shell; returns the exit status, output, errors and HTTP statuses of each."""
        script = [PRELUDE]
        for number, example in enumerate(examples):
            command = self.folder / f"example-{number}.command"
            command.write_text(example.command.replace(BASE, self.base) + "\n", encoding="utf-8")
            script.append(f"EXAMPLE=$PWD/example-{number}; :>$EXAMPLE.statuses")
            script.append(". $EXAMPLE.command >$EXAMPLE.out 2>$EXAMPLE.err; echo $? >$EXAMPLE.exit")
        subprocess.run(["bash", "-c", "\n".join(script)], timeout=300, **self.options)
        return [self.result(number) for number in range(len(examples))]

    def result(self, number):
        def read(kind):
            path = self.folder / f"example-{number}.{kind}"
            return path.read_bytes().decode().replace("\r\n", "\n") if path.exists() else ""

        return read("exit").strip(), read("out"), read("err"), read("statuses")


def check_examples(examples, program, user):
    """Yields the faults in the examples of one page: (path, line, text)."""
    with Server(program, user) as server:
        results = server.run(examples)
    return [
        (example.path, example.line, text) for example, result in zip(examples, results) for text in compare(example, *result)
    ]


# --- comparing --------------------------------------------------------------------------------------------------------


def split_head(text):
    """The status line of a response, the names of its headers (if it has a head), and its body."""
    if not text.startswith("HTTP/"):
        return None, None, text
    head, _, body = text.partition("\n\n")
    first, *headers = head.splitlines()
    return first, {line.partition(":")[0].lower() for line in headers}, body


def values(text):
    """The JSON values in a text, or None if it is not JSON."""
    decoder, found, at = json.JSONDecoder(), [], 0
    text = text.strip()
    try:
        while at < len(text):
            value, at = decoder.raw_decode(text, at)
            found.append(value)
            at += len(text[at:]) - len(text[at:].lstrip())
    except ValueError:
        return None
    return found


def documented(text):
    """The JSON values of a documented response, in which `…` stands for omissions."""

    def mark(token):
        return {"}": '"…": null', "]": '"…"', None: token[0]}[token[1]]

    return values(re.sub(r'"(?:[^"\\]|\\.)*"|…(?=\s*([}\]]))', mark, text))


def compare(example, code, out, errors, statuses):
    if code != "0":
        yield f"expected the exit status 0, seen {code or 'none'}: {errors.strip()[-300:]}"
        return
    status, headers, body = split_head(example.answer)
    _, seen_headers, seen_body = split_head(out)
    expected = documented(body)
    yield from compare_statuses(status, expected, statuses)
    if headers is not None:
        yield from compare_headers(headers, seen_headers)
    yield from compare_bodies(expected, body, seen_body)


def compare_statuses(status, expected, statuses):
    # A request that its example ends, such as one for a stream, has a line of curl's as well.
    lines = [line.split() for line in statuses.splitlines() if not line.startswith("curl: ")]
    *before, last = lines or [None]
    for method, seen in before:
        if int(seen) != USUAL.get(method, 200):
            yield f"expected the status {USUAL.get(method, 200)} of a {method} on the way, seen {seen}"
    if last:
        expected_status = int(status.split()[1]) if status else USUAL.get(last[0], 200)
        first = expected[0] if expected else None
        if not status and isinstance(first, dict) and first.keys() & {"type", "errors"}:
            expected_status = first.get("status", expected_status)
        if int(last[1]) != expected_status:
            yield f"expected the status {expected_status}, seen {last[1]}"


def compare_headers(headers, seen):
    if seen is None:
        yield "expected a head, seen none"
        return
    missing, extra = headers - {MORE} - seen, seen - headers
    if missing:
        yield f"expected the headers {', '.join(sorted(missing))}, seen {', '.join(sorted(seen))}"
    if extra and MORE not in headers:
        yield f"headers that are not expected: {', '.join(sorted(extra))}"


def compare_bodies(expected, text, seen_text):
    seen = values(seen_text)
    if expected is None or seen is None:
        if (expected is None) != (seen is None) or not seen_text.strip():
            yield f"expected {text.strip()[:300]!r}, seen {seen_text.strip()[:300]!r}"
    else:
        yield from compare_values(expected, seen, "")


def compare_values(expected, seen, place):
    if isinstance(expected, dict) and isinstance(seen, dict):
        yield from compare_objects(expected, seen, place)
    elif isinstance(expected, list) and isinstance(seen, list):
        shown = [item for item in expected if item != MORE]
        if len(seen) < len(shown) or len(seen) > len(shown) == len(expected):
            yield f"{place or 'the answer'}: expected {len(shown)} items, seen {len(seen)}: {json.dumps(seen, ensure_ascii=False)[:300]}"
        for number, (item, other) in enumerate(zip(shown, seen)):
            yield from compare_values(item, other, f"{place}/{number}")
    elif kind(expected) != kind(seen) or (place.rpartition("/")[2] in FIXED and expected != seen):
        yield f"{place or 'the answer'}: expected {expected!r}, seen {seen!r}"


def compare_objects(expected, seen, place):
    for name in sorted(expected.keys() - seen.keys() - {MORE}):
        yield f"{place}/{name} is expected and was not seen"
    for name in sorted(seen.keys() - expected.keys()):
        if MORE not in expected:
            yield f"{place}/{name} was seen and is not expected"
    for name in expected.keys() & seen.keys():
        yield from compare_values(expected[name], seen[name], f"{place}/{name}")


def kind(value):
    """A value's type; true, false and null are kinds of their own."""
    if value is None or isinstance(value, bool):
        return value
    return "number" if isinstance(value, (int, float)) else type(value)
