"""The window of the viewer: tabs, menus, files, and what it remembers.

In: documents, surfaces and files to open. Out: nothing, once the window is closed. `opening` finds out first whether
a window can be had at all.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEventLoop, QSize, Qt, QTimer
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeySequence,
    QShortcut,
)
from PySide6.QtOpenGLWidgets import QOpenGLWidget
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow, QMenu, QTabBar, QTabWidget, QToolButton

from ...errors import AtlasError
from ..panels.fields import untouched
from . import jobs, theme
from .actions import TITLE, Actions
from .commands import MENUS, Command
from .files import Files
from .icons import icon
from .preferences import Preferences
from .work import Work

if TYPE_CHECKING:
    from ...surface import Surface
    from .comparing import ComparisonPage
    from .tab import Tab

SIZE = (1280, 860)

LAID_OUT = ("parts", "centre")
"""Splitters of a tab whose division is remembered."""


class Window(QMainWindow):
    """Workspaces and surfaces in tabs. plain: the window of one surface, which Q and Escape close, too."""

    def __init__(self, plain: bool = False) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        self.setWindowTitle(TITLE)
        self.setAcceptDrops(True)
        self.plain = plain
        self.closed = QEventLoop()
        self.preferences = Preferences()
        self.files, self.acts = Files(self), Actions(self)
        self.theme = "dark" if self.preferences.text("theme", "light") == "dark" else "light"
        self.pages = QTabWidget(documentMode=True, movable=True)
        self.pages.currentChanged.connect(self._turned_to)
        self.setCentralWidget(self.pages)
        self.reading = QLabel(textFormat=Qt.TextFormat.PlainText)  # it tells names of runs
        self.reading.setObjectName("reading")
        self.statusBar().addPermanentWidget(self.reading)
        self.menu_actions: dict[str, QAction] = {}
        self._bare: list[QAction] = []  # whose keys are letters and signs, which a panel's table or field wants itself
        self._fill_menus()
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme.dress(application, self.theme)
        self.resize(*SIZE)
        self.preferences.lay_out("plain" if plain else "window", self)
        if plain:
            for key in ("Q", "Esc"):
                QShortcut(QKeySequence(key), self).activated.connect(self.close)
        # A window that is shown before its first surface would be made anew for that, and lose its place and the focus.
        self._first = QOpenGLWidget(self)
        self._first.resize(1, 1)
        self._forced = False
        self._over = False
        self.warming = Work(self)
        self.left: list[threading.Thread] = []  # of tabs that were closed, while they end

    # Pages.

    @property
    def page(self) -> Tab | ComparisonPage | None:
        """The page in front."""
        found: Any = self.pages.currentWidget()
        return found

    @property
    def tab(self) -> Tab | None:
        """The tab in front, if it is one."""
        found: Any = self.page
        return None if found is None or found.compares else found

    @property
    def tabs(self) -> list[Tab]:
        every: list[Any] = [self.pages.widget(number) for number in range(self.pages.count())]
        return [page for page in every if not page.compares]

    def add_workspace(self, document: dict[str, Any] | None = None, folder: Path | None = None) -> Tab:
        """A new tab with a workspace."""
        found = self._tab(None)
        if document is not None:
            found.open(document, folder)
            found.given = True
        self.add(found)
        return found

    def add_surface(self, surface: Surface, path: Path | None = None) -> Tab:
        """A new tab with a surface alone."""
        found = self._tab(surface)
        found.path = path
        self.add(found)
        return found

    def _tab(self, surface: Surface | None) -> Tab:
        # Not before a first tab is wanted: what draws takes longer to load than the window to be there.
        from ...look import Look
        from .tab import Tab

        return Tab(Look(theme=self.theme), surface)

    def compare(self, left: Tab, right: Tab) -> ComparisonPage:
        """A page with two tabs side by side."""
        from .comparing import ComparisonPage

        found = ComparisonPage(left, right)
        self.add(found)
        return found

    def add(self, page: Tab | ComparisonPage) -> None:
        page.said.connect(self._said)
        page.read.connect(self.reading.setText)
        page.titled.connect(self._title)
        if not page.compares:
            for name in LAID_OUT:
                self.preferences.lay_out(f"{name}-{page.panel is not None}", getattr(page, name))
            if page.panel is not None:
                page.panel.setVisible(self.menu_actions["panel"].isChecked())
            page.side.setVisible(self.menu_actions["side"].isChecked())
            page.appearance.above.toggled.connect(lambda above: self.enable())
        page.redrawn.connect(self.enable)
        for widget in (page,) if page.compares else (page.centre, page.side):
            widget.addActions(self._bare)
        self.pages.setCurrentIndex(self.pages.addTab(page, page.title))
        button = QToolButton(autoRaise=True)
        button.setToolTip("Close this tab (Ctrl+W)")
        button.setAccessibleName("Close this tab")
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda: self.close_page(self.pages.indexOf(page)))
        self.pages.tabBar().setTabButton(self.pages.indexOf(page), QTabBar.ButtonPosition.RightSide, button)
        self.paint_buttons()
        self._title()

    def paint_buttons(self) -> None:
        """The tabs' buttons in the theme's colour."""
        bar = self.pages.tabBar()
        for number in range(self.pages.count()):
            button = bar.tabButton(number, QTabBar.ButtonPosition.RightSide)
            if isinstance(button, QToolButton):
                button.setIcon(icon("close", self.palette().placeholderText().color()))
                button.setIconSize(QSize(12, 12))

    def _said(self, text: str) -> None:
        if self.sender() is self.page:
            self.statusBar().showMessage(text)

    def _title(self) -> None:
        for number in range(self.pages.count()):
            page: Any = self.pages.widget(number)
            self.pages.setTabText(number, page.title.replace("&", "&&") + (" •" if page.changed else ""))
        page = self.page
        self.setWindowTitle(TITLE if page is None else f"{TITLE}: {page.title}")
        self.pages.tabBar().setVisible(not self.plain or self.pages.count() > 1)
        self.enable()

    def _turned_to(self, number: int) -> None:
        self.reading.setText("")
        self.statusBar().clearMessage()
        page = self.page
        if page is not None and page.look.theme != self.theme:
            page.dress(replace(page.look, theme=self.theme))
        self._title()

    def enable(self) -> None:
        """Commands that mean something now."""
        tab, page = self.tab, self.page
        edits = tab is not None and tab.panel is not None
        for name in ("save", "save_as", "copy_link", "train", "make_surface", "stop", "panel"):
            self.menu_actions[name].setEnabled(edits)
        for name in ("save_surface", "save_picture", "snap", "export"):
            self.menu_actions[name].setEnabled(tab is not None)
        self.menu_actions["compare"].setEnabled(len(self.tabs) > 1)
        self.menu_actions["undo"].setEnabled(edits and tab is not None and tab.history.canUndo())
        self.menu_actions["redo"].setEnabled(edits and tab is not None and tab.history.canRedo())
        if page is not None:
            for name in ("contours", "arrows", "streamlines"):
                self.menu_actions[name].setChecked(getattr(page.look, name))
            above = page.above if page.compares else page.appearance.above.isChecked()
            self.menu_actions["from_above"].setChecked(above)

    # Menus.

    def _fill_menus(self) -> None:
        for title, rows in MENUS.items():
            menu = self.menuBar().addMenu(title)
            menu.setToolTipsVisible(True)
            for row in rows:
                if row is None:
                    menu.addSeparator()
                elif row.name == "recent":
                    self._fill_recent(menu, row)
                else:
                    menu.addAction(self._action(row))
        self.pages.tabBar().addActions(self._bare)
        self.menu_actions["dark"].setChecked(self.theme == "dark")
        self.menu_actions["redo"].setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
        self.menu_actions["nearer"].setShortcuts([QKeySequence("+"), QKeySequence("=")])

    def _action(self, row: Command) -> QAction:
        action = QAction(row.text, self)
        if row.key:
            action.setShortcut(QKeySequence(row.key))
        if row.bare:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self._bare.append(action)
        if row.tip:
            action.setToolTip(row.tip)
            action.setStatusTip(row.tip)
        handler = getattr(self.acts, row.name, None) or getattr(self.files, row.name)
        if row.checked is None:
            action.triggered.connect(lambda *_: handler())
        else:
            action.setCheckable(True)
            action.setChecked(row.checked)
            action.triggered.connect(handler)
        self.menu_actions[row.name] = action
        return action

    def _fill_recent(self, menu: QMenu, row: Command) -> None:
        recent = menu.addMenu(row.text)

        def fill() -> None:
            recent.clear()
            for number, path in enumerate(self.preferences.recent):
                action = recent.addAction(f"&{number + 1}  {path.name}")
                action.setToolTip(untouched(str(path)))
                action.triggered.connect(lambda *_, path=path: self.files.open_path(path))
            if recent.isEmpty():
                recent.addAction("nothing yet").setEnabled(False)
            else:
                recent.addSeparator()
                recent.addAction("Forget them").triggered.connect(self.preferences.forget)

        recent.setToolTipsVisible(True)
        recent.aboutToShow.connect(fill)

    # Drops.

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(self._takes(Path(url.toLocalFile())) for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def _takes(self, path: Path) -> bool:
        """Whether it is a file to open, or a table for the workspace in front."""
        from ...data.table import ARRAYS, TEXT

        edits = self.tab is not None and self.tab.panel is not None
        return self.files.takes(path) or (edits and path.suffix.lower() in (*TEXT, *ARRAYS))

    def dropEvent(self, event: QDropEvent) -> None:
        for url in event.mimeData().urls():
            path = Path(url.toLocalFile())
            if self.files.takes(path):
                event.acceptProposedAction()
                self.files.open_path(path)
            elif self._takes(path) and self.tab is not None and self.tab.panel is not None:
                event.acceptProposedAction()
                self.tab.panel.data.unfold()
                self.tab.panel.data.load(path)

    # Its end.

    def show_until_closed(self, fill: Callable[[Window], object], toured: bool = True) -> None:
        """Show it, have it filled, and return when it is closed. toured: without the tour of a first start."""
        with _interruptible(self), _telling(self), warnings.catch_warnings():
            # A run says in its message what it warns of, and a tab shows that.
            warnings.simplefilter("ignore", RuntimeWarning)
            self._over = False
            self.show()
            self.activateWindow()  # keys count in the window that is active
            QApplication.processEvents()
            fill(self)
            if self.tab is not None:
                self.tab.canvas.native.setFocus()
            if not toured and not self.preferences.flag("toured", False):
                QTimer.singleShot(0, self.acts.tour)
            self.warming.start(jobs.warm)
            if not self._over:  # Ctrl-C may have closed it by now
                self.closed.exec()
        self.warming.close()
        every: list[Any] = [self.pages.widget(number) for number in range(self.pages.count())]
        for page in every:
            page.leave()
        for work in (self.warming, *(tab.work for tab in self.tabs)):
            work.wait()
        for thread in self.left:
            thread.join()

    def interrupt(self) -> None:
        """Close it without a question."""
        self._forced = True
        self.close()

    def close_page(self, number: int) -> None:
        page: Any = self.pages.widget(number)
        if not page.compares and not self.files.may_close(page):
            return
        every: list[Any] = [self.pages.widget(k) for k in range(self.pages.count())]
        for other in every:
            if other.compares and page in other.sides:
                self._remove(other)
        self._remove(page)
        if not self.pages.count():
            self.close()

    def _remove(self, page: Any) -> None:
        self._note_layout()
        page.leave()
        if not page.compares:
            self.left = [
                thread for thread in (*self.left, page.work.worker) if thread is not None and thread.is_alive()
            ]
        self.pages.removeTab(self.pages.indexOf(page))
        page.deleteLater()

    def _note_layout(self) -> None:
        for tab in self.tabs:
            for name in LAID_OUT:
                self.preferences.keep_layout(f"{name}-{tab.panel is not None}", getattr(tab, name))

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._forced and not all(self.files.may_close(tab) for tab in self.tabs):
            event.ignore()
            return
        self._note_layout()
        self.preferences.keep_layout("plain" if self.plain else "window", self)
        self._over = True
        self.closed.quit()
        event.accept()

    def tell(self, error: AtlasError) -> None:
        """Say in the status bar what went wrong."""
        self.statusBar().showMessage(str(error).split("\n")[0])


@contextmanager
def _telling(window: Window) -> Iterator[None]:
    """Tell in the status bar of what nobody has caught, which is our own mistake; ATLAS_DEBUG shows where it is."""
    before = sys.excepthook

    def tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if os.environ.get("ATLAS_DEBUG") or not issubclass(kind, Exception):
            before(kind, error, trace)
        told = " ".join(f"{kind.__name__}: {error}".split())
        window.statusBar().showMessage(f"something went wrong in Atlas Fast itself, please report it: {told}")

    sys.excepthook = tell
    try:
        yield
    finally:
        sys.excepthook = before


@contextmanager
def _interruptible(window: Window) -> Iterator[None]:
    """Close the window on Ctrl-C, which Python sees only when Qt lets it run now and then."""
    ticking = QTimer(window, interval=200)
    ticking.timeout.connect(lambda: None)
    before = signal.signal(signal.SIGINT, lambda number, frame: QTimer.singleShot(0, window.interrupt))
    ticking.start()
    try:
        yield
    finally:
        ticking.stop()
        signal.signal(signal.SIGINT, before)
