"""Where exact sets of actors are kept: what a store is, and the two that there are, SQLite and Redis."""
