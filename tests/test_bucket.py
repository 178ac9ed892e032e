"""A lake in a bucket: the same tables and answers as in a folder, with several writers, and when the object store fails."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from threading import Thread

import pyarrow as pa
import pytest

from footfall.errors import DamagedLakeError, FootfallError, LakeError, LakeStorageError, NotALakeError
from footfall.lake import Lake, Restated
from footfall.lake.compaction import compact
from footfall.lake.delta import DeltaFolder
from footfall.lake.examining import examine_lake
from footfall.lake.files import read_as
from footfall.lake.maintain import maintain
from footfall.lake.repairing import repair_lake
from footfall.lake.rollups import refresh
from footfall.lake.storage.remote import Remote
from footfall.periods import Window
from lakes import LAUNCHES, NOW, collected
from s3 import BUCKET, Fault, Proxy

pytestmark = pytest.mark.slow

MAY = [date(2021, 5, day) for day in range(1, 32)]


@pytest.fixture
def address() -> str:
    return f"s3://{BUCKET}/{uuid.uuid4().hex}/lake"


@pytest.fixture
def there(bucket: Proxy, address: str, tmp_path: Path) -> Callable[..., Lake]:
    """Opens the lake, by default with the working copy of one machine."""

    def open_it(machine: str = "one", **options: str) -> Lake:
        return Lake.open(address, now=lambda: NOW, options={**bucket.options, **options}, copies=tmp_path / machine)

    return open_it


def launches(day: date, *counts: int) -> pa.Table:
    start = Window.of_day(day).start
    rows = [
        dict.fromkeys(LAUNCHES.names) | {LAUNCHES.time: start + timedelta(hours=hour), LAUNCHES.measures[0]: n}
        for hour, n in enumerate(counts)
    ]
    return pa.Table.from_pylist(rows, schema=LAUNCHES.arrow_schema())


def put(lake: Lake, day: date, *counts: int) -> int:
    version = lake.commit(LAUNCHES, launches(day, *counts), replaces=[Restated(Window.of_day(day))])
    lake.record(collected([day]))
    return version


def counts(lake: Lake, **asked: object) -> list[int]:
    """The counts of the table, in the order of time."""
    pinned = lake.snapshot([LAUNCHES], **asked).tables.get(LAUNCHES.name)  # type: ignore[arg-type]
    rows = read_as(LAUNCHES, pinned.current if pinned else ())
    found = lake.cursor().sql(f"SELECT {LAUNCHES.measures[0]} FROM {rows} ORDER BY {LAUNCHES.time}").fetchall()
    return [count for (count,) in found]


def remote(bucket: Proxy, lake: Lake) -> Remote:
    return Remote(lake.storage.address, bucket.options)


def test_what_one_machine_wrote_another_reads(there: Callable[..., Lake]) -> None:
    one, other = there(), there("other")
    assert counts(one) == []
    for day in MAY[:12]:
        put(one, day, day.day, 100 + day.day)
    expected = [n for day in MAY[:12] for n in (day.day, 100 + day.day)]
    assert counts(one) == counts(other) == expected
    put(other, MAY[3], 7)
    expected[6:8] = [7]
    assert counts(one) == counts(other) == counts(there("third")) == expected
    assert {entry.window.start.date() for entry in one.known()} == set(MAY[:12])


def test_maintenance_and_rollups_leave_the_same_rows(there: Callable[..., Lake], bucket: Proxy) -> None:
    one, other = there(), there("other")
    for day in MAY[:8]:
        put(one, day, day.day)
    refresh(one, LAUNCHES)
    compact(other, LAUNCHES, crowded=1)
    before = {found.name for found in remote(bucket, one).below(LAUNCHES.name) if "month=" in found.name}
    maintain(one, [LAUNCHES], keep=timedelta(0))
    after = {found.name for found in remote(bucket, one).below(LAUNCHES.name) if "month=" in found.name}
    assert len(after) == 1 < len(before)
    here = {path.relative_to(one.root).as_posix() for path in (one.root / LAUNCHES.name).glob("month=*/*")}
    assert here <= after
    assert counts(one) == counts(other) == counts(there("third")) == [day.day for day in MAY[:8]]
    assert all(found.is_intact for found in examine_lake(there("fourth"), [LAUNCHES]))


def test_a_writer_that_others_overtook_builds_on_their_commit(there: Callable[..., Lake]) -> None:
    one, other = there(), there("other")
    put(one, MAY[0], 1)
    mine, theirs = (DeltaFolder.open(lake.root / LAUNCHES.name, LAUNCHES.time) for lake in (one, other))
    assert mine is not None
    assert theirs is not None
    for day in MAY[1:14]:  # past a checkpoint
        put(other, day, day.day)
    assert mine.commit([], []) == 15
    assert put(one, MAY[14], 15) == 16
    assert counts(other) == [day.day for day in MAY[:15]]


def test_many_writers_at_once_lose_nothing_and_double_nothing(there: Callable[..., Lake]) -> None:
    put(there(), MAY[0], 1)

    def write(machine: str, days: list[date]) -> None:
        lake = there(machine)
        for day in days:
            put(lake, day, day.day)

    writers = [Thread(target=write, args=(f"machine{n % 2}", MAY[1 + n : 13 : 3])) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert counts(there("other")) == [day.day for day in MAY[:13]]


@pytest.mark.parametrize("cut", ["cuts_request", "cuts_answer"])
def test_a_commit_whose_answer_is_lost_happens_once(there: Callable[..., Lake], bucket: Proxy, cut: str) -> None:
    lake = there()
    put(lake, MAY[0], 1)
    bucket.faults = [Fault(1, "PUT", rf"{LAUNCHES.name}/_delta_log/.*2\.json")]
    setattr(bucket.faults[0], cut, True)
    assert put(lake, MAY[1], 2) == 2
    assert bucket.faults[0].times == 0
    assert counts(there("other")) == [1, 2]


def test_a_busy_store_and_a_cut_connection_are_asked_again(there: Callable[..., Lake], bucket: Proxy) -> None:
    bucket.faults = [Fault(3, status=503, code="SlowDown")]
    put(there(), MAY[0], *range(24))
    bucket.faults = [Fault(2, "GET", r"\.parquet$", cuts_answer=True), Fault(1, "GET", "list-type", cuts_request=True)]
    assert counts(there("other")) == list(range(24))
    assert [fault.times for fault in bucket.faults] == [0, 0]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(99, status=403, code="RequestTimeTooSkewed"), "the clock of this machine is wrong"),
        (Fault(99, status=403, code="AccessDenied"), r"refuses the credentials \(403 AccessDenied\)"),
        (Fault(99, status=404, code="NoSuchBucket"), f"there is no bucket {BUCKET}"),
    ],
)
def test_a_refusal_is_one_sentence_and_loses_nothing(
    there: Callable[..., Lake], bucket: Proxy, fault: Fault, said: str
) -> None:
    lake = there()
    put(lake, MAY[0], 1)
    bucket.faults = [fault]
    for ask in (lambda: counts(lake), lambda: put(lake, MAY[1], 2), lambda: there("other")):
        with pytest.raises(LakeStorageError, match=said) as caught:
            ask()
        assert "\n" not in str(caught.value)
    with pytest.raises(LakeStorageError, match=said):  # a store that cannot be reached is no damage
        list(repair_lake(lake, {"test": [LAUNCHES]}))
    bucket.faults = []
    assert counts(lake) == counts(there("other")) == [1]
    assert all(found.is_intact for found in examine_lake(lake, [LAUNCHES]))


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(999, status=503, code="SlowDown"), r"overloaded or down \(503 SlowDown\); wait a few minutes"),
        (Fault(999, cuts_request=True), "the connection fails .*run the same command again"),
    ],
)
def test_a_store_that_stays_away_is_given_up_after_a_while(
    there: Callable[..., Lake], bucket: Proxy, monkeypatch: pytest.MonkeyPatch, fault: Fault, said: str
) -> None:
    monkeypatch.setattr("footfall.lake.storage.remote._RETRIES", 1)
    lake = there()
    put(lake, MAY[0], 1)
    for method in ("PUT", ".*"):
        bucket.faults = [replace(fault, method=method)]
        with pytest.raises(LakeStorageError, match=said):
            put(lake, MAY[1], 2)
    bucket.faults = []
    assert counts(lake) == counts(there("other")) == [1]
    put(lake, MAY[1], 2)
    assert counts(lake) == counts(there("other")) == [1, 2]


def test_wrong_credentials_buckets_and_hosts_are_said(there: Callable[..., Lake], bucket: Proxy) -> None:
    with pytest.raises(LakeStorageError, match=r"refuses the credentials .*AWS_ACCESS_KEY_ID"):
        there(secret_access_key="wrong")
    with pytest.raises(LakeStorageError, match="there is no bucket nowhere"):
        Lake.open("s3://nowhere/lake", options=bucket.options)
    with pytest.raises(FootfallError, match="names no bucket"):
        Lake.open("s3://", options=bucket.options)
    with pytest.raises(FootfallError, match="nonsense"):
        there(nonsense="1")


def test_a_bucket_with_other_files_is_refused(there: Callable[..., Lake], bucket: Proxy, address: str) -> None:
    Remote(address, bucket.options).write("photo.jpg", b"x")
    with pytest.raises(NotALakeError, match="holds files and is not a Footfall lake"):
        there()


def test_a_damaged_copy_is_fetched_again_and_a_damaged_object_is_found(
    there: Callable[..., Lake], bucket: Proxy
) -> None:
    lake = there()
    put(lake, MAY[0], 1)
    (name,) = [found.name for found in remote(bucket, lake).below(LAUNCHES.name) if found.name.endswith(".parquet")]
    other = there("other")
    (other.root / name).parent.mkdir(parents=True)
    (other.root / name).write_bytes(b"PAR1 not what was written PAR1")
    assert counts(other) == [1]
    remote(bucket, lake).write(name, b"PAR1 not what was written PAR1")
    with pytest.raises(DamagedLakeError, match=rf"s3://.*{LAUNCHES.name}/month=.* is damaged"):
        counts(there("third"))
    assert not all(found.is_intact for found in examine_lake(lake, [LAUNCHES]))
    done = list(repair_lake(lake, {"test": [LAUNCHES]}))
    assert [each.is_repaired for each in done] == [True]
    assert counts(lake) == counts(there("fourth")) == []
    assert [found.name for found in remote(bucket, lake).below() if found.name.startswith("damaged-")]
    put(lake, MAY[0], 5)
    assert counts(there("fifth")) == [5]


def test_a_log_that_lost_its_end_is_cut_back_and_collected_again(there: Callable[..., Lake], bucket: Proxy) -> None:
    lake, other = there(), there("other")
    for day in MAY[:3]:
        put(lake, day, day.day)
    assert counts(other) == [1, 2, 3]
    log = f"{LAUNCHES.name}/_delta_log/{2:020}.json"
    content = remote(bucket, lake).read(log)
    assert content is not None
    remote(bucket, lake).write(log, content.splitlines()[0] + b"\n")
    assert [each.is_repaired for each in repair_lake(there("third"), {"test": [LAUNCHES]})] == [True]
    assert counts(lake) == counts(other) == [1]
    put(other, MAY[1], 22)
    assert counts(lake) == counts(there("fourth")) == [1, 22]


def test_doctor_finds_a_store_that_cannot_be_written_or_overwrites(
    there: Callable[..., Lake], bucket: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = there()
    assert lake.storage.check_writes() == lake.storage.address
    assert remote(bucket, lake).below() == []
    bucket.faults = [Fault(9, "PUT", status=403, code="AccessDenied")]
    with pytest.raises(LakeStorageError, match="that they may list, read, write and delete"):
        lake.storage.check_writes()
    bucket.faults = []
    monkeypatch.setattr(Remote, "create", lambda self, name, content: self.write(name, content) is None)
    with pytest.raises(LakeError, match="ignores the condition of a write"):
        lake.storage.check_writes()
