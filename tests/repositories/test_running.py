"""How git is run: with settings and variables of ours, and its complaints without passwords."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from footfall.errors import SourceError, UnreachableError
from footfall.programs import Bounds
from footfall.repositories.running import REMOTE, ask_git, ask_git_of_many, start_git, words

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("stderr", "said"),
    [
        (b"fatal: not a git repository (or any parent).\n", "not a git repository (or any parent)"),
        (b"warning: x\nerror: first\nfatal: second\n", "first"),
        (b"something else\nand more\n\n", "and more"),
        (b"", "it says no more"),
        (b"fatal: unable to access 'https://u:secret@host/a/': away\n", "unable to access 'https://host/a/': away"),
        (b"fatal: \xff\n", "\ufffd"),
    ],
)
def test_of_its_complaints_the_first_that_ended_it(stderr: bytes, said: str) -> None:
    assert words(stderr) == said


def test_the_address_is_a_remote_that_no_file_and_no_other_user_sees(tmp_path: Path) -> None:
    address = "https://user:secret@example.org/a/b"
    assert ask_git("config", f"remote.{REMOTE}.url", cwd=tmp_path, origin=address).out.decode().strip() == address
    assert ask_git("config", f"remote.{REMOTE}.url", cwd=tmp_path).status != 0
    assert not list(tmp_path.iterdir())


def test_variables_of_a_hook_are_not_passed_on_and_configuration_of_others_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/somewhere/else")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "safe.directory")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "/theirs")
    said = ask_git("config", "--list", cwd=Path("/")).out.decode()
    assert "safe.directory=/theirs" in said
    assert "core.hookspath=/dev/null" in said.lower()
    asked = ask_git("rev-parse", "--absolute-git-dir", cwd=Path("/"))
    assert b"/somewhere/else" not in asked.out + asked.err


def test_messages_are_in_english_whatever_the_user_s_language(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("LC_ALL", "LANG", "LANGUAGE"):
        monkeypatch.setenv(name, "de_DE.UTF-8")
    assert b"not a git repository" in ask_git("status", cwd=tmp_path).err


def test_many_are_asked_by_one_process(tmp_path: Path) -> None:
    names = [tmp_path / name for name in ("plain", "with a blank", "it's", "-option", "$(touch owned)")]
    out = ask_git_of_many("for path do printf '%s\\037' \"$path\"; done", names, Bounds(seconds=60))
    assert out.decode().split("\x1f")[:-1] == [str(name) for name in names]
    assert not list(tmp_path.iterdir())


def test_output_is_read_while_it_runs(tmp_path: Path) -> None:
    with start_git(["hash-object", "--stdin"], tmp_path, b"hello\n") as program:
        assert b"".join(program.output()) == b"ce013625030ba8dba906f756967f9e9ca394464a\n"
        assert program.wait() == 0


def test_without_git_the_sentence_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for act in (
        lambda: ask_git("version"),
        lambda: start_git(["version"], tmp_path, b""),
        lambda: ask_git_of_many("", [tmp_path], Bounds()),
    ):
        with pytest.raises(SourceError, match="is not installed"):
            act()


def test_one_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # nobody writes to it
    with pytest.raises(UnreachableError, match=r"^git was stopped, as "):
        ask_git("hash-object", str(tmp_path / "pipe"), bounds=Bounds(seconds=0.3))
