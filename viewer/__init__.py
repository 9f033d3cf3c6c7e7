"""Place of the interactive viewer, installed as `atlas_fast.viewer`; it holds no code yet.

Pictures are made without it: `surface.plot()` returns a matplotlib figure and `atlas-fast example NAME --out
FILE.png` writes one.
"""

if __name__ != "atlas_fast.viewer":
    raise ImportError(
        "this folder is installed as atlas_fast.viewer; a plain `import viewer` from the project's root "
        "would load a second copy of it: import atlas_fast.viewer"
    )
