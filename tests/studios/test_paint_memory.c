/* SPDX-License-Identifier: MIT */
#include "paint_models.h"

#include "paint/paint.h"
#include "studios/paint.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Plans are made by passes that compute nothing, over the models of tests/golden/paint, at
 * sizes at which their work takes megabytes.  Pictures are not compared with diffusers' here:
 * test_paint.c does that. */

enum { FLAGS = 16, WAYS = 9 };
static const size_t MIB = (size_t)1 << 20;

typedef struct Case {
    const char *says, *model;
    Flag flags[FLAGS];
} Case;

static const Case cases[] = {
    {"from words", "sd1", {{"guidance", "5"}}},
    {"a batch", "sd1", {{"guidance", "5"}, {"batch", "4"}}},
    {"without guidance", "sd1", {{"guidance", "1"}}},
    {"from a picture", "sd1", {{"guidance", "5"}, {"init", "init.png"}}},
    {"a LoRA", "sd1", {{"guidance", "5"}, {"lora", "changes.safetensors"}}},
    {"a ControlNet",
     "sd1",
     {{"guidance", "5"}, {"controlnet", "sd1/lines"}, {"control", "raw=init.png"}}},
    {"a ControlNet that guesses",
     "sd1",
     {{"guidance", "5"},
      {"controlnet", "sd1/lines"},
      {"control", "raw=init.png"},
      {"guess", "true"}}},
    {"nine channels",
     "inpaint",
     {{"guidance", "5"}, {"init", "init.png"}, {"mask", "mask.png"}, {"strength", "0.6"}}},
    {"SD 2", "sd2", {{"guidance", "5"}}},
    {"SDXL", "sdxl", {{"guidance", "5"}, {"batch", "2"}}},
};
enum { CASES = sizeof cases / sizeof *cases };

static const char *in_place(const Flag *f)
{
    static char word[600];
    static const char *const files[] = {"init", "mask", "lora", "controlnet", NULL};
    for (const char *const *name = files; *name != NULL; name++)
        if (strcmp(f->name, *name) == 0)
            return in_folder(f->value);
    if (strcmp(f->name, "control") != 0)
        return f->value;
    snprintf(word, sizeof word, "raw=%s", in_folder("init.png"));
    return word;
}

/* What is asked for, with one more flag if that is not NULL. */
static void *asked(const Case *c, const Flag *more)
{
    Err err = {0};
    Flag flags[FLAGS + 8] = {{"prompt", "a photo of the cat"},
                             {"steps", "2"},
                             {"threads", "1"},
                             {"size", "128x96"},
                             {"sampler", "euler"},
                             {"out", in_folder("out.png")},
                             {"model", in_folder(c->model)}};
    int n = 7;
    for (const Flag *f = c->flags; f->name != NULL; f++)
        flags[n++] = (Flag){f->name, in_place(f)};
    if (more != NULL)
        flags[n++] = *more;
    void *q = studio_asked(&paint_studio, flags, &err);
    if (q == NULL)
        fail_msg("%s: %s", c->says, err.text);
    return q;
}

/* All that the studio does but files. */
static bool paint(PaintWork *w, Err *err)
{
    return paint_begin(w, err) && paint_open(w, err) && paint_look(w, err) &&
           paint_settle(w, err) && paint_frame(w, err) && paint_controls_open(w, err) &&
           paint_controls_see(w, err) && paint_words(w, err) && paint_sample(w, err) &&
           paint_decode(w, err);
}

/* Every network is used in the plan's way of that number, 0 the fastest. */
static void paint_so(PaintWork *w, const Case *c, int way)
{
    static const char *const nets[] = {"text encoder", "second text encoder", "VAE encoder",
                                       "UNet", "VAE decoder"};
    static const StudioRun silent;
    Err err = {0};
    *w = (PaintWork){.studio = &paint_studio, .q = asked(c, NULL), .talk = &silent};
    for (int i = 0; i < 5; i++)
        w->plan.stage[w->plan.stages++] = (PaintStage){.what = nets[i], .way = way};
    if (!paint(w, &err))
        fail_msg("%s, in way %d: %s", c->says, way, err.text);
}

static void end(PaintWork *w)
{
    paint_end(w);
    xfree((void *)(uintptr_t)w->q);
}

/* Big blocks begin on pages of 2 MiB, wherever the arena does. */
static void assert_near(const char *says, const char *what, size_t planned, size_t taken)
{
    if (planned + MIB * 2 < taken - taken / 10 || planned > taken + taken / 10 + MIB * 2)
        fail_msg("%s: %s are planned as %zu bytes, and take %zu", says, what, planned, taken);
}

static void assert_as_planned(const char *says, const PaintPlan *p)
{
    for (int i = 0; i < p->stages; i++) {
        const PaintTake *a = &p->stage[i].planned, *b = &p->stage[i].taken;
        assert_near(says, "weights", a->weights, b->weights);
        assert_near(says, "work", a->work, b->work);
        assert_near(says, "results", a->job, b->job);
    }
}

static double apart(Image a, Image b)
{
    double most = 0;
    const unsigned char *x = a.data, *y = b.data;
    assert_true(shape_equal(tensor_shape(a), tensor_shape(b)));
    for (int64_t i = 0; i < tensor_count(a); i++)
        most = fmax(most, fabs((double)x[i] - y[i]));
    return most;
}

/* Bands sum the statistics of norms in another order, and the rest rounds as it does: a level
 * of a channel, where it lies between two. */
static void what_is_planned_is_taken_and_no_way_changes_the_picture(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        PaintWork fast, w;
        paint_so(&fast, &cases[i], 0);
        assert_as_planned(cases[i].says, &fast.plan);
        for (int way = i == 0 ? 1 : 3; way < WAYS; way += i == 0 ? 1 : 5) {
            paint_so(&w, &cases[i], way);
            assert_as_planned(cases[i].says, &w.plan);
            for (int64_t k = 0; k < w.pictures; k++)
                if (apart(w.picture[k], fast.picture[k]) > 1)
                    fail_msg("%s: way %d changes the picture", cases[i].says, way);
            end(&w);
        }
        end(&fast);
    }
}

static size_t work_of(const PaintWork *w, const char *what)
{
    for (int i = 0; i < w->plan.stages; i++)
        if (strcmp(w->plan.stage[i].what, what) == 0)
            return w->plan.stage[i].taken.work;
    fail_msg("there is no %s", what);
    return 0;
}

static void rows_and_pictures_in_turn_take_less_than_at_once(void **state)
{
    (void)state;
    PaintWork fast, small;
    paint_so(&fast, &cases[1], 0);
    paint_so(&small, &cases[1], WAYS - 1);
    assert_true(work_of(&small, "UNet") < work_of(&fast, "UNet") * 7 / 10);
    end(&small);
    end(&fast);
}

/* ---- how much ------------------------------------------------------------------------------
 */

static bool is_done_in(const char *memory, const char *tile, Err *err)
{
    Flag flags[] = {{"prompt", "a cat"},
                    {"model", in_folder("sd1")},
                    {"size", "384x320"},
                    {"steps", "1"},
                    {"guidance", "1"},
                    {"threads", "1"},
                    {"out", in_folder("out.png")},
                    {"tile-vae", tile},
                    {"memory", memory},
                    {0}};
    return paint_with(flags, &(StudioRun){0}, err);
}

static void the_least_that_would_do_is_told_and_does(void **state)
{
    (void)state;
    char text[32];
    Err whole = {0}, bands = {0}, none = {0}, less = {0};
    unsigned least = 0, least_whole = 0;
    assert_false(is_done_in("1M", "auto", &bands));
    assert_int_equal(bands.kind, ERR_MEMORY);
    assert_int_equal(sscanf(bands.text,
                            "a picture of 384x320 needs %u MiB at least, for the VAE decoder",
                            &least),
                     1);
    assert_non_null(strstr(bands.text, "M would do, or a smaller --size"));
    assert_false(is_done_in("1M", "off", &whole));
    assert_int_equal(sscanf(whole.text, "a picture of 384x320 needs %u MiB", &least_whole), 1);
    assert_true(least < least_whole);
    snprintf(text, sizeof text, "%uM", least - 1);
    assert_false(is_done_in(text, "auto", &less));
    snprintf(text, sizeof text, "%uM", least);
    if (!is_done_in(text, "auto", &none))
        fail_msg("%s", none.text);
}

static void what_is_no_amount_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"much", "4 G", "-1G", "0", "4GB", "G"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char want[128];
        Err err = {0};
        assert_false(is_done_in(bad[i], "auto", &err));
        snprintf(want, sizeof want,
                 "--memory is '%s'; it must be a number with M or G, as 512M or 4G", bad[i]);
        assert_string_equal(err.text, want);
    }
}

/* ---- pictures ------------------------------------------------------------------------------
 */

static void save(const char *name, int channels)
{
    Err err = {0};
    static unsigned char pixels[96 * 120 * 3];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = channels == 1 ? (i % 120 < 60 ? 255 : 0) : (unsigned char)(i * 7 % 251);
    if (!image_save(tensor_over(pixels, TENSOR_U8, SHAPE(96, 120, channels)), in_folder(name),
                    NULL, 0, &err))
        fail_msg("%s", err.text);
}

static int set_up(void **state)
{
    (void)state;
    models_make();
    save("init.png", 3);
    save("mask.png", 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    models_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_planned_is_taken_and_no_way_changes_the_picture),
        cmocka_unit_test(rows_and_pictures_in_turn_take_less_than_at_once),
        cmocka_unit_test(the_least_that_would_do_is_told_and_does),
        cmocka_unit_test(what_is_no_amount_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
