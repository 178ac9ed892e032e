"""Commits as rows: real histories rebuilt, and reading only what is new."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batches import windows_of
from footfall.ledger import Status
from footfall.metrics import Fact
from footfall.periods import ALL_TIME, FAR_FUTURE, Window
from footfall.sources.git import COMMITS, METRICS
from histories import ADA, NOW, Collected, History, dated, git, table_of
from lengths import examples

pytestmark = pytest.mark.slow


REAL = ("icesat2py_icepyx", "jupyterhub_binderhub", "jupyterhub_jupyterhub")


def rows_of(shared_data: Path, name: str) -> list[dict[str, str]]:
    """A real history, oldest first."""
    with gzip.open(shared_data / "git_commits" / f"{name}.csv.gz", "rt") as file:
        return list(csv.DictReader(file))[::-1]


def add(history: History, rows: list[dict[str, str]], before: list[str]) -> None:
    """Rebuild real commits on top of `before`, the names of those already there."""
    for row in rows:
        bot = "[bot]" if row["name_or_email_looks_like_bot"] == "1" else ""
        author = f"{row['author_name_hash']}{bot} <{row['author_email_hash'].upper()}@example.org>"
        parents = before[-1 : -1 - int(row["n_parents"]) : -1]
        before.append(
            history.commit(row["committer_date"], author=author, authored=row["author_date"], parents=parents)
        )
    history.write()


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History.new(tmp_path / "project")


@pytest.fixture
def collected(tmp_path: Path) -> Collected:
    return Collected(tmp_path, {"repositories": ["project"]})


class TestRealHistories:
    @pytest.mark.parametrize("name", REAL)
    def test_counts_authors_merges_bots_and_dates(
        self, shared_data: Path, history: History, collected: Collected, name: str
    ) -> None:
        real = rows_of(shared_data, name)
        add(history, real, [])
        collected.collect()

        assert collected.last.status is Status.COMPLETE
        assert collected.last.rows == len(collected.rows) == len(real)
        assert len(set(collected.shas())) == len(real)
        is_bot = [r["name_or_email_looks_like_bot"] == "1" for r in real]
        people = {f"{r['author_email_hash']}@example.org" for r, bot in zip(real, is_bot, strict=True) if not bot}
        bots = {f"{r['author_name_hash']}[bot]" for r, bot in zip(real, is_bot, strict=True) if bot}
        assert collected.authors() == people | bots
        assert sum(r["is_merge"] for r in collected.rows) == sum(int(r["n_parents"]) > 1 for r in real)
        assert sum(r["is_bot"] for r in collected.rows) == sum(r["name_or_email_looks_like_bot"] == "1" for r in real)
        moments = Counter(datetime.fromisoformat(r["committer_date"]).astimezone(UTC) for r in real)
        assert Counter(r["committed_at"] for r in collected.rows) == moments
        authored = Counter(datetime.fromisoformat(r["author_date"]).astimezone(UTC) for r in real)
        assert Counter(r["authored_at"] for r in collected.rows) == authored
        months: Counter[str] = Counter()
        for row in real:
            local = datetime.fromisoformat(row["committer_date"])
            months[f"{local - (local.utcoffset() or timedelta()):%Y-%m}"] += 1
        assert collected.months() == months

    def test_a_history_read_in_five_goes_equals_the_one_read_at_once(
        self, shared_data: Path, history: History, collected: Collected, tmp_path: Path
    ) -> None:
        real = rows_of(shared_data, "jupyterhub_binderhub")
        names: list[str] = []
        stated = []
        for start in range(0, len(real), 800):
            add(history, real[start : start + 800], names)
            (batch,) = collected.collect()
            stated.append(table_of(batch).num_rows)
        at_once = Collected(tmp_path, {"repositories": ["project"]})
        at_once.collect()
        assert collected.same(at_once)
        assert collected.last.rows == at_once.last.rows == len(real)
        assert sum(stated) < 1.2 * len(real), "only what is new is read, with the rest of its first day"

    def test_looks_at_a_repository_without_news_without_reading_it(
        self, shared_data: Path, history: History, collected: Collected
    ) -> None:
        add(history, rows_of(shared_data, "icesat2py_icepyx"), [])
        collected.collect()
        first = collected.last
        assert collected.collect() == []
        assert collected.last.rows == first.rows
        assert collected.last.covered_until == first.covered_until + timedelta(hours=1)


class TestReading:
    def test_keeps_the_whole_row(self, history: History, collected: Collected) -> None:
        history.commit(
            "2021-03-01T00:30:00+02:00", author="Ada <Ada@Example.org>", authored="2021-02-01T12:00:00-05:00"
        )
        history.write()
        (batch,) = collected.collect()
        assert collected.rows == [
            {
                "committed_at": datetime(2021, 2, 28, 22, 30, tzinfo=UTC),
                "repo": "project",
                "sha": history.head(),
                "author": "ada@example.org",
                "authored_at": datetime(2021, 2, 1, 17, tzinfo=UTC),
                "landed_at": datetime(2021, 2, 28, 22, 30, tzinfo=UTC),
                "is_merge": False,
                "is_bot": False,
                "commits": 1,
            }
        ]
        assert windows_of(batch) == [ALL_TIME]
        (outcome,) = batch.outcomes
        assert outcome.offer.scope == "project"
        assert collected.last.window == ALL_TIME
        assert collected.last.covered_until == collected.now

    def test_one_new_commit_restates_only_its_days(self, history: History, collected: Collected) -> None:
        *_, last = [history.commit(at) for at in dated(range(100))]
        history.write()
        collected.collect()
        history.commit(next(dated([99])), parents=[last])
        history.write()
        (batch,) = collected.collect()
        assert windows_of(batch) == [Window(datetime(2020, 4, 9, tzinfo=UTC), FAR_FUTURE)]
        assert table_of(batch).num_rows == 2
        assert len(set(collected.shas())) == 101

    @pytest.mark.parametrize(
        ("name", "email"),
        [
            ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com"),
            ("pre-commit-ci[bot]", "66853113+pre-commit-ci[bot]@users.noreply.github.com"),
            ("Renovate Bot", "bot@renovateapp.com"),
            ("pyup-bot", "github-bot@pyup.io"),
            ("GitHub Action", "action@github.com"),
            ("Dependabot", "support@dependabot.com"),
            ("anything", "1+imgbot[bot]@users.noreply.github.com"),
            ("Copilot", "198982749+Copilot@users.noreply.github.com"),
            ("copilot-swe-agent[bot]", "198982749+Copilot@users.noreply.github.com"),
            ("Claude", "noreply@anthropic.com"),
            ("Cursor Agent", "cursoragent@cursor.com"),
            ("ansibot", "ansibot@users.noreply.github.com"),
        ],
    )
    def test_knows_bots(self, history: History, collected: Collected, name: str, email: str) -> None:
        history.commit("2021-01-01T00:00Z", author=f"{name} <{email}>")
        history.write()
        collected.collect()
        assert collected.rows[0]["is_bot"] is True

    @pytest.mark.parametrize(
        "author",
        [
            "Jan Bot <jan@example.org>",
            "Claude Bot <c@example.org>",
            "Bottinelli <bo@t.org>",
            "Talbot <talbot@bots.example>",
            "Abbot <a@robot.com>",
        ],
    )
    def test_takes_no_person_for_a_bot(self, history: History, collected: Collected, author: str) -> None:
        history.commit("2021-01-01T00:00Z", author=author)
        history.write()
        collected.collect()
        assert collected.rows[0]["is_bot"] is False

    def test_reads_bytes_that_are_no_text_and_keeps_them_apart(self, history: History, collected: Collected) -> None:
        history.commit("2021-01-01T00:00Z", author=b"Ren\xe9 <ren\xe9@x>")
        history.commit("2021-01-02T00:00Z", author=b"Ren\xe8 <ren\xe8@x>", parents=[":1"])
        history.commit("2021-01-03T00:00Z", author="René <>".encode(), parents=[":2"])
        history.commit("2021-01-04T00:00Z", author=b" <>", parents=[":3"])
        history.write()
        collected.collect()
        found = [row["author"] for row in sorted(collected.rows, key=lambda r: r["committed_at"])]
        assert found == ["ren\\xe9@x", "ren\\xe8@x", "rené", None]

    def test_dates_at_the_ends_of_time(self, history: History, collected: Collected) -> None:
        history.commit("@0 +0000")
        history.commit("@32503679999 +0000", parents=[":1"], authored="@99999999999999 +0000")
        history.commit("@32503680000 +0000", parents=[":2"])
        history.commit("@1600000000 +1400", parents=[":3"])
        history.write()
        collected.collect()
        assert [r["committed_at"].year for r in collected.rows] == [2020, 2999, 1970]
        assert [r["authored_at"] is None for r in collected.rows] == [False, True, False]
        assert (collected.last.rows, collected.last.rejected) == (3, 1)
        assert "32503680000" in collected.last.sample
        assert "1 commit is dated after" in collected.last.reason

    def test_negative_and_absent_dates_are_refused_and_counted(self, history: History, collected: Collected) -> None:
        tree = git(history.folder, "mktree")
        parent = ""
        for date in ("-100 +0000", "1600000000 +0000", ""):
            text = f"tree {tree}\n{parent}author A <a@x> {date}\ncommitter A <a@x> {date}\n\nx\n"
            command = ("hash-object", "--literally", "-t", "commit", "-w", "--stdin")
            sha = git(history.folder, *command, stdin=text.encode())
            parent = f"parent {sha}\n"
            git(history.folder, "update-ref", "refs/heads/main", sha)
            collected.collect()
        assert len(collected.rows) == 1
        assert (collected.last.rows, collected.last.rejected) == (1, 2)

    def test_many_commits_pass_in_pieces(self, history: History, collected: Collected) -> None:
        names = [history.commit("2015-01-01T00:00Z")]
        history.write()
        collected.collect()
        for n in range(20_000):
            author = f"Author {n % 700} <author{n % 700}@example.org>"
            names.append(history.commit(f"@{1_500_000_000 + n * 60} +0100", author=author, parents=names[-1:]))
        history.write()
        collected.collect()
        assert len(set(collected.shas())) == 20_001
        assert len(collected.authors()) == 701

    def test_a_commit_with_a_secret_key_shows_no_address(self, history: History, collected: Collected) -> None:
        history.commit("2021-01-01T00:00Z")
        history.commit("2021-01-02T00:00Z", author="Ada <ADA@example.org>", parents=[":1"])
        history.commit("2021-01-03T00:00Z", author="Bob <bob@example.org>", parents=[":2"])
        history.write()
        collected.collect(hash_key="one")
        assert len(collected.authors()) == 2
        assert "ada" not in repr(collected.rows)
        assert "one" not in collected.last.fingerprint

    def test_sha256_histories(self, tmp_path: Path, collected: Collected) -> None:
        history = History.new(tmp_path / "project", "--object-format=sha256")
        history.commit("2021-01-01T00:00Z")
        history.write()
        collected.collect()
        assert len(collected.shas()[0]) == 64


class TestChanges:
    def test_a_rewritten_history_is_noticed_and_stated_again(self, history: History, collected: Collected) -> None:
        for n, at in enumerate(dated(range(10))):
            history.commit(at, parents=[f":{n}"] if n else [])
        history.write()
        collected.collect()
        gone = history.head()
        history.commit("2020-01-06T00:00Z", parents=[":5"])
        history.write()
        collected.collect()
        assert len(collected.rows) == 6
        assert gone not in collected.shas()
        assert gone[:10] in collected.last.reason
        assert "rewritten" in collected.last.reason
        collected.collect()
        assert collected.last.reason == ""

    def test_an_old_head_that_was_pruned_is_a_rewritten_history(self, history: History, collected: Collected) -> None:
        history.commit("2020-01-01T00:00Z")
        history.write()
        collected.collect()
        history.commit("2020-01-05T00:00Z", parents=[])
        history.write()
        git(history.folder, "reflog", "expire", "--expire=now", "--all")
        git(history.folder, "gc", "--quiet", "--prune=now")
        collected.collect()
        assert collected.shas() == [history.head()]
        assert "rewritten" in collected.last.reason

    def test_changed_settings_state_everything_again(self, history: History, collected: Collected) -> None:
        history.commit("2020-01-01T00:00Z")
        history.commit("2020-02-01T00:00Z", author="deploy <d@example.org>", parents=[":1"])
        history.write()
        collected.collect()
        assert collected.authors() == {"ada@example.org", "d@example.org"}

        (batch,) = collected.collect(bots=["DEPLOY"])
        assert windows_of(batch) == [ALL_TIME]
        assert [r["is_bot"] for r in collected.rows] == [True, False]
        collected.collect(hash_key="one")
        hashed = collected.authors()
        assert not hashed & {"ada@example.org", "d@example.org"}
        collected.collect(hash_key="two")
        assert not hashed & collected.authors()
        assert collected.collect(hash_key="two") == []
        (batch,) = collected.collect(is_recheck=True)
        assert windows_of(batch) == [ALL_TIME]

    def test_a_new_mailmap_joins_authors_of_old_commits(self, history: History, collected: Collected) -> None:
        history.commit("2020-01-01T00:00Z", author="Ada <ada@work.example>")
        history.write()
        collected.collect()
        history.commit(
            "2020-05-01T00:00Z", parents=[":1"], files={".mailmap": "Ada <ada@example.org> <ada@work.example>\n"}
        )
        history.write()
        collected.collect()
        assert collected.authors() == {"ada@example.org"}

    def test_a_repository_that_loses_all_commits_keeps_its_rows(self, history: History, collected: Collected) -> None:
        history.commit("2020-01-01T00:00Z")
        history.write()
        collected.collect()
        git(history.folder, "symbolic-ref", "HEAD", "refs/heads/elsewhere")
        (batch,) = collected.collect()
        assert collected.last.status is Status.FAILED
        assert windows_of(batch) == []
        assert len(collected.rows) == 1

    def test_a_switched_branch_states_that_branch(self, history: History, collected: Collected) -> None:
        history.commit("2020-01-01T00:00Z")
        history.commit("2020-01-02T00:00Z", parents=[":1"])
        history.commit("2020-01-03T00:00Z", parents=[":1"], branch="other")
        history.write()
        collected.collect()
        git(history.folder, "symbolic-ref", "HEAD", "refs/heads/other")
        collected.collect()
        assert sorted(collected.months().items()) == [("2020-01", 2)]
        assert history.head() in collected.shas()

    def test_a_detached_head_is_read_like_any(self, history: History, collected: Collected) -> None:
        history.commit("2020-01-01T00:00Z")
        history.commit("2020-01-02T00:00Z", parents=[":1"])
        history.write()
        git(history.folder, "update-ref", "--no-deref", "HEAD", git(history.folder, "rev-parse", "main~1"))
        collected.collect()
        assert collected.shas() == [history.head()]

    @settings(max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.data())
    def test_however_a_history_grows_reading_news_equals_reading_all(self, data: st.DataObject) -> None:
        """Random days (clocks go back), merges of any two commits, rewrites to any earlier one, collected at any moment."""
        with TemporaryDirectory() as folder:
            history = History.new(Path(folder) / "project")
            collected = Collected(Path(folder), {"repositories": ["project"]})
            for _ in range(data.draw(st.integers(1, 4), "runs")):
                for _ in range(data.draw(st.integers(0, 5), "commits")):
                    earlier = [f":{n + 1}" for n in range(history.marks)]
                    tip = [earlier[-1]] if earlier else []
                    parents = data.draw(
                        st.just(tip) | st.lists(st.sampled_from(earlier), max_size=3, unique=True)
                        if earlier
                        else st.just(tip)
                    )
                    who = data.draw(st.sampled_from([ADA, "Bob <bob@example.org>", "x[bot] <x@example.org>"]))
                    history.commit(*dated([data.draw(st.integers(0, 40))]), parents=parents, author=who)
                history.write()
                collected.collect()
            again = Collected(Path(folder), {"repositories": ["project"]})
            again.collect()
            assert collected.same(again)
            assert (collected.last.rows, collected.last.rejected) == (again.last.rows, again.last.rejected)


class TestDeclarations:
    def test_every_metric_stands_on_the_table(self) -> None:
        for metric in METRICS:
            is_of_clones = metric.name == "landed_commits"
            assert metric.tables == ((COMMITS.name,) if is_of_clones else (COMMITS.name, "github_commits"))
            assert all(isinstance(f, Fact) and set(f.columns) <= set(COMMITS.names) for f in metric.facts)
            for policy in metric.policies:
                assert policy.choose(None) == policy.default
                assert {f.dimension for f in policy.choices.values() if f} <= set(COMMITS.dimensions)

    def test_bots_are_no_authors_unless_asked(self) -> None:
        defaults = {m.name: {p.name: p.default for p in m.policies} for m in METRICS}
        assert defaults == {
            "commits": {"merges": "included", "bots": "included"},
            "authors": {"merges": "included", "bots": "excluded"},
            "latest_commit": {"merges": "included", "bots": "included"},
            "landed_commits": {"merges": "included", "bots": "included"},
        }

    def test_tells_what_it_is_doing(self, history: History, collected: Collected) -> None:
        collected.collect()
        assert collected.notes == ["project: reading", "project: read"]
        assert collected.now > NOW
