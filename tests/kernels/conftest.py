"""What the tests of the kernels share: object files in a folder of their own, and the modules beside them."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# These are no tests: pytest's importlib mode finds them only on the path, and explains only asserts it is told of.
sys.path.append(str(Path(__file__).parent))
pytest.register_assert_rewrite("meanings", "networks", "rows")


@pytest.fixture(scope="session", autouse=True)
def object_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The cache of compiled objects, empty when the tests start."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("objects")
        patch.setenv("ATLAS_CACHE_DIR", str(folder))
        yield folder


@pytest.fixture
def forget_compiled(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Forget every kernel, in memory before and after a test that changes what one is compiled from, and on disk.

    Gives the function that does so again.
    """
    from atlas_fast.kernels.cpu import compiler

    monkeypatch.setattr(compiler, "generator", lambda: request.node.nodeid)
    forget()
    yield forget
    forget()


def forget() -> None:
    from atlas_fast.kernels import execution, outputs
    from atlas_fast.kernels.cpu import driver, objects

    compiled = (execution.compile_body, driver._worker, objects._tell)
    for kept in (*compiled, outputs.on_plane, execution.points, execution.plane):
        kept.cache_clear()
