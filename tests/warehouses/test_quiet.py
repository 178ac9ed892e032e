"""Drivers log queries and tokens: of silenced loggers nothing arrives anywhere."""

from __future__ import annotations

import logging

import pytest

from footfall.warehouses.quiet import silence


def test_a_driver_and_its_parts_say_nothing_and_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    loud, part, other = (logging.getLogger(name) for name in ("driver_x", "driver_x.wire", "driver_xy"))
    for logger in (loud, part, other):
        logger.setLevel(logging.DEBUG)
        logger.addHandler(caplog.handler)
    try:
        silence("driver_x")
        for logger in (loud, part, other, logging.getLogger("driver_x.made_later")):
            logger.critical("SELECT secret")
        assert [record.name for record in caplog.records if record.name != "driver_xy"] == []
        assert "driver_xy" in [record.name for record in caplog.records]
    finally:
        other.removeHandler(caplog.handler)
