"""Git repositories: the only user of the `git` program.

`repository` reads a git folder, `places` finds local ones, `mirrors` copies clone addresses, `addresses` parses
them, `running` runs git, `together` several times concurrently. Faults are SourceErrors with git's own message.
"""

from footfall.repositories.addresses import hosted_name, is_clone_address, without_password
from footfall.repositories.mirrors import PATIENCE, Remote
from footfall.repositories.places import Look, has_commits, look_at, origin_at
from footfall.repositories.repository import FIELDS, Repository
from footfall.repositories.together import together

__all__ = [
    "FIELDS",
    "PATIENCE",
    "Look",
    "Remote",
    "Repository",
    "has_commits",
    "hosted_name",
    "is_clone_address",
    "look_at",
    "origin_at",
    "together",
    "without_password",
]
