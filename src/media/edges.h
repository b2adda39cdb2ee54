#ifndef MEDIA_EDGES_H
#define MEDIA_EDGES_H
#include "media/image.h"

/* Lines of pictures, white on black, as networks that are led by lines
 * (ControlNet's canny and scribble) were taught to see them.
 *
 * Any Image of C = 1 or 3, of any size; the result is RGB (its channels are
 * alike) and lies in the arena, which is else left as it was.  Empty, with
 * ERR_MEMORY, if it is short. */

/* Canny's edges (IEEE PAMI 8(6), 1986), byte for byte those of OpenCV's
 * cv2.Canny(im, low, high), which blurs nothing beforehand:
 *
 *   slope   3x3 Sobel, the border repeated; of three channels the one whose
 *           |dx| + |dy| is largest, the first among equals
 *   thin    a pixel counts if it is steeper than `low` and than both
 *           neighbours along its slope, in the nearest of four directions
 *   follow  it is an edge if it is steeper than `high`, or touches one that
 *           is through others that count
 *
 * Slopes reach 2040.  Thresholds in the wrong order change places.  ControlNet
 * was taught with 100 and 200. */
Image image_canny(Arena *a, Image im, int low, int high, Err *err) MUST_USE;

/* Dark strokes on light paper: white where min(R,G,B) < 127. */
Image image_scribble(Arena *a, Image im, Err *err) MUST_USE;
#endif
