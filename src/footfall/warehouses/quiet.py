"""Drivers log queries, addresses and tokens: their loggers are silenced, whatever our log level."""

from __future__ import annotations

import logging


def silence(*names: str) -> None:
    """Discard everything that these loggers, or their children, log."""
    for name in names:
        _silence_one(logging.getLogger(name))
        for below, logger in list(logging.root.manager.loggerDict.items()):
            if below.startswith(f"{name}.") and isinstance(logger, logging.Logger):
                _silence_one(logger)


def _silence_one(logger: logging.Logger) -> None:
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False
    logger.handlers = [logging.NullHandler()]
