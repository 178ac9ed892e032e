"""A server for marks that speaks the protocol of Redis, so that bitmapist and any client of Redis mark in the embedded store.

protocol    commands from bytes, and answers as bytes
live        one set of bits that is marked again and again
sets        which set of the store a key stands for, and how marks are grouped
keyspace    a database: bits, results of BITOP, values, and when keys expire
values      what else clients keep: strings, hashes, sets, times to live
commands    what each command does, with those on bits, on keys and on values
session     one client: its commands in turn, its transaction, its rights
server      connections, their limits, and the turns that serve several clients at once
"""

from footfall.resp.server import Limits, serve_marks
from footfall.resp.session import Rights

__all__ = ["Limits", "Rights", "serve_marks"]
