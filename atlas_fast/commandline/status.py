"""From arguments to an exit status: what a failure prints, and as what it counts."""

from __future__ import annotations

import os
import sys

import typer

from .application import app

INTERRUPTED = 130
"""128 + SIGINT, as shells report Ctrl-C; typer returns it where it meets the interrupt first."""

COMPLETION = ("--show-completion", "--install-completion")
SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")


def main() -> None:
    """The entry point: runs the command and exits with its status."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command with these arguments; return its exit status."""
    if arguments[:1] and arguments[0] in COMPLETION and arguments[1:] and arguments[1] in SHELLS:
        # Typer asks which shell it runs in, unless told not to: then it takes the one that is named.
        os.environ["_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION"] = "1"
    command = typer.main.get_command(app)
    try:
        status = command.main(args=arguments, prog_name="atlas-fast", standalone_mode=False)
        sys.stdout.flush()
    except KeyboardInterrupt:
        status = INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has seen enough, as `head` does. Python flushes again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except Exception as error:
        status = _explained(error)
    if status == INTERRUPTED:
        print("atlas-fast: stopped", file=sys.stderr)
    return status if isinstance(status, int) else 0


def _explained(error: Exception) -> int:
    """Print what a failure is about; return its exit status. What nobody foresaw is raised again."""
    from ..errors import AtlasError

    if isinstance(error, AtlasError):
        print(f"atlas-fast: {error}", file=sys.stderr)
        return 1
    if isinstance(error, MemoryError):
        print("atlas-fast: out of memory: take a lower --resolution, or fewer samples", file=sys.stderr)
        return 1
    # Click's errors (typer may carry its own copy of click) know their status and how to show themselves.
    show, status = getattr(error, "show", None), getattr(error, "exit_code", None)
    if status is not None:
        if show is not None:
            show()
        return int(status)
    if type(error).__name__ == "Abort":
        return INTERRUPTED
    raise error
