"""The embedded store: one file in the workspace, and nothing to run first."""

from footfall.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
