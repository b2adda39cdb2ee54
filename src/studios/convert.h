#ifndef STUDIOS_CONVERT_H
#define STUDIOS_CONVERT_H
#include "studios/studio.h"

/* `atelier convert IN OUT`: weights of any kind of file as one safetensors, in
 * another naming or with other numbers if asked for.
 *
 *   file or folder - networks - names, types - OUT.safetensors */
extern const Studio convert_studio;
#endif
