"""SQL databases, for the sources that read them.

clickhouse   over HTTP: answers checked against control totals     bigquery   over HTTP: the cost of a query is checked first
"""
