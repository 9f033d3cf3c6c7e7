"""What the tests of the CUDA back end share: the modules beside them, and those of the folder above."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))
pytest.register_assert_rewrite("deferred", "device_cases", "training_cases", "turns")
