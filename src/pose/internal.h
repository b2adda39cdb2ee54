#ifndef POSE_INTERNAL_H
#define POSE_INTERNAL_H
#include "base/base.h"

/* Shapes on a picture, pixel for pixel where OpenCV puts them (line type 8,
 * no subpixel shift): where an edge between two pixels falls is a matter of
 * rounding, and pose networks have seen OpenCV's.  Inside this room only. */

typedef struct Canvas {
    unsigned char *rgb; /* [height,width,3] */
    int64_t width, height;
} Canvas;

typedef struct Dot {
    int64_t x, y;
} Dot;

/* Both ends belong to it. */
void raster_line(const Canvas *c, Dot from, Dot to, const unsigned char rgb[3]);

/* A filled disc. */
void raster_disc(const Canvas *c, Dot center, int radius, const unsigned char rgb[3]);

/* A filled ellipse with these half axes, turned by whole degrees; a polygon
 * of points one degree apart. */
void raster_ellipse(const Canvas *c, Dot center, int64_t along, int64_t across, int degrees,
                    const unsigned char rgb[3]);

/* A straight bar, `half` pixels to each side of its middle. */
void raster_bar(const Canvas *c, Dot from, Dot to, int half, const unsigned char rgb[3]);
#endif
