"""NAME.json beside NAME.png: where the joints of the examples are, as OpenPose writes them.

Placed by whoever drew the pictures, so they tell how far an estimator of joints is off
on styles that it has not seen, and --joints takes them.  A joint that cannot be seen is
None.  The ghost has none at all.

Usage: joints.py FOLDER
"""
import json
import sys
from pathlib import Path

import numpy as np

import lineart
import photo
import robot

ORDER = ("nose neck r_shoulder r_elbow r_wrist l_shoulder l_elbow l_wrist r_hip r_knee r_ankle l_hip l_knee l_ankle "
         "r_eye l_eye r_ear l_ear").split()


def figure(size, head, right_arm, left_arm, right_leg, left_leg, eyes, ears=(None, None)):
    """head: nose, neck; arms: shoulder, elbow, wrist; legs: hip, knee, ankle; eyes and ears: right, left."""
    return size, [*head, *right_arm, *left_arm, *right_leg, *left_leg, *eyes, *ears]


def of_ink():
    k = 400 / 312 * lineart.SHRUNK
    size, points = figure(
        (400, 512), [(170, 72), (158, 112)], [(124, 124), (101, 164), (92, 208)], [(188, 128), (207, 165), (219, 208)],
        [(136, 240), (132, 298), (128, 366)], [(171, 238), (181, 296), (184, 358)], [(155, 64), (178, 64)], [(131, 68), None])
    return size, [p and (p[0] * k, p[1] * k) for p in points]


def of_astronaut():
    near, far = photo.ARMS["near"], photo.ARMS["far"]
    leg, other = photo.LEGS["near"], photo.LEGS["far"]
    face = [(0, 1.6, 0.25), (0, 1.36, 0)]
    points = photo.seen(np.array([*face, *near[:3], *far[:3], *leg[:3], *other[:3], (-0.07, 1.66, 0.24), (0.07, 1.66, 0.24),
                                  (-0.25, 1.64, 0), (0.25, 1.64, 0)], np.float32))
    return (photo.SIZE, photo.SIZE), [tuple(p) for p in points.tolist()]


def of_robot():
    points = [(0, 116, 33), (0, 74, 0)]
    for x in (-1, 1):
        points += [(x * 76, 54, 0), (x * 88, -4, 12), (x * 88, -56, 16)]
    for x in (-1, 1):
        points += [(x * 33, -64, 2), (x * 33, -100, 2), (x * 33, -138, 2)]
    points += [(-18, 130, 33), (18, 130, 33), (-44, 124, 0), (44, 124, 0)]
    return (384, 384), [tuple(p) for p in robot.project(points).tolist()]


FIGURES = {
    "pixel-hero": figure((32, 32), [(15.5, 13.5), (15.5, 16.5)], [(8.5, 18.5), (6.5, 21.5), (6.5, 24.5)],
                         [(23.5, 18.5), (25.5, 21.5), (25.5, 24.5)], [(13, 24), (12.5, 27), (11.5, 30)], [(18.5, 24), (19, 27), (20, 30)],
                         [(11.8, 12.5), (19.5, 12.5)], [(9, 13), (23.5, 13)]),
    "tiny-thief": figure((16, 16), [(11.5, 6.5), (7.5, 9)], [(7, 10), (8, 12), (10.5, 11.5)], [None] * 3,
                         [(6.5, 12.5), (6, 13.8), (5.5, 15)], [(8.5, 12.5), (9.5, 13.8), (10.5, 15)], [(11, 6), None]),
    "line-art": of_ink(),
    "painted-ranger": figure((512, 512), [(236, 93), (252, 124)], [(214, 148), (176, 206), (138, 254)], [(294, 148), (316, 204), (314, 256)],
                             [(234, 272), (226, 358), (222, 455)], [(274, 270), (282, 352), (290, 440)], [(229, 80), (252, 80)],
                             [None, (280, 80)]),
    "photo-astronaut": of_astronaut(),
    "chibi-witch": figure((256, 256), [(113, 114), (125, 138)], [(107, 146), (88, 160), (71, 174)], [(145, 147), (162, 160), (178, 175)],
                          [(112, 190), (112, 210), (110, 232)], [(138, 190), (138, 210), (137, 232)], [(101, 103), (137, 103)]),
    "tin-robot": of_robot(),
    "swamp-troll": figure((384, 384), [(62, 154), (190, 170)], [(150, 214), (104, 268), (92, 310)], [(232, 200), (240, 262), (200, 312)],
                          [(222, 270), (228, 306), (222, 338)], [(276, 275), (290, 308), (284, 340)], [(78, 122), (138, 124)],
                          [None, (222, 112)]),
    "meadow-hiker": figure((480, 480), [(274, 172), (250, 208)], [(222, 222), (198, 258), (199, 290)], [(273, 222), (296, 258), (308, 292)],
                           [(232, 318), (230, 362), (216, 410)], [(258, 316), (276, 356), (281, 405)], [(253, 162), (279, 162)],
                           [(219, 166), None]),
}


def main(folder):
    for name, (size, points) in FIGURES.items():
        assert len(points) == len(ORDER), name
        flat = [round(float(v), 1) for p in points for v in ((*p, 1) if p else (0, 0, 0))]
        text = json.dumps({"people": [{"pose_keypoints_2d": flat}], "canvas_width": size[0], "canvas_height": size[1]})
        (folder / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
