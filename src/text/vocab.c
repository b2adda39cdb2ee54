/* SPDX-License-Identifier: MIT */
#include "text/internal.h"

#include <string.h>

/* What the build made of data/text (tools/embed.py). */
struct Embedded {
    const char *name;
    const unsigned char *bytes;
    size_t size;
};
extern const struct Embedded clip_merges_table[];

void vocab_init(Vocab *v, int32_t merges)
{
    uint32_t places = 64;
    while (places < 2 * (uint32_t)merges)
        places *= 2;
    *v = (Vocab){.made = xalloc((size_t)merges + 1, sizeof *v->made),
                 .pair = xalloc(places, sizeof *v->pair),
                 .mask = places - 1};
    for (uint32_t i = 0; i < places; i++)
        v->pair[i].left = -1;
    memset(v->byte, 0xff, sizeof v->byte);
}

void vocab_release(Vocab *v)
{
    xfree(v->made);
    xfree(v->pair);
    *v = (Vocab){0};
}

/* Where the pair is, or would be. */
static Pair *place(const Vocab *v, int32_t left, int32_t right)
{
    uint64_t key = ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) * 0x9e3779b97f4a7c15u;
    uint32_t at = (uint32_t)(key >> 32) & v->mask;
    while (v->pair[at].left >= 0 && (v->pair[at].left != left || v->pair[at].right != right))
        at = (at + 1) & v->mask;
    return &v->pair[at];
}

void vocab_add(Vocab *v, int32_t left, int32_t right, int32_t made)
{
    *place(v, left, right) = (Pair){left, right, v->merges};
    v->made[v->merges++] = made;
}

int32_t vocab_rank(const Vocab *v, int32_t left, int32_t right)
{
    if (left < 0 || right < 0)
        return NO_RANK;
    const Pair *p = place(v, left, right);
    return p->left < 0 ? NO_RANK : p->rank;
}

static bool is_shown(int b)
{
    return (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
}

void vocab_signs(int32_t to[256])
{
    int32_t hidden = 256;
    for (int b = 0; b < 256; b++)
        to[b] = is_shown(b) ? b : hidden++;
}

/* Bytes with a sign of their own come first. */
static void number_bytes(Vocab *v)
{
    int32_t id = 0;
    for (int shown = 1; shown >= 0; shown--)
        for (int b = 0; b < 256; b++)
            if (is_shown(b) == shown) {
                v->byte[0][b] = id;
                v->byte[1][b] = 256 + id++;
            }
}

void vocab_built_in(Vocab *v)
{
    const unsigned char *at = clip_merges_table[0].bytes;
    int32_t merges = (int32_t)(clip_merges_table[0].size / 4);
    vocab_init(v, merges);
    number_bytes(v);
    for (int32_t i = 0; i < merges; i++, at += 4)
        vocab_add(v, at[0] | at[1] << 8, at[2] | at[3] << 8, 512 + i);
    v->begin = 512 + merges;
    v->end = v->pad = v->unknown = v->begin + 1;
}
