"""What `import atlas_fast` offers."""

import subprocess
import sys
from importlib import metadata

import pytest

import atlas_fast as af


def test_every_public_name_loads() -> None:
    for name in af.__all__:
        assert getattr(af, name) is not None
        assert name in dir(af)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Problems'"):
        af.Problems  # noqa: B018


def test_a_slip_in_a_name_is_told_the_nearest() -> None:
    with pytest.raises(AttributeError, match="no attribute 'RMSprop': the nearest name is RMSProp") as caught:
        af.RMSprop  # noqa: B018
    assert (caught.value.name, caught.value.obj) == ("RMSprop", af)
    slip = [sys.executable, "-c", "import atlas_fast as af; af.RMSprop"]
    told = subprocess.run(slip, capture_output=True, text=True, check=False).stderr
    assert told.strip().endswith("Did you mean: 'RMSProp'?"), "what Python adds itself"
    with pytest.raises(AttributeError, match=r"no attribute 'zzz'$"):
        af.zzz  # noqa: B018


def test_the_version_is_that_of_the_distribution() -> None:
    assert af.__version__ == metadata.version("atlas-fast")


def test_every_error_is_an_atlas_error() -> None:
    for name in ("ArgumentError", "DataError", "DeviceError", "ExpressionError", "ShapeError", "StoreError"):
        assert issubclass(getattr(af, name), af.AtlasError)
    assert issubclass(af.ArgumentError, ValueError)
