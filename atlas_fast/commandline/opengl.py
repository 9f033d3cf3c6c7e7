"""Whether an OpenGL context can be made without a window, by EGL.

Run as a program it prints one JSON object: {"available": true, "version": .., "renderer": ..}, or false and a reason.
`doctor` runs it as a process of its own, since a broken driver ends the process that asks it. The constants are those
of the Khronos registry, https://registry.khronos.org/EGL/api/EGL/egl.h.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import json
from typing import Any

OPENGL_API, OPENGL_BIT, PBUFFER_BIT = 0x30A2, 0x0008, 0x0001
RENDERABLE_TYPE, SURFACE_TYPE, NONE = 0x3040, 0x3033, 0x3038
WIDTH, HEIGHT = 0x3057, 0x3056
SURFACELESS_MESA = 0x31DD
GL_RENDERER, GL_VERSION = 0x1F01, 0x1F02

POINTER = ctypes.c_void_p


class Unavailable(Exception):
    """What is missing, in words."""


def context() -> dict[str, Any]:
    """Make a context with a buffer of one pixel. Raises Unavailable, and OSError where there is no EGL."""
    egl = _library()
    display = _display(egl)
    egl.eglBindAPI(OPENGL_API)
    wanted = (ctypes.c_int * 5)(SURFACE_TYPE, PBUFFER_BIT, RENDERABLE_TYPE, OPENGL_BIT, NONE)
    config, count = POINTER(), ctypes.c_int()
    if not egl.eglChooseConfig(display, wanted, ctypes.byref(config), 1, ctypes.byref(count)) or not count.value:
        raise Unavailable("EGL has no OpenGL that draws off screen")
    size = (ctypes.c_int * 5)(WIDTH, 1, HEIGHT, 1, NONE)
    buffer = egl.eglCreatePbufferSurface(display, config, size)
    made = egl.eglCreateContext(display, config, None, None)
    if not made or not egl.eglMakeCurrent(display, buffer, buffer, made):
        raise Unavailable("EGL makes no OpenGL context")
    text = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_uint)(egl.eglGetProcAddress(b"glGetString"))
    version, renderer = (text(name).decode(errors="replace") for name in (GL_VERSION, GL_RENDERER))
    return {"available": True, "version": version, "renderer": renderer}


def _library() -> Any:
    name = ctypes.util.find_library("EGL")
    if name is None:
        raise Unavailable("there is no EGL library (libegl1 on Debian and Ubuntu)")
    egl = ctypes.CDLL(name)
    egl.eglGetProcAddress.argtypes = [ctypes.c_char_p]
    egl.eglChooseConfig.argtypes = [POINTER, POINTER, POINTER, ctypes.c_int, POINTER]
    egl.eglCreatePbufferSurface.argtypes = [POINTER, POINTER, POINTER]
    egl.eglCreateContext.argtypes = [POINTER, POINTER, POINTER, POINTER]
    egl.eglMakeCurrent.argtypes = [POINTER, POINTER, POINTER, POINTER]
    egl.eglInitialize.argtypes = [POINTER, POINTER, POINTER]
    egl.eglGetDisplay.argtypes = [POINTER]
    for function in ("eglGetProcAddress", "eglCreatePbufferSurface", "eglCreateContext", "eglGetDisplay"):
        getattr(egl, function).restype = POINTER
    return egl


def _display(egl: Any) -> Any:
    """A display that could be initialized: the default one, or Mesa's without any screen."""
    displays = [egl.eglGetDisplay(None)]
    address = egl.eglGetProcAddress(b"eglGetPlatformDisplayEXT")
    if address:
        by_platform = ctypes.CFUNCTYPE(POINTER, ctypes.c_uint, POINTER, POINTER)(address)
        displays.append(by_platform(SURFACELESS_MESA, None, None))
    for display in displays:
        if display and egl.eglInitialize(display, None, None):
            return display
    raise Unavailable("EGL finds no display, not even one without a screen")


if __name__ == "__main__":
    try:
        found = context()
    except (Unavailable, OSError, AttributeError) as error:
        found = {"available": False, "reason": str(error)}
    print(json.dumps(found))
