"""Backup of a workspace as one file, and restoring it.

container   the file: a tar of members, with a manifest that contains the hash of each
lake        the members of a lake: every table at one version
writing     `backup`: a workspace becomes a file
restoring   `restore`: the file becomes a workspace
"""

from footfall.backups.restoring import Restored, restore
from footfall.backups.writing import BackedUp, backup

__all__ = ["BackedUp", "Restored", "backup", "restore"]
