/* SPDX-License-Identifier: MIT */
#include "pose/draw.h"

#include <string.h>

/* OpenPose's rainbow; limbs are 0.6 of it, cut to whole numbers. */
#define JOINT_COLOURS                                                                          \
    {                                                                                          \
        {255, 0, 0}, {255, 85, 0}, {255, 170, 0}, {255, 255, 0}, {170, 255, 0}, {85, 255, 0},  \
            {0, 255, 0}, {0, 255, 85}, {0, 255, 170}, {0, 255, 255}, {0, 170, 255},            \
            {0, 85, 255}, {0, 0, 255}, {85, 0, 255}, {170, 0, 255}, {255, 0, 255},             \
            {255, 0, 170}, {255, 0, 85},                                                       \
    }

static const PoseStyle styles[] = {
    {.name = "controlnet",
     .joint = JOINT_COLOURS,
     .limb = {{153, 0, 0},
              {153, 51, 0},
              {153, 102, 0},
              {153, 153, 0},
              {102, 153, 0},
              {51, 153, 0},
              {0, 153, 0},
              {0, 153, 51},
              {0, 153, 102},
              {0, 153, 153},
              {0, 102, 153},
              {0, 51, 153},
              {0, 0, 153},
              {51, 0, 153},
              {102, 0, 153},
              {153, 0, 153},
              {153, 0, 102}}},
    {.name = "ssd", /* neck to left shoulder and right hip, right eye to ear differ */
     .joint = JOINT_COLOURS,
     .limb = {{153, 0, 0},
              {153, 51, 1},
              {153, 102, 0},
              {153, 153, 0},
              {102, 153, 0},
              {51, 153, 0},
              {0, 153, 153},
              {0, 153, 51},
              {0, 153, 102},
              {0, 153, 153},
              {0, 102, 153},
              {0, 51, 153},
              {0, 0, 153},
              {51, 0, 153},
              {153, 0, 102},
              {153, 0, 153},
              {153, 0, 102}}}};

const PoseStyle *pose_style(const char *name)
{
    for (size_t i = 0; i < sizeof styles / sizeof *styles; i++) {
        if (!strcmp(name, styles[i].name))
            return &styles[i];
    }
    return NULL;
}
