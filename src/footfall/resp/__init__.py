"""A server for marks that speaks the Redis protocol, so bitmapist and any Redis client can mark in the embedded store.

protocol    parsing of commands, and encoding of replies
live        a set of bits that is read and marked often
sets        the mapping of keys to sets of the store, and grouped writes of marks
keyspace    a database: bits, results of BITOP, values, and the expiry of keys
values      everything else that clients store: strings, hashes, sets, times to live
commands    the commands, with those on bits, on keys and on values
session     one client: its pending commands, its transaction, its rights
server      connections, their limits, and the turns that serve several clients at once
"""

from footfall.resp.server import Limits, serve_marks
from footfall.resp.session import Rights

__all__ = ["Limits", "Rights", "serve_marks"]
