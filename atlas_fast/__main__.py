"""`python -m atlas_fast` is the command `atlas-fast`."""

from .commandline import main

main()
