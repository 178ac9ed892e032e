"""Run the notebooks of this folder on a fresh demonstration, and write their outputs: `python docs/notebooks/execute.py`.

Outputs keep what a page shows (HTML, SVG, text) and nothing that differs from run to run without a reason.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbclient import NotebookClient

from footfall.web.drawings import compacted

FOLDER = Path(__file__).parent
SHOWN = ("text/html", "image/svg+xml", "text/plain")
"""The best of these is kept of each output."""
SECONDS = 300
"""At most for one cell."""


def main() -> None:
    """Execute every notebook and write it back."""
    with TemporaryDirectory() as folder:
        make_demonstration(Path(folder))
        for file in sorted(FOLDER.glob("*.ipynb")):
            notebook = executed(file, Path(folder))
            file.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
            print(f"{file.name}: {len(notebook.cells)} cells, {file.stat().st_size:,} bytes")


def make_demonstration(folder: Path) -> None:
    """The workspace that the notebooks ask, as `demo` in a folder."""
    command = [sys.executable, "-m", "footfall", "demo", "demo", "--no-serve"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def executed(file: Path, folder: Path) -> Any:
    """A notebook with the outputs of its cells.

    Args:
        file: The notebook.
        folder: Where it runs; the demonstration is there.
    """
    notebook = nbformat.read(file, as_version=4)
    NotebookClient(
        notebook, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
        cell.metadata = {}
        for output in cell.get("outputs", []):
            if "data" in output:
                kept = next(kind for kind in SHOWN if kind in output.data)
                output.data = {kept: compacted(output.data[kept])}
                output.metadata = {}
    return notebook


if __name__ == "__main__":
    main()
