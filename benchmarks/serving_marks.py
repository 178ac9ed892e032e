"""The server for marks against Redis 7 on this machine, both asked by redis-py, in turn.

The load is what applications with bitmapist make: 50 clients in two processes, each sending pipelines of 50 SETBIT.
"""

from __future__ import annotations

import multiprocessing
import random
import shutil
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import redis

from measure import BUILD, FOOTFALL, Measured, alternate, claim, free_port, served

FOLDER = BUILD / "serving_marks"
CLIENTS, PROCESSES, PIPELINE, MARKS = 50, 2, 50, 150_000
ROUNDS = 3
SPARSE, BELOW = 100_000, 1 << 30


def redis_server(name: str, *options: str) -> tuple[list[str], int]:
    folder, port = fresh(name), free_port()
    return ["redis-server", "--port", str(port), "--dir", str(folder), "--save", "", *options], port


def ours(name: str, *options: str) -> tuple[list[str], int]:
    folder, port = fresh(name), free_port()
    (folder / "footfall.toml").touch()
    return [*FOOTFALL, "-w", str(folder), "serve-marks", "--port", str(port), *options], port


def fresh(name: str) -> Path:
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def mark_many(port: int, seed: int, marks: int) -> None:
    client, chance = redis.Redis(port=port), random.Random(seed)
    for _ in range(marks // PIPELINE):
        pipeline = client.pipeline(transaction=False)
        for _ in range(PIPELINE):
            pipeline.setbit(f"trackist_active_2026-11-{chance.randrange(1, 29)}", chance.randrange(1 << 22), 1)
        pipeline.execute()


def clients_of_process(port: int, seed: int, clients: int, marks: int) -> None:
    threads = [threading.Thread(target=mark_many, args=(port, seed + n, marks // clients)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def load(port: int) -> Measured:
    """All clients at once, from when they are ready."""
    nursery = multiprocessing.get_context("fork")
    share = CLIENTS // PROCESSES, MARKS // PROCESSES
    processes = [nursery.Process(target=clients_of_process, args=(port, 100 * n, *share)) for n in range(PROCESSES)]
    started = time.perf_counter()
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return Measured(time.perf_counter() - started, 0)


def marking() -> None:
    servers = {
        "ours": ours("everysec"),
        "ours, always": ours("always", "--sync", "always"),
        "redis": redis_server("nothing", "--appendonly", "no"),
        "redis, everysec": redis_server("appending", "--appendonly", "yes", "--appendfsync", "everysec"),
        "redis, always": redis_server("appending_always", "--appendonly", "yes", "--appendfsync", "always"),
    }
    with ExitStack() as running:
        for command, port in servers.values():
            running.enter_context(served(command, port))
        best = alternate(ROUNDS, {name: lambda port=port: load(port) for name, (_, port) in servers.items()})  # type: ignore[misc]
    for name, measured in best.items():
        print(f"  {name}: {MARKS / measured.seconds:,.0f} marks a second")

    def ratio(first: str, second: str) -> float:
        return best[second].seconds / best[first].seconds

    claim("SETBIT, Redis keeps nothing", ratio("ours", "redis"), "at least 0.3×", ratio("ours", "redis") >= 0.3)
    everysec = ratio("ours", "redis, everysec")
    claim("SETBIT, both on the disk within a second", everysec, "at least 1×", everysec >= 1)
    always = ratio("ours, always", "redis, always")
    claim("SETBIT, both on the disk before the answer", always, "at least 1×", always >= 1)


def resident(process: int) -> int:
    [line] = [line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) * 1024


def mark_sparse(client: Any, name: str, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(SPARSE // 500):
        pipeline = client.pipeline(transaction=False)
        for _ in range(500):
            id = chance.randrange(BELOW)
            for key in ("2026-11", "W2026-48", "2026-11-23"):  # what bitmapist marks
                pipeline.setbit(f"trackist_{name}_{key}", id, 1)
        pipeline.execute()


def sparse() -> None:
    """Counts, operators and memory of ids that lie far apart."""
    their_command, their_port = redis_server("sparse", "--appendonly", "no")
    our_command, our_port = ours("sparse_ours")
    with served(their_command, their_port), served(our_command, our_port) as process:
        clients: dict[str, Any] = {"ours": redis.Redis(port=our_port), "redis": redis.Redis(port=their_port)}
        mark_sparse(clients["ours"], "warm", 1)
        before = {"ours": resident(process.pid), "redis": clients["redis"].info("memory")["used_memory"]}
        for client in clients.values():
            mark_sparse(client, "one", 2)
        taken = {
            "ours": int(clients["ours"].info("memory")["used_memory_sets"]) // 2,
            "redis": clients["redis"].info("memory")["used_memory"] - before["redis"],
        }
        for client in clients.values():
            mark_sparse(client, "two", 3)
        print(
            f"  {SPARSE:,} ids below 2^30: Redis {taken['redis'] / 2**20:,.0f} MiB, ours {taken['ours'] / 2**20:.2f} MiB"
        )
        print(
            f"  the process of ours grew by {(resident(process.pid) - before['ours']) / 2**20:.1f} MiB with two such days"
        )
        claim("memory", taken["redis"] / taken["ours"], "at least 400×", taken["redis"] >= 400 * taken["ours"])
        days = ("trackist_one_2026-11-23", "trackist_two_2026-11-23")
        for name, command in (
            ("BITCOUNT", ("BITCOUNT", days[0])),
            ("BITOP AND", ("BITOP", "AND", "both", *days)),
            ("BITOP OR", ("BITOP", "OR", "any", *days)),
        ):
            answers: dict[str, int] = {}

            def ask(client: Any, which: str, command: tuple[str, ...] = command, answers: Any = answers) -> Measured:
                started = time.perf_counter()
                for _ in range(5):
                    answers[which] = client.execute_command(*command)
                return Measured(time.perf_counter() - started, 0)

            best = alternate(ROUNDS, {which: lambda w=which, c=client: ask(c, w) for which, client in clients.items()})  # type: ignore[misc]
            if name == "BITCOUNT":
                assert answers["ours"] == answers["redis"]
            ratio = best["redis"].seconds / best["ours"].seconds
            claim(f"{name} of sparse ids", ratio, "at least 20×", ratio >= 20)
        for key in ("both", "any"):
            assert clients["ours"].bitcount(key) == clients["redis"].bitcount(key)


def main() -> None:
    if shutil.which("redis-server") is None:
        raise SystemExit("redis-server is not installed; `make test` installs it when it runs as root.")
    parts = {"marking": marking, "sparse": sparse}
    for name in sys.argv[1:] or parts:
        print(name)
        parts[name]()


if __name__ == "__main__":
    main()
