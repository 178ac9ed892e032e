"""A workflow of GitHub Actions that collects, and keeps the lake on a branch of the repository.

The scripts of its steps are those in `action.yml`, with which a workflow does the same in one step.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from textwrap import indent

from footfall.upkeep.schedules.plan import Plan

NAME = ".github/workflows/footfall.yml"

RESTORE = """\
set -eu
mkdir -p "$DATA"
# 2: there is no such branch yet. Anything else is a failure, and not an empty lake.
code=0
git ls-remote --exit-code origin "refs/heads/$BRANCH" >/dev/null || code=$?
if [ "$code" = 0 ]; then
  git fetch --no-tags --depth=1 origin "refs/heads/$BRANCH"
  git rev-parse FETCH_HEAD >"$DATA.commit"
  git archive FETCH_HEAD | tar -x -C "$DATA"
  if [ -f "$DATA/alerts.json" ]; then cp "$DATA/alerts.json" "$WORKSPACE/alerts.json"; fi
elif [ "$code" = 2 ]; then
  : >"$DATA.commit"
else
  exit "$code"
fi
"""
"""Copies the content of the branch into the folder $DATA."""

COLLECT = """\
set -eu
export FOOTFALL_LAKE="${FOOTFALL_LAKE:-$DATA/lake}"
footfall --workspace "$WORKSPACE" collect $SOURCES
"""

KEEP = """\
set -eu
if [ ! -f "$DATA.commit" ]; then exit 0; fi
if [ -f "$WORKSPACE/alerts.json" ]; then cp "$WORKSPACE/alerts.json" "$DATA/alerts.json"; fi
export GIT_INDEX_FILE="$DATA.index"
rm -f "$GIT_INDEX_FILE"
repository=$(git rev-parse --absolute-git-dir)
(cd "$DATA" && git --git-dir="$repository" --work-tree=. add --all --force .)
tree=$(git write-tree)
before=$(cat "$DATA.commit")
if [ -n "$before" ] && [ "$tree" = "$(git rev-parse "$before^{tree}")" ]; then exit 0; fi
# One commit without a past: the lake keeps its own history. What somebody pushed in the meantime stays.
commit=$(git -c user.name=footfall -c user.email=footfall@localhost commit-tree "$tree" -m "$MESSAGE")
git push --force-with-lease="refs/heads/$BRANCH:$before" origin "$commit:refs/heads/$BRANCH"
"""
"""Commits the folder $DATA to the branch, if it changed."""

_WORKFLOW = """\
# Footfall collects usage, and keeps the lake on the branch footfall-data of this repository.
name: footfall
on:
  schedule:
    - cron: {cron}
  workflow_dispatch:
permissions:
  contents: write
# Two runs at once would do the same work twice.
concurrency:
  group: footfall
  cancel-in-progress: false
jobs:
  collect:
    runs-on: ubuntu-latest
    timeout-minutes: 60
    env:
      BRANCH: footfall-data
      WORKSPACE: {workspace}
      DATA: ${{{{ github.workspace }}}}/../footfall-data
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
      - uses: actions/setup-python@v5
        with:
          python-version: "3.13"
      - name: Install
        env:
          PACKAGE: {package}
        run: pip install "$PACKAGE"
      - name: Restore the lake
        run: |
{restore}      - name: Collect
        env:
          SOURCES: ""
{lake}{secrets}        run: |
{collect}      # Also after a source failed: what the others brought is kept.
      - name: Keep the lake
        if: always()
        env:
          MESSAGE: Usage collected by Footfall
        run: |
{keep}"""


def files_of(plan: Plan) -> tuple[Mapping[str, str], str]:
    """One workflow; the secrets are those of the repository, with their names in footfall.toml.

    GitHub rejects secret names that start with GITHUB_: such a secret is called FOOTFALL_GITHUB_… GitHub's own token
    for a workflow cannot read traffic.
    """
    scripts = {
        name: indent(text, " " * 10) for name, text in (("restore", RESTORE), ("collect", COLLECT), ("keep", KEEP))
    }
    kept = {name: f"FOOTFALL_{name}" if name.upper().startswith("GITHUB_") else name for name in plan.secrets}
    secrets = "".join(f"{' ' * 10}{name}: ${{{{ secrets.{secret} }}}}\n" for name, secret in kept.items())
    lake = f"{' ' * 10}FOOTFALL_LAKE: {json.dumps(plan.lake)}\n" if plan.is_in_bucket else ""
    text = _WORKFLOW.format(
        cron=json.dumps(plan.cron),
        package=json.dumps(plan.package),
        workspace=".",
        lake=lake,
        secrets=secrets,
        **scripts,
    )
    next_step = "commit it with footfall.toml on the default branch"
    if plan.secrets:
        next_step += f", and set {', '.join(kept.values())} under Settings, Secrets and variables, Actions"
    return {NAME: text}, next_step
