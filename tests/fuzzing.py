"""Random input for every parser, and random text of others in every face: a right reading or one sentence, never a traceback.

`python tests/fuzzing.py --seconds 3600` (`make fuzz`) goes on for as long as it is given, and prints how many inputs each target
read; `tests/test_fuzzing.py` runs some of each. Inputs are texts of a corpus, cut, joined, repeated and with bytes changed, and
texts that Hypothesis makes.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import string
import tempfile
import time
import unicodedata
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from rich.table import Table as RichTable

from footfall.asking import read_texts
from footfall.charts.badges import Badge
from footfall.concealing import concealed, printable
from footfall.errors import FootfallError
from footfall.filters import parse_filter
from footfall.frames import csv_of, for_spreadsheets, html_of
from footfall.moving.archives import (
    ghstats,
    github_repo_stats,
    hub_users,
    pypistats,
    traffic_action,
    traffic_to_badge,
    velocirepo,
)
from footfall.periods import before, parse_length, parse_moment
from footfall.settings import read_settings
from footfall.sources.binder.lines import RefusedError, event_on
from footfall.sources.files import reading
from footfall.sources.files.settings import TablePart
from footfall.sources.jupyterhub import exposition
from footfall.tables import Column, Role
from footfall.terminal.console import open_console
from footfall.upkeep.repeating import parse_schedule

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
HOSTILE = (
    "\x1b[2J",
    "\x9b31m",
    "\u202egnp.exe",
    "=HYPERLINK(1)",
    "<script>x</script>",
    "'; DROP TABLE x--",
    "\x00",
    "\ufffe",
    "]]>",
    "\r\nBcc: x",
    "{{7*7}}",
    "${x}",
)


BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@dataclass(frozen=True)
class Target:
    """One parser or face: what it is given, and what must hold of what it makes of it."""

    name: str
    check: Callable[[str], None]
    corpus: tuple[str, ...]


def _reads(parse: Callable[[str], object]) -> Callable[[str], None]:
    """It reads the text, or refuses it in one sentence."""

    def check(text: str) -> None:
        try:
            parse(text)
        except FootfallError as error:
            _is_a_sentence(str(error))

    return check


def _is_a_sentence(said: str) -> None:
    shown = concealed(said)
    assert shown.strip(), "an error without words"
    assert len(shown) < 20_000
    assert "Traceback" not in shown


def _reads_file(name: str, parse: Callable[[Path], object]) -> Callable[[str], None]:
    def check(text: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode("utf-8", "surrogatepass"))
            _reads(lambda _: parse(file))(text)

    return check


def _filter(text: str) -> None:
    try:
        read = parse_filter(text, DIMENSIONS, "launches")
    except FootfallError as error:
        _is_a_sentence(str(error))
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


# --- faces


def _terminal(text: str) -> None:
    out = io.StringIO()
    table = RichTable(title=text)
    table.add_column(text)
    table.add_row(text)
    console = open_console(file=out)
    console.print(table)
    console.print(text)
    steering = [c for c in out.getvalue() if c != "\n" and (unicodedata.category(c) == "Cc" or c in BIDI)]
    assert not steering, f"steers a terminal: {steering!r}"


def _printable(text: str) -> None:
    steering = [
        c
        for c in printable(text).replace("\n", "").replace("\t", "")
        if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in BIDI
    ]
    assert not steering, f"steers a terminal or turns a line: {steering!r}"


def _spreadsheet(text: str) -> None:
    if "\x00" in text:
        return
    made = for_spreadsheets(csv_of(["name", "value"], [[text, "-5"]]))
    [_, [name, value]] = csv.reader(io.StringIO(made, newline=""))
    assert value == "-5", "numbers stay"
    is_number = name.strip().lstrip("+-").replace(".", "", 1).replace("e", "", 1).rstrip("%").isascii()
    assert not name.startswith(("=", "@", "\t", "\r")) or is_number


def _badge(text: str) -> None:
    root = ET.fromstring(Badge(text[:200], text[:200], "#0b5c9e", text[:200]).to_svg())
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "title", "path", "g", "text"}, tags


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


def _notebook(text: str) -> None:
    tags = _Tags()
    tags.feed(html_of(text, text, [text], [[text]], [text]))
    plain = _Tags()
    plain.feed(html_of("x", "x", ["x"], [["x"]], ["x"]))
    assert tags.found == plain.found, "text of others makes no element"
    assert not tags.handlers


EVENT = '{"timestamp": "2026-11-01T10:00:00+00:00", "schema": "binderhub.jupyter.org/launch", "version": 5, "provider": "GitHub", "spec": "a/b/HEAD", "ref": "0f", "status": "success", "build_token": false, "origin": "gesis.mybinder.org"}'
METRICS = 'jupyterhub_active_users{period="24h"} 5.0\njupyterhub_total_users 12\njupyterhub_running_servers 3\n# HELP x y\nprocess_start_time_seconds 1.7e9\n'

TARGETS = (
    Target(
        "filters",
        _filter,
        ("repo=a,b", 'repo!="a ""b"""*', "version>=3", "is_bot=true", "repo=(none)", 'repo=""', "share<0.5"),
    ),
    Target(
        "moments",
        _reads(lambda text: parse_moment(text, NOW)),
        ("2026", "2026-11", "2026-W48", "20261123", "2026-11-23T10:00+02:00", "yesterday", "2w"),
    ),
    Target("spans", _reads(lambda text: (parse_length(text), before(NOW, text))), ("90m", "6h", "3d", "2w", "1y")),
    Target("schedules", _reads(parse_schedule), ("6h", "30 5 * * *", "0 0 29 2 *", "*/15 9-17 * * 1-5")),
    Target(
        "addresses",
        _reads(lambda text: read_texts("query", dict(parse_qsl(text)))),
        ("since=2026&until=2026-11", "where=repo%3Da"),
    ),
    Target(
        "settings",
        _reads_file("footfall.toml", read_settings),
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
        _reads_file("x.csv", _table_of("csv")),
        ("day,visits,site\n2026-11-01,5,a\n", 'day,visits,site\n2026-11-01,"5","a\nb"\n'),
    ),
    Target(
        "json_lines",
        _reads_file("x.jsonl", _table_of("jsonl")),
        ('{"day": "2026-11-01", "visits": 5, "site": "a"}\n', "{}\n[]\n"),
    ),
    Target("parquet", _reads_file("x.parquet", _table_of("parquet")), ("PAR1\x15\x04\x15\x10PAR1",)),
    Target("hub_metrics", _reads(exposition.reading_of), (METRICS, METRICS.replace("5.0", "NaN"))),
    Target("ghstats", _reads_file("x.db", ghstats.read), ("SQLite format 3\x00\x10\x00",)),
    Target(
        "github_repo_stats",
        _reads_file("views_clones_aggregate.csv", github_repo_stats.read),
        ("time_iso8601,clones_total,clones_unique,views_total,views_unique\n2026-06-01 00:00:00+00:00,1,1,2,1\n",),
    ),
    Target(
        "traffic_action",
        _reads_file("views.csv", traffic_action.read),
        ("_date,total_views,unique_views\n2026-06-01,2,1\n",),
    ),
    Target(
        "traffic_to_badge",
        _reads_file("traffic_views.json", traffic_to_badge.read),
        ('{"views": [{"timestamp": "2026-06-01T00:00:00Z", "count": 2, "uniques": 1}]}',),
    ),
    Target(
        "velocirepo",
        _reads_file("x.jsonl", velocirepo.read),
        ('{"date": "2026-06-01", "metric": "views", "value": 2}\n',),
    ),
    Target(
        "pypistats", _reads_file("x.csv", pypistats.read), ("category,date,downloads\nwith_mirrors,2026-06-01,5\n",)
    ),
    Target(
        "hub_users",
        _reads_file("x.csv", hub_users.read),
        ("date,cluster,hub,timescale,users\n2026-06-01,c,h,daily,5\n",),
    ),
    Target("terminal", _terminal, HOSTILE),
    Target("printable", _printable, HOSTILE),
    Target("spreadsheets", _spreadsheet, (*HOSTILE, "-5", "+1.5e3", "@SUM(A1)", "\t=1")),
    Target("badges", _badge, HOSTILE),
    Target("notebooks", _notebook, HOSTILE),
)


def inputs(target: Target) -> st.SearchStrategy[str]:
    """Texts of the corpus as they are and changed, and any text."""
    pieces = st.sampled_from((*target.corpus, *HOSTILE))
    return st.one_of(
        st.sampled_from(target.corpus),
        st.tuples(st.sampled_from(target.corpus), st.integers(0, 2**32)).map(lambda drawn: changed(*drawn)),
        st.lists(pieces, min_size=1, max_size=4).map("".join),
        st.text(max_size=60),
        st.text(string.printable, max_size=60),
    )


def changed(text: str, number: int) -> str:
    """The text with a few places cut, doubled, exchanged or made hostile."""
    dice = random.Random(number)
    for _ in range(dice.randint(1, 4)):
        at, to = sorted((dice.randint(0, len(text)), dice.randint(0, len(text))))
        to = min(to, at + 12)
        match dice.randrange(5):
            case 0:
                text = text[:at] + text[to:]
            case 1:
                text = text[:to] + text[at:]
            case 2:
                text = text[:at] + dice.choice(HOSTILE) + text[to:]
            case 3:
                text = text[:at] + chr(dice.choice((0, 9, 10, 34, 39, 44, 0xA0, 0x660, 0xD7FF, 0x1F600))) + text[at:]
            case _:
                text = text[:at] + dice.choice(("9" * 25, "-1", "1e400", "null", "[]", '""')) + text[to:]
    return text


def run(target: Target, examples: int, number: int | None = None) -> None:
    """Check a target with so many inputs; the same ones for the same number."""

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(inputs(target))
    def check(text: str) -> None:
        target.check(text)

    (check if number is None else seed(number)(check))()


def main() -> None:
    parser = argparse.ArgumentParser(description="Random input for every parser and every face.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--examples", type=int, default=500, help="of a target in one turn")
    asked = parser.parse_args()
    until, read = time.monotonic() + asked.seconds, Counter[str]()
    turn = random.randrange(2**32)
    while time.monotonic() < until:
        for target in TARGETS:
            run(target, asked.examples, turn)
            read[target.name] += asked.examples
            if time.monotonic() >= until:
                break
        turn += 1
    for name, count in read.items():
        print(f"{name:20} {count:>12,} inputs")
    print(f"{'all':20} {sum(read.values()):>12,} inputs, no fault")


if __name__ == "__main__":
    main()
