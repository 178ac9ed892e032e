"""The files that `footfall schedule` writes are valid where they are read, and their steps do what they say."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from footfall.errors import FootfallError, QueryError
from footfall.upkeep.repeating import Cron, Every
from footfall.upkeep.schedules import KINDS, Plan, github_actions, plan_of, write, written
from footfall.upkeep.schedules.github_actions import COLLECT, KEEP, RESTORE
from histories import History
from workspaces import run

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
ROOT = Path(__file__).parents[1]
FOLDER = Path("/srv/usage of 100%/hub")
SECRETS = ("GITHUB_TOKEN", "HOOK")
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def plan(
    every: Every | Cron | None = None, folder: Path = FOLDER, program: tuple[str, ...] = ("/opt/footfall",)
) -> Plan:
    return Plan(folder, program, every or Every(timedelta(hours=6)), SECRETS)


LENGTHS = [timedelta(minutes=n) for n in (1, 5, 15, 30)] + [timedelta(hours=n) for n in (1, 2, 6, 12, 24, 24 * 7)]


# When


@pytest.mark.parametrize("length", LENGTHS, ids=str)
def test_a_length_is_the_distance_of_what_cron_makes_of_it(length: timedelta) -> None:
    from cronsim import CronSim

    times = CronSim(plan(Every(length)).cron, MONDAY)
    seen = [next(times) for _ in range(40)]
    assert {after - before for before, after in itertools.pairwise(seen)} == {length}


@pytest.mark.parametrize("length", LENGTHS, ids=str)
def test_systemd_reads_the_same_times(length: timedelta) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    calendar = plan(Every(length)).calendar
    asked = ["systemd-analyze", "calendar", "--iterations=5", calendar]
    said = subprocess.run(asked, capture_output=True, text=True, check=True, env={**os.environ, "TZ": "UTC"}).stdout
    seen = [datetime.fromisoformat(found) for found in re.findall(r"(\d{4}-\S+ \d\d:\d\d:\d\d) UTC$", said, re.M)]
    assert {after - before for before, after in itertools.pairwise(seen)} == {length}


@pytest.mark.parametrize("length", [timedelta(minutes=7), timedelta(hours=5), timedelta(minutes=90), timedelta(days=3)])
def test_a_length_that_no_clock_shows_is_refused(length: timedelta) -> None:
    for name in ("cron", "calendar"):
        with pytest.raises(QueryError, match="does not divide a day"):
            getattr(plan(Every(length)), name)


def test_a_cron_expression_is_kept_and_systemd_has_none() -> None:
    assert plan(Cron("30 5 * * 1-5")).cron == "30 5 * * 1-5"
    with pytest.raises(QueryError, match="systemd knows no cron expression"):
        _ = plan(Cron("30 5 * * 1-5")).calendar


def test_workspaces_do_not_all_ask_at_the_same_minute() -> None:
    assert len({plan(folder=Path(f"/srv/{n}")).minute for n in range(60)}) > 25


# The files


def test_a_crontab_runs_what_it_should_with_any_folder(tmp_path: Path) -> None:
    folder = tmp_path / "100% of it's"
    folder.mkdir()
    show = (sys.executable, "-c", "import sys; print(*sys.argv[1:], sep='|')")
    (text,) = written("cron", plan(folder=folder, program=show)).files.values()
    line = text.splitlines()[-1]
    command = line.split(" ", 5)[5]
    assert line.startswith(plan(folder=folder).cron + " ")
    assert re.search(r"(?<!\\)%", command) is None, "a bare % ends the line for cron"
    subprocess.run(["sh", "-c", command.replace("\\%", "%")], check=True)
    assert (folder / "collect.log").read_text() == f"--workspace|{folder}|collect\n"
    assert "GITHUB_TOKEN, HOOK" in text


def test_systemd_finds_no_fault_in_the_units(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    folder = tmp_path / 'usage of 100% "$HOME"'
    folder.mkdir()
    paths = write(written("systemd", plan(folder=folder, program=("/bin/true",))), tmp_path)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, paths)], capture_output=True, text=True, check=False
    )
    faults = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "footfall" in line]
    assert faults == []
    service = paths[0].read_text()
    assert "100%%" in service
    assert "$$HOME" in service
    assert f"EnvironmentFile={str(folder).replace('%', '%%')}/footfall.env" in service


def test_kubernetes_gets_a_claim_and_a_cron_job() -> None:
    (text,) = written("kubernetes", plan()).files.values()
    claim, job = yaml.safe_load_all(text)
    assert (claim["kind"], job["kind"], job["apiVersion"]) == ("PersistentVolumeClaim", "CronJob", "batch/v1")
    spec = job["spec"]
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert (spec["schedule"], spec["timeZone"], spec["concurrencyPolicy"]) == (plan().cron, "Etc/UTC", "Forbid")
    assert {each["name"]: each["valueFrom"]["secretKeyRef"] for each in container["env"]} == {
        name: {"name": "footfall", "key": name} for name in SECRETS
    }
    assert {each["name"] for each in container["volumeMounts"]} == {each["name"] for each in pod["volumes"]}
    assert claim["metadata"]["name"] == pod["volumes"][0]["persistentVolumeClaim"]["claimName"]
    no_secrets = Plan(FOLDER, ("footfall",), Every(timedelta(hours=6)))
    (text,) = written("kubernetes", no_secrets).files.values()
    [container] = list(yaml.safe_load_all(text))[1]["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert "env" not in container


def test_what_is_there_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "footfall.timer").write_text("mine")
    with pytest.raises(FootfallError, match="exists already and was not changed"):
        write(written("systemd", plan()), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["footfall.timer"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_needs_no_secret_and_shows_none(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = '[sources.git]\nrepositories = ["."]\nhash_key = { env = "NOT_SET_HERE" }\n'
    (tmp_path / "footfall.toml").write_text(settings)
    ran = run(capsys, "-w", tmp_path, "schedule", kind)
    assert (ran.code, ran.err) == (0, "")
    assert "Next: " in ran.out
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "footfall.toml"]
    assert any("NOT_SET_HERE" in path.read_text() for path in files)
    assert run(capsys, "-w", tmp_path, "schedule", kind).code == 1
    printed = run(capsys, "-w", tmp_path, "schedule", kind, "--to", "-")
    assert printed.out == "\n".join(
        path.read_text() for path in sorted(files, key=lambda path: path.suffix != ".service")
    )


def test_a_folder_without_settings_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = run(capsys, "-w", tmp_path, "schedule", "cron")
    assert (ran.code, "no footfall.toml" in ran.err) == (1, True)
    (tmp_path / "footfall.toml").write_text("sources = [")
    assert "cannot be read" in run(capsys, "-w", tmp_path, "schedule", "cron").err


# The steps of GitHub Actions


class Runner:
    """Runs the `run` steps of a job as GitHub's runner does: an environment that steps add to, and `if: always()`."""

    def __init__(self, folder: Path, inputs: Mapping[str, str]) -> None:
        self.checkout = folder / "work" / "repo"
        self.tools = folder / "bin"
        self.inputs = inputs
        self.environment = folder / "environment"
        self.pip = folder / "pip.log"
        self.tools.mkdir(parents=True)
        self._program("pip", f'#!/bin/sh\necho "$@" >>{shlex.quote(str(self.pip))}\n')
        self._program("footfall", f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m footfall "$@"\n')

    def _program(self, name: str, text: str) -> None:
        (self.tools / name).write_text(text)
        (self.tools / name).chmod(0o755)

    def run(self, steps: list[dict[str, Any]], environment: Mapping[str, str] = {}) -> dict[str, int]:
        """The exit status of each step that ran, by its name."""
        self.environment.write_text("")
        codes: dict[str, int] = {}
        has_failed = False
        for step in steps:
            condition = str(step.get("if", ""))
            if "run" not in step or (has_failed and "always()" not in condition):
                continue
            if "inputs.report" in condition and not self.inputs.get("report"):
                continue
            added = dict(line.split("=", 1) for line in self.environment.read_text().splitlines())
            own = {name: self._filled(str(value)) for name, value in step.get("env", {}).items()}
            shared = {name: self._filled(value) for name, value in environment.items()}
            done = subprocess.run(
                ["bash", "-e", "-c", step["run"]],
                cwd=self.checkout,
                env={**os.environ, **self._machine(), **shared, **added, **own},
                capture_output=True,
                text=True,
                check=False,
            )
            codes[step["name"]] = done.returncode
            has_failed = has_failed or done.returncode != 0
            if done.returncode:
                print(step["name"], done.stdout, done.stderr)
        return codes

    def _machine(self) -> dict[str, str]:
        output = str(self.environment.with_name("output"))
        path = f"{self.tools}{os.pathsep}{os.environ['PATH']}"
        return {
            "PATH": path,
            "GITHUB_ENV": str(self.environment),
            "GITHUB_OUTPUT": output,
            "GIT_CONFIG_GLOBAL": os.devnull,
        }

    def _filled(self, text: str) -> str:
        text = text.replace("${{ github.workspace }}", str(self.checkout)).replace(
            "${{ github.action_path }}", str(ROOT)
        )
        return re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda found: self.inputs[found[1]], text)


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def hosted(tmp_path: Path) -> Path:
    """A bare repository that holds footfall.toml and a history of its own, as a host keeps it."""
    source = History.new(tmp_path / "source")
    source.commit("2026-03-01T12:00+00:00")
    source.write()
    work = tmp_path / "source"
    git(work, "checkout", "-q", "-f", "HEAD")
    (work / "footfall.toml").write_text('[sources.git]\nrepositories = ["."]\n')
    git(work, "add", "footfall.toml")
    git(work, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "settings")
    git(tmp_path, "clone", "-q", "--bare", str(work), "hosted.git")
    return tmp_path / "hosted.git"


def checked_out(hosted: Path, folder: Path) -> None:
    if folder.parent.exists():
        shutil.rmtree(folder.parent)
    folder.parent.mkdir(parents=True)
    git(folder.parent, "clone", "-q", f"file://{hosted}", folder.name)


def action() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8")))


def defaults(**own: str) -> dict[str, str]:
    return {name: str(each["default"]) for name, each in action()["inputs"].items()} | own


def test_pip_installs_the_package_that_was_named(tmp_path: Path) -> None:
    (tmp_path / "footfall.toml").write_text("[sources.binder]\n")
    package = "footfall[git] @ git+https://git.example.org/f'oo@main"
    for kind in ("github-actions", "kubernetes"):
        (text,) = written(kind, plan_of(tmp_path, "6h", package)).files.values()
        found = list(yaml.safe_load_all(text))[-1]
        if kind == "github-actions":
            (step,) = [each for each in found["jobs"]["collect"]["steps"] if each.get("name") == "Install"]
            assert step["env"]["PACKAGE"] == package
        else:
            (container,) = found["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
            (line,) = [line for line in container["args"][0].splitlines() if "pip install" in line]
            assert shlex.split(line)[-1] == package
    with pytest.raises(QueryError, match="write it on one line"):
        plan_of(tmp_path, "6h", "a\nb")


def test_a_lake_in_a_bucket_stays_there(tmp_path: Path) -> None:
    (tmp_path / "footfall.toml").write_text('lake = "s3://ours/footfall"\n')
    plan = plan_of(tmp_path, "6h")
    assert plan.package.startswith("footfall[bucket]")
    ((_, text),) = github_actions.files_of(plan)[0].items()
    collect = next(step for step in yaml.safe_load(text)["jobs"]["collect"]["steps"] if step.get("name") == "Collect")
    assert collect["env"]["FOOTFALL_LAKE"] == "s3://ours/footfall"
    assert collect["env"]["AWS_SECRET_ACCESS_KEY"] == "${{ secrets.AWS_SECRET_ACCESS_KEY }}"
    (tmp_path / "footfall.toml").write_text(
        '[lake]\naddress = "s3://ours/footfall"\ncredentials = { access_key_id = { env = "KEY" } }\n'
    )
    assert plan_of(tmp_path, "6h").secrets == ("KEY",)
    (tmp_path / "footfall.toml").write_text("")
    assert "FOOTFALL_LAKE: " not in github_actions.files_of(plan_of(tmp_path, "6h"))[0][github_actions.NAME]


def test_every_input_is_documented_and_used() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    for name, each in action()["inputs"].items():
        assert each["description"]
        assert f"inputs.{name}" in text
    for step in action()["runs"]["steps"]:
        assert "${{" not in step.get("run", ""), "an input within a script would be run as part of it"


def test_the_action_and_the_workflow_run_the_same_scripts() -> None:
    (text,) = written("github-actions", plan()).files.values()
    workflow = yaml.safe_load(text)
    for steps in (action()["runs"]["steps"], workflow["jobs"]["collect"]["steps"]):
        scripts = {step["name"]: step["run"] for step in steps if "run" in step}
        assert scripts["Restore the lake"] == RESTORE
        assert scripts["Collect"] == COLLECT
        assert scripts["Keep the lake"] == KEEP
    collect = next(step for step in workflow["jobs"]["collect"]["steps"] if step.get("name") == "Collect")
    assert collect["env"]["HOOK"] == "${{ secrets.HOOK }}"
    assert collect["env"]["GITHUB_TOKEN"] == "${{ secrets.FOOTFALL_GITHUB_TOKEN }}", "GitHub takes no secret GITHUB_…"
    assert workflow[True]["schedule"] == [{"cron": plan().cron}]
    assert workflow["permissions"] == {"contents": "write"}


@pytest.mark.slow
def test_the_steps_of_the_workflow_collect_and_keep_the_lake(hosted: Path, tmp_path: Path) -> None:
    runner = Runner(tmp_path, {})
    (text,) = written("github-actions", Plan(Path("/repo"), ("footfall",), Cron("0 5 * * *"))).files.values()
    job = yaml.safe_load(text)["jobs"]["collect"]
    for _ in range(2):
        checked_out(hosted, runner.checkout)
        codes = runner.run(job["steps"], job["env"])
        assert set(codes.values()) == {0}
        tip = git(hosted, "rev-parse", "footfall-data")
    assert git(hosted, "rev-list", "--count", "footfall-data") == "1"
    names = git(hosted, "ls-tree", "-r", "--name-only", "footfall-data").splitlines()
    assert "lake/footfall-lake.json" in names
    assert any(name.startswith("lake/commits/") for name in names)
    checked_out(hosted, runner.checkout)
    without = [step for step in job["steps"] if step.get("name") != "Collect"]
    assert set(runner.run(without, job["env"]).values()) == {0}
    assert git(hosted, "rev-parse", "footfall-data") == tip, "nothing new, nothing pushed"


@pytest.mark.slow
def test_the_steps_of_the_action_publish_a_report_and_keep_what_a_failed_run_brought(
    hosted: Path, tmp_path: Path
) -> None:
    runner = Runner(
        tmp_path,
        defaults(report='footfall query commits --grain total -o "$REPORT/commits.csv"', extras="charts"),
    )
    checked_out(hosted, runner.checkout)
    settings = runner.checkout / "footfall.toml"
    settings.write_text(settings.read_text().replace('["."]', '[".", "gone"]'))
    codes = runner.run(action()["runs"]["steps"])
    assert (codes.pop("Collect"), set(codes.values())) == (1, {0})
    assert "Publish the report" not in codes, "a step that failed before it"
    assert "lake/footfall-lake.json" in git(hosted, "ls-tree", "-r", "--name-only", "footfall-data")
    checked_out(hosted, runner.checkout)
    codes = runner.run(action()["runs"]["steps"])
    assert set(codes.values()) == {0}
    report = git(hosted, "show", "gh-pages:commits.csv").splitlines()
    assert report[1].split(",")[1] == "2"
    assert runner.pip.read_text().splitlines() == [f"install {ROOT}[charts]"] * 2


@pytest.mark.slow
def test_a_branch_that_cannot_be_asked_for_is_not_taken_for_an_empty_one(hosted: Path, tmp_path: Path) -> None:
    runner = Runner(tmp_path, defaults())
    checked_out(hosted, runner.checkout)
    assert set(runner.run(action()["runs"]["steps"]).values()) == {0}
    before = git(hosted, "rev-parse", "footfall-data")
    checked_out(hosted, runner.checkout)
    git(runner.checkout, "remote", "set-url", "origin", str(tmp_path / "away.git"))
    codes = runner.run(action()["runs"]["steps"])
    assert codes["Restore the lake"] != 0
    assert "Collect" not in codes
    assert codes["Keep the lake"] == 0, "there is nothing to keep"
    git(runner.checkout, "remote", "set-url", "origin", f"file://{hosted}")
    steps = [step for step in action()["runs"]["steps"] if step.get("name") != "Keep the lake"]
    assert set(runner.run(steps).values()) == {0}
    git(hosted, "update-ref", "refs/heads/footfall-data", git(hosted, "rev-parse", "HEAD"))
    (runner.checkout.parent / "footfall-data" / "lake" / "more").write_text("x")
    keep = [step for step in action()["runs"]["steps"] if step.get("name") in ("Places", "Keep the lake")]
    assert runner.run(keep)["Keep the lake"] != 0, "what was pushed meanwhile is not overwritten"
    assert git(hosted, "rev-parse", "footfall-data") != before
    assert plan_of(runner.checkout, "6h").secrets == ()
