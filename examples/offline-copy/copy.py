#!/usr/bin/env python3
"""Keeps a copy of everything public in an SQLite file, and keeps it true.

    python3 copy.py http://127.0.0.1:8080 copy.sqlite [--once]

It can be stopped at any moment: each page of changes and the place to go on from are stored in one transaction. With `--once` it ends
when it has caught up. Needs Python 3.9.
"""

import http.client
import json
import sqlite3
import sys
import time
import urllib.request

PATHS = {"category": "categories", "tag": "tags", "author": "authors", "article": "articles", "headline": "headlines"}
SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (resource, id, document, round, PRIMARY KEY (resource, id));
CREATE TABLE IF NOT EXISTS place (only INTEGER PRIMARY KEY CHECK (only = 1), cursor, round, is_snapshot);
INSERT OR IGNORE INTO place VALUES (1, NULL, 1, 1);
"""


class Copy:
    def __init__(self, base, file):
        self.base = base.rstrip("/")
        self.db = sqlite3.connect(file, timeout=30)
        self.db.executescript(SCHEMA)

    def get(self, path):
        """The status and the JSON of a response; tries again for as long as the server can't be reached."""
        pause = 0.2
        while True:
            try:
                with urllib.request.urlopen(self.base + path, timeout=60) as response:
                    return response.status, json.load(response)
            except urllib.request.HTTPError as error:
                if error.code not in (429, 500, 502, 503, 504):
                    return error.code, None
                pause = float(error.headers.get("Retry-After", pause))
            except (OSError, ValueError, http.client.HTTPException):
                pass  # not reached, cut off, or half a document
            time.sleep(pause)
            pause = min(pause * 2, 10)

    def store(self, resource, id, document, round):
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        self.db.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?)", (resource, id, text, round))

    def mentioning(self, items):
        """Documents that show a short form of what has changed, such as the name of a category, as they are now."""
        changed = {item["id"] for item in items}
        found = set()
        for item in items:
            if item["resource"] in PATHS and item["resource"] != "headline":
                # What has just appeared is not mentioned yet: the site has all categories, a translation the others of its story.
                others = [other["id"] for other in item.get("article", {}).get("translations", [])]
                sql = "SELECT resource, id FROM documents WHERE document LIKE ? OR resource = ? OR id IN (SELECT value FROM json_each(?))"
                found.update(self.db.execute(sql, (f"%{item['id']}%", {"category": "site"}.get(item["resource"]), json.dumps(others))))
        for resource, id in found:
            if id not in changed:
                path = f"/v1/{PATHS[resource]}/{id}" if resource in PATHS else "/v1/site"
                status, document = self.get(path)
                if status == 200:  # or its own change follows
                    yield resource, id, document

    def step(self, wait):
        """Reads and stores a page; whether more follows at once."""
        cursor, round, is_snapshot = self.db.execute("SELECT cursor, round, is_snapshot FROM place").fetchone()
        query = f"since={cursor}&wait={wait}" if cursor else "snapshot=true"
        status, page = self.get(f"/v1/changes?{query}")
        if status == 410:  # what is there stays until the new snapshot is complete
            with self.db:
                self.db.execute("UPDATE place SET cursor = NULL, round = round + 1, is_snapshot = 1")
            return True
        if status != 200:
            sys.exit(f"{self.base}/v1/changes answers {status}")
        items, more = page["items"], page["page"]["more"]
        others = [] if is_snapshot else list(self.mentioning(items))
        with self.db:
            for item in items:
                resource, id = item["resource"], item["id"]
                if resource in item:
                    self.store(resource, id, item[resource], round)
                else:
                    self.db.execute("DELETE FROM documents WHERE resource = ? AND id = ?", (resource, id))
            for resource, id, document in others:
                self.store(resource, id, document, round)
            if is_snapshot and not more:
                self.db.execute("DELETE FROM documents WHERE round < ?", (round,))
            self.db.execute("UPDATE place SET cursor = ?, is_snapshot = ?", (page["page"]["next"], is_snapshot and more))
        return more or bool(is_snapshot)


if __name__ == "__main__":
    copy, once = Copy(sys.argv[1], sys.argv[2]), "--once" in sys.argv
    while copy.step(wait=0 if once else 30) or not once:
        pass
