"""The peer: the same calls through PyGithub, one after the other, as its own documentation does them.

python pygithub_traffic.py ADDRESS REPOSITORIES
"""

import sys

from canned_github import name_of
from github import Auth, Github


def main() -> None:
    address, repositories = sys.argv[1], int(sys.argv[2])
    # Its pause of a quarter of a second between requests is switched off: it would be most of its time.
    api = Github(auth=Auth.Token("good"), base_url=address, seconds_between_requests=None)
    rows = 0
    for number in range(repositories):
        repository = api.get_repo(name_of(number))
        views, clones = repository.get_views_traffic(per="day"), repository.get_clones_traffic(per="day")
        assert views is not None
        assert clones is not None
        rows += len(views.views) + len(clones.clones)
        rows += len(repository.get_top_paths() or ()) + len(repository.get_top_referrers() or ())
    print(rows)


if __name__ == "__main__":
    main()
