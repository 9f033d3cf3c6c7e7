"""Place of the interactive viewer, installed as `atlas_fast.viewer`; it holds no code yet.

Pictures are made without it: `surface.plot()` returns a matplotlib figure and `atlas-fast example NAME --out
FILE.png` writes one.
"""
