#ifndef STUDIOS_SPRITE_H
#define STUDIOS_SPRITE_H
#include "studios/studio.h"

/* One picture of a character in, an animated sprite sheet out.
 *
 *   picture - figure
 *   animation or poses, directions - actions, a row of the sheet each
 *   figure, action - method - frames
 *   frames - feet on one line - sheet.png, NAME.gif, frames/0000.png */

extern const Studio sprite_studio;
#endif
