"""Opening the window, where one can be opened.

In: a Surface. Out: nothing, once the window is closed, or a DeviceError of one line.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ..errors import DeviceError
from . import display

if TYPE_CHECKING:
    from ..surface import Surface


def open_window(surface: Surface) -> None:
    """Show the surface until the window is closed."""
    if threading.current_thread() is not threading.main_thread():
        raise DeviceError("a window can only be opened by the main thread of a program")
    display.require_qt()
    from PySide6.QtWidgets import QApplication

    # What a running application shows needs no trial.
    trial = display.Trial() if QApplication.instance() is None else None
    try:
        display.require_extra()
        from .window import Window  # VisPy loads while the trial runs

        if trial is not None:
            trial.require()
    finally:
        if trial is not None:
            trial.stop()
    application = QApplication.instance() or QApplication(["atlas-fast"])
    window = Window(surface)
    window.show_until_closed()
    del window, application
