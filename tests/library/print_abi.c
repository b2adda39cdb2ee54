/* SPDX-License-Identifier: MIT */
#include <atelier.h>
#include <stdio.h>

/* Prints what compiled programs have baked in: sizes, offsets, numbers. */

#define STRUCT(type) printf("struct %s: %zu bytes\n", #type, sizeof(type))
#define FIELD(type, field)                                                                     \
    printf("  %s at %zu, %zu bytes\n", #field, offsetof(type, field),                          \
           sizeof(((type *)0)->field))
#define VALUE(name) printf("%s = %d\n", #name, (int)(name))

int main(void)
{
    STRUCT(AtelierError);
    FIELD(AtelierError, kind);
    FIELD(AtelierError, text);
    STRUCT(AtelierPixels);
    FIELD(AtelierPixels, width);
    FIELD(AtelierPixels, height);
    FIELD(AtelierPixels, stride);
    FIELD(AtelierPixels, rgba);
    STRUCT(AtelierParam);
    FIELD(AtelierParam, name);
    FIELD(AtelierParam, type);
    FIELD(AtelierParam, fallback);
    FIELD(AtelierParam, least);
    FIELD(AtelierParam, most);
    FIELD(AtelierParam, unit);
    FIELD(AtelierParam, help);
    FIELD(AtelierParam, group);
    FIELD(AtelierParam, choices);
    FIELD(AtelierParam, is_needed);
    STRUCT(AtelierFrame);
    FIELD(AtelierFrame, clip);
    FIELD(AtelierFrame, index);
    FIELD(AtelierFrame, count);
    FIELD(AtelierFrame, seconds);
    FIELD(AtelierFrame, is_loop);
    FIELD(AtelierFrame, pivot_x);
    FIELD(AtelierFrame, pivot_y);
    FIELD(AtelierFrame, pixels);
    STRUCT(AtelierPreview);
    FIELD(AtelierPreview, done);
    FIELD(AtelierPreview, total);
    FIELD(AtelierPreview, pixels);
    VALUE(ATELIER_ERROR_NONE);
    VALUE(ATELIER_ERROR_INPUT);
    VALUE(ATELIER_ERROR_FORMAT);
    VALUE(ATELIER_ERROR_IO);
    VALUE(ATELIER_ERROR_MEMORY);
    VALUE(ATELIER_ERROR_CANCELLED);
    VALUE(ATELIER_TEXT);
    VALUE(ATELIER_LIST);
    VALUE(ATELIER_PATH);
    VALUE(ATELIER_PATHS);
    VALUE(ATELIER_OUT);
    VALUE(ATELIER_INT);
    VALUE(ATELIER_NUMBER);
    VALUE(ATELIER_SIZE);
    VALUE(ATELIER_FLAG);
    return 0;
}
