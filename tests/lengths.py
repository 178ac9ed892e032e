"""How long tests take: a part of the cases each time, and all of them where FOOTFALL_LONG is set."""

from __future__ import annotations

import os

IS_LONG = bool(os.environ.get("FOOTFALL_LONG"))
