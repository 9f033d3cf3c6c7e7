"""What the commands of the menus do: a method for each row of the table.

In: the window. Out: changes of the page in front, of the window, or a page more. Files and links are `files`' affair.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu, QMessageBox

from . import theme
from .commands import MENUS

if TYPE_CHECKING:
    from .application import Window
    from .tab import Tab

TITLE = "Atlas Fast"

TURN = 10.0
"""Degrees that a key turns the surface by."""

ZOOM = 1.2
"""How much nearer a key goes."""

MOVE = 0.1
"""How far a key moves, as a share of what is seen."""


class Actions:
    """The commands, by their names in the table."""

    def __init__(self, window: Window) -> None:
        self.window = window

    def new(self) -> None:
        self.window.add_workspace()

    def close_tab(self) -> None:
        if self.window.pages.count():
            self.window.close_page(self.window.pages.currentIndex())

    def close(self) -> None:
        self.window.close()

    def undo(self) -> None:
        if self.window.tab is not None:
            self.window.tab.history.undo()

    def redo(self) -> None:
        if self.window.tab is not None:
            self.window.tab.history.redo()

    def train(self) -> None:
        if self.window.tab is not None and self.window.tab.panel is not None:
            self.window.tab.panel.train.click()

    def make_surface(self) -> None:
        if self.window.tab is not None and self.window.tab.panel is not None:
            self.window.tab.panel.make.click()

    def stop(self) -> None:
        if self.window.tab is not None:
            self.window.tab.stop()

    def play(self) -> None:
        if self.window.page is not None:
            self.window.page.player.toggle()

    def step_back(self) -> None:
        if self.window.page is not None:
            self.window.page.player.step(-1)

    def step_on(self) -> None:
        if self.window.page is not None:
            self.window.page.player.step(1)

    def to_start(self) -> None:
        if self.window.page is not None:
            self.window.page.player.set_moment(0.0)

    def to_end(self) -> None:
        if self.window.page is not None:
            self.window.page.player.set_moment(1.0)

    def from_above(self, above: bool) -> None:
        if self.window.page is not None:
            self.window.page.look_from_above(above)

    def reset(self) -> None:
        self.window.menu_actions["from_above"].setChecked(False)
        if self.window.page is not None:
            self.window.page.reset_view()

    def _turn(self, across: float = 0.0, up: float = 0.0, nearer: float = 1.0) -> None:
        page = self.window.page
        if page is not None:
            for canvas in page.turnable if page.compares else (page.canvas,):
                canvas.turn(across, up, nearer)

    def nearer(self) -> None:
        self._turn(nearer=ZOOM)

    def further(self) -> None:
        self._turn(nearer=1 / ZOOM)

    def turn_left(self) -> None:
        self._turn(across=TURN)

    def turn_right(self) -> None:
        self._turn(across=-TURN)

    def turn_up(self) -> None:
        self._turn(up=TURN)

    def turn_down(self) -> None:
        self._turn(up=-TURN)

    def _move(self, right: float = 0.0, forward: float = 0.0) -> None:
        from ..drawing.view import moved  # not before there is a surface: it loads matplotlib

        page = self.window.page
        if page is not None:
            for canvas in page.turnable if page.compares else (page.canvas,):
                if canvas.scene is not None:
                    view = moved(canvas.scene.seen, right, forward)
                    canvas.see(view)
                    canvas.turned.emit(view)

    def move_left(self) -> None:
        self._move(right=-MOVE)

    def move_right(self) -> None:
        self._move(right=MOVE)

    def move_on(self) -> None:
        self._move(forward=MOVE)

    def move_back(self) -> None:
        self._move(forward=-MOVE)

    def contours(self, wanted: bool) -> None:
        self._dress(contours=wanted)

    def arrows(self, wanted: bool) -> None:
        self._dress(arrows=wanted)

    def streamlines(self, wanted: bool) -> None:
        self._dress(streamlines=wanted)

    def dark(self, wanted: bool) -> None:
        name = "dark" if wanted else "light"
        self.window.theme = name
        self.window.preferences.put("theme", name)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme.dress(application, name)
        self.window.paint_buttons()
        self._dress(theme=name)

    def _dress(self, **changes: Any) -> None:
        if self.window.page is not None:
            self.window.page.dress(replace(self.window.page.look, **changes))
            self.window.enable()

    def compare(self) -> None:
        """The tab in front beside another one, which a menu names where there are several."""
        here = self.window.tab or self.window.tabs[0]
        others = [tab for tab in self.window.tabs if tab is not here]
        if len(others) == 1:
            self.window.compare(here, others[0])
        elif others:
            menu = QMenu(self.window)
            for tab in others:
                action = QAction(tab.title, menu)
                action.triggered.connect(lambda *_, tab=tab: self.window.compare(here, tab))
                menu.addAction(action)
            menu.exec(self.window.mapToGlobal(self.window.rect().center()))

    def next_tab(self) -> None:
        self.window.pages.setCurrentIndex((self.window.pages.currentIndex() + 1) % max(self.window.pages.count(), 1))

    def previous_tab(self) -> None:
        self.window.pages.setCurrentIndex((self.window.pages.currentIndex() - 1) % max(self.window.pages.count(), 1))

    def panel(self, wanted: bool) -> None:
        for tab in self.window.tabs:
            if tab.panel is not None:
                tab.panel.setVisible(wanted)

    def side(self, wanted: bool) -> None:
        for tab in self.window.tabs:
            tab.side.setVisible(wanted)

    def fullscreen(self, wanted: bool) -> None:
        self.window.showFullScreen() if wanted else self.window.showNormal()

    def tour(self) -> None:
        """The four examples, one after the other, in a tab of their own."""
        from .tour import TourCard

        for other in self.window.tabs:
            for card in other.canvas.findChildren(TourCard):
                card.close_tour()
        self.window.preferences.put("toured", True)
        fresh = self.window.tab is not None and self.window.tab.panel is not None and self.window.tab.untouched
        tab = self.window.tab if fresh and self.window.tab is not None else self.window.add_workspace()
        self._tour_in(tab, 0)

    def _tour_in(self, tab: Tab, number: int) -> None:
        """The tour from one of its stops on; what a person has changed stays, and the tour goes on in another tab."""
        from ..panels.examples import document
        from .tour import TourCard

        card = TourCard(tab.canvas)

        def reached(name: str) -> None:
            if tab.changed:
                card.close_tour()
                self._tour_in(self.window.add_workspace(), card.number)
                return
            tab.clear_runs()
            tab.open(document(name))
            tab.train()

        card.reached.connect(reached)
        card.go(number)

    def keys(self) -> None:
        """All keys, in one table."""
        rows = [row for group in MENUS.values() for row in group if row is not None]
        told = []
        for row in rows:
            text, _, key = row.text.replace("&", "").partition("\t")
            if key or row.key:
                told.append(f"<tr><td>{text}</td><td width=40></td><td><b>{key or row.key}</b></td></tr>")
        QMessageBox.information(self.window, "Keyboard shortcuts", f"<table>{''.join(told)}</table>")

    def about(self) -> None:
        from ... import __version__

        QMessageBox.about(
            self.window, TITLE, f"<b>{TITLE} {__version__}</b><br>Loss landscapes from the formula of the loss."
        )
