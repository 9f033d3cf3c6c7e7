"""Benchmarks: `python -m benchmarks.NAME` from the repository's root, or `python benchmarks/NAME.py` from anywhere.

The scripts import each other by their bare names, as the tests do, so their folder is put on the path for the first.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
