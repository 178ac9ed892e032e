"""The server for marks: it answers as Redis does, and keeps what it acknowledged."""

from __future__ import annotations

import random
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import footfall
from footfall.stores.sqlite import SqliteStore
from footfall.stores.store import FIRST, LAST, PER_DAY, day_slot
from marks_served import Served, client_of, marks_served

pytestmark = pytest.mark.slow
redis = pytest.importorskip("redis")

NOV = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY, HOUR = "trackist_active_2026-11-23", "trackist_active_2026-11-23-9"
WEEK, MONTH = "trackist_active_W2026-48", "trackist_active_2026-11"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with marks_served(tmp_path_factory.mktemp("served"), "--allow-admin") as served:
        yield served


@pytest.fixture
def client(served: Served) -> Any:
    client = client_of(served.port)
    client.flushdb()
    return client


def mark(client: Any, id: int, *keys: str) -> list[int]:
    pipeline = client.pipeline()
    for key in keys:
        pipeline.setbit(key, id, 1)
    return list(pipeline.execute())


# Like Redis

KEYS = [f"set:{n}" for n in range(4)] + ["trackist_premium_u", DAY]


def some_command(chance: random.Random, offset: int) -> tuple[Any, ...]:
    """A command whose answer is the same where a set has no length of its own: bits are set and keys deleted."""
    key, other = chance.sample(KEYS, 2)
    bit = chance.randrange(offset)
    start, end = chance.randrange(-40, 60), chance.randrange(-40, 60)
    unit = chance.choice(("BYTE", "BIT"))
    return chance.choice(
        [
            *[("SETBIT", key, bit, 1)] * 8,
            ("GETBIT", key, bit),
            ("BITCOUNT", key),
            ("BITCOUNT", key, start, end),
            ("BITCOUNT", key, start, end, unit),
            ("BITPOS", key, chance.randrange(2)),
            ("BITPOS", key, chance.randrange(2), start),
            ("BITPOS", key, chance.randrange(2), start, end),
            ("BITPOS", key, chance.randrange(2), start, end, unit),
            ("GETRANGE", key, start, end),
            ("STRLEN", key),
            ("GET", key),
            ("EXISTS", key, other, key),
            ("TYPE", key),
            ("TTL", key),
            ("BITOP", chance.choice(("AND", "OR", "XOR")), "made", key, other),
            ("BITOP", "NOT", "made", key),
            ("BITCOUNT", "made"),
            ("GET", "made"),
            ("DEL", key),
            ("RENAME", key, "moved"),
            ("BITCOUNT", "moved"),
            ("SETBIT", "moved", bit, 1),
            ("SET", "text", str(bit)),
            ("GET", "text"),
            ("INCRBY", "number", bit),
            ("HINCRBY", "counts", str(bit % 7), bit),
            ("HGET", "counts", str(bit % 7)),
            ("HMGET", "counts", "1", "2", "x"),
            ("HDEL", "counts", "1"),
            ("HSETNX", "counts", "2", bit),
            ("SADD", "members", bit % 9, bit % 5),
            ("SISMEMBER", "members", bit % 9),
            ("SCARD", "members"),
            ("SETBIT", "members", 1, 1),
            ("HGET", "members", "a"),
            ("GET", "counts"),
            ("SETBIT", key, chance.choice((-1, "x", 1 << 32)), 1),
            ("SETBIT", key, 1, 2),
            ("GETBIT", key),
            ("EXPIRE", key, 1000),
            ("PERSIST", key),
            ("SET", "once", bit, "NX"),
            ("SET", "text", bit, "EX", 0),
        ]
    )


def told_by(client: Any, command: tuple[Any, ...]) -> Any:
    try:
        return client.execute_command(*command)
    except redis.exceptions.ResponseError as error:
        return str(error)


@pytest.mark.parametrize("offset", [120, 1 << 20])
def test_it_answers_as_redis_does(client: Any, redis_server: str, offset: int) -> None:
    theirs = redis.Redis.from_url(redis_server, db=7)
    theirs.flushdb()
    chance = random.Random(offset)
    for turn in range(4000):
        command = some_command(chance, offset)
        assert told_by(client, command) == told_by(theirs, command), (turn, command)
    ours_listed, theirs_listed = (sorted(each.scan_iter(count=3)) for each in (client, theirs))
    assert ours_listed == sorted({*theirs_listed, *((WEEK.encode(), MONTH.encode()) if theirs.exists(DAY) else ())})


@pytest.mark.parametrize("is_transaction", [True, False])
def test_pipelines_answer_as_those_of_redis(client: Any, redis_server: str, is_transaction: bool) -> None:
    theirs = redis.Redis.from_url(redis_server, db=7)
    theirs.flushdb()
    chance = random.Random(11)
    for _ in range(60):
        commands = [some_command(chance, 500) for _ in range(30)]
        commands = [command for command in commands if len(command) > 2 or command[0] != "GETBIT"]
        answers = []
        for each in (client, theirs):
            pipeline = each.pipeline(transaction=is_transaction)
            for command in commands:
                pipeline.execute_command(*command)
            answers.append([str(answer) for answer in pipeline.execute(raise_on_error=False)])
        assert answers[0] == answers[1]


def test_clearing_and_setting_in_any_order(client: Any, redis_server: str) -> None:
    theirs = redis.Redis.from_url(redis_server, db=7)
    theirs.flushdb()
    chance = random.Random(3)
    for _ in range(3000):
        command = ("SETBIT", chance.choice(KEYS), chance.randrange(40), int(chance.random() < 0.6))
        assert told_by(client, command) == told_by(theirs, command)
    assert [client.bitcount(key) for key in KEYS] == [theirs.bitcount(key) for key in KEYS]


@pytest.mark.parametrize(
    "pattern",
    ["*", "h?llo", "h[ae]llo", "h[^e]llo", "h[a-b]llo", "h\\*llo", "*l*o*", "", "h[", "[]llo", "h[b-a]llo", "*[*"],
)
def test_patterns_find_the_keys_that_redis_finds(client: Any, redis_server: str, pattern: str) -> None:
    theirs = redis.Redis.from_url(redis_server, db=7)
    theirs.flushdb()
    for each in (client, theirs):
        for key in ("hello", "hallo", "hxllo", "h*llo", "heello", "llo", "h[", "h\nllo"):
            each.setbit(key, 1, 1)
    assert sorted(client.keys(pattern)) == sorted(theirs.keys(pattern))


def test_a_pattern_of_many_stars_takes_no_time(client: Any) -> None:
    client.setbit("a" * 200, 1, 1)
    assert client.keys("*a" * 60 + "b") == []


def test_scan_finds_every_key_that_stays(client: Any) -> None:
    for n in range(500):
        client.setbit(f"key:{n}", n, 1)
    found, cursor = set(), 0
    while True:
        cursor, some = client.scan(cursor, count=7)
        found.update(some)
        client.delete(f"key:{len(found) % 250 * 2 + 1}")  # odd ones go meanwhile
        client.setbit(f"new:{len(found)}", 1, 1)
        if cursor == 0:
            break
    assert {f"key:{n}".encode() for n in range(0, 500, 2)} <= found


def test_the_third_version_of_the_protocol(served: Served, client: Any) -> None:
    newer = client_of(served.port, protocol=3)
    newer.hset("hash", mapping={"a": 1, "b": 2})
    newer.sadd("set", "x", "y")
    assert newer.hgetall("hash") == {b"a": b"1", b"b": b"2"}
    assert newer.smembers("set") == {b"x", b"y"}
    assert newer.get("nothing") is None
    assert newer.config_get("appendfsync") == {"appendfsync": "everysec"}


def test_results_of_bitop_are_sparse_and_expire(client: Any) -> None:
    client.setbit("one", (1 << 32) - 1, 1)
    client.setbit("two", 5, 1)
    assert client.bitop("OR", "both", "one", "two") == 1 << 29
    assert client.bitcount("both") == 2
    assert 0 < client.ttl("both") <= 3600
    assert client.bitop("NOT", "others", "one") == 1 << 29
    assert client.bitcount("others") == (1 << 32) - 1
    assert int(client.info("memory")["used_memory_sets"]) < 8_000_000  # Redis would take 512 MB for each
    assert client.persist("both") == 1
    assert client.ttl("both") == -1
    with pytest.raises(redis.exceptions.ResponseError, match="read it by GETRANGE"):
        client.get("others")
    assert client.getrange("both", 0, 0) == b"\x04"


def test_keys_expire(client: Any) -> None:
    client.set("short", "x", px=30)
    client.setbit("bits", 3, 1)
    assert client.pexpire("bits", 30) == 1
    assert client.pexpire("nothing", 30) == 0
    assert 0 < client.pttl("bits") <= 30
    time.sleep(0.05)
    assert client.exists("short", "bits") == 0
    assert client.keys("*") == []


# One file, many readers


def test_what_bitmapist_marks_is_kept_once_and_counts_once(served: Served, client: Any) -> None:
    assert mark(client, 7, MONTH, WEEK, DAY, HOUR, "trackist_active_u") == [0] * 5
    assert mark(client, 7, MONTH, WEEK, DAY) == [1] * 3
    assert [client.bitcount(key) for key in (MONTH, WEEK, DAY, HOUR)] == [1] * 4
    store = SqliteStore(served.store)
    day = day_slot(NOV)
    assert store.events() == ["active"]
    assert store.slots("active") == [FIRST, day, day + 10]
    assert store.occurrences("active", day, day + PER_DAY) == 2
    assert list(store.union("active", day, day + PER_DAY)) == [7]
    store.close()
    assert sorted(client.keys("*")) == sorted(key.encode() for key in (MONTH, WEEK, DAY, HOUR, "trackist_active_u"))


def test_a_week_is_its_days_and_the_bits_of_its_own(client: Any) -> None:
    client.setbit("trackist_active_2026-11-24", 1, 1)
    client.setbit("trackist_active_2026-11-26", 2, 1)
    assert client.bitcount(WEEK) == client.bitcount(MONTH) == 2
    assert client.setbit(WEEK, 3, 1) == 0
    assert [client.getbit(WEEK, id) for id in (1, 2, 3, 4)] == [1, 1, 1, 0]
    assert client.bitcount(MONTH) == 2
    assert client.setbit(WEEK, 1, 0) == 1
    assert client.getbit(WEEK, 1) == 1  # its day still has it
    client.setbit("trackist_active_2026-11-24", 1, 0)
    assert client.getbit(WEEK, 1) == 0
    assert client.delete(WEEK) == 1
    assert client.bitcount(WEEK) == 1


def test_others_read_and_mark_the_file_meanwhile(served: Served, client: Any) -> None:
    with footfall.open(served.store.parent) as ff:
        mark(client, 1, MONTH, WEEK, DAY)
        assert 1 in ff.event("active").month(2026, 11)
        ff.mark("active", 2, at=NOV)
        ff.mark("active", "ada", at=NOV)
        assert client.getbit(DAY, 2) == 1
        assert client.bitcount(MONTH) == 2  # names have no bit
        ff.unmark("active", 1, at=NOV)
        assert [client.getbit(DAY, 1), client.bitcount(WEEK)] == [0, 1]
        cohort = ff.cohort("active", "active", grain="month", last=1)
        assert len(cohort.rows) == 1


def test_a_key_of_clients_is_no_event(served: Served, client: Any) -> None:
    client.setbit("mine", 5, 1)
    with footfall.open(served.store.parent) as ff:
        assert ff.activity.events() == []
    assert client.keys("*") == [b"mine"]
    assert client.delete("mine") == 1
    assert client.keys("*") == []


def test_databases_are_apart(served: Served, client: Any) -> None:
    other = client_of(served.port, db=3)
    other.flushdb()
    other.setbit(DAY, 1, 1)
    assert (client.getbit(DAY, 1), other.getbit(DAY, 1)) == (0, 1)
    assert other.info("keyspace")["db3"]["keys"] == len(other.keys("*"))  # of the day, its week and its month
    assert list(client.info("keyspace")) == ["db0"]
    other.flushdb()
    assert other.keys("*") == []
    with pytest.raises(redis.exceptions.ResponseError, match="DB index is out of range"):
        client_of(served.port, db=99).ping()


def test_slurp_copies_a_live_redis(client: Any, redis_server: str) -> None:
    theirs = redis.Redis.from_url(redis_server, db=8)
    theirs.flushdb()
    mark(theirs, 3, MONTH, WEEK, DAY)
    mark(theirs, 4, MONTH, WEEK, DAY, HOUR)
    theirs.setbit("trackist_premium_u", 9, 1)
    host = redis_server.removeprefix("redis://")
    client.setbit(DAY, 8, 1)
    assert client.execute_command("SLURP", f"{host}/8")
    assert [client.bitcount(key) for key in (DAY, HOUR, MONTH, "trackist_premium_u")] == [3, 1, 3, 1]
    assert "does not answer" in told_by(client, ("SLURP", "127.0.0.1:1"))
    theirs.flushdb()


# What a client may not do


def said(port: int, sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        found = b""
        while piece := connection.recv(65536):
            found += piece
        return found


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"PING\r\n", b"+PONG\r\n"),
        (b"setbit typed 3 1\r\nGETBIT typed 3\r\n", b":0\r\n:1\r\n"),
        (b'ECHO "two words"\n', b"$9\r\ntwo words\r\n"),
        (b'ECHO "open\r\n', b"-ERR Protocol error: unbalanced quotes in request\r\n"),
        (b"*1\r\n:5\r\n", b"-ERR Protocol error: expected an array of bulk strings\r\n"),
        (b"*1\r\n*1\r\n$4\r\nPING\r\n", b"-ERR Protocol error: expected an array of bulk strings\r\n"),
        (b"*0\r\n*1\r\n$4\r\nPING\r\n", b"+PONG\r\n"),
        (b"\r\n", b""),
        (b"*2\r\n$4\r\nECHO\r\n$-1\r\n", b"-ERR Protocol error: expected an array of bulk strings\r\n"),
        (b"NO SUCH\r\n", b"-ERR unknown command 'NO', with args beginning with: 'SUCH'\r\n"),
        (b"GETBIT k\r\n", b"-ERR wrong number of arguments for 'getbit' command\r\n"),
        (b"QUIT\r\nPING\r\n", b"+OK\r\n"),
        (b"MULTI\r\nNO\r\nEXEC\r\n", b"+OK\r\n-ERR unknown command 'NO', with args beginning with: \r\n"
         b"-EXECABORT Transaction discarded because of previous errors.\r\n"),
        (b"MULTI\r\nMULTI\r\nDISCARD\r\nDISCARD\r\n", b"+OK\r\n-ERR MULTI calls can not be nested\r\n+OK\r\n"
         b"-ERR DISCARD without MULTI\r\n"),
        (b"EXEC\r\n", b"-ERR EXEC without MULTI\r\n"),
        (b"CONFIG SET save 1\r\n", b"-ERR only CONFIG GET is possible"),
    ],
)  # fmt: skip
def test_what_is_no_command_is_refused_in_one_line(served: Served, sent: bytes, answer: bytes) -> None:
    found = said(served.port, sent)
    assert found == answer or (answer and not answer.endswith(b"\n") and found.startswith(answer))


def test_commands_come_in_pieces(served: Served, client: Any) -> None:
    sent = b"".join(client.connection_pool.make_connection().pack_commands([("SETBIT", DAY, n, 1) for n in range(3)]))
    for at in range(1, len(sent)):
        client.flushdb()
        with socket.create_connection(("127.0.0.1", served.port), timeout=30) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(sent[:at])
            assert client.ping()  # which comes after the first piece
            connection.sendall(sent[at:])
            answers = b""
            while len(answers) < 12:
                answers += connection.recv(100)
        assert answers == b":0\r\n" * 3
    assert client.bitcount(DAY) == 3


def test_a_pipeline_in_pieces_keeps_each_mark_once(served: Served, client: Any) -> None:
    commands = [("SETBIT", key, n, 1) for n in range(3) for key in (MONTH, WEEK, DAY)]
    sent = b"".join(client.connection_pool.make_connection().pack_commands(commands))
    ends = [match.end() for match in re.finditer(rb"\r\n1\r\n(?=\*|$)", sent)][:-1]
    step = next(step for step in range(7, 90) if not any(end % step == 0 for end in ends))
    with socket.create_connection(("127.0.0.1", served.port), timeout=30) as connection:
        for at in range(0, len(sent), step):
            connection.sendall(sent[at : at + step])
            assert client.ping()
        connection.shutdown(socket.SHUT_WR)
        answers = b""
        while piece := connection.recv(100):
            answers += piece
    assert answers == b":0\r\n" * 9
    assert [client.bitcount(key) for key in (MONTH, WEEK, DAY)] == [3] * 3
    client.delete(DAY)
    assert client.exists(MONTH, WEEK) == 0


def test_noise_ends_one_connection_and_nothing_else(served: Served, client: Any) -> None:
    chance = random.Random(8)
    for _ in range(200):
        noise = bytes(chance.choices(b"*$:+-_%~,\r\n0123456789SETBIT kx\x00\xff", k=chance.randrange(1, 200)))
        said(served.port, noise)
    assert client.ping()


def test_a_command_without_end_is_cut_off(tmp_path: Path) -> None:
    with marks_served(tmp_path, "--auth") as served:
        assert b"a command has more than 65,536 bytes" in said(
            served.port, b"*2\r\n$4\r\nECHO\r\n$900000\r\n" + b"x" * 66_000
        )


def test_flushing_has_to_be_allowed(tmp_path: Path) -> None:
    with marks_served(tmp_path) as served:
        client = client_of(served.port)
        client.setbit("k", 1, 1)
        for command in ("FLUSHDB", "FLUSHALL", "SLURP localhost"):
            with pytest.raises(redis.exceptions.ResponseError, match="--allow-admin"):
                client.execute_command(*command.split())
        assert client.getbit("k", 1) == 1


def test_tokens_say_what_a_client_may_do(tmp_path: Path) -> None:
    (tmp_path / "footfall.toml").touch()
    with footfall.open(tmp_path) as ff:
        from footfall.access.tokens import Tokens

        tokens = Tokens(ff.settings.folder, ff.settings.scratch)
        both, marks, reads = (
            tokens.create(name, scopes, now=ff.now())
            for name, scopes in (("both", ["read", "mark"]), ("marks", ["mark"]), ("reads", ["read"]))
        )
    with marks_served(tmp_path, "--auth") as served:
        with pytest.raises(redis.exceptions.AuthenticationError, match="Authentication required"):
            client_of(served.port).ping()
        with pytest.raises(redis.exceptions.AuthenticationError, match="invalid username-password"):
            client_of(served.port, password="ff_000000000000_x").ping()
        assert client_of(served.port, password=both).setbit("k", 1, 1) == 0
        assert client_of(served.port, username="anyone", password=both, protocol=3).getbit("k", 1) == 1
        assert client_of(served.port, password=marks).setbit("k", 2, 1) == 0
        for token, command in ((marks, "GETBIT k 1"), (marks, "KEYS *"), (reads, "SETBIT k 3 1"), (reads, "DEL k")):
            with pytest.raises(redis.exceptions.NoPermissionError):
                client_of(served.port, password=token).execute_command(*command.split())
        reader = client_of(served.port, password=reads)
        assert reader.bitcount("k") == 2
        pipeline = reader.pipeline()
        pipeline.setbit("k", 5, 1)
        with pytest.raises(redis.exceptions.RedisError):
            pipeline.execute()
        assert reader.bitcount("k") == 2


def test_a_refused_command_aborts_the_transaction_as_in_redis(tmp_path: Path, redis_server: str) -> None:
    (tmp_path / "footfall.toml").touch()
    with footfall.open(tmp_path) as ff:
        from footfall.access.tokens import Tokens

        token = Tokens(ff.settings.folder, ff.settings.scratch).create("reads", ["read"], now=ff.now())
    peer = redis.Redis.from_url(redis_server)
    peer.execute_command("ACL", "SETUSER", "reader", "on", f">{token}", "allkeys", "+@all", "-setbit")
    sent = b"PING\r\n".join(
        (
            f"AUTH reader {token}\r\nMULTI\r\n".encode(),
            b"SETBIT aborted 1 1\r\nGETBIT aborted 1\r\nEXEC\r\nGETBIT aborted 1\r\n",
        )
    )
    with marks_served(tmp_path, "--auth") as served:
        ours, theirs = (
            [line.split(b" ")[0] for line in said(port, sent).splitlines()]
            for port in (served.port, peer.connection_pool.connection_kwargs["port"])
        )
        early = said(served.port, f"MULTI\r\nAUTH reader {token}\r\nEXEC\r\n".encode())
    peer.execute_command("ACL", "DELUSER", "reader")
    assert ours == theirs == [b"+OK", b"+OK", b"+QUEUED", b"-NOPERM", b"+QUEUED", b"-EXECABORT", b":0"]
    assert early.startswith(b"-NOAUTH")


def test_at_most_so_many_clients(tmp_path: Path) -> None:
    with marks_served(tmp_path, "--connections", "2") as served:
        first, second = client_of(served.port), client_of(served.port)
        assert first.ping()
        assert second.ping()
        assert said(served.port, b"") == b"-ERR max number of clients reached\r\n"
        second.close()
        assert first.ping()


def test_tls(tmp_path: Path) -> None:
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    try:
        subprocess.run([*made, "-keyout", "key.pem", "-out", "cert.pem"], cwd=tmp_path, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    options = ("--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"))
    with marks_served(tmp_path, *options) as served:
        client = client_of(served.port, ssl=True, ssl_ca_certs=str(tmp_path / "cert.pem"), ssl_check_hostname=False)
        assert client.setbit("k", 1, 1) == 0
        with pytest.raises(redis.exceptions.RedisError):
            client_of(served.port).ping()


def refused(folder: Path, *options: str) -> str:
    command = [sys.executable, "-m", "footfall", "-w", str(folder), "serve-marks", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_it_says_why_it_cannot_serve(tmp_path: Path, served: Served) -> None:
    (tmp_path / "footfall.toml").touch()
    assert "choose another --port" in refused(tmp_path, "--port", str(served.port))
    assert "belong together" in refused(tmp_path, "--tls-cert", "x.pem")
    assert "in PEM form" in refused(tmp_path, "--tls-cert", "x.pem", "--tls-key", "y.pem", "--port", "0")
    (tmp_path / "activity.db").write_bytes(b"no store of marks" * 100)
    assert "is damaged or not a store of marks" in refused(tmp_path, "--port", "0")
    (tmp_path / "footfall.toml").write_text('activity = "redis://localhost"\n')
    assert "which is a server already" in refused(tmp_path, "--port", "0")


def test_it_serves_other_machines_only_with_tokens(tmp_path: Path) -> None:
    with marks_served(tmp_path, "--host", "0.0.0.0") as served:
        assert said(served.port, b"PING\r\n") == b"-NOAUTH Authentication required.\r\n"


def test_it_ends_when_it_is_asked_to(tmp_path: Path) -> None:
    with marks_served(tmp_path) as served:
        client = client_of(served.port)
        client.setbit(DAY, 1, 1)
        served.process.terminate()
        assert served.process.wait(timeout=30) == 0
    copy = SqliteStore(shutil.copy(served.store, tmp_path / "copy.db"))
    assert copy.occurrences("active", FIRST, LAST) == 1


def test_a_backup_says_what_it_leaves_out(tmp_path: Path) -> None:
    folder = tmp_path / "usage"
    folder.mkdir()
    command = [sys.executable, "-m", "footfall", "-w", str(folder)]
    subprocess.run([*command, "init"], check=True, capture_output=True)
    with marks_served(folder) as served:
        client_of(served.port).setbit(DAY, 1, 1)
        client_of(served.port).hset("hash", "field", 1)
        client_of(served.port, db=2).setbit(DAY, 1, 1)
        done = subprocess.run([*command, "backup", str(tmp_path / "b.tar")], capture_output=True, text=True, check=True)
    assert "activity.2.db and activity.values.db, where" in " ".join((done.stdout + done.stderr).split())
