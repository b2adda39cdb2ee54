/* SPDX-License-Identifier: MIT */
#include "pose/clip.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

Proportions proportions_usual(const Clip *c)
{
    return (Proportions){.height = 1,
                         .head = 1 - c->rest.chin,
                         .legs = c->rest.hip / c->rest.chin,
                         .face = 1,
                         .neck = 1,
                         .shoulder = 1,
                         .hip = 1,
                         .arm = 1};
}

static float between(float a, float b, float share)
{
    return a + (b - a) * share;
}

/* The figures of drawn games have settled on the build of a child once their
 * head is about a fifth. */
Proportions proportions_for_head(const Clip *c, float head)
{
    Proportions p = proportions_usual(c);
    head = fminf(fmaxf(head, 0.05f), 0.7f);
    float childish = fminf(fmaxf((head - p.head) / (0.22f - p.head), 0), 1);
    p.head = head;
    p.legs = between(p.legs, 0.50f, childish);
    p.face = between(1, 1.4f, childish);
    p.neck = between(1, 0.5f, childish);
    p.shoulder = between(1, 1.4f, childish);
    p.hip = between(1, 1.6f, childish);
    p.arm = between(1, 1.45f, childish);
    return p;
}

/* What makes a build: the head, and factors for what figures of such a head have. */
static const struct Build {
    const char *name;
    float head, legs, face, neck, shoulder, hip, arm;
} builds[] = {
    {"normal", 0.13f, 1, 1, 1, 1, 1, 1},
    {"thin", 0.12f, 1.05f, 0.92f, 1.15f, 0.86f, 0.82f, 1.03f},
    {"strong", 0.115f, 0.98f, 1.05f, 0.75f, 1.38f, 1.05f, 1.06f},
    {"heavy", 0.135f, 0.92f, 1.20f, 0.60f, 1.24f, 1.50f, 0.98f},
    {"child", 0.19f, 1, 1, 1, 0.92f, 0.90f, 0.92f},
    {"chibi", 0.42f, 1, 1, 1, 1, 1, 1},
};
enum { BUILD_COUNT = sizeof builds / sizeof *builds };

const char *build_name(int i)
{
    return i >= 0 && i < BUILD_COUNT ? builds[i].name : NULL;
}

bool proportions_named(Proportions *p, const Clip *c, const char *build, float head, Err *err)
{
    char known[128] = "";
    for (int i = 0; i < BUILD_COUNT; i++) {
        const struct Build *b = &builds[i];
        size_t n = strlen(known);
        snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "", b->name);
        if (strcmp(b->name, build) != 0)
            continue;
        *p = proportions_for_head(c, head > 0 ? head : b->head);
        p->legs *= b->legs;
        p->face *= b->face;
        p->neck *= b->neck;
        p->shoulder *= b->shoulder;
        p->hip *= b->hip;
        p->arm *= b->arm;
        return true;
    }
    return err_set(err, ERR_INPUT, "no build is called '%.60s' (there are: %s)", build, known);
}
