"""The documentation as pages: it builds without a network and without a warning, and names everything that is public."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import footfall
from footfall import errors

pytest.importorskip("sphinx", reason="Sphinx is not installed")
pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", str(DOCS), str(to)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return to


def test_the_reference_has_everything_that_is_public(site: Path) -> None:
    there = set(re.findall(r'id="(footfall[\w.]*)"', (site / "api.html").read_text(encoding="utf-8")))
    public = {f"footfall.{name}" for name in footfall.__all__ if not name.startswith("_")}
    raised = {f"footfall.errors.{name}" for name in vars(errors) if name.endswith("Error")}
    assert {name for name in public if not name.endswith("Error")} <= there
    assert raised <= there


def test_every_page_of_the_documentation_is_a_page(site: Path) -> None:
    pages = {page.relative_to(DOCS).with_suffix(".html") for page in DOCS.rglob("*.md")}
    assert {page for page in pages if not (site / page).is_file()} == set()
    contents = (site / "contents.html").read_text(encoding="utf-8")
    assert {str(page) for page in pages if f'href="{page}"' not in contents} == set()


def test_nothing_is_loaded_from_another_host(site: Path) -> None:
    loads = r'<(?:script|img|link|iframe|source)[^>]*?(?:src|href)="((?:https?:)?//[^"]*)"'
    found = {page.name: re.findall(loads, page.read_text(encoding="utf-8")) for page in site.rglob("*.html")}
    assert {name: addresses for name, addresses in found.items() if addresses} == {}


def test_who_cites_it_cites_this_version() -> None:
    assert f"\nversion: {footfall.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
