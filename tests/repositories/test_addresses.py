"""Clone addresses: told from paths, named, and shown without what signs in."""

from __future__ import annotations

import pytest

from footfall.repositories.addresses import hosted_name, is_clone_address, listed, without_password


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://github.com/jupyterhub/binderhub", "jupyterhub/binderhub"),
        ("https://github.com/jupyterhub/binderhub.git/", "jupyterhub/binderhub"),
        ("https://user:secret@gitlab.com/group/sub/name.git", "sub/name"),
        ("git@github.com:owner/name.git", "owner/name"),
        ("ssh://git@example.org:2222/owner/name", "owner/name"),
        ("host:name.git", "name"),
        ("file:///srv/git/name.git", "name"),
        ("https://example.org", "https://example.org"),  # without a path it is its own name
        ("https://user:secret@example.org/", "https://example.org/"),
    ],
)
def test_an_address_has_the_name_of_its_last_two_parts(address: str, name: str) -> None:
    assert is_clone_address(address)
    assert hosted_name(address) == name


@pytest.mark.parametrize("path", [".", "..", "a/b", "/srv/x:y", "./a:b", r"C:\code\x", "C:/code/x", "", "a b:c"])
def test_paths_are_no_addresses(path: str) -> None:
    assert not is_clone_address(path)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:secret@example.org/a/b", "https://example.org/a/b"),
        ("https://token@example.org/a/b", "https://example.org/a/b"),
        ("unable to access 'https://u:p@h/a/': it is away", "unable to access 'https://h/a/': it is away"),
        ("Could not resolve host: user:secret@host", "Could not resolve host: host"),
        ("https://a:b@h/x and https://c:d@i/y", "https://h/x and https://i/y"),
        ("git@github.com:owner/name.git", "git@github.com:owner/name.git"),  # a user alone is no secret of ssh
        ("https://example.org/a@b", "https://example.org/a@b"),
        ("mail to ada@example.org", "mail to ada@example.org"),
    ],
)
def test_who_signs_in_and_how_is_not_shown(text: str, shown: str) -> None:
    assert without_password(text) == shown


def test_only_the_first_of_many_branches_are_listed() -> None:
    assert listed(["main", "it's"]) == "'main', \"it's\""
    assert listed([f"b{n}" for n in range(8)]).endswith("'b7'")
    assert listed([f"b{n}" for n in range(11)]) == ", ".join(f"'b{n}'" for n in range(8)) + " and 3 more"
