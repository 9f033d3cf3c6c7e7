"""How a tab's surface is dressed: the look that is wanted, worn as far as the surface allows of it.

In: a tab, and looks that a reader chooses. Out: its canvas drawn so; its surface made again, where that lacks
derivatives which the look needs; or a line of why it cannot be drawn so.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ...errors import AtlasError

if TYPE_CHECKING:
    from ...look import Look
    from .tab import Tab


class Dressing:
    """The looks of a tab. look: what is wanted; once that has shown to be impossible, what is drawn."""

    def __init__(self, tab: Tab, look: Look) -> None:
        self.tab = tab
        self.look = look

    @property
    def asked(self) -> dict[str, bool]:
        """The derivatives that a surface is to have for it."""
        return self.look.derivatives

    def change(self, look: Look) -> str:
        """Draw it otherwise; where the surface lacks derivatives that this needs, it is made again. Why it cannot be
        drawn so, or nothing."""
        tab, canvas = self.tab, self.tab.canvas
        self._want(look)
        if tab.work.busy and not tab.following.busy:
            with suppress(AtlasError):  # what is on its way is drawn so in any case
                canvas.dress(look)
            return ""
        if tab.panel is not None and tab.problem is not None and self._lacking:
            tab.following.widen()
            tab.make_surface()
            return ""
        return self.wear()

    def wear(self) -> str:
        """Draw it as the look says. Where that cannot be, the look is again what is drawn; why, or nothing."""
        canvas = self.tab.canvas
        if canvas.look == self.look:
            return ""
        try:
            canvas.dress(self.look)
        except AtlasError as error:
            self._want(canvas.look)
            return str(error)
        return ""

    def _want(self, look: Look) -> None:
        self.look = self.tab.canvas.wanted = look
        self.tab.appearance.set_look(look)

    @property
    def _lacking(self) -> bool:
        """Whether the surface that is seen lacks something that the look needs."""
        surface = self.tab.canvas.surface
        return surface is not None and any(getattr(surface, name) is None for name in self.asked)
