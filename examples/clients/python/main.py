"""Lists, creates and changes headlines with the client that openapi-python-client generates.

python main.py URL KEY
"""

import sys
import uuid

from manchette_client import AuthenticatedClient
from manchette_client.api.headlines import create_headline, list_headlines, update_headline
from manchette_client.models import Headline, HeadlinePatch, NewHeadline, Problem

client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2])

# List, page to the end.
page = list_headlines.sync(client=client)
count = 0
while page is not None and not isinstance(page, Problem):
    count += len(page.items)
    if page.page.next_ is None:
        break
    page = list_headlines.sync(client=client, cursor=page.page.next_)
print(count, "headlines")

# Create. A retry with the same key creates nothing.
key = str(uuid.uuid4())
new = NewHeadline(title="Le port rouvre à midi", language="fr", source="Agence Oued")
created = create_headline.sync_detailed(client=client, body=new, idempotency_key=key)
retried = create_headline.sync_detailed(client=client, body=new, idempotency_key=key)
assert isinstance(created.parsed, Headline) and isinstance(retried.parsed, Headline)
assert created.parsed.id == retried.parsed.id
headline_id, etag = created.parsed.id, created.headers["ETag"]

# Change that version. `None` clears a field, a field that is not given stays.
patch = HeadlinePatch(title="Le port rouvre à 14 heures", source=None)
changed = update_headline.sync(client=client, id=headline_id, body=patch, if_match=etag)
assert isinstance(changed, Headline) and changed.source is None, changed

# The same tag again is refused: the version is another one now.
stale = update_headline.sync(client=client, id=headline_id, body=patch, if_match=etag)
assert isinstance(stale, Problem) and stale.type_ == "/problems/precondition-failed", stale
print("refused:", stale.detail)

# Every fault of a body, with a code for programs.
invalid = create_headline.sync(client=client, body=NewHeadline(title=" ", language="French"))
assert isinstance(invalid, Problem)
for fault in invalid.errors:
    print(fault.pointer, fault.code)

# What a later version adds is no error: the enums were made tolerant (tolerant_enums.py).
later = Headline.from_dict({**changed.to_dict(), "priority": "urgent", "mood": "calm"})
assert later.priority == "urgent", later.priority
