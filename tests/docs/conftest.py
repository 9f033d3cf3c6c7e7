"""What the tests of the documentation share: the module beside them that runs a page."""

import sys
from pathlib import Path

import pytest

# It is no test: pytest's importlib mode finds it only on the path, and explains only asserts it is told of.
sys.path.append(str(Path(__file__).parent))
pytest.register_assert_rewrite("pages")
