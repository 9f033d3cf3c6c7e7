"""What the window says in its status bar.

In: a reading of the scene, or a surface. Out: a line of text.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...surface import Surface
    from ...training import Run

ALONE = "No finer from near: a surface alone holds no data to compute more vertices of. Open its workspace."

UNMADE = "There is no surface of this run yet\nPress Surface to make one"

HINT = "Write a loss and choose an optimizer on the left, then press Train\nor open an example there"

CURVE = "A curve of one scalar weight\nis seen in its own tab"

COARSE = "the surface is not whole: where it was stopped, it is drawn between few vertices"
"""Of a surface that is not complete."""

SPACE = "    "


def reading(found: Any) -> str:
    """A Reading of the scene, or None."""
    if found is None:
        return ""
    told = [f"a {found.a:.4g}", *([] if math.isnan(found.b) else [f"b {found.b:.4g}"]), f"loss {found.loss:.5g}"]
    if found.gradient is not None:
        told.append(f"gradient ({found.gradient[0]:.3g}, {found.gradient[1]:.3g})")
    if found.track is not None:
        told.append(
            f"{found.track} at step {found.step:,} (epoch {found.epoch:,.4g}): "
            f"true loss {found.true_loss:.5g}, {found.distance:.3g} off the plane"
        )
    return SPACE.join(told)


def run(made: Run) -> str:
    """What there is to say of a run that has ended."""
    return made.message or f"loss {made.loss[0]:.4g} → {made.loss[-1]:.4g} in {made.steps:,} steps"


def surface(made: Surface) -> str:
    """What there is to say of a surface that was just made."""
    rows, columns = made.loss.shape
    told = [f"{rows:,} × {columns:,} vertices in {made.seconds:.2g} s"]
    if made.run is not None and made.run.message:
        told.insert(0, made.run.message)
    if made.message:
        told.append(made.message)
    return "; ".join(told)
