/* SPDX-License-Identifier: MIT */
#include "library/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Static_assert((int)ATELIER_ERROR_INPUT == ERR_INPUT &&
                   (int)ATELIER_ERROR_FORMAT == ERR_FORMAT && (int)ATELIER_ERROR_IO == ERR_IO &&
                   (int)ATELIER_ERROR_MEMORY == ERR_MEMORY &&
                   (int)ATELIER_ERROR_CANCELLED == ERR_CANCELLED,
               "kinds of errors are numbered alike inside and outside");

const char *atelier_version(void)
{
    return ATELIER_VERSION;
}

bool fail(AtelierError *to, const Err *err)
{
    if (to == NULL)
        return false;
    to->kind = (AtelierErrorKind)err->kind;
    snprintf(to->text, sizeof to->text, "%s", err->text);
    return false;
}

/* ---- studios --------------------------------------------------------------------- */

int atelier_studio_count(void)
{
    return studios_count();
}

static const Studio *studio_at(int i)
{
    return i >= 0 && i < studios_count() ? studios_at(i) : NULL;
}

const char *atelier_studio_name(int studio)
{
    const Studio *s = studio_at(studio);
    return s == NULL ? NULL : s->name;
}

const char *atelier_studio_summary(int studio)
{
    const Studio *s = studio_at(studio);
    return s == NULL ? NULL : s->summary;
}
