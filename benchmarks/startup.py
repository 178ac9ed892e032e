"""Start-up, cold: the help page, a small query and a first mark, against importing pandas."""

from __future__ import annotations

import shutil
import sys
from datetime import date

from footfall.sources.binder.sample import write_sample_archive
from measure import BUILD, FOOTFALL, alternate, claim, run

ROUNDS = 5


def main() -> None:
    workspace = BUILD / "startup"
    shutil.rmtree(workspace, ignore_errors=True)
    write_sample_archive(workspace / "archive", 30, 100, until=date(2024, 5, 1))
    (workspace / "footfall.toml").write_text('[sources.binder]\narchive = "archive"\n')
    run([*FOOTFALL, "collect"], cwd=workspace)
    marked = [sys.executable, "-c", "import footfall; ff = footfall.open(); ff.mark('active', 17); ff.close()"]
    run(marked, cwd=workspace)
    best = alternate(
        ROUNDS,
        {
            "pandas": lambda: run([sys.executable, "-c", "import pandas"]),
            "help": lambda: run([*FOOTFALL, "--help"]),
            "query": lambda: run([*FOOTFALL, "query", "launches", "--grain", "month"], cwd=workspace),
            "mark": lambda: run(marked, cwd=workspace),
        },
    )
    for name, measured in best.items():
        print(f"      {name:6} {measured.seconds:.2f} s")
    help_ratio = best["help"].seconds / best["pandas"].seconds
    query_ratio = best["query"].seconds / best["pandas"].seconds
    claim("footfall --help, time of `import pandas`", help_ratio, "≤ 1", help_ratio <= 1)
    mark_ratio = best["mark"].seconds / best["pandas"].seconds
    claim("a process that marks, time of `import pandas`", mark_ratio, "≤ 1", mark_ratio <= 1)
    claim("a small footfall query, time of `import pandas`", query_ratio, "≤ 2.5", query_ratio <= 2.5)


if __name__ == "__main__":
    main()
