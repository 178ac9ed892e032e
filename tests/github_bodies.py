"""Bodies as GitHub writes them, with every field that its OpenAPI description requires."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

Body = dict[str, Any]
HOST = "https://api.github.com"
_OF_REPOSITORY = [
    "archive",
    "assignees",
    "blobs",
    "branches",
    "collaborators",
    "comments",
    "commits",
    "compare",
    "contents",
    "contributors",
    "deployments",
    "downloads",
    "events",
    "forks",
    "git_commits",
    "git_refs",
    "git_tags",
    "hooks",
    "html",
    "issue_comment",
    "issue_events",
    "issues",
    "keys",
    "labels",
    "languages",
    "merges",
    "milestones",
    "notifications",
    "pulls",
    "releases",
    "stargazers",
    "statuses",
    "subscribers",
    "subscription",
    "tags",
    "teams",
    "trees",
    "clone",
    "svn",
]
_OF_USER = [
    "followers",
    "following",
    "gists",
    "starred",
    "subscriptions",
    "organizations",
    "repos",
    "events",
    "received_events",
    "html",
    "avatar",
]


def written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def user(login: str) -> Body:
    number = int(hashlib.sha256(login.encode()).hexdigest()[:6], 16)
    urls = {f"{name}_url": f"{HOST}/users/{login}/{name}" for name in _OF_USER}
    said = {
        "login": login,
        "id": number,
        "node_id": f"U_{number}",
        "gravatar_id": "",
        "type": "User",
        "site_admin": False,
    }
    return {**said, **urls, "url": f"{HOST}/users/{login}"}


def repository(number: int, name: str, created_at: datetime, *, stars: int, forks: int, fork: bool = False) -> Body:
    owner, _, short = name.partition("/")
    urls = {f"{each}_url": f"{HOST}/repos/{name}/{each}" for each in _OF_REPOSITORY}
    texts = {
        "git_url": f"git://github.com/{name}.git",
        "ssh_url": f"git@github.com:{name}.git",
        "url": f"{HOST}/repos/{name}",
    }
    counts = {
        "forks": forks,
        "forks_count": forks,
        "stargazers_count": stars,
        "watchers": stars,
        "watchers_count": stars,
    }
    counts |= {"open_issues": 0, "open_issues_count": 0, "size": 1, "network_count": forks, "subscribers_count": 0}
    has = {f"has_{each}": True for each in ("issues", "projects", "wiki", "pages", "discussions", "downloads")}
    nothing = dict.fromkeys(("description", "homepage", "language", "mirror_url", "license"))
    moments = {each: written(created_at) for each in ("created_at", "updated_at", "pushed_at")}
    said = {
        "id": number,
        "node_id": f"R_{number}",
        "name": short,
        "full_name": name,
        "owner": user(owner),
        "private": False,
    }
    said |= {"fork": fork, "default_branch": "main", "archived": False, "disabled": False, "visibility": "public"}
    return {**said, **urls, **texts, **counts, **has, **nothing, **moments}


def release(number: int, tag: str, published_at: datetime, assets: list[Body], *, draft: bool = False) -> Body:
    here = f"{HOST}/repos/a/b/releases/{number}"
    urls = {f"{each}_url": f"{here}/{each}" for each in ("assets", "upload", "tarball", "zipball", "html")}
    said = {"id": number, "node_id": f"RE_{number}", "tag_name": tag, "name": f"Release {tag}", "draft": draft}
    said |= {"prerelease": "rc" in tag, "target_commitish": "main", "author": user("maintainer"), "assets": assets}
    moments = {"created_at": written(published_at), "published_at": None if draft else written(published_at)}
    return {**said, **urls, **moments, "url": here}


def asset(number: int, name: str, uploaded_at: datetime, downloads: int) -> Body:
    here = f"{HOST}/repos/a/b/releases/assets/{number}"
    said: Body = {"id": number, "node_id": f"RA_{number}", "name": name, "label": None, "state": "uploaded", "size": 9}
    said |= {"content_type": "application/zip", "download_count": downloads, "uploader": user("maintainer")}
    said |= {"digest": None}
    moments = {"created_at": written(uploaded_at), "updated_at": written(uploaded_at)}
    return {**said, **moments, "url": here, "browser_download_url": f"{here}/{name}"}


def commit(sha: str, parents: list[str], authored_at: datetime, committed_at: datetime, name: str, email: str) -> Body:
    here = f"{HOST}/repos/a/b/commits/{sha}"
    kind = "Bot" if name.endswith("[bot]") else "User"
    verified = {"verified": False, "reason": "unsigned", "payload": None, "signature": None, "verified_at": None}
    said = {
        "url": here,
        "author": {"name": name, "email": email, "date": written(authored_at)},
        "committer": {"name": name, "email": email, "date": written(committed_at)},
        "message": "a change",
        "comment_count": 0,
        "tree": {"sha": sha, "url": here},
        "verification": verified,
    }
    account = {**user(name.replace(" ", "-")), "type": kind}
    named = {"sha": sha, "node_id": f"C_{sha}", "commit": said, "author": account, "committer": account}
    listed = [{"sha": each, "url": here, "html_url": here} for each in parents]
    return {**named, "url": here, "html_url": here, "comments_url": f"{here}/comments", "parents": listed}


def run(number: int, began_at: datetime, repo: Body) -> Body:
    here = f"{HOST}/repos/a/b/actions/runs/{number}"
    urls = {
        f"{each}_url": f"{here}/{each}"
        for each in [
            "html",
            "jobs",
            "logs",
            "check_suite",
            "artifacts",
            "cancel",
            "rerun",
            "workflow",
            "previous_attempt",
        ]
    }
    said = {"id": number, "node_id": f"WR_{number}", "head_branch": "main", "head_sha": "1" * 40, "run_number": number}
    said |= {"name": "tests", "event": "push", "status": "completed", "conclusion": "success", "workflow_id": 1}
    said |= {"path": ".github/workflows/tests.yml", "display_title": "tests", "pull_requests": [], "head_commit": None}
    said |= {"repository": repo, "head_repository": repo, "run_attempt": 1}
    moments = {each: written(began_at) for each in ("created_at", "updated_at", "run_started_at")}
    return {**said, **urls, **moments, "url": here}


def installation(number: int, owner: str, now: datetime) -> Body:
    here = f"{HOST}/app/installations/{number}"
    said = {"id": number, "account": user(owner), "app_id": 7, "app_slug": "footfall", "target_id": 1, "events": []}
    said |= {"target_type": "Organization", "repository_selection": "all", "permissions": {"administration": "read"}}
    urls = {"access_tokens_url": f"{here}/access_tokens", "repositories_url": here, "html_url": here}
    nothing = dict.fromkeys(("single_file_name", "suspended_by", "suspended_at"))
    return {**said, **urls, **nothing, "created_at": written(now), "updated_at": written(now), "client_id": "Iv1.7"}


def rate_limit(left: Mapping[str, int]) -> Body:
    core = {"limit": left["limit"], "remaining": left["remaining"], "reset": left["reset"], "used": 0}
    return {"resources": {"core": core, "search": core}, "rate": core}


def error(message: str) -> Body:
    return {"message": message, "documentation_url": "https://docs.github.com/rest"}
