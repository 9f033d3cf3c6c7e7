"""From where, and at which moment of its runs, a scene is shown in a picture.

In: a person's choices, or what a window shows. Out: a Pose, which a Scene takes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from ...arguments import ArgumentError, real
from .view import View, bounded

if TYPE_CHECKING:
    from .scene import Scene


@dataclass(frozen=True)
class Pose:
    """above: as a map, flat and from straight above. azimuth: degrees round the surface, 0: with a to the right, 90:
    from its right side; None: from where most of the paths is in sight. elevation: degrees above it, None: the usual
    ones. zoom: how much larger than usual. moment: the share of their steps up to which paths are drawn.
    view, rise: what a window shows, in place of the first four, and how high the surface stands there.

    Raises ArgumentError for what is none of these.
    """

    above: bool = False
    azimuth: float | None = None
    elevation: float | None = None
    zoom: float = 1.0
    moment: float = 1.0
    view: View | None = None
    rise: float = 1.0

    def __post_init__(self) -> None:
        for name in ("azimuth", "elevation"):
            if getattr(self, name) is not None:
                real(name, getattr(self, name))
                if self.above:
                    raise ArgumentError(f"above=True looks straight down, with a to the right: leave {name} out")
        if self.elevation is not None and not -90 <= self.elevation <= 90:
            raise ArgumentError(f"elevation is {self.elevation:g}, degrees from -90 to 90 are wanted")
        real("zoom", self.zoom, above=0)
        if not 0 <= real("moment", self.moment) <= 1:
            raise ArgumentError(f"moment is {self.moment:g}, a share of the steps from 0 to 1 is wanted")

    def seen(self, scene: Scene) -> View:
        """The view of a scene."""
        if self.view is not None:
            return self.view
        usual = scene.above if self.above else scene.home
        return bounded(
            usual._replace(
                azimuth=usual.azimuth if self.azimuth is None else float(self.azimuth),
                elevation=usual.elevation if self.elevation is None else float(self.elevation),
                across=usual.across / float(self.zoom),
            )
        )

    def take(self, scene: Scene) -> None:
        """Show a scene so."""
        scene.rise(0.0 if self.above else self.rise)
        scene.look(self.seen(scene))
        scene.show_moment(self.moment)


CHOICES = tuple(field.name for field in fields(Pose) if field.name not in ("view", "rise"))
"""What a person chooses."""
