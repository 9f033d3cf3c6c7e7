"""The viewer's window: workspaces as tabs, each with its panel, its surface and a player of its runs.

`application` is the window, `tab` a workspace in it, `canvas` the surface on the screen. What takes long is a job
(`jobs`) on a thread of its own (`work`); its finds arrive in the window's thread. Loading this package loads Qt.
"""
