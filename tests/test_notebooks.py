"""The notebooks of docs/notebooks run on a fresh demonstration, and say what its files say."""

from __future__ import annotations

import importlib.util
import json
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed (pip install nbclient)")
pytest.importorskip("nbclient", reason="nbclient is not installed")
pytest.importorskip("ipykernel", reason="ipykernel is not installed")

NOTEBOOKS = Path(__file__).parents[1] / "docs" / "notebooks"
YEAR = datetime.now(UTC).year - 1


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def execute() -> Any:
    spec = importlib.util.spec_from_file_location("execute", NOTEBOOKS / "execute.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def folder(execute: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("notebooks")
    execute.make_demonstration(made)
    return made


def outputs_of(notebook: Any) -> dict[str, str]:
    """What each cell of code shows, by its text."""
    found = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            parts = (output.get("text") or next(iter(output.data.values())) for output in cell.outputs)
            found[cell.source] = re.sub(r"<[^>]+>", " ", "".join(parts))
    return found


def shown_by(outputs: dict[str, str], start: str) -> str:
    return next(text for source, text in outputs.items() if source.startswith(start))


def launches_of(archive: Path, year: int) -> Counter[str]:
    """Successful launches by provider, counted from the files themselves."""
    counts: Counter[str] = Counter()
    for file in archive.glob(f"events-{year}-*.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            counts[event["provider"]] += event["status"] == "success"
    return counts


def test_the_questions_about_binder_are_answered_as_the_files_say(execute: Any, folder: Path) -> None:
    shown = outputs_of(execute.executed(NOTEBOOKS / "binder.ipynb", folder))
    counts = launches_of(folder / "demo" / "sample-archive", YEAR)
    assert counts.total() > 10_000
    assert f"{counts.total():,}" in shown_by(shown, 'ff.query("launches", grain="year")')
    by_provider = shown_by(shown, 'ff.query("launches", grain="total"')
    for provider, count in counts.most_common(4):
        assert re.search(rf"{provider}\s+{count:,}\b", by_provider), provider
    assert "not collected" in next(text for source, text in shown.items() if "rolling=7" in source)


def test_the_key_figures_of_hubs_are_what_the_files_say(execute: Any, folder: Path) -> None:
    shown = outputs_of(execute.executed(NOTEBOOKS / "hubs.ipynb", folder))
    places = (folder / "demo" / "sample-files" / "communities.csv").read_text(encoding="utf-8").splitlines()
    communities = shown_by(shown, "communities = ")
    assert all(line.split(",")[0].strip('"') in communities for line in places[1:])
    assert "Climate models" in shown_by(shown, "communities.chart(")


@pytest.mark.parametrize("name", ["binder", "hubs"])
def test_a_notebook_is_kept_with_its_outputs_and_is_small(name: str) -> None:
    file = NOTEBOOKS / f"{name}.ipynb"
    notebook = nbformat.read(file, as_version=4)
    assert file.stat().st_size < 250_000
    assert all(cell.outputs for cell in notebook.cells[2:] if cell.cell_type == "code")
    assert not any(output.output_type == "error" for cell in notebook.cells for output in cell.get("outputs", []))
    assert not re.search(r"0x[0-9a-f]{8}|/tmp/|np\.float", file.read_text(encoding="utf-8"))
