"""One thread of BLAS: it splits large sums differently for each number of threads, and their bits with it."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from functools import lru_cache

from threadpoolctl import ThreadpoolController


@lru_cache(maxsize=2)
def _controller(with_scipy: bool) -> ThreadpoolController:
    """Looks for the libraries that are loaded: SciPy brings a second BLAS."""
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[object]:
    """A context in which NumPy's and SciPy's BLAS use one thread, for results that do not depend on how many
    there are."""
    limited: AbstractContextManager[object] = _controller("scipy.linalg" in sys.modules).limit(
        limits=1, user_api="blas"
    )
    return limited
