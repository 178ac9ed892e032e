"""Stores of exact sets of actors: the interface, and its two implementations, SQLite and Redis.

A server for marks needs only this package.
"""
