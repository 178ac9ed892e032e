"""The origin of a repository, from its configuration: as git reads it, or left to git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from footfall.repositories.origins import origin_in

pytestmark = pytest.mark.slow


CONFIGURATIONS = (
    "",
    '[remote "origin"]\n\turl = git@github.com:a/b.git\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n',
    '[remote "other"]\n\turl = https://x/y/z\n',
    '[core]\n\tbare = false\n[REMOTE "origin"]\r\n  URL=https://x/a/b\r\n[remote "Origin"]\nurl = https://x/c/d\n',
    '[remote "origin"]\nurl = https://x/a/b\n[user]\nname = A\n[remote "origin"]\nurl = https://x/c/d\n',
    '[remote "origin"] url = https://x/a/b\n',
    '[remote "origin"]\nurl = "https://x/a/b"\n',
    '[remote "origin"]\nurl = https://x/a/b ; it was elsewhere\n',
    '[remote "origin"]\nurl = https://x/a/\\\nb\n',
    '# [remote "origin"]\n[remote "origin"]\n# url = https://x/no/no\n\turl = https://x/a/b\n',
    "[remote.origin]\nurl = https://x/a/b\n",
    '[remote "origin"]\nurl\n',
    '[remote "origin"]\nurl = https://x/a/b c\n',
    '[remote "origin"]\nurls = https://x/a/b\n',
    "[include]\npath = more\n",
    '[includeIf "gitdir:/"]\npath = more\n',
    '\ufeff[remote "origin"]\nurl = https://x/a/b\n',
)


@pytest.mark.parametrize("text", CONFIGURATIONS)
def test_an_origin_that_is_read_is_the_one_git_names(tmp_path: Path, text: str) -> None:
    (tmp_path / "more").write_text('[remote "origin"]\nurl = https://x/in/cluded\n')
    config = tmp_path / "config"
    config.write_bytes(text.encode())
    asked = subprocess.run(
        ["git", "config", "--includes", "--file", str(config), "--get", "remote.origin.url"],
        capture_output=True,
        check=False,
    )
    assert origin_in(config) in (None, asked.stdout.decode().strip())


def test_most_configurations_need_no_git(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(CONFIGURATIONS[1])
    assert origin_in(tmp_path / "config") == "git@github.com:a/b.git"
    (tmp_path / "config").write_text("[core]\n\tbare = true\n")
    assert origin_in(tmp_path / "config") == ""


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b'[remote "origin"\nurl = x\n'])
def test_what_cannot_be_read_is_left_to_git(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "config").write_bytes(content)
    assert origin_in(tmp_path / "config") is None
