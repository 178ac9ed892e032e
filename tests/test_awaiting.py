"""Waiting for threads: what they give and raise comes through, and a signal that is sent before the wait ends it."""

from __future__ import annotations

import signal
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from footfall.awaiting import result_of, until_done


def test_what_the_work_gives_or_raises_comes_through() -> None:
    with ThreadPoolExecutor(1) as pool:
        assert result_of(pool.submit(lambda: 7)) == 7
        with pytest.raises(ZeroDivisionError):
            result_of(pool.submit(lambda: 1 // 0))
        both: list[Future[Any]] = [pool.submit(threading.Event().wait, 0.01), pool.submit(lambda: 1 // 0)]
        until_done(both)
        assert all(one.done() for one in both)


def test_a_signal_that_another_thread_takes_is_noticed() -> None:
    """The kernel may hand a signal to any thread that does not block it: no system call of the main thread ends by it."""
    never: Future[None] = Future()

    def interrupt(number: int, frame: object) -> None:
        raise InterruptedError

    def take_it() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        taker = threading.Timer(0.1, take_it)
        taker.start()
        with pytest.raises(InterruptedError):
            result_of(never)
        taker.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
