"""Databases that are asked in SQL, for the sources that read them.

clickhouse   over HTTP: answers held against control totals     bigquery   over HTTP: what a question costs is asked first
"""
