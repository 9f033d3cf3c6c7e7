"""A film of a tab: ordered of a process of its own, with a box that shows how far it is.

In: an Order. Out: the film's file, or nothing where it was cancelled.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from PySide6.QtCore import QEventLoop, QProcess, QProcessEnvironment, Qt
from PySide6.QtWidgets import QProgressDialog, QWidget

from ...errors import StoreError
from ...storage import write
from ..filming import Order

FOLDERS = ("TMPDIR", "TEMP", "TMP")
"""Where a process puts what it makes for a while."""


def make(order: Order, window: QWidget) -> bool:
    """Make a film while the window lives on; False where a person cancels it. Raises StoreError where it fails."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        order.put(folder)
        shown = QProgressDialog("Film", "Cancel", 0, order.reel.count, window)
        shown.setWindowModality(Qt.WindowModality.WindowModal)
        shown.setMinimumDuration(300)
        shown.setAutoReset(False)
        try:
            done, told = _filled(folder, shown)
            cancelled = shown.wasCanceled()  # as closing it does, too
        finally:
            shown.close()
            shown.deleteLater()
        if cancelled:
            return False
        if not done:
            raise StoreError(told or f"cannot write {order.reel.target}: the process that draws the film has ended")
        content = order.film(folder).read_bytes()
        write(order.reel.target, lambda opened: opened.write(content))
    return True


def _filled(folder: Path, shown: QProgressDialog) -> tuple[bool, str]:
    """Whether the process made the film, and its last words that are no numbers."""
    process, waiting, said = QProcess(), QEventLoop(), [""]
    around = QProcessEnvironment.systemEnvironment()
    for variable in FOLDERS:
        around.insert(variable, str(folder))  # so that nothing of a film that is cancelled stays behind
    process.setProcessEnvironment(around)

    def read() -> None:
        while process.canReadLine():
            line = process.readLine().data().decode(errors="replace").strip()
            done, _, total = line.partition(" ")
            if done.isdigit() and total.isdigit():
                shown.setValue(int(done))
            else:
                said[0] = line

    process.readyReadStandardOutput.connect(read)
    process.finished.connect(waiting.quit)
    process.errorOccurred.connect(waiting.quit)
    shown.canceled.connect(process.kill)
    process.start(sys.executable, ["-P", "-m", "atlas_fast.viewer.filming", str(folder)])
    try:
        waiting.exec()
    finally:
        process.kill()
        process.waitForFinished(5000)
    read()
    whole = process.exitStatus() == QProcess.ExitStatus.NormalExit and process.exitCode() == 0
    return whole and process.error() != QProcess.ProcessError.FailedToStart, said[0]
