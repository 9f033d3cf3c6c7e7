"""The panel with which a workspace is edited: its loss, data, weights, training and surface, as Qt widgets.

`workspace` puts the sections together: `loss`, `data`, `weights`, `training` and `surface`. Every module here loads Qt.
"""
