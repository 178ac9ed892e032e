"""Archives of launches behind an address: what is asked for, what is noticed, and what a server may do wrong."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import footfall
from binders import DAY, DAYS, LATER, NOW, Server, binder, collected, fetched, line, read, write
from footfall.collect import collect
from footfall.errors import SourceError, UnreachableError
from footfall.lake import Lake
from footfall.ledger import Known, Status
from footfall.periods import Window

pytestmark = pytest.mark.slow


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def test_an_archive_behind_an_address(tmp_path: Path, server: Server) -> None:
    for day in DAYS:
        server.put(day, line(day=day), line(day=day))
    server.index(*((day, "2") for day in DAYS[:5]), *((day, 2) for day in DAYS[5:]), end="")
    heard: list[Any] = []
    result = read(binder(server.address + "/", tmp_path), heard=heard)
    assert result.launches == 22
    assert {outcome.reason for outcome in result.outcomes.values()} == {""}
    assert sum(windows for windows, _ in heard) == 11
    assert sum(size for _, size in heard) == sum(map(len, server.files.values())) - len(server.files["index.jsonl"])
    assert [path.name for path in (tmp_path / "files").iterdir()] == []
    assert fetched(binder(server.address, tmp_path), collected(result)) == []  # today may change, and looks as it did


def test_an_index_of_one_line_is_made_up_for_by_asking(tmp_path: Path, server: Server) -> None:
    for day in (DAYS[0], DAYS[2]):
        server.put(day, line(day=day))
    server.index((DAYS[2], 1))
    now = LATER.replace(day=1, month=2)
    result = read(binder(server.address, tmp_path, now), now=now)
    assert result.launches == 2
    assert result.outcomes[DAYS[0]].reason == "the index does not list it"
    assert result.outcomes[DAYS[1]].status is Status.MISSING


@pytest.mark.parametrize("index", [None, b"", b"<html>not an index</html>", b"\xff\xfe\n[1]\n7\n{}\n"])
def test_no_usable_index_is_made_up_for_by_asking(tmp_path: Path, server: Server, index: bytes | None) -> None:
    server.put(DAYS[3], line(day=DAYS[3]))
    if index is not None:
        server.files["index.jsonl"] = index
    result = read(binder(server.address, tmp_path))
    assert result.launches == 1
    assert [outcome.status for outcome in result.outcomes.values()].count(Status.MISSING) == 10
    assert result.outcomes[DAYS[3]].reason == ""


def test_an_index_entry_without_a_file_is_missing(tmp_path: Path, server: Server) -> None:
    server.put(DAYS[0], line())
    server.index((DAYS[0], 1), (DAYS[1], 2500), (DAYS[2], 0))
    source = binder(server.address, tmp_path, LATER)
    result = read(source, now=LATER)
    outcome = result.outcomes[DAYS[1]]
    assert outcome.status is Status.MISSING
    assert outcome.reason == "the index lists 2,500 events, but there is no file"
    assert result.outcomes[DAYS[2]].reason == "no file"
    known = collected(result, at=LATER)
    server.asked_since()
    assert fetched(source, known, LATER) == []
    assert not [asked for asked in server.asked_since() if str(DAYS[1]) in asked]


def test_complete_days_are_not_asked_for_again_unless_recent(tmp_path: Path, server: Server) -> None:
    for day in DAYS[:3]:
        server.put(day, line(day=day))
    now = datetime(2024, 1, 14, 12, tzinfo=UTC)
    known = collected(read(binder(server.address, tmp_path, now), now=now), at=now)
    server.asked_since()
    source = binder(server.address, tmp_path, now)
    assert fetched(source, known, now) == []
    packed = [f"HEAD events-{day}.jsonl.gz" for day in DAYS[3:5]]  # of days without a plain file
    heads = [f"HEAD events-{day}.jsonl" for day in DAYS[:5]]
    assert server.asked_since() == sorted(["GET index.jsonl", *heads, *packed])
    later = datetime(2024, 1, 20, 13, tzinfo=UTC)
    fetched(source, known, later)
    asked = server.asked_since()
    assert f"HEAD events-{DAYS[0]}.jsonl" not in asked  # complete and old
    assert f"HEAD events-{DAYS[3]}.jsonl" in asked  # missing, and recent
    assert f"HEAD events-{DAYS[7]}.jsonl" in asked  # new


def test_missing_days_are_looked_for_once_a_week(tmp_path: Path, server: Server) -> None:
    server.put(DAYS[0], line())
    source = binder(server.address, tmp_path, LATER)
    known = collected(read(source, now=LATER), at=LATER)
    server.asked_since()
    wanted = f"HEAD events-{DAYS[4]}.jsonl"
    fetched(source, known, LATER + timedelta(days=1))
    assert wanted not in server.asked_since()
    server.put(DAYS[4], line(day=DAYS[4]))  # a hole is repaired months later
    assert fetched(source, known, LATER + timedelta(days=8)) == [DAYS[4]]
    assert wanted in server.asked_since()
    server.index((DAYS[0], 1), (DAYS[4], 1))
    assert fetched(source, known, LATER + timedelta(days=9)) == [DAYS[4]]  # a new index entry is news at once


def test_a_restated_day_is_noticed_by_its_etag_or_by_the_index(tmp_path: Path, server: Server) -> None:
    for day in DAYS:
        server.put(day, line(day=day, spec="a/b/HEAD"))
    server.index(*((day, 1) for day in DAYS))
    now = datetime(2024, 1, 21, 6, tzinfo=UTC)
    source = binder(server.address, tmp_path, now)
    known = collected(read(source, now=now), at=now)
    assert fetched(source, known, now) == [date(2024, 1, 21)][:0]
    server.put(DAYS[8], line(day=DAYS[8], spec="a/c/HEAD"))  # recent: same count, same size
    assert fetched(source, known, now) == [DAYS[8]]
    server.put(DAYS[0], line(), line())
    server.index((DAYS[0], "2"), *((day, 1) for day in DAYS[1:]))  # old: only the count tells
    assert fetched(source, known, now) == [DAYS[0], DAYS[8]]
    again = read(source, known, now)
    assert again.outcomes[DAYS[0]].rows == 2
    assert fetched(source, collected(again, known, now + timedelta(hours=1)), now) == []


def test_without_etags_the_size_tells(tmp_path: Path, server: Server) -> None:
    server.has_etags = False
    server.put(DAYS[9], line(day=DAYS[9]))
    source = binder(server.address, tmp_path)
    known = collected(read(source))
    assert fetched(source, known) == []
    server.put(DAYS[9], line(day=DAYS[9]), line(day=DAYS[9]))
    assert fetched(source, known) == [DAYS[9]]


def test_faults_that_pass_are_overcome(tmp_path: Path, server: Server) -> None:
    server.put(DAY, *[line()] * 500)
    name = f"events-{DAY}.jsonl"
    server.index((DAY, 500))
    server.faults = {"index.jsonl": [503], name: [500, 0]}
    result = read(binder(server.address, tmp_path, LATER), now=LATER)
    assert result.outcomes[DAY].rows == 500
    half = len(server.files[name]) // 2
    assert [asked for asked in server.asked if name in asked] == [f"GET {name}"] * 2 + [f"GET {name} from {half}"]


def test_a_day_whose_download_fails_does_not_stop_the_others(tmp_path: Path, server: Server) -> None:
    for day in DAYS[:3]:
        server.put(day, line(day=day))
    server.index(*((day, 1) for day in DAYS[:3]))
    server.faults = {f"events-{DAYS[0]}.jsonl": [500] * 9, f"events-{DAYS[1]}.jsonl": [403]}
    result = read(binder(server.address, tmp_path, LATER), now=LATER)
    assert [result.outcomes[day].status for day in DAYS[:3]] == [Status.FAILED, Status.FAILED, Status.COMPLETE]
    assert "answered 500" in result.outcomes[DAYS[0]].reason
    assert "answered 403 Forbidden" in result.outcomes[DAYS[1]].reason
    assert result.replaces == [Window.of_day(DAYS[2])]


def test_a_server_that_goes_down_is_not_asked_for_ever(tmp_path: Path, server: Server) -> None:
    days = [DAY + timedelta(days=n) for n in range(30)]
    server.index(*((day, 1) for day in days))
    server.faults = {f"events-{day}.jsonl": [500] * 3 for day in days}
    result = read(binder(server.address, tmp_path, LATER, concurrency=1), now=LATER)
    assert {result.outcomes[day].status for day in days} == {Status.FAILED}
    assert sum("GET events" in asked for asked in server.asked) == 12 * 3
    assert "failed 12 times in a row and was skipped" in result.outcomes[days[-1]].reason


def test_days_to_come_are_brought_meanwhile_and_left_when_nobody_wants_them(tmp_path: Path, server: Server) -> None:
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(182)]
    for day in days:
        server.put(day, line(day=day))
    server.index(*((day, 1) for day in days))
    now = datetime(2024, 12, 1, tzinfo=UTC)
    source = binder(server.address, tmp_path, now, first_day=days[0])
    offers = [offer for offer in source.offers(Known(), now) if not offer.absent]
    batches = source.fetch(offers, lambda **_: None)
    server.asked_since()
    assert len(next(batches).outcomes) == 31
    for _ in range(500):
        if len(server.asked) > 31 + 20:  # days of February, while nobody asks for it
            break
        time.sleep(0.01)
    batches.close()
    assert 31 + 20 < len(server.asked) < 31 + 31 + 5
    given_up = len(server.asked)
    time.sleep(0.05)
    assert len(server.asked) == given_up
    assert list((tmp_path / "files").iterdir()) == []


def test_a_web_page_with_status_200_is_no_day(tmp_path: Path, server: Server) -> None:
    server.put(DAYS[0], line())
    server.files[f"events-{DAYS[1]}.jsonl"] = b"<!doctype html>\n<title>Error</title>\n"
    result = read(binder(server.address, tmp_path))
    assert result.outcomes[DAYS[1]].status is Status.FAILED
    assert result.outcomes[DAYS[1]].sample == "<!doctype html>"


def test_packed_files_that_the_index_names(tmp_path: Path, server: Server) -> None:
    server.files[f"events-{DAY}.jsonl.gz"] = gzip.compress((line() + "\n").encode())
    server.files["index.jsonl"] = json.dumps({"name": f"events-{DAY}.jsonl.gz", "date": str(DAY), "count": 1}).encode()
    assert read(binder(server.address, tmp_path, LATER), now=LATER).launches == 1


def test_an_address_without_an_archive_is_said(tmp_path: Path, server: Server) -> None:
    with pytest.raises(SourceError, match=r"holds no events-YYYY-MM-DD\.jsonl for any day"):
        list(binder(server.address, tmp_path).offers(Known(), NOW))
    address = server.address
    server.close()
    with pytest.raises(UnreachableError, match="cannot be reached"):
        list(binder(address, tmp_path).offers(Known(), NOW))


def test_days_before_the_last_ten_are_brought_again_when_that_is_asked(tmp_path: Path, server: Server) -> None:
    for day in DAYS:
        server.put(day, line(day=day))
    server.index(*((day, 1) for day in DAYS))
    late = datetime(2024, 3, 1, tzinfo=UTC)
    source = binder(server.address, tmp_path, late)
    lake = Lake.open(str(tmp_path / "lake"))
    collect(lake, {"binder": source}, now=lambda: late)
    server.put(DAYS[0], line(day=DAYS[0]), line(day=DAYS[0]))  # and its index continues to say 1
    asked = Window.of_day(DAYS[0])
    assert collect(lake, {"binder": source}, now=lambda: late, window=asked).sources[0].windows == 0
    (summary,) = collect(lake, {"binder": source}, now=lambda: late, window=asked, is_recheck=True).sources
    assert (summary.windows, summary.rows) == (1, 2)


def old_days(server: Server) -> list[date]:
    """Days that are not recent at LATER, each with a launch, behind an index that counts them."""
    for day in DAYS:
        server.put(day, line(day=day))
    server.index(*((day, 1) for day in DAYS))
    return DAYS


@pytest.mark.parametrize("index", [None, "without a count", "another count"])
def test_an_old_day_that_the_index_does_not_count_is_looked_at_once_a_week(
    tmp_path: Path, server: Server, index: str | None
) -> None:
    """Restated after more than ten days, it was noticed only where the index counts what was read of it."""
    old_days(server)
    if index is None:
        del server.files["index.jsonl"]
    else:
        server.index(*((day, None if index == "without a count" else 9) for day in DAYS))
    source = binder(server.address, tmp_path, LATER)
    known = collected(read(source, now=LATER), at=LATER)
    server.put(DAYS[2], line(day=DAYS[2], spec="a/other/HEAD"))
    assert fetched(source, known, LATER + timedelta(days=1)) == []
    server.asked_since()
    assert fetched(source, known, LATER + timedelta(days=8)) == [DAYS[2]]
    asked = server.asked_since()
    assert {f"HEAD events-{day}.jsonl" for day in DAYS} <= set(asked)


def test_days_that_the_index_counts_are_not_asked_for_one_by_one(tmp_path: Path, server: Server) -> None:
    old_days(server)
    source = binder(server.address, tmp_path, LATER)
    known = collected(read(source, now=LATER), at=LATER)
    server.asked_since()
    fetched(source, known, LATER + timedelta(days=8))
    assert not [asked for asked in server.asked_since() if any(str(day) in asked for day in DAYS)]


def test_a_download_that_was_resumed_is_not_news_the_next_time(tmp_path: Path, server: Server) -> None:
    """The length that the server gives is then that of the rest."""
    day = DAYS[9]
    server.put(day, *[line(day=day)] * 500)
    source = binder(server.address, tmp_path)
    server.faults = {f"events-{day}.jsonl": [0, 0]}  # the first is the question for its headers
    result = read(source)
    assert any("from" in asked for asked in server.asked), "it was resumed"
    assert result.outcomes[day].rows == 500
    assert fetched(source, collected(result)) == []


def test_names_in_the_index_may_be_paths_below_it(tmp_path: Path, server: Server) -> None:
    names = {
        DAYS[0]: "2024/01/events-{}.jsonl",
        DAYS[1]: "packed files/events-{}.jsonl.gz",
        DAYS[2]: "../events-{}.jsonl",
    }
    lines = []
    for day, pattern in names.items():
        body = (line(day=day) + "\n").encode()
        name = pattern.format(day)
        server.files[name.replace(" ", "%20")] = gzip.compress(body) if name.endswith(".gz") else body
        lines.append(json.dumps({"name": name, "date": str(day), "count": 1}))
    server.files["index.jsonl"] = "\n".join(lines).encode()
    result = read(binder(server.address, tmp_path, LATER), now=LATER)
    assert result.launches == 2
    assert result.outcomes[DAYS[2]].status is Status.MISSING, "what leads out of the archive is not a name"
    assert not [asked for asked in server.asked if ".." in asked]


def test_names_in_the_index_of_a_folder_may_be_paths_below_it(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    write(archive / "2024", DAYS[0], line())
    write(tmp_path, DAYS[1], line(day=DAYS[1]))
    names = (f"2024/events-{DAYS[0]}.jsonl", f"../events-{DAYS[1]}.jsonl")
    (archive / "index.jsonl").write_text("\n".join(json.dumps({"name": name, "date": name[-16:-6]}) for name in names))
    assert read(binder(archive, tmp_path)).launches == 1


def test_an_address_may_have_a_query_which_no_message_shows(tmp_path: Path, server: Server) -> None:
    server.put(DAY, line())
    server.index((DAY, 1), (DAYS[1], 5))
    server.files = {f"{name}?sig=s3cret": body for name, body in server.files.items()}
    server.faults = {f"events-{DAYS[1]}.jsonl?sig=s3cret": [500] * 9}
    result = read(binder(f"{server.address}/?sig=s3cret", tmp_path, LATER), now=LATER)
    assert result.launches == 1
    assert "answered 500" in result.outcomes[DAYS[1]].reason
    assert "s3cret" not in result.outcomes[DAYS[1]].reason
    server.files, server.faults = {}, {}
    with pytest.raises(SourceError) as error:
        list(binder(f"{server.address}?sig=s3cret", tmp_path, LATER).offers(Known(), LATER))
    assert "s3cret" not in str(error.value)


def test_packed_files_are_found_without_an_index(tmp_path: Path, server: Server) -> None:
    for day in DAYS[:2]:
        server.files[f"events-{day}.jsonl.gz"] = gzip.compress((line(day=day) + "\n").encode())
    server.put(DAYS[2], line(day=DAYS[2]))
    result = read(binder(server.address, tmp_path))
    assert result.launches == 3
    assert fetched(binder(server.address, tmp_path), collected(result)) == []


def refused(server: Server) -> dict[str, list[int]]:
    """Every day that there is no file of is refused: so answers a bucket that may be read and not listed."""
    names = [f"events-{DAY + timedelta(days=n)}.jsonl{end}" for n in range(90) for end in ("", ".gz")]
    return {name: [403] * 99 for name in names if name not in server.files}


def test_days_that_are_refused_are_absent_where_others_can_be_read(tmp_path: Path, server: Server) -> None:
    for day in (DAYS[0], DAYS[2]):
        server.put(day, line(day=day))
    server.faults = refused(server)
    source = binder(server.address, tmp_path)
    result = read(source)
    assert [result.outcomes[day].status for day in DAYS[:3]] == [Status.COMPLETE, Status.MISSING, Status.COMPLETE]
    assert (
        result.outcomes[DAYS[1]].reason == "probably no file: the request is refused (403), and other days can be read"
    )
    assert not [outcome for outcome in result.outcomes.values() if outcome.status is Status.FAILED]
    late = read(source, collected(result), LATER)  # all that is recent is refused; a day that was had answers
    assert {outcome.status for outcome in late.outcomes.values()} == {Status.MISSING}


def test_days_that_are_refused_fail_where_nothing_can_be_read(tmp_path: Path, server: Server) -> None:
    server.put(DAYS[0], line())
    source = binder(server.address, tmp_path)
    known = collected(read(source))
    del server.files[f"events-{DAYS[0]}.jsonl"]
    server.faults = {"index.jsonl": [403] * 9, **refused(server)}
    result = read(binder(server.address, tmp_path), known)
    assert {outcome.status for outcome in result.outcomes.values()} == {Status.FAILED}
    assert "check that the credentials are set" in result.outcomes[DAYS[5]].reason


def test_a_size_is_announced_where_it_is_known_of_all_days(tmp_path: Path, server: Server) -> None:
    """Of old days only the count is known: the size of the recent ones alone would be taken for all."""
    old_days(server)
    lake = Lake.open(str(tmp_path / "lake"))
    sizes = {}
    for first in (DAYS[0], DAYS[5]):
        sources = {"binder": binder(server.address, tmp_path, first_day=first)}
        (summary,) = collect(lake, sources, now=lambda: NOW, is_dry_run=True).sources
        sizes[summary.windows] = summary.size
    assert sizes == {11: None, 6: sum(len(server.files[f"events-{day}.jsonl"]) for day in DAYS[5:])}


@pytest.fixture
def clock() -> list[datetime]:
    return [NOW]


def test_a_stored_day_that_upstream_no_longer_has_is_said(
    tmp_path: Path, server: Server, clock: list[datetime]
) -> None:
    old_days(server)
    (tmp_path / "footfall.toml").write_text(f'[sources.binder]\narchive = "{server.address}"\nfirst_day = {DAY}\n')
    with footfall.open(tmp_path, now=lambda: clock[0]) as ff:
        ff.collect("binder")
        del server.files[f"events-{DAYS[8]}.jsonl"]
        server.index(*((day, 1) for day in DAYS if day != DAYS[8]))
        clock[0] += timedelta(hours=20)
        (summary,) = ff.collect("binder").sources
        [note] = [note for note in summary.notes if note.window == Window.of_day(DAYS[8])]
        assert note.reason == "upstream no longer has it; stored data still counts (no file)"
        (state,) = ff.status()
        assert [entry.window for entry in state.gone] == [Window.of_day(DAYS[8])]
        assert state.gaps == ()
        answer = ff.query("launches", grain="day", since=str(DAYS[8]), until=str(DAYS[9]))
        assert (answer.to_dicts()[0]["launches"], answer.coverage) == (1, 1.0)


def test_that_the_archive_has_ended_is_said(tmp_path: Path, server: Server, clock: list[datetime]) -> None:
    """It was told as "last run 65 days ago", with the advice to collect, though that was done a moment before."""
    old_days(server)
    (tmp_path / "footfall.toml").write_text(f'[sources.binder]\narchive = "{server.address}"\nfirst_day = {DAY}\n')
    with footfall.open(tmp_path, now=lambda: clock[0]) as ff:
        ff.collect("binder")
        assert ff.status()[0].nothing_since is None
        for days in (1, 65):
            clock[0] = NOW + timedelta(days=days)
            ff.collect("binder")
        (state,) = ff.status()
        end = Window.of_day(DAYS[-1]).end
        assert (state.nothing_since, state.fresh_until, state.last_run_at) == (end, end, clock[0])
        notes = ff.query("launches", grain="week", since="2024-01-01", until="2024-03-18").notes
        assert "The source has nothing since 2024-01-21 (57 days: no file)." in notes
        assert not [note for note in notes if "run `footfall collect`" in note]
        clock[0] += timedelta(days=9)  # nobody collected since
        assert (
            "Not collected since 2024-03-26; run `footfall collect`."
            in ff.query("launches", since="2024-01-01", until="2024-04-03").notes
        )
