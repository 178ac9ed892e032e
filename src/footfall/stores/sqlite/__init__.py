"""The embedded store: one file in the workspace, and no server to run."""

from footfall.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
