#ifndef DIFFUSION_VERDICT_H
#define DIFFUSION_VERDICT_H
#include "base/base.h"

/* What a v prediction looks like at the first step of a zero-SNR schedule,
 * where x is pure noise and the clean picture is -v: spread out moderately,
 * smoother than noise, and unlike x.  A network that predicts the noise, or
 * one whose parts do not belong together, fails this. */
typedef struct Verdict {
    float spread;    /* standard deviation of -v; plausible below 2 */
    float roughness; /* of neighbours in h and w: 1 is white noise, 0 is flat */
    float likeness;  /* correlation of prediction and x; near 0 is plausible */
    bool is_plausible;
} Verdict;

/* x and prediction [F,h,w,C] at step 0.  False, with a sentence that says
 * what is probably wrong, if the prediction is not plausible or not finite. */
bool verdict_on_v(Verdict *verdict, const float *x, const float *prediction, int64_t F,
                  int64_t h, int64_t w, int64_t C, Err *err) MUST_USE;
#endif
