"""A tab: a workspace with its panel, its surface, its runs and their player; or a surface alone.

In: a document, or a surface of a file. Out: what the document's workspace makes, as its thread finds it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QUndoStack
from PySide6.QtWidgets import QLabel, QWidget

from ...errors import AtlasError
from . import jobs, layout, wording
from .appearance import Appearance
from .canvas import SurfaceCanvas
from .dressing import Dressing
from .following import Following
from .history import edited
from .legend import Legend
from .player import Player
from .runs import Entries, added, alike, of, same, shown, tracks
from .work import Job, Progress, Work

if TYPE_CHECKING:
    from ...look import Look
    from ...problem import Problem
    from ...surface import Grid, Surface
    from ...training import Run
    from ...workspace import Workspace
    from ..drawing.picking import Reading
    from ..drawing.track import Track
    from ..panels.workspace import WorkspacePanel

Document = dict[str, Any]


class Tab(QWidget):
    """A workspace in the window."""

    said = Signal(str)
    """A line for the status bar."""

    read = Signal(str)
    """What is under the mouse."""

    titled = Signal()
    """The tab has another title, or other changes to save."""

    compares = False
    """Whether it is a page of two others."""

    redrawn = Signal()
    """The surface, the runs or the look are others."""

    def __init__(self, look: Look, surface: Surface | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document: Document = {}
        self.folder: Path | None = None
        self.path: Path | None = None
        self.problem: Problem | None = None
        self.surface: Surface | None = None
        self.probe: Grid | None = None
        self.entries: Entries = ()
        self._begun = False  # whether a surface was begun that is not yet made
        self.given = False  # whether the document came from elsewhere than a file
        self.history = QUndoStack(self, undoLimit=100)
        self.history.cleanChanged.connect(self.titled)
        self.work = Work(self)
        self.work.found.connect(self._found)
        self.work.ended.connect(self._ended)
        self.panel: WorkspacePanel | None = None
        self.canvas = SurfaceCanvas(look)
        self.player = Player()
        self.legend = Legend()
        self.appearance = Appearance(look)
        self.dressing = Dressing(self, look)
        self.note = QLabel(wording.ALONE, wordWrap=True)
        self._arrange(surface is None)
        self._connect()
        self.following = Following(self.canvas, self.work, lambda: self.dressing.asked)
        self.following.lacking.connect(self.note.show)
        self._show_entries(())
        if surface is None:
            self.canvas.say(wording.HINT)
        else:
            self.show_file(surface)

    def _arrange(self, edits: bool) -> None:
        self.centre = layout.centre(self.canvas, self.player)
        self.side = layout.side(self.appearance, self.note, self.legend)
        self.note.setObjectName("aside")
        self.note.hide()
        if edits:
            from ..panels.workspace import WorkspacePanel

            self.panel = WorkspacePanel()
            self.document = self.panel.document
        self.parts = layout.whole(self, self.panel, self.centre, self.side)

    def _connect(self) -> None:
        if self.panel is not None:
            self.panel.edited.connect(self._edited)
            self.panel.refused.connect(self.said)
            self.panel.train_asked.connect(self.train)
            self.panel.surface_asked.connect(self.make_surface)
            self.panel.stop_asked.connect(self.stop)
        self.canvas.hovered.connect(lambda found: self.read.emit(self.told(found)))
        self.canvas.plainer.connect(lambda: self.dress(self.look))
        self.player.moved.connect(self.canvas.show_moment)
        self.legend.shown.connect(lambda number, seen: self._show_entries(shown(self.entries, number, seen)))
        self.legend.cleared.connect(self.clear_runs)
        self.appearance.changed.connect(self.dress)
        self.appearance.from_above.connect(self.look_from_above)
        self.appearance.reset.connect(self.reset_view)
        # Where texts are not edited, so that a space there stays one.
        space = QShortcut(QKeySequence(Qt.Key.Key_Space), self.centre)
        space.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        space.activated.connect(self.player.toggle)

    # What the tab is about.

    @property
    def title(self) -> str:
        """A few words for the tab."""
        if self.path is not None:
            return self.path.name
        text = self.surface.expression if self.panel is None and self.surface else str(self.document.get("loss", ""))
        text = " ".join(text.split())
        return (text if len(text) <= 24 else f"{text[:23]}…") or "Untitled"

    @property
    def changed(self) -> bool:
        """Whether there is something to save."""
        return self.panel is not None and not self.history.isClean()

    @property
    def workspace(self) -> Workspace:
        """The workspace as it stands. Raises WorkspaceError."""
        from ...workspace import Workspace

        # Of a table that was loaded into a new workspace only the panel knows the folder.
        folder = self.folder or (None if self.panel is None else self.panel.folder)
        return Workspace.parse(self.document, folder)

    @property
    def untouched(self) -> bool:
        """Whether it is as it was made."""
        return (
            not self.given
            and self.path is None
            and self.history.count() == 0
            and self.canvas.surface is None
            and not self.work.busy
        )

    def clear_runs(self) -> None:
        """Forget all runs."""
        self._show_entries(())

    def open(self, document: Document, folder: Path | None = None, path: Path | None = None) -> None:
        """Begin with another document."""
        assert self.panel is not None
        self.work.drop()
        self.document, self.folder, self.path = document, folder, path
        self.history.clear()
        self.panel.show_document(document, folder)
        self.titled.emit()

    def saved(self, path: Path) -> None:
        """The document now stands in a file, from which its own files are named."""
        from ...workspace import Workspace

        assert self.panel is not None
        self.document, self.folder, self.path = Workspace.read(path).document, path.parent, path
        self.panel.show_document(self.document, self.folder)
        self.history.setClean()
        self.titled.emit()

    def show_file(self, surface: Surface, path: Path | None = None) -> None:
        """Show a surface that is complete, and its runs."""
        self.path = path
        self.entries = of(surface)
        self._whole(surface)
        if len(surface.b) > 1 and surface.gradient is None:
            self.work.start(jobs.probe(surface))
        self._show_entries(self.entries)
        self.said.emit(wording.surface(surface))

    # What its thread does.

    def train(self) -> None:
        """Train, and make the surface of the run."""
        self._start(jobs.train)

    def make_surface(self) -> None:
        """Make the surface of the runs that are there."""
        self._start(jobs.surface)

    def _start(self, job: Callable[[Workspace, jobs.Keep, Callable[[], jobs.Asked]], Job]) -> None:
        if self.panel is None:
            self.said.emit("a surface alone cannot be trained: open its workspace")
            return
        try:
            workspace = self.workspace
        except AtlasError as error:
            self._tell(str(error), True)
            return
        problem, entries = self.problem, self.entries
        keeps = job is jobs.surface or self.legend.keep.isChecked()

        def keep(made: Problem) -> list[Run]:
            fit = keeps and problem is not None and alike(problem, made)
            return [entry.run for entry in entries if fit and entry.visible]

        # What is seen stays what it is, until something else is there.
        self.following.busy = self._begun = False
        self.panel.show_message("", False)
        self.panel.show_busy("reading the data", 0, 0)
        self.work.start(job(workspace, keep, lambda: self.dressing.asked))

    def stop(self) -> None:
        """End what its thread does."""
        self.work.stop()

    def leave(self) -> None:
        """The tab is closed: no OpenGL stays behind, and a thread only until what it is at can end."""
        self.player.pause()
        self.work.close()
        self.canvas.finish()

    def finish(self) -> None:
        """The tab is closed, and no thread stays behind."""
        self.leave()
        self.work.wait()

    def _found(self, found: object) -> None:
        """Something that the thread found."""
        if isinstance(found, Progress):
            if self.panel is not None and not self.following.brief:
                self.panel.show_busy(found.what, found.done, found.total)
        elif isinstance(found, jobs.Trained):
            self._trained(found)
        elif isinstance(found, jobs.Probed):
            self.probe = found.probe
            self.canvas.read_again()
        elif isinstance(found, jobs.Begun | jobs.Part | jobs.Made) and found.detail:
            self.following.take(found, self.drawn)
        elif isinstance(found, jobs.Part):
            self.canvas.refine(found.tile)
        elif isinstance(found, jobs.Begun):
            self._adopt(found.grid.problem)
            self._begin(found)
        elif isinstance(found, jobs.Made):
            self._adopt(found.problem)
            self._whole(found.surface)
            refused, run = self.dressing.wear(), found.surface.run
            self._tell(refused or wording.surface(found.surface), bool(refused or (run is not None and run.message)))

    def _trained(self, found: jobs.Trained) -> None:
        if self._adopt(found.problem):
            self.canvas.say(wording.UNMADE)  # what was seen is of another problem
        kept = self.entries if self.legend.keep.isChecked() else ()
        self.entries = added(kept, found.run)
        self.player.set_moment(1.0)
        self._show_entries(self.entries)
        self._tell(wording.run(found.run), bool(found.run.message))

    def _begin(self, found: jobs.Begun) -> None:
        """Show how a surface looks with few vertices, whose others are to come. One that is complete is kept where this
        is the same again, with other derivatives."""
        if self.surface is not None and same(self.surface, found.grid):
            self.following.whole(self.surface, found.grid.problem)
        else:
            self.surface = self.probe = None
            self.following.reset()
        self._begun = True
        self._show(found.coarse, found.grid)

    def _whole(self, surface: Surface) -> None:
        """Show a surface that is complete."""
        self.surface, self._begun = surface, False
        self._show(surface)
        self.following.reset()
        if len(surface.b) > 1:
            self.following.whole(surface, self.problem)

    def _adopt(self, problem: Problem) -> bool:
        """From now on the runs are those of this problem. Whether they were of another: those go, with its surface."""
        other = self.problem is not None and not alike(self.problem, problem)
        if other:
            self.surface = self.probe = None
            self.following.reset()
            self._list(())
            self.canvas.show_tracks(())
        self.problem = problem
        return other

    def _ended(self, error: str) -> None:
        self.following.busy = False
        if self._begun and self.surface is not None:
            self._whole(self.surface)
        elif self._begun:
            self._tell(wording.COARSE, False)
        self._begun = False
        self.dressing.wear()
        self.canvas.rest()
        if self.panel is not None:
            self.panel.show_busy("", 0, 0)
        if error:
            self._tell(error, True)
        self.titled.emit()

    def _tell(self, text: str, wrong: bool) -> None:
        if self.panel is not None:
            self.panel.show_message(text, wrong)
        self.said.emit(text.split("\n")[0])

    # What is seen.

    @property
    def drawn(self) -> tuple[Track, ...]:
        """The runs that lie on the surface, as the scene draws them."""
        shown = self.canvas.surface or self.surface
        size = 0 if shown is None else shown.plane.center.size
        return tuple(track for track in tracks(self.entries) if track.run.weights.shape[1] == size)

    def _show(self, surface: Surface, expected: Grid | None = None) -> None:
        """Show a surface with the runs that belong to it."""
        size = surface.plane.center.size
        fitting = tuple(track for track in tracks(self.entries) if track.run.weights.shape[1] == size)
        if len(surface.b) == 1:
            self.canvas.show_line(surface, fitting)
        elif expected is None:
            self.canvas.show_surface(surface, fitting)
        else:
            self.canvas.expect(surface, fitting, expected.a, expected.b)
        self.redrawn.emit()

    def _list(self, entries: Entries) -> None:
        self.entries = entries
        self.legend.set_entries(entries)
        self.player.set_entries(entries)

    def _show_entries(self, entries: Entries) -> None:
        self._list(entries)
        shown = self.canvas.surface
        if shown is not None and shown.run is not None and not entries:
            self._show(shown)
        elif shown is not None or self.canvas.shows_line:
            self.canvas.show_tracks(self.drawn)
        self.redrawn.emit()

    @property
    def look(self) -> Look:
        """How it is drawn."""
        return self.dressing.look

    def dress(self, look: Look) -> None:
        """Draw it otherwise; where the surface lacks derivatives that this needs, it is made again."""
        if refused := self.dressing.change(look):
            self._tell(refused, True)
        self.redrawn.emit()

    def look_from_above(self, above: bool) -> None:
        """Turn the relief into a map, or back."""
        self.appearance.above.setChecked(above)
        self.canvas.look_from_above(above)

    def reset_view(self) -> None:
        """The whole surface, from the usual side."""
        self.appearance.above.setChecked(False)
        self.following.back()
        self.canvas.go_home()

    def told(self, found: Reading | None) -> str:
        """What is under the mouse in words, its gradient computed there where the surface has none."""
        if found is not None and found.gradient is None and found.track is None and self.probe is not None:
            loss, *gradient = self.probe.at(found.a, found.b)
            found = replace(found, loss=loss, gradient=np.array(gradient))
        return wording.reading(found)

    # Edits.

    def _edited(self, document: Document) -> None:
        if edited(self.history, self.document, document, self._show_document):
            self.document = document
            self.titled.emit()

    def _show_document(self, document: Document) -> None:
        assert self.panel is not None
        self.document = document
        self.panel.show_document(document, self.folder)
        self.titled.emit()
