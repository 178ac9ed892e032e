"""Random input for every parser, and random text of others in every face: a right reading or one sentence, never a traceback.

`python tests/fuzzing.py --seconds 3600` (`make fuzz`) continues for as long as it is given, and prints how many inputs each target
read; `tests/test_fuzzing.py` runs some of each. Inputs are texts of a corpus, cut, joined, repeated and with bytes changed, and
texts that Hypothesis makes.
"""

from __future__ import annotations

import argparse
import random
import string
import time
from collections import Counter

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from fuzzed import HOSTILE, Target
from fuzzed_faces import FACES
from fuzzed_parsers import PARSERS

TARGETS = (*PARSERS, *FACES)


def inputs(target: Target) -> st.SearchStrategy[str]:
    """Texts of the corpus as they are and changed, and any text."""
    pieces = st.sampled_from((*target.corpus, *HOSTILE))
    return st.one_of(
        st.sampled_from(target.corpus),
        st.tuples(st.sampled_from(target.corpus), st.integers(0, 2**32)).map(lambda drawn: changed(*drawn)),
        st.lists(pieces, min_size=1, max_size=4).map("".join),
        st.text(max_size=60),
        st.text(string.printable, max_size=60),
    )


def changed(text: str, number: int) -> str:
    """The text with a few places cut, doubled, exchanged or made hostile."""
    dice = random.Random(number)
    for _ in range(dice.randint(1, 4)):
        at, to = sorted((dice.randint(0, len(text)), dice.randint(0, len(text))))
        to = min(to, at + 12)
        match dice.randrange(5):
            case 0:
                text = text[:at] + text[to:]
            case 1:
                text = text[:to] + text[at:]
            case 2:
                text = text[:at] + dice.choice(HOSTILE) + text[to:]
            case 3:
                text = text[:at] + chr(dice.choice((0, 9, 10, 34, 39, 44, 0xA0, 0x660, 0xD7FF, 0x1F600))) + text[at:]
            case _:
                text = text[:at] + dice.choice(("9" * 25, "-1", "1e400", "null", "[]", '""')) + text[to:]
    return text


def run(target: Target, examples: int, number: int | None = None) -> None:
    """Check a target with so many inputs; the same ones for the same number."""

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(inputs(target))
    def check(text: str) -> None:
        target.check(text)

    (check if number is None else seed(number)(check))()


def main() -> None:
    parser = argparse.ArgumentParser(description="Random input for every parser and every face.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--examples", type=int, default=500, help="of a target in one turn")
    asked = parser.parse_args()
    until, read = time.monotonic() + asked.seconds, Counter[str]()
    turn = random.randrange(2**32)
    while time.monotonic() < until:
        for target in TARGETS:
            run(target, asked.examples, turn)
            read[target.name] += asked.examples
            if time.monotonic() >= until:
                break
        turn += 1
    for name, count in read.items():
        print(f"{name:20} {count:>12,} inputs")
    print(f"{'all':20} {sum(read.values()):>12,} inputs, no fault")


if __name__ == "__main__":
    main()
