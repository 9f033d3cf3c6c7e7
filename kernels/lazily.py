"""functools.cached_property without its lock, as Python has it from 3.12 on.

That of 3.11 holds a lock, one for all instances, while it computes: a process that forks meanwhile has a child in
which nobody opens it again.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

__all__ = ["cached_property"]

if TYPE_CHECKING or sys.version_info >= (3, 12):
    from functools import cached_property
else:

    class cached_property:
        """A value that an instance computes when it is first asked for, and keeps in its __dict__."""

        def __init__(self, function: Callable[[Any], Any]) -> None:
            self.function, self.__doc__ = function, function.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self.name = name

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            if instance is None:
                return self
            # Where two threads compute it at once, both have the same value.
            return instance.__dict__.setdefault(self.name, self.function(instance))
