"""`[sources.github]` in footfall.toml."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from footfall.settings import Part, Secret

Collected = Literal["views", "clones", "paths", "referrers", "stars", "forks", "releases", "workflow_runs", "commits"]
"""What can be collected from a repository, each with its own permission."""

ALL: tuple[Collected, ...] = get_args(Collected)
_ASKED = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/(\*|[A-Za-z0-9._-]+)|topic:[A-Za-z0-9][A-Za-z0-9-]*")


def _repository(text: str) -> str:
    if not _ASKED.fullmatch(text):
        raise ValueError('write "owner/name", "owner/*" for all of an owner, or "topic:NAME"')
    return text


def _address(text: str) -> str:
    if not text.startswith(("https://", "http://")):
        raise ValueError("write an address such as https://api.github.com")
    return text.rstrip("/")


class AppSettings(Part):
    """A GitHub App, which uses a separate token for each owner that has installed it."""

    id: Annotated[str, BeforeValidator(str)] = Field(min_length=1, description="The App's id, or its client id.")
    key: Secret = Field(description='Its private key, the text of the PEM file; best as { env = "NAME" }.')


class GitHubSettings(Part):
    """`[sources.github]`"""

    api: Annotated[str, AfterValidator(_address)] = Field(
        "https://api.github.com", description="The address of the API; for an enterprise server https://host/api/v3."
    )
    repositories: tuple[Annotated[str, AfterValidator(_repository)], ...] = Field(
        description='Names "owner/name", "owner/*" for all that are not forks, or "topic:NAME".',
        examples=[["icesat2py/icepyx"]],
        min_length=1,
    )
    token: Secret | None = Field(None, description="A token for all owners without their own.")
    tokens: dict[str, Secret] = Field({}, description='A token for each owner: { icesat2py = { env = "NAME" } }.')
    app: AppSettings | None = Field(
        None,
        description="A GitHub App instead of tokens: { id, key }.",
        examples=[{"id": "12345", "key": {"env": "GITHUB_APP_KEY"}}],
    )
    collect: tuple[Collected, ...] = Field(ALL, description="What to collect; all of it by default.")
    concurrency: int = Field(16, ge=1, le=90, description="Concurrent requests; GitHub allows 100.")
    patience: float = Field(60.0, gt=0, description="Seconds to wait for an answer that GitHub is still preparing.")
    api_version: str = Field("2022-11-28", description="The version of the API to use.")
    hash_key: Secret | None = Field(None, description="Store authors of commits as hashes with this key.")
    bots: tuple[str, ...] = Field((), description='More bots: patterns of names or e-mails, such as "*-deploy".')

    @model_validator(mode="after")
    def _check_credentials(self) -> Self:
        if self.app is not None and (self.token is not None or self.tokens):
            raise ValueError("`app` replaces `token` and `tokens`; remove one of them")
        folded = [owner.lower() for owner in self.tokens]
        if len(set(folded)) < len(folded):
            raise ValueError("`tokens` names an owner twice, as case does not matter; keep one")
        return self
