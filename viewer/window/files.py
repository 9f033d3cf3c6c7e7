"""Files and links: what the window opens, saves and hands to others.

In: the window's tab in front, and files or links that a person names. Out: tabs, files, a link on the clipboard.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMessageBox

from ...errors import AtlasError, StoreError
from ..animation import SUFFIXES
from ..panels.fields import untouched
from . import wording

if TYPE_CHECKING:
    from ...surface import Surface
    from .application import Window
    from .tab import Tab

TRAINING, ROUND = "A film of the training", "A film once round the surface"

KINDS = (
    ("A page for any browser", ".html"),
    (TRAINING, ".mp4"),
    (TRAINING, ".gif"),
    (ROUND, ".mp4"),
    (ROUND, ".gif"),
    ("A model for slides", ".glb"),
    ("A solid to print", ".stl"),
    ("A grid for ParaView", ".vts"),
)
"""What a surface can be written as; the training only where a run is seen."""

SECONDS, RATE, FILM_SIZE = 8.0, 25.0, (960, 720)
"""Of a film."""

OPENED = "Workspaces and surfaces (*.toml *.npz);;Workspaces (*.toml);;Surfaces (*.npz)"


class Files:
    """The window's dealings with the world outside."""

    def __init__(self, window: Window) -> None:
        self.window = window

    def takes(self, path: Path) -> bool:
        """Whether it is a file that can be opened."""
        return path.suffix.lower() in (".toml", ".npz")

    def open(self) -> None:
        """Ask for a file and open it."""
        name, _ = QFileDialog.getOpenFileName(self.window, "Open", self._folder(), OPENED)
        if name:
            self.open_path(Path(name))

    def open_path(self, path: Path, train: bool = False) -> Tab | None:
        """Open a file in a tab of its own, or in one that is still empty. train: at once, as its workspace says."""
        try:
            if path.suffix.lower() == ".npz":
                from ...storage import load

                tab = self.window.add_surface(load(path), path)
            else:
                from ...workspace import Workspace

                workspace = Workspace.read(path)
                here = self.window.tab
                fresh = here is not None and here.panel is not None and here.untouched
                tab = here if fresh and here is not None else self.window.add_workspace()
                tab.open(workspace.document, workspace.folder, path)
                if train:
                    tab.train() if "training" in workspace.document else tab.make_surface()
        except AtlasError as error:
            self._refuse("Open", error)
            return None
        self.window.preferences.remember(path)
        return tab

    def open_link(self) -> None:
        """Ask for a link and open it."""
        from .links import LinkDialog

        dialog = LinkDialog(self.window)
        if dialog.exec() and dialog.workspace is not None:
            self.window.add_workspace(dialog.workspace.document).history.resetClean()  # no file holds it yet

    def copy_link(self) -> None:
        """Put a link of the workspace on the clipboard."""
        from ...links import share

        tab = self.window.tab
        if tab is None or tab.panel is None or not tab.panel.commit():
            return
        try:
            link = share(tab.workspace)
        except AtlasError as error:
            self._refuse("Copy link", error)
            return
        QGuiApplication.clipboard().setText(link)
        self.window.statusBar().showMessage(f"a link of {len(link):,} characters is on the clipboard")

    def save(self) -> bool:
        """Save the workspace where it came from. False where nothing was saved."""
        tab = self.window.tab
        if tab is None or tab.path is None:
            return self.save_as()
        return self._save(tab, tab.path)

    def save_as(self) -> bool:
        """Ask for a name and save the workspace."""
        tab = self.window.tab
        if tab is None:
            return False
        path, _ = self._named("Save workspace", "workspace.toml", "Workspaces (*.toml)")
        return path is not None and self._save(tab, path)

    def _save(self, tab: Tab, path: Path) -> bool:
        if tab.panel is None or not tab.panel.commit():
            return False
        try:
            # A person was asked, or it is the file itself.
            written = tab.workspace.save(path, replace=True)
        except AtlasError as error:
            self._refuse("Save", error)
            return False
        tab.saved(path)
        self.window.preferences.remember(path)
        self.window.statusBar().showMessage(f"saved {', '.join(str(each) for each in written)}")
        return True

    def save_surface(self) -> None:
        """Ask for a name and save the surface with its runs."""
        self._write("Save surface and its runs", "surface.npz", "Surfaces with their runs (*.npz)")

    def export(self) -> None:
        """Ask for a name and write the surface for another program, or a film of it."""
        if self.window.tab is not None and self.window.tab.canvas.shows_line:
            self.window.statusBar().showMessage("a curve of one scalar weight cannot be exported: save its picture")
            return
        runs = self.window.tab is not None and any(entry.visible for entry in self.window.tab.entries)
        kinds = [f"{label} (*{suffix})" for label, suffix in KINDS if runs or label != TRAINING]
        self._write("Export", "surface.html", ";;".join(kinds))

    def save_picture(self) -> None:
        """Ask for a size and a name, and write what is seen."""
        tab = self._seen()
        if tab is None:
            return
        from .pictures import PictureDialog

        dialog = PictureDialog(self._size(tab), self.window)
        if not dialog.exec():
            return
        path, _ = self._named("Save picture", "surface.png", "Pictures (*.png)")
        if path is not None:
            self._picture(tab, path, dialog.size_asked, dialog.transparent.isChecked())

    def snap(self) -> None:
        """Write what is seen to a new file in the working folder."""
        tab = self._seen()
        if tab is not None:
            path = next(Path(f"atlas-{k}.png") for k in count(1) if not Path(f"atlas-{k}.png").exists())
            self._picture(tab, path, self._size(tab), False)

    def _seen(self) -> Tab | None:
        """The tab in front, where it shows a surface; else the reader is told that there is none."""
        tab = self.window.tab
        if tab is not None:
            canvas = tab.canvas
            if canvas.shows_line or (canvas.scene is not None and canvas.surface is not None):
                return tab
        self.window.statusBar().showMessage("there is no surface yet: train, or make one")
        return None

    @staticmethod
    def _size(tab: Tab) -> tuple[int, int]:
        canvas = tab.canvas
        width, height = (canvas.width(), canvas.height()) if canvas.shows_line else canvas.canvas.size
        return max(width, 64), max(height, 64)

    def _write(self, title: str, name: str, kinds: str) -> None:
        tab = self._seen()
        if tab is None:
            return
        if tab.surface is None:
            self.window.statusBar().showMessage("the surface is not complete yet: make it, or save its picture")
            return
        path, kind = self._named(title, name, kinds)
        if path is None:
            return
        try:
            written = self.write(tab, path, kind.startswith(ROUND))
        except Exception as error:  # of whatever library writes it, and the window lives on
            self._refuse(title, error if isinstance(error, AtlasError) else StoreError(f"cannot write {path}: {error}"))
            return
        if written and self.takes(path):
            self.window.preferences.remember(path)
        self.window.statusBar().showMessage(f"wrote {path}" if written else f"cancelled, {path} is not written")

    def write(self, tab: Tab, path: Path, turns: bool = False) -> bool:
        """Write the tab's surface with its visible runs as the suffix says; False where a person cancels it. turns: of
        a film, that it goes once round the surface though there are runs whose training could be seen."""
        surface = tab.surface
        if surface is None:
            raise StoreError("the surface is not complete yet")
        seen = [track for track in tab.drawn if track.visible]
        suffix = path.suffix.lower()
        if suffix == ".npz":
            runs = {track.name: track.run for track in tab.drawn}
            # A single one needs no name: its pictures are then coloured by time.
            surface.save(path, next(iter(runs.values())) if len(runs) == 1 else runs)
        elif suffix in SUFFIXES:
            return self._film(tab, surface, path, bool(seen) and not turns)
        else:
            from matplotlib.colors import to_hex

            from ...export import export

            export(
                surface,
                path,
                {track.name: track.run for track in seen},
                tab.look,
                {track.name: to_hex(track.colour) for track in seen},
            )
        return True

    def _film(self, tab: Tab, surface: Surface, path: Path, training: bool) -> bool:
        """A film, dressed as the tab is."""
        from ..animation import Reel
        from ..drawing.pose import Pose
        from ..filming import Order
        from . import films
        from .runs import bare

        reel = Reel.of(path, SECONDS, RATE, FILM_SIZE)
        shown = surface if tab.drawn else bare(surface)
        return films.make(
            Order(shown, tab.drawn, tab.look, reel, training, Pose(moment=tab.player.moment)), self.window
        )

    def _picture(self, tab: Tab, path: Path, size: tuple[int, int], transparent: bool) -> None:
        from ..drawing.pose import Pose
        from ..offscreen import write_picture

        canvas, shown = tab.canvas, tab.canvas.scene
        try:
            if canvas.shows_line:
                canvas.line.write(path, size, transparent)
            else:
                pose = Pose(view=shown.seen, rise=shown.risen, moment=shown.moment)
                # Of one that was stopped the picture itself says so.
                seen = replace(shown.surface, complete=False) if canvas.coarse else shown.surface
                write_picture(seen, path, size, pose, canvas.look, canvas.tracks, transparent)
        except AtlasError as error:
            self.window.statusBar().showMessage(str(error))
        else:
            note = f"; {wording.COARSE}" if canvas.coarse else ""
            self.window.statusBar().showMessage(f"saved {path.resolve()}{note}")
        canvas.canvas.update()

    def may_close(self, tab: Tab) -> bool:
        """Whether a tab may be closed: a person is asked where changes would be lost."""
        if not tab.changed:
            return True
        button = QMessageBox.StandardButton
        asked = QMessageBox(self.window)
        asked.setWindowTitle("Save changes?")
        asked.setTextFormat(Qt.TextFormat.PlainText)
        asked.setText(f"The workspace {tab.title} has changes that are not saved.")
        asked.setStandardButtons(button.Save | button.Discard | button.Cancel)
        asked.setDefaultButton(button.Save)
        answer = asked.exec()
        if answer == button.Save:
            self.window.pages.setCurrentWidget(tab)
            return self.save()
        return answer == button.Discard

    def _named(self, title: str, name: str, kinds: str) -> tuple[Path | None, str]:
        """Ask for a file to write, None where there is to be none, and its kind."""
        typed, kind = QFileDialog.getSaveFileName(self.window, title, str(Path(self._folder()) / name), kinds)
        if not typed:
            return None, kind
        path = with_suffix(Path(typed), kind.rpartition("*")[2].rstrip(")") or Path(name).suffix)
        # The dialog asks about the name that was typed, and not about that with a suffix.
        if path != Path(typed) and path.exists():
            told = f"{path.name} already exists.\nDo you want to replace it?"
            if QMessageBox.question(self.window, title, untouched(told)) != QMessageBox.StandardButton.Yes:
                return None, kind
        return path, kind

    def _folder(self) -> str:
        recent = self.window.preferences.recent
        return str(recent[0].parent if recent and recent[0].parent.is_dir() else Path.cwd())

    def _refuse(self, title: str, error: AtlasError) -> None:
        QMessageBox.warning(self.window, title, untouched(str(error)))


def with_suffix(path: Path, suffix: str) -> Path:
    """The path with a suffix, if it has none."""
    return path if path.suffix else path.with_name(path.name + suffix)
