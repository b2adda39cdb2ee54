#ifndef STUDIOS_UPSCALE_H
#define STUDIOS_UPSCALE_H
#include "studios/studio.h"

/* Pictures made larger by a network that was taught to.
 *
 *   picture - tiles that overlap - RRDBNet or SRVGG - picture - Lanczos, if asked - file
 *   alpha ----------------------------------------------+ */

extern const Studio upscale_studio;
#endif
