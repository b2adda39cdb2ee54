#ifndef TESTS_MEDIA_APART_H
#define TESTS_MEDIA_APART_H
#include "media/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* The most by which a channel of two pictures of one shape differs. */
static inline int largest_difference(Image a, Image b)
{
    int largest = 0;
    assert_true(shape_equal(tensor_shape(a), tensor_shape(b)));
    for (int64_t i = 0; i < tensor_count(a); i++)
        largest = (int)max64(largest,
                             abs(((unsigned char *)a.data)[i] - ((unsigned char *)b.data)[i]));
    return largest;
}
#endif
