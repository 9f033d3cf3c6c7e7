"""A program that test_bits.py runs: a parent computes in parallel, forks, and both save the same surfaces.

python forking.py FOLDER: parent-old.npy, parent-new.npy, child-old.npy and child-new.npy in it; status 0 if the child
ended well.
"""

import os
import sys
from pathlib import Path

import numpy as np
from networks import Case, regression

from atlas_fast.kernels.cpu import driver

A, B = np.linspace(-1.0, 1.0, 45), np.linspace(-0.5, 0.75, 23)


def save(folder: Path, who: str, name: str, case: Case) -> None:
    np.save(folder / f"{who}-{name}.npy", case.bound("float32")(A, B))


def main(folder: Path) -> int:
    driver.WORTH_A_THREAD = 0  # threads for the smallest grid too
    old, new = regression(samples=70, hidden=9).case(), regression(samples=23, hidden=3).case()
    save(folder, "parent", "old", old)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            save(folder, "child", "old", old)
            save(folder, "child", "new", new)
            status = 0
        finally:
            os._exit(status)
    save(folder, "parent", "new", new)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
