#ifndef STUDIOS_POSE_H
#define STUDIOS_POSE_H
#include "studios/studio.h"

/* Skeletons, to look at and for pose networks.
 *
 *   clip - figure of a build - seen from 1, 4 or 8 sides - poses
 *   file of poses                                        - poses
 *   poses - frames/0000.png, NAME.json, NAME.gif
 *
 *   picture - joint estimator - JSON, the skeleton over the picture */

extern const Studio pose_studio;
#endif
