"""A real Prometheus that scrapes a real JupyterHub, and the prometheus source that asks it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import footfall
from hubs_real import TOKEN, RealHub, jupyterhub
from prometheuses import prometheus, wait_for_samples

pytestmark = pytest.mark.slow


def scrapes(hub: RealHub) -> str:
    """Settings of Prometheus (YAML is a superset of JSON): the hub, every second."""
    job = {
        "job_name": "hub",
        "scrape_interval": "1s",
        "scrape_timeout": "1s",
        "metrics_path": f"{urlsplit(hub.address).path.rstrip('/')}/hub/metrics",
        "authorization": {"credentials": TOKEN},
        "static_configs": [{"targets": [urlsplit(hub.address).netloc], "labels": {"namespace": "main"}}],
    }
    return json.dumps({"scrape_configs": [job]})


def test_what_a_scraped_hub_says_is_counted(tmp_path: Path) -> None:
    with jupyterhub() as hub:
        hub.sign_in("ada")
        hub.start_server("ada")
        with prometheus(tmp_path / "prometheus", [], scrapes(hub)) as address:
            wait_for_samples(address, "jupyterhub_running_servers", 8)  # so that some steps are over
            today = datetime.now(UTC).date()
            (tmp_path / "footfall.toml").write_text(
                f'[sources.prometheus]\naddress = "{address}"\ncluster = "here"\nfirst_day = {today}\n'
                '[[sources.prometheus.queries]]\nname = "servers_now"\nstep = "2s"\ntype = "integer"\n'
                'query = "max by (namespace) (jupyterhub_running_servers)"\nlabels = { namespace = "hub" }\nwithin = "last"\n'
            )
            with footfall.open(tmp_path) as ff:
                (source,) = ff.collect().sources
                assert (source.error, source.failed) == ("", 0), source.notes
                (row,) = ff.query("servers_now", last=1, by=["cluster", "hub"]).to_dicts()
    assert (row["cluster"], row["hub"], row["servers_now"]) == ("here", "main", 1)
