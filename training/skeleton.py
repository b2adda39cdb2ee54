"""OpenPose COCO-18 pictures, as the pose networks of the ControlNet family see them."""
import math

import cv2
import numpy as np

LIMBS = [(1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13), (1, 0), (0, 14), (14, 16), (0, 15), (15, 17)]
COLOURS = [(255, 0, 0), (255, 85, 0), (255, 170, 0), (255, 255, 0), (170, 255, 0), (85, 255, 0), (0, 255, 0), (0, 255, 85), (0, 255, 170), (0, 255, 255),
           (0, 170, 255), (0, 85, 255), (0, 0, 255), (85, 0, 255), (170, 0, 255), (255, 0, 255), (255, 0, 170), (255, 0, 85)]


def picture(joints, size=128, frame=64):
    """joints [18,3] in frame pixels (third: visible) -> uint8 [size,size,3]"""
    im = np.zeros((size, size, 3), np.uint8)
    w = max(1, round(4 * size / 512))
    p = joints[:, :2] * (size / frame)
    seen = joints[:, 2] > 0
    for i, (a, b) in enumerate(LIMBS):
        if not (seen[a] and seen[b]):
            continue
        (ax, ay), (bx, by) = p[a].tolist(), p[b].tolist()
        length = math.hypot(ax - bx, ay - by)
        angle = math.degrees(math.atan2(ay - by, ax - bx))
        poly = cv2.ellipse2Poly((int((ax + bx) / 2), int((ay + by) / 2)), (int(length / 2), w), int(angle), 0, 360, 1)
        cv2.fillConvexPoly(im, poly, tuple(int(.6 * c) for c in COLOURS[i]))
    for i in range(18):
        if seen[i]:
            cv2.circle(im, (int(p[i, 0]), int(p[i, 1])), w, COLOURS[i], thickness=-1)
    return im
