"""Lists, creates and changes headlines with the client that openapi-generator generates for Python.

python main.py URL KEY
"""

import json
import sys
import uuid

from manchette_openapi import (
    ApiClient,
    Configuration,
    ContentStatus,
    Headline,
    HeadlinePatch,
    HeadlinesApi,
    NewHeadline,
    Problem,
    SearchApi,
)
from manchette_openapi.exceptions import ApiException
from manchette_openapi.models.article_hit import ArticleHit

configuration = Configuration(host=sys.argv[1], access_token=sys.argv[2])
headlines = HeadlinesApi(ApiClient(configuration))

# List, page to the end.
count = 0
page = headlines.list_headlines(limit=50)
while True:
    count += len(page.items)
    if page.page.next is None:
        break
    page = headlines.list_headlines(limit=50, cursor=page.page.next)
print(count, "headlines")

# Create. A retry with the same key creates nothing.
key = str(uuid.uuid4())
new = NewHeadline(title="Le port rouvre à midi", language="fr", source="Agence Oued")
created = headlines.create_headline_with_http_info(new, idempotency_key=key)
retried = headlines.create_headline(new, idempotency_key=key)
assert created.data.id == retried.id and created.headers is not None
etag = created.headers["etag"]

# Change that version. `None` clears a field, a field that is not given stays.
patch = HeadlinePatch(title="Le port rouvre à 14 heures", source=None)
changed: Headline = headlines.update_headline(created.data.id, patch, if_match=etag)
assert changed.source is None and changed.version == 2
print(changed.title)

# The same tag again is refused: the version is another one now.
try:
    headlines.update_headline(created.data.id, patch, if_match=etag)
    raise AssertionError("not refused")
except ApiException as error:
    assert isinstance(error.data, Problem) and error.data.type == "/problems/precondition-failed", error
    print("refused:", error.data.detail)

# Every fault of a body, with a code for programs. The client itself finds wrong patterns, and texts that are too long.
try:
    headlines.create_headline(NewHeadline(title="Titre", language="fr", status=ContentStatus.SCHEDULED))
except ApiException as error:
    assert isinstance(error.data, Problem)
    for fault in error.data.errors:
        print(fault.pointer, fault.code)

# A search result is an article or a headline.
for hit in SearchApi(ApiClient(configuration)).search(q="port").items:
    found = hit.actual_instance
    assert found is not None
    print(found.type, found.article.title if isinstance(found, ArticleHit) else found.headline.title)

# What a later version adds is no error: the enums were made tolerant (../python/tolerant_enums.py).
later = Headline.from_dict({**json.loads(changed.to_json()), "priority": "urgent", "mood": "calm"})
assert later is not None and later.priority == "urgent"
