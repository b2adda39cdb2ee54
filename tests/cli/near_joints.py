"""Whether joints were found where a person put them: python3 near_joints.py FOUND.json TRUTH.json

Both OpenPose JSON of one person.  Fails if they are further apart, in the mean, than a third of the torso (from the
neck to the hips' middle): the estimator's card has the figures; here it must be wired to the right pixels and names.
"""
import json
import math
import sys


def points(path):
    with open(path) as file:
        flat = json.load(file)['people'][0]['pose_keypoints_2d']
    return [flat[i:i + 3] for i in range(0, 54, 3)]


found, truth = points(sys.argv[1]), points(sys.argv[2])
hips = [(truth[8][k] + truth[11][k]) / 2 for k in (0, 1)]
away = [math.dist(f[:2], t[:2]) for f, t in zip(found, truth) if f[2] > 0 and t[2] > 0]
error = sum(away) / len(away) / math.dist(truth[1][:2], hips)
print('%d joints, %.2f of the torso away' % (len(away), error))
sys.exit(len(away) < 14 or error > 1 / 3)
