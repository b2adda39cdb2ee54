#ifndef POSE_HEATMAP_H
#define POSE_HEATMAP_H
#include "pose/skeleton.h"
#include "tensor/tensor.h"

/* Between a picture and a network that looks for joints: the square that the
 * network is shown, and what its maps say.
 *
 *   picture -- box of what is seen -- square around it, a little larger
 *           -- S x S, each pixel the mean of its footprint -- network
 *           -- maps: for each joint and cell how likely it is there, the way
 *              to it, its depth, how sure -- mean over cells -- joints
 *
 * The mean is weighted by the softmax of the first map, so joints are found
 * to fractions of a pixel (integral regression, arXiv 1711.08229).  Several
 * views of one picture, some of them mirrored, are wiser together. */

/* A square in pixels of the picture; may reach beyond it. */
typedef struct HeatmapView {
    float left, top, side;
    bool is_mirrored; /* the network sees right and left exchanged */
} HeatmapView;

/* What was found: joints in pixels of the picture, z too, towards us, 0 in
 * the middle of the hips. */
typedef struct JointsFound {
    Pose pose;         /* c: how likely this is right, 0..1; low for a face turned away */
    float yaw_degrees; /* -180..180: 0 faces us, 90 looks to our right */
    float figure;      /* 0..1: how likely there is a figure with arms and legs */
} JointsFound;

/* Numbers for each joint: likelihood, x and y of the way, depth, certainty. */
enum { HEATMAP_MAPS = 5, HEATMAP_SIDE = 3 };

/* Squares around what is seen in picture (u8 [H,W,4], straight alpha): nearer
 * and farther, straight and mirrored.  False if nothing is. */
enum { HEATMAP_VIEWS = 4 };
bool heatmap_views(Tensor picture, HeatmapView views[HEATMAP_VIEWS], Err *err) MUST_USE;

/* Fills out (f32 [1,S,S,4]) with the view: colours times alpha and alpha,
 * -0.5..0.5.  What lies beyond the picture is transparent. */
void heatmap_look(Tensor picture, HeatmapView view, Tensor out);

/* Reads maps (f32 [1,G,G,JOINTS*HEATMAP_MAPS]; ways and depth in cells, the
 * certainty before its sigmoid) and side (f32 [1,h,w,HEATMAP_SIDE]: the yaw's
 * sine and cosine, the figure's sigmoid to come). */
JointsFound heatmap_read(Tensor maps, Tensor side, HeatmapView view);

/* What `count` views of one picture say together: a joint is where the
 * surer ones (by the square of c) see it; all else is their mean. */
JointsFound heatmap_agreed(const JointsFound *views, int count);

/* The joints to go by: those it is sure enough of, the others missing.  False if it
 * is not sure of a figure. */
bool joints_sure(const JointsFound *f, Pose *to) MUST_USE;
#endif
