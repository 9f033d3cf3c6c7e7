"""A film that a process of its own makes: a window's OpenGL and that of pictures off screen disturb each other where
both draw by turns.

    python -P -m atlas_fast.viewer.filming FOLDER

In: FOLDER/order, an Order. Out: FOLDER/film with the order's suffix; on the way a line "DONE TOTAL" for each frame,
or a line of what went wrong and the exit status 1.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import AtlasError
from .animation import Reel, write_training, write_turntable

if TYPE_CHECKING:
    from ..look import Look
    from ..surface import Surface
    from .drawing.pose import Pose
    from .drawing.track import Track

ORDER = "order"


@dataclass(frozen=True, eq=False)
class Order:
    """training: a film of the tracks as they grow, else one that goes once round. pose: from where, and up to which
    moment the latter shows them. reel: its target names the suffix."""

    surface: Surface
    tracks: Sequence[Track]
    look: Look
    reel: Reel
    training: bool
    pose: Pose

    def put(self, folder: Path) -> None:
        """Leave it where the process looks for it."""
        with (folder / ORDER).open("wb") as file:
            pickle.dump(self, file, protocol=pickle.HIGHEST_PROTOCOL)

    def film(self, folder: Path) -> Path:
        """Where the film will be."""
        return folder / f"film{self.reel.target.suffix.lower()}"


def fill(folder: Path) -> None:
    """Make the film that is ordered in a folder, which the window has just made for it."""
    with (folder / ORDER).open("rb") as file:
        order: Order = pickle.load(file)
    reel = replace(order.reel, target=order.film(folder))
    write = write_training if order.training else write_turntable
    write(order.surface, order.tracks, reel, lambda done, total: print(done, total, flush=True), order.look, order.pose)


if __name__ == "__main__":
    # What is pickled names the module as it is imported, and not as it is run.
    from atlas_fast.viewer import filming

    try:
        filming.fill(Path(sys.argv[1]))
    except AtlasError as error:
        print(" ".join(str(error).split("\n")[0].split()), flush=True)
        sys.exit(1)
