"""SQL databases, for the sources that query them.

clickhouse   over HTTP: checks answers against control totals     bigquery   over HTTP: checks the cost of a query first
"""
