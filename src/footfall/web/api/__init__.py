"""/api/v1: what programs ask."""

from __future__ import annotations

from fastapi import APIRouter

from footfall.web.site import Site


def router(site: Site) -> APIRouter:
    """Everything under /api/v1."""
    return APIRouter(prefix="/api/v1")
