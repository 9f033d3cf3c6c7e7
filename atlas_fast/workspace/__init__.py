"""Workspaces: a TOML file that says everything about a problem, its training and its surface."""

from .workspace import Workspace

__all__ = ["Workspace"]
