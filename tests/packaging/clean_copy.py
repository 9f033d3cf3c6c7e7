"""Copy what git knows or would add (tracked, and untracked but not ignored) into a new folder.

A wheel is built from such a copy: it holds no build/lib, where setuptools keeps modules that were deleted.

    python tests/packaging/clean_copy.py DESTINATION
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def listed_files(root: Path = ROOT) -> list[Path]:
    """Paths relative to `root`, sorted; files that were deleted but not committed yet are left out."""
    # In a container the clone may belong to another user, which git refuses unless told.
    command = [
        "git",
        "-c",
        "safe.directory=*",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    listing = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    return sorted({Path(name) for name in listing.split("\0") if name and (root / name).is_file()})


def clean_copy(destination: Path, root: Path = ROOT) -> None:
    for path in listed_files(root):
        target = destination / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / path, target)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: clean_copy.py DESTINATION")
    clean_copy(Path(sys.argv[1]))
