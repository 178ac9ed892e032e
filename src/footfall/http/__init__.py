"""The only HTTP client: user agent, retries, rate limits, resumable downloads.

    client = Client()
    client.limit("pypistats.org", Limit(budget=30, per=60))     kept before asking, by every thread
    client.get(url)                   the answer, after retries; a status of 400 and more is a StatusError
    client.get(url, etag=known)       … or an answer with status 304 when nothing changed
    client.get(url, keep=Kept(folder))   … or, when nothing changed, the answer as it was kept
    client.get(url, ready_within=60)  retried while the server prepares its answer (202)
    client.post(url, json=question)   a query in the body, with retries
    client.head(url)                  only the headers
    client.json(url)                  the answer, parsed
    client.pages(url)                 the answer, and those that follow it by `Link: …; rel="next"`
    client.download(url, to)          to a file, resumed when it broke off; returns the answer's headers

Connection errors, bodies that end too early, 429 and 5xx are retried with growing pauses, or after as long as
`Retry-After` asks; so is a 403 that asks to wait.
"""

from footfall.http.client import Client, NotReadyError
from footfall.http.kept import Kept, is_kept
from footfall.http.limits import Limit
from footfall.http.patience import StatusError

__all__ = ["Client", "Kept", "Limit", "NotReadyError", "StatusError", "is_kept"]
