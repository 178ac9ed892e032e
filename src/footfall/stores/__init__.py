"""Where exact sets of actors are kept: what a store is, and its two kinds, SQLite and Redis. A server for marks needs this alone."""
