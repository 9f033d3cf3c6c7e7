"""A child forked while another thread holds a lock, of llvmlite or of a cached property, does not wait for it."""

import os
import subprocess
import sys

import pytest

FORKS = hasattr(os, "fork")

PROGRAM = """
import os, sys, threading, time
{setting}
held, over = threading.Event(), threading.Event()

def hold():
    {holding}

thread = threading.Thread(target=hold)
thread.start()
held.wait()
threading.Timer(0.2, over.set).start()
child = os.fork()
if child == 0:
    {asking}
    os._exit(0)
deadline = time.monotonic() + 10
while os.waitpid(child, os.WNOHANG) == (0, 0):
    if time.monotonic() > deadline:
        os.kill(child, 9)
        sys.exit("the child hangs")
    time.sleep(0.01)
"""

LLVM = {
    "setting": "import llvmlite.binding as llvm\nfrom atlas_fast.kernels.cpu import compiler",
    "holding": "with llvm.ffi.lib._lock:\n        held.set()\n        over.wait()",
    "asking": "llvm.parse_assembly('')",
}

PROPERTY = {
    "setting": """
from atlas_fast.kernels.lazily import cached_property
class Value:
    def __init__(self, wait): self.wait = wait
    @cached_property
    def squared(self):
        if self.wait:
            held.set()
            over.wait()
        return 4
""",
    "holding": "Value(True).squared",
    "asking": "assert Value(False).squared == 4",
}


@pytest.mark.skipif(not FORKS, reason="this platform does not fork")
@pytest.mark.parametrize("parts", [LLVM, PROPERTY], ids=["llvmlite", "cached property"])
def test_a_child_does_not_wait_for_a_thread_it_has_not(parts: dict[str, str]) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(**parts)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_cached_property_is_computed_once_and_kept() -> None:
    from atlas_fast.kernels.lazily import cached_property

    class Counted:
        times = 0

        @cached_property
        def value(self) -> int:
            self.times += 1
            return 7

    counted = Counted()
    assert (counted.value, counted.value, counted.times) == (7, 7, 1)
