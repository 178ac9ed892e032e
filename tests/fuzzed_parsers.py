"""Parsers: whatever text they get, they read it or refuse it in one sentence."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException

from footfall.activity.actors import AS_THEY_ARE
from footfall.activity.files import Columns, read_marks
from footfall.activity.moments import moment_of_mark
from footfall.asking import read_texts
from footfall.backups.container import HEAD, unpack
from footfall.errors import FootfallError
from footfall.filters import parse_filter
from footfall.mcp.calling import texts_of_arguments
from footfall.moving.archives import (
    ghstats,
    github_repo_stats,
    hub_users,
    pypistats,
    traffic_action,
    traffic_to_badge,
    velocirepo,
)
from footfall.moving.manifest import Manifest
from footfall.periods import before, parse_length, parse_moment
from footfall.report.shelf import read_record
from footfall.repositories.addresses import hosted_name
from footfall.settings import read_settings
from footfall.sources.binder.lines import RefusedError, event_on
from footfall.sources.files import reading
from footfall.sources.files.settings import TablePart
from footfall.sources.hubs.clusters import read_clusters
from footfall.sources.hubs.communities import read_communities
from footfall.sources.jupyterhub import exposition
from footfall.sources.pypi.pypistats import counts_of
from footfall.stores.redis.address import read_address
from footfall.tables import Column, Role
from footfall.upkeep.repeating import parse_schedule
from footfall.warehouses import clickhouse_rows
from footfall.warehouses.statements import checked_statement
from footfall.web.api.bodies import json_of_body, lines_of_body
from fuzzed import Target, is_a_sentence, reads, reads_file

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
DIMENSIONS = {
    column.name: column
    for column in (
        Column("repo", "string", Role.DIMENSION, "Which repository.", folds_case=True),
        Column("version", "integer", Role.DIMENSION, "Which version."),
        Column("is_bot", "boolean", Role.DIMENSION, "Whether it is a bot."),
        Column("share", "number", Role.DIMENSION, "Which share."),
    )
}


def _filter(text: str) -> None:
    try:
        read = parse_filter(text, DIMENSIONS, "launches")
    except FootfallError as error:
        is_a_sentence(str(error))
        return
    assert parse_filter(str(read), DIMENSIONS, "launches") == read, "printing and parsing are a pair"


def _launch(text: str) -> None:
    with suppress(RefusedError):
        event = event_on(text.encode("utf-8", "surrogatepass"), Counter())
        json.dumps(event).encode()


def _table_of(form: str) -> Callable[[Path], object]:
    part = TablePart.model_validate(
        {"name": "visits", "path": "x", "format": form, "time": "day", "measures": ["visits"], "dimensions": ["site"]}
    )
    return lambda file: reading.read(file, part, ["day", "visits", "site"])


def _backup(folder_of: Path) -> object:
    return unpack(folder_of, folder_of.parent / "unpacked", lambda _: None)


def _marks(file: Path) -> object:
    return read_marks(file, Columns("who", "day"), naming=AS_THEY_ARE, now=NOW, slot_of=lambda at: at.toordinal())


def _body(parse: Callable[[bytes], object]) -> Callable[[str], None]:
    """It reads the body of a request, or answers 400 with a reason."""

    def check(text: str) -> None:
        try:
            parse(text.encode("utf-8", "surrogatepass"))
        except HTTPException as error:
            is_a_sentence(error.detail)

    return check


def _downloads(text: str) -> object:
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return counts_of(body, "icepyx", "https://pypistats.org")


def _tool(text: str) -> object:
    """What a model gives to a tool is an object; its values may be anything."""
    try:
        given = json.loads(text)
    except ValueError:
        return None
    return read_texts("query", texts_of_arguments(given)) if isinstance(given, dict) else None


def _server(text: str) -> None:
    """The password of an address is in no message, and hidden in what is shown of it."""
    address = f"redis://me:s3cr3t@{text}"
    try:
        said = read_address(address).shown
    except FootfallError as error:
        is_a_sentence(said := str(error))
    assert "s3cr3t" not in said or "s3cr3t" in text


def _repository(text: str) -> None:
    """A password in an address is no part of the name of its repository."""
    assert "s3cr3t" not in hosted_name(f"https://me:s3cr3t@{text}") or "s3cr3t" in text


EVENT = '{"timestamp": "2026-11-01T10:00:00+00:00", "schema": "binderhub.jupyter.org/launch", "version": 5, "provider": "GitHub", "spec": "a/b/HEAD", "ref": "0f", "status": "success", "build_token": false, "origin": "gesis.mybinder.org"}'
METRICS = 'jupyterhub_active_users{period="24h"} 5.0\njupyterhub_total_users 12\njupyterhub_running_servers 3\n# HELP x y\nprocess_start_time_seconds 1.7e9\n'

PARSERS = (
    Target(
        "filters",
        _filter,
        ("repo=a,b", 'repo!="a ""b"""*', "version>=3", "is_bot=true", "repo=(none)", 'repo=""', "share<0.5"),
    ),
    Target(
        "moments",
        reads(lambda text: parse_moment(text, NOW)),
        ("2026", "2026-11", "2026-W48", "20261123", "2026-11-23T10:00+02:00", "yesterday", "2w"),
    ),
    Target("spans", reads(lambda text: (parse_length(text), before(NOW, text))), ("90m", "6h", "3d", "2w", "1y")),
    Target("schedules", reads(parse_schedule), ("6h", "30 5 * * *", "0 0 29 2 *", "*/15 9-17 * * 1-5")),
    Target(
        "addresses",
        reads(lambda text: read_texts("query", dict(parse_qsl(text)))),
        ("since=2026&until=2026-11", "where=repo%3Da"),
    ),
    Target(
        "settings",
        reads_file("footfall.toml", read_settings),
        (
            'lake = "lake"\n[sources.git]\nrepositories = ["."]\n',
            '[[projects]]\nname = "x"\npypi = "x"\n',
            '[activity]\nstore = "redis://h/0"\n',
            '[[alerts]]\nname = "a"\nmetric = "x"\n',
        ),
    ),
    Target("launches", _launch, (EVENT, EVENT.replace("5", '"5"'), EVENT.replace("T10", "T99"))),
    Target(
        "csv",
        reads_file("x.csv", _table_of("csv")),
        ("day,visits,site\n2026-11-01,5,a\n", 'day,visits,site\n2026-11-01,"5","a\nb"\n'),
    ),
    Target(
        "json_lines",
        reads_file("x.jsonl", _table_of("jsonl")),
        ('{"day": "2026-11-01", "visits": 5, "site": "a"}\n', "{}\n[]\n"),
    ),
    Target("parquet", reads_file("x.parquet", _table_of("parquet")), ("PAR1\x15\x04\x15\x10PAR1",)),
    Target("hub_metrics", reads(exposition.reading_of), (METRICS, METRICS.replace("5.0", "NaN"))),
    Target("ghstats", reads_file("x.db", ghstats.read), ("SQLite format 3\x00\x10\x00",)),
    Target(
        "github_repo_stats",
        reads_file("views_clones_aggregate.csv", github_repo_stats.read),
        ("time_iso8601,clones_total,clones_unique,views_total,views_unique\n2026-06-01 00:00:00+00:00,1,1,2,1\n",),
    ),
    Target(
        "traffic_action",
        reads_file("views.csv", traffic_action.read),
        ("_date,total_views,unique_views\n2026-06-01,2,1\n",),
    ),
    Target(
        "traffic_to_badge",
        reads_file("traffic_views.json", traffic_to_badge.read),
        ('{"views": [{"timestamp": "2026-06-01T00:00:00Z", "count": 2, "uniques": 1}]}',),
    ),
    Target(
        "velocirepo",
        reads_file("x.jsonl", velocirepo.read),
        ('{"date": "2026-06-01", "metric": "views", "value": 2}\n',),
    ),
    Target("pypistats", reads_file("x.csv", pypistats.read), ("category,date,downloads\nwith_mirrors,2026-06-01,5\n",)),
    Target(
        "hub_users",
        reads_file("x.csv", hub_users.read),
        ("date,cluster,hub,timescale,users\n2026-06-01,c,h,daily,5\n",),
    ),
    Target(
        "marks_of_a_file",
        reads_file("marks.csv", _marks),
        ("who,day\n17,2026-11-01\nada,2026-11-02T10:00:00Z\n", 'who,day\n"a\nb",2026-11-01\n,\n'),
    ),
    Target("moments_of_marks", reads(lambda text: moment_of_mark(text, NOW)), ("2026-11-01", "2026-11-01T10:00+02:00")),
    Target("marks_over_http", _body(json_of_body), ('{"marks": [{"event": "active", "actor": 17}]}', "[NaN]")),
    Target("lines_over_http", _body(lines_of_body), ('{"event": "active"}\n\n{"event": 1}\n',)),
    Target("tools_of_models", reads(_tool), ('{"metric": ["launches"], "last": 3, "by": null, "cumulative": true}',)),
    Target(
        "pypistats_answers",
        reads(_downloads),
        ('{"package": "icepyx", "data": [{"category": "null", "date": "2026-06-01", "downloads": 5}]}',),
    ),
    Target(
        "clickhouse_answers",
        reads(lambda text: clickhouse_rows.rows_of(text.encode("utf-8", "surrogatepass"), "the warehouse")),
        ('"day","n"\n"Date","Nullable(UInt64)"\n"2026-11-01",5\n', "a\nDateTime64(3, 'Asia/Tokyo')\n\\N\n"),
    ),
    Target(
        "queries",
        reads(lambda text: checked_statement(text, "q.sql", ("since", "until"), ("since",))),
        ("SELECT day, n FROM d WHERE day >= :since AND day < :until", "SELECT ':x' -- :y\n /* ; */, a::int, $$;$$"),
    ),
    Target("servers", _server, ("h:6379/0", "h:1,h:2", "h?cluster=true", "[::1]:6379")),
    Target("repositories", _repository, ("github.com/a/b.git", "h:22/~x/b", "h/")),
    Target(
        "communities",
        reads_file("communities.csv", read_communities),
        ("name,constellation,location,latitude,longitude,hubs\nA,B,C,1.5,-2.5,west/a west/b\n",),
    ),
    Target(
        "clusters",
        reads_file("west/cluster.yaml", lambda file: read_clusters(file.parents[1])),
        ("name: west\nprovider: aws\nhubs:\n- name: a\n  display_name: A\n  domain: a.org\n  helm_chart: basehub\n",),
    ),
    Target(
        "manifests",
        reads_file("manifest.json", lambda file: Manifest.read(file.parent)),
        (
            '{"format": 1, "written_at": "x", "written_by": "y", "form": "csv", "parts": {"a": {"file": "a", "rows": 1, "hash": "b"}}}',
        ),
    ),
    Target(
        "records_of_reports",
        reads_file("report.json", read_record),
        ('{"title": "x", "at": "2026-03-01T00:00:00+00:00", "about": "y", "lines": [["a", "b"]]}',),
    ),
    Target("backups", reads_file("a.tar", _backup), (HEAD.ljust(100, "\x00") + "0000644\x00" * 3 + "00000000002\x00",)),
)
