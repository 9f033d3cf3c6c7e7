"""Share links: the text itself (codec.py), those of the 2019 original (original.py, and dialect.py for its losses), and
problems and workspaces as links (sharing.py)."""

from .codec import decode, encode
from .sharing import open_link, open_workspace, share

__all__ = ["decode", "encode", "open_link", "open_workspace", "share"]
