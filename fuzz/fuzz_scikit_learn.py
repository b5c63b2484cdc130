"""Try the drop-ins beside scikit-learn's own: python fuzz/fuzz_scikit_learn.py --corpora 50000.

Every parameter is drawn at random, in any combination, for a random corpus in a random container;
matrices, what was learned, ways back, errors and warnings must be the same to the bit, but for what
the docs say differs (`drop_ins.cases`). Each case depends on the seed and on its number alone: what
differs is made smaller, and printed with the command that tries it again. Ends with 1 if anything
differs.
"""

import argparse
import sys
import time
from collections import Counter

from drop_ins.cases import difference, drawn, shrunk


def main(arguments=None):
    """Try as many cases as the command line asks for.

    Parameters
    ----------
    arguments : list of str or None, default=None
        None takes those of the command line.

    Returns
    -------
    int
        How many differ.
    """
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=None, help="the default is the time")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--corpora", type=int, default=1000, help="how many cases")
    parser.add_argument("--seconds", type=float, default=None, help="stop after these")
    parser.add_argument("--most", type=int, default=10, help="stop after so many differences")
    asked = parser.parse_args(arguments)
    seed = int(time.time()) if asked.seed is None else asked.seed
    began, tried, n_different = time.monotonic(), Counter(), 0
    for number in range(asked.first, asked.first + asked.corpora):
        if asked.seconds is not None and time.monotonic() - began > asked.seconds:
            break
        case = drawn(seed, number)
        tried[case.kind] += 1
        if difference(case) is not None:
            n_different += 1
            small = shrunk(case)
            again = f"--seed {seed} --first {number} --corpora 1"
            print(f"\n{small}\n{difference(small)}")
            print(f"python fuzz/fuzz_scikit_learn.py {again}", flush=True)
            if n_different == asked.most:
                break
    print(
        f"seed {seed}, cases {asked.first} to {asked.first + tried.total() - 1}: {n_different} "
        f"differ of {tried.total()} in {time.monotonic() - began:.0f} s "
        f"({', '.join(f'{name} {n}' for name, n in sorted(tried.items()))})"
    )
    return n_different


if __name__ == "__main__":
    sys.exit(main() > 0)
