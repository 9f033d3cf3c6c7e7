"""What is drawn: a surface with its axes, its path and its colour bars, on whatever canvas VisPy has.

`heights` and `trajectory` make numbers fit for a graphics card of a Surface and its Path, `box` says where they lie,
`field`, `ribbon` and `labels` draw them, `scene` puts them together. Nothing here knows a window or a file.
"""
