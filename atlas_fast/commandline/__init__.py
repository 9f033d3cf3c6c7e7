"""The command `atlas-fast`.

Exit status 0; 1 for a failure, explained in one line; 2 for wrong usage; 130 after Ctrl-C. Results go to the standard
output, everything else to the standard error stream. Modules load when a command needs them, so that --help is quick.
"""

from collections.abc import Callable

from . import doctor, examples, functions, links, views, workspaces
from .application import app
from .status import main, run

__all__ = ["COMMANDS", "main", "run"]

COMMANDS: dict[str, Callable[..., None]] = {
    "example": examples.example,
    "run": workspaces.run,
    "view": views.view,
    "explain": workspaces.explain,
    "share": links.share,
    "open": links.open_,
    "functions": functions.functions,
    "doctor": doctor.doctor,
}
"""Every command, in the order of the help."""

for _name, _command in COMMANDS.items():
    app.command(_name)(_command)
