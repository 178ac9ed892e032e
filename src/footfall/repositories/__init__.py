"""Git repositories: the only user of the `git` program, as `http` is of the network.

`repository` reads a git folder, `places` finds local ones, `mirrors` copies clone addresses, `addresses` are the
texts that name these, `running` is how git is run. Faults are SourceErrors in git's own words.
"""

from footfall.repositories.addresses import hosted_name, is_clone_address, without_password
from footfall.repositories.mirrors import PATIENCE, mirror
from footfall.repositories.places import discover, has_commits
from footfall.repositories.repository import FIELDS, Repository

__all__ = [
    "FIELDS",
    "PATIENCE",
    "Repository",
    "discover",
    "has_commits",
    "hosted_name",
    "is_clone_address",
    "mirror",
    "without_password",
]
