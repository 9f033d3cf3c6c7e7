"""What is drawn: a surface with its axes, its path and its colour bars, on whatever canvas VisPy has.

`look` is how it is dressed. `heights` (on a `scale`, with what `gaps` puts beneath them), `colouring` and `trajectory`
make numbers fit for a graphics card of a Surface and the Path of a `track`; `box` says where they lie. `field`,
`ribbon` and `labels` draw them, `paths`, `flow`, `axes` and `furniture` say what. `view` is from where it is seen,
`picking` what is under the mouse, and `scene` puts all together. Nothing here knows a window or a file.
"""
