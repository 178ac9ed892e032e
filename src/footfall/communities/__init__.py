"""Communities that use hubs: where each is, and how many users its hubs have.

answer   the answer, a row per community      asking      the list of communities, and their users
questions   as Python asks it
"""

from footfall.communities.answer import Communities, Community

__all__ = ["Communities", "Community"]
