"""Readers for the formats of other archivers.

found                the result of a reader: days of a repository, or totals
lines                their files, read strictly: errors name the file and the line
github_repo_stats    a folder ghrs-data
traffic_action       views.csv and clones.csv of repository-traffic-action
traffic_to_badge     views.json and clones.json
ghstats              a database of SQLite
velocirepo           a folder of JSON Lines
pypistats            answers of pypistats.org, as CSV or JSON
hub_users            2i2c's table of active users
"""
