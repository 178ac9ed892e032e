"""Contract tests for sources, built-in ones and plugins.

    from footfall.testing import Upstream, check_source

    class Doors(Upstream):
        \"\"\"A museum's doors, which a test controls.\"\"\"
        ...

    def test_visitors(tmp_path):
        check_source(Visitors, Doors, tmp_path)

Needs no test framework; each broken promise is one sentence of the BrokenPromisesError.
"""

from footfall.testing.checking import PROMISES, BrokenPromisesError, Checked, check_source
from footfall.testing.upstream import Upstream

__all__ = ["PROMISES", "BrokenPromisesError", "Checked", "Upstream", "check_source"]
