"""The mender of src/studios/sprite/mend.c from Python: a puppet's frames in, mended ones out.

    ninja -C build training/native/libmender.so        (or set MENDER to where the library is)

    mended = mend.Mender("models/mender").mend(drawing, frames, parts, joints)
"""
import ctypes
import os

import numpy as np


class Job(ctypes.Structure):
    _fields_ = ([(n, ctypes.c_void_p) for n in ("drawing", "frames", "parts", "joints")]
                + [(n, ctypes.c_int32) for n in ("w", "h", "frame_w", "frame_h", "x", "y", "count", "is_pixel_art")]
                + [("strength", ctypes.c_double), ("out", ctypes.c_void_p), ("message", ctypes.c_void_p)])


class Mender:
    def __init__(self, folder):
        here = os.path.dirname(os.path.abspath(__file__))
        path = os.environ.get("MENDER") or os.path.join(here, "..", "build", "training", "native", "libmender.so")
        self.lib, self.message = ctypes.CDLL(os.path.abspath(path)), ctypes.create_string_buffer(512)
        self.lib.mender_native_open.restype = ctypes.c_void_p
        self.handle = self.lib.mender_native_open(os.fsencode(folder), self.message)
        if not self.handle:
            raise ValueError(self.message.value.decode())

    def mend(self, drawing, frames, parts, joints, at=(0, 0), is_pixel_art=False, strength=1.):
        """drawing u8 [h,w,4] straight alpha, its top left pixel `at` x, y of a frame; frames u8 [n,H,W,4], parts u8 [n,H,W]
        and joints [n,18,4] (x, y, z, c) as puppet.draw has them -> u8 [n,H,W,4]"""
        drawing, frames, parts = (np.ascontiguousarray(a, np.uint8) for a in (drawing, frames, parts))
        joints, out = np.ascontiguousarray(joints, np.float32), np.empty_like(frames)
        n, h, w = parts.shape
        assert drawing.shape[2:] == (4,) and frames.shape == (n, h, w, 4) and joints.shape == (n, 18, 4)
        job = Job(*(a.ctypes.data for a in (drawing, frames, parts, joints)), drawing.shape[1], drawing.shape[0], w, h, *at, n,
                  int(is_pixel_art), strength, out.ctypes.data, ctypes.addressof(self.message))
        if self.lib.mender_native(ctypes.c_void_p(self.handle), ctypes.byref(job)):
            raise ValueError(self.message.value.decode())
        return out
