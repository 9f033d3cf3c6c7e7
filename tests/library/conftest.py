"""What the tests of workspaces share: the one that stands in docs/examples."""

from pathlib import Path

import pytest

import atlas_fast as af


@pytest.fixture
def iris(root: Path) -> af.Workspace:
    return af.Workspace.read(root / "docs" / "examples" / "iris.toml")
