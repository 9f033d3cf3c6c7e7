"""Files and links: what the window opens, saves and hands to others.

In: the window's tab in front, and files or links that a person names. Out: tabs, files, a link on the clipboard.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMessageBox

from ...errors import AtlasError, StoreError

if TYPE_CHECKING:
    from .application import Window
    from .tab import Tab

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
            self.window.add_workspace(dialog.workspace.document)

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
        name, _ = QFileDialog.getSaveFileName(
            self.window, "Save workspace", str(Path(self._folder()) / "workspace.toml"), "Workspaces (*.toml)"
        )
        return bool(name) and self._save(tab, with_suffix(Path(name), ".toml"))

    def _save(self, tab: Tab, path: Path) -> bool:
        if tab.panel is None or not tab.panel.commit():
            return False
        try:
            # A file dialog has asked, or it is the file itself.
            written = tab.workspace.save(path, replace=True)
        except AtlasError as error:
            self._refuse("Save", error)
            return False
        tab.saved(path)
        self.window.preferences.remember(path)
        self.window.statusBar().showMessage(f"saved {', '.join(str(each) for each in written)}")
        return True

    def save_surface(self) -> None:
        """Ask for a name and save the surface with its run."""
        self._write("Save surface", "surface.npz", "Surfaces (*.npz)")

    def export(self) -> None:
        """Ask for a name and write the surface for another program."""
        kinds = "A page for any browser (*.html);;VTK grid (*.vts);;To print (*.stl);;glTF model (*.glb)"
        self._write("Export", "surface.html", kinds)

    def save_picture(self) -> None:
        """Ask for a name and write what is seen."""
        self._write("Save picture", "surface.png", "Pictures (*.png)")

    def snap(self) -> None:
        """Write what is seen to a new file in the working folder."""
        self._picture(next(Path(f"atlas-{k}.png") for k in count(1) if not Path(f"atlas-{k}.png").exists()))

    def _write(self, title: str, name: str, kinds: str) -> None:
        tab = self.window.tab
        if tab is None or (tab.surface is None and tab.canvas.surface is None):
            self.window.statusBar().showMessage("there is no surface yet: train, or make one")
            return
        chosen, kind = QFileDialog.getSaveFileName(self.window, title, str(Path(self._folder()) / name), kinds)
        if not chosen:
            return
        path = with_suffix(Path(chosen), kind.partition("*")[2].rstrip(")") or Path(name).suffix)
        if title == "Save picture":
            self._picture(path)
            return
        try:
            self._written(tab, path)
        except AtlasError as error:
            self._refuse(title, error)
        else:
            self.window.preferences.remember(path) if self.takes(path) else None
            self.window.statusBar().showMessage(f"wrote {path}")

    @staticmethod
    def _written(tab: Tab, path: Path) -> None:
        """Write the tab's surface as the suffix says."""
        surface = tab.surface
        if surface is None:
            raise StoreError("the surface is not complete yet")
        if path.suffix.lower() == ".npz":
            surface.save(path)
        else:
            surface.export(path)

    def _picture(self, path: Path) -> None:
        from ..offscreen import write_picture

        tab = self.window.tab
        if tab is None or tab.canvas.scene is None:
            self.window.statusBar().showMessage("there is no surface yet: train, or make one")
            return
        canvas = tab.canvas
        width, height = canvas.canvas.size
        try:
            write_picture(canvas.scene.surface, path, (max(width, 64), max(height, 64)), canvas.scene.seen)
        except AtlasError as error:
            self.window.statusBar().showMessage(str(error))
        else:
            self.window.statusBar().showMessage(f"saved {path.resolve()}")
        canvas.canvas.update()

    def may_close(self, tab: Tab) -> bool:
        """Whether a tab may be closed: a person is asked where changes would be lost."""
        if not tab.changed:
            return True
        button = QMessageBox.StandardButton
        asked = QMessageBox(self.window)
        asked.setWindowTitle("Save changes?")
        asked.setText(f"The workspace {tab.title} has changes that are not saved.")
        asked.setStandardButtons(button.Save | button.Discard | button.Cancel)
        asked.setDefaultButton(button.Save)
        answer = asked.exec()
        if answer == button.Save:
            self.window.pages.setCurrentWidget(tab)
            return self.save()
        return answer == button.Discard

    def _folder(self) -> str:
        recent = self.window.preferences.recent
        return str(recent[0].parent if recent and recent[0].parent.is_dir() else Path.cwd())

    def _refuse(self, title: str, error: AtlasError) -> None:
        QMessageBox.warning(self.window, title, str(error))


def with_suffix(path: Path, suffix: str) -> Path:
    """The path with a suffix, if it has none."""
    return path if path.suffix else path.with_name(path.name + suffix)
