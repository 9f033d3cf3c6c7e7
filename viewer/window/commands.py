"""What the menus hold: a row for each command.

In: nothing. Out: a table; the window has a method for each row.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """name: of the window's method. key: as QKeySequence reads it; a key behind a tab in the text belongs to a part of
    the window. checked: whether it is a switch, and how it stands at first."""

    name: str
    text: str
    key: str = ""
    tip: str = ""
    checked: bool | None = None

    @property
    def bare(self) -> bool:
        """Whether its key is one that texts and tables use, too."""
        return len(self.key) == 1 or self.key in ("Home", "End")


Rows = tuple[Command | None, ...]

MENUS: dict[str, Rows] = {
    "&File": (
        Command("new", "&New workspace", "Ctrl+N", "An empty workspace in a new tab"),
        Command("open", "&Open…", "Ctrl+O", "A workspace (.toml) or a surface (.npz)"),
        Command("recent", "Open &recent"),
        Command("open_link", "Open &link…", "Ctrl+L", "A workspace from a link"),
        None,
        Command("save", "&Save", "Ctrl+S", "Save the workspace"),
        Command("save_as", "Save &as…", "Ctrl+Shift+S", "Save the workspace under another name"),
        Command(
            "save_surface",
            "Save s&urface…",
            "Ctrl+Alt+S",
            "The surface with all its runs, as .npz",
        ),
        Command("copy_link", "Copy lin&k", "Ctrl+Shift+C", "A link that holds the workspace with its data"),
        None,
        Command("save_picture", "Save &picture…", "Ctrl+P", "What is seen, as a PNG file"),
        Command("snap", "Picture into this &folder", "S", "What is seen, as atlas-1.png in the working folder"),
        Command("export", "&Export…", "Ctrl+E", "The surface for other programs, a page for a browser, or a film"),
        None,
        Command("close_tab", "&Close tab", "Ctrl+W"),
        Command("close", "&Quit", "Ctrl+Q"),
    ),
    "&Edit": (
        Command("undo", "&Undo", "Ctrl+Z", "Take the last change of the workspace back"),
        Command("redo", "&Redo", "Ctrl+Shift+Z", "Make it again"),
    ),
    "&Run": (
        Command("train", "&Train\tCtrl+Return", "", "Train, and make the surface of the run"),
        Command("make_surface", "Make &surface\tCtrl+Shift+Return", "", "The surface of the runs that are there"),
        Command("stop", "St&op\tEsc", "", "End what is being computed"),
        None,
        Command("play", "&Play or pause\tSpace", "", "Go through the steps of the runs (Space)"),
        Command("step_back", "Step &back", ",", "One step back"),
        Command("step_on", "Step &forward", ".", "One step on"),
        Command("to_start", "To the first step", "Home"),
        Command("to_end", "To the last step", "End"),
    ),
    "&View": (
        Command("from_above", "From &above", "T", "A map of contours, or the relief", False),
        Command("reset", "&Reset view", "R", "The whole surface, from the usual side"),
        Command("nearer", "Zoom &in", "+"),
        Command("further", "Zoom &out", "-"),
        Command("turn_left", "Turn left", "Alt+Left"),
        Command("turn_right", "Turn right", "Alt+Right"),
        Command("turn_up", "Turn up", "Alt+Up"),
        Command("turn_down", "Turn down", "Alt+Down"),
        Command("move_left", "Move left", "Alt+Shift+Left"),
        Command("move_right", "Move right", "Alt+Shift+Right"),
        Command("move_on", "Move forward", "Alt+Shift+Up"),
        Command("move_back", "Move back", "Alt+Shift+Down"),
        None,
        Command("contours", "&Contours", "C", "Lines of equal loss", True),
        Command("arrows", "A&rrows", "A", "Where steepest descent leads", False),
        Command("streamlines", "Stream&lines", "L", "The ways of steepest descent", False),
        Command("dark", "&Dark", "D", "Light on dark", False),
        None,
        Command("compare", "Co&mpare with…", "Ctrl+D", "Two tabs side by side, with cameras linked"),
        Command("next_tab", "Next tab", "Ctrl+Tab"),
        Command("previous_tab", "Previous tab", "Ctrl+Shift+Tab"),
        Command("panel", "&Workspace panel", "F9", "Show or hide the left side", True),
        Command("side", "View and runs pan&el", "F10", "Show or hide the right side", True),
        Command("fullscreen", "&Full screen", "F11", "", False),
    ),
    "&Help": (
        Command("tour", "&Tour", "F1", "The paper's four examples, and what to look at"),
        Command("keys", "&Keyboard shortcuts", "Ctrl+F1"),
        Command("about", "&About Atlas Fast"),
    ),
}
