"""What `import atlas_fast` offers."""

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


def test_the_version_is_that_of_the_distribution() -> None:
    assert af.__version__ == metadata.version("atlas-fast")


def test_every_error_is_an_atlas_error() -> None:
    for name in ("ArgumentError", "DataError", "DeviceError", "ExpressionError", "ShapeError", "StoreError"):
        assert issubclass(getattr(af, name), af.AtlasError)
    assert issubclass(af.ArgumentError, ValueError)
