"""The puppet of src/puppet from Python: a picture and its joints in, frames in other poses out.

    ninja -C build training/native/libpuppet.so        (or set PUPPET to where the library is)

    frames, parts, labels = puppet.draw(rgba, joints, targets)
"""
import ctypes
import os

import numpy as np

PARTS = ["nothing", "torso", "head", "r_upper_arm", "r_forearm", "l_upper_arm", "l_forearm", "r_thigh",
         "r_shin", "l_thigh", "l_shin", "skirt", "cape", "held_r", "held_l"]
HELD = (13, 14)


class Job(ctypes.Structure):
    _fields_ = ([(n, ctypes.c_void_p) for n in ("rgba", "joints", "targets", "given")]
                + [(n, ctypes.c_int32) for n in ("w", "h", "canvas_w", "canvas_h", "count", "native", "depth")]
                + [(n, ctypes.c_void_p) for n in ("out", "part", "labels", "message")])


def library():
    here = os.path.dirname(os.path.abspath(__file__))
    path = os.environ.get("PUPPET") or os.path.join(here, "..", "build", "training", "native", "libpuppet.so")
    return ctypes.CDLL(os.path.abspath(path))


lib = None


def at(a):
    return a.ctypes.data if a is not None else None


def joints4(j):
    """[..., 18, 2|3|4] -> x, y, z, c; three numbers are x, y and how sure (COCO), z is 0 then"""
    j = np.asarray(j, np.float32)
    out = np.zeros(j.shape[:-1] + (4,), np.float32)
    out[..., :2] = j[..., :2]
    out[..., 3] = 1 if j.shape[-1] == 2 else j[..., -1]
    if j.shape[-1] == 4:
        out[..., 2] = j[..., 2]
    return np.ascontiguousarray(out)


def draw(rgba, joints, targets, canvas=None, native=False, depth=True, given=None):
    """rgba u8 [h,w,4] straight alpha, joints [18,4] (x, y, z, c), targets [n,18,4] in the canvas's
    pixels, canvas (w, h) or the picture's, native True, False or None (the C code looks), given:
    u8 [h,w] parts or None -> frames u8 [n,H,W,4], parts u8 [n,H,W], the picture's labels u8 [h,w]"""
    global lib
    lib = lib or library()
    rgba = np.ascontiguousarray(rgba, np.uint8)
    joints, targets = joints4(joints), joints4(targets)
    assert rgba.ndim == 3 and rgba.shape[2] == 4 and joints.shape == (18, 4) and targets.shape[1:] == (18, 4)
    given = None if given is None else np.ascontiguousarray(given, np.uint8)
    assert given is None or given.shape == rgba.shape[:2]
    h, w = rgba.shape[:2]
    cw, ch = canvas or (w, h)
    out, part = np.zeros((len(targets), ch, cw, 4), np.uint8), np.zeros((len(targets), ch, cw), np.uint8)
    labels, message = np.zeros((h, w), np.uint8), ctypes.create_string_buffer(512)
    job = Job(at(rgba), at(joints), at(targets), at(given), w, h, cw, ch, len(targets),
              -1 if native is None else int(native), int(depth), at(out), at(part), at(labels),
              ctypes.addressof(message))
    if lib.puppet_native(ctypes.byref(job)):
        raise ValueError(message.value.decode())
    return out, part, labels
