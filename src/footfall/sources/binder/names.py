"""Names for launches: the repository of a spec, and the federation member of a host."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from urllib.parse import unquote

GISTS_SINCE = date(2019, 3, 5)
"""From this day on gists have their own provider; before, they were recorded as GitHub's."""

FEDERATION: Mapping[str, str] = {
    "mybinder.org": "gke",
    "gke.mybinder.org": "gke",
    "gke1.mybinder.org": "gke",
    "gke2.mybinder.org": "gke",
    "ovh.mybinder.org": "ovh",
    "ovh2.mybinder.org": "ovh",
    "binder.mybinder.ovh": "ovh",
    "gesis.mybinder.org": "gesis",
    "notebooks.gesis.org": "gesis",
    "notebooks-test.gesis.org": "gesis",
    "turing.mybinder.org": "turing",
    "binder.mybinder.turing.ac.uk": "turing",
    "binder.curvenote.dev": "curvenote",
}
"""The federation member for a host. For other hosts of mybinder.org it is the first label, else the host itself."""


def _plain(text: str) -> str:
    """`text` URL-decoded, twice if it was encoded twice."""
    once = unquote(text)
    return (unquote(once) if re.search("%2f|%3a", once, re.IGNORECASE) else once).strip()


def _no_git(path: str) -> str:
    return path[:-4] if path.lower().endswith(".git") else path


def _owner_name(path: str) -> str:
    """The first two parts of a path, in lower case: `Owner/Name.git/tree/x` → `owner/name`."""
    return _no_git("/".join([part for part in path.split("/") if part][:2])).lower()


def _host_path(url: str) -> tuple[str, str]:
    """Host and path of an address in any form that git accepts, without user, password, default port and query."""
    if match := re.fullmatch(r"(?:[^@/:]+@)?([^@/:]+):(?!/|\d+/)(.+)", url):  # git@host:path
        host, path = match.groups()
    else:
        rest = re.sub(r"^[a-z][a-z0-9+.-]*:/*", "", url, flags=re.IGNORECASE)
        host, _, path = rest.partition("/")
        host = host.rpartition("@")[2]
    host = re.sub(r":(?:22|80|443|9418)?$", "", host.lower()).removeprefix("www.")
    path = re.split(r"[?#]|/-/", path)[0]
    return host, "/".join(part for part in path.split("/") if part)


def _at_host(url: str) -> str:
    """The repository at an address; if its host has its own provider, the repository of that provider."""
    host, path = _host_path(url)
    match host:
        case "github.com":
            return f"GitHub:{_owner_name(path)}"
        case "gist.github.com":
            return _gist(path)
        case "gitlab.com":
            return f"GitLab:{_no_git(path).lower()}"
        case "bitbucket.org" | "codeberg.org":  # these hosts ignore case in names, others may not
            return f"Git:{host}/{_owner_name(path)}"
        case _:
            return f"Git:{host}/{_no_git(path)}".rstrip("/")


def _escaped_then_ref(spec: str) -> str:
    """The address in a spec of the form `<escaped address>/<escaped ref>`: the part before the first slash.

    Some clients escape it only in part: then the first slash belongs to the address, and the ref is the last part.
    """
    first = spec.partition("/")[0]
    address = _plain(first)
    path = address.partition("://")[2] or address
    is_whole = "/" in path.rstrip("/") or ("%3a" in first.lower() and "://" not in address)
    return address if is_whole else _plain(spec.rpartition("/")[0]) or address


def _github(spec: str) -> str:
    spec = _plain(spec) if "%" in spec.split("/")[0] else spec
    if "github.com/" in spec.lower() or spec.lower().startswith(("http:", "https:")):
        return _at_host(spec)
    if spec.count("/") == 1 and not spec.endswith("/"):  # GitHub specs always have a ref: in 2018–19 these were gists
        return _gist(spec)
    return f"GitHub:{_owner_name(spec)}"


def _github_with_gists(spec: str) -> str:
    """Like `_github`, for the time when gists used GitHub specs: the second part is an id, not a name."""
    owner, _, rest = spec.partition("/")
    return _gist(spec) if owner and _GIST_ID.fullmatch(_no_git(rest.partition("/")[0])) else _github(spec)


_GIST_ID = re.compile("[0-9a-f]{20}|[0-9a-f]{32}", re.IGNORECASE)


def _gist(spec: str) -> str:
    """`Gist:user/id`; `Gist:id` for forms that leave out the user."""
    path = _plain(spec)
    if "gist.github.com" in path.lower():
        path = _host_path(path)[1]
    first, _, rest = path.partition("/")
    has_no_user = _GIST_ID.fullmatch(_no_git(first)) and not _GIST_ID.fullmatch(_no_git(rest.partition("/")[0]))
    return f"Gist:{_no_git(first).lower() if has_no_user else _owner_name(path)}"


def _gitlab(spec: str) -> str:
    path = _escaped_then_ref(spec)
    if ":" in path or path.lower().startswith("gitlab.com/"):
        return _at_host(path)
    return f"GitLab:{_no_git('/'.join(part for part in path.split('/') if part)).lower()}"


def _git(spec: str) -> str:
    return _at_host(_escaped_then_ref(spec))


def _doi(spec: str) -> str:
    """A DOI without resolver or `doi:`, in lower case: DOIs ignore case (ISO 26324)."""
    return re.sub(r"^(?:https?:/+(?:dx\.)?doi\.org/|doi:)", "", _plain(spec), flags=re.IGNORECASE).strip("/").lower()


def _figshare(spec: str) -> str:
    return "Figshare:" + re.sub(r"\.v\d+$", "", _doi(spec))


def _hydroshare(spec: str) -> str:
    found = re.search(r"[0-9a-f]{32}", _plain(spec).lower())
    return "Hydroshare:" + (found[0] if found else _plain(spec))


def _ckan(spec: str) -> str:
    host, path = _host_path(_plain(spec))
    return f"CKAN:{host}/{path.partition('/history/')[0]}"


REPO_RULES: Mapping[str, Callable[[str], str]] = {
    "GitHub": _github,
    "Gist": _gist,
    "GitLab": _gitlab,
    "Git": _git,
    "Zenodo": lambda spec: "Zenodo:" + _doi(spec),
    "Figshare": _figshare,
    "Hydroshare": _hydroshare,
    "Dataverse": lambda spec: "Dataverse:" + _doi(spec),
    "CKAN": _ckan,
}


def repo_of(provider: str | None, spec: str | None, *, has_gists: bool = False) -> str:
    """The launched repository with its provider: `GitHub:owner/name`; empty if the spec is empty.

    For a provider without a rule it is the whole spec, since its format is unknown. `has_gists` says that the
    launch is older than GISTS_SINCE.
    """
    if not provider or not spec or not spec.strip():
        return ""
    if provider == "GitHub" and has_gists:
        return _github_with_gists(spec.strip())
    rule = REPO_RULES.get(provider)
    return rule(spec.strip()) if rule else f"{provider}:{_plain(spec)}"


def member_of(origin: str | None, members: Mapping[str, str], default: str) -> str:
    """The federation member for an origin, which is a host with an optional port.

    An unknown host is its own member: the first labels of two hosts may be equal, as in
    `binder.example.org` and `binder.example.com`, and in an IP address they mean nothing.
    """
    host = _host(origin or "")
    if host in members:
        return members[host]
    first, _, rest = host.partition(".")
    return (first if rest == "mybinder.org" else host) or default


def _host(origin: str) -> str:
    """The host of an origin, in lower case: without scheme, path, port and trailing dot."""
    place = re.sub("^[a-z][a-z0-9+.-]*://", "", origin.strip().lower()).partition("/")[0]
    match = re.fullmatch(r"(\[[^\]]*\]|[^:]*)(?::\d*)?", place)  # several colons without brackets: an IPv6 address
    return (match[1] if match else place).rstrip(".")
