/* SPDX-License-Identifier: MIT */
#include <atelier.h>
#include <locale.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The library through its public header only.  Called with "comma", the locale
 * of the environment must write 0,5 for 0.5, and nothing may change. */

static const char KNIGHT[] = ROOT "/examples/knight.png";
static const char MODEL[] = ROOT "/models/sprite-mini";

static AtelierTask *new_task(const char *studio)
{
    AtelierError err;
    AtelierTask *t = atelier_task_new(studio, &err);
    assert_non_null(t);
    return t;
}

/* A sprite in two frames and two steps, that writes nothing. */
static AtelierTask *small_sprite(void)
{
    AtelierTask *t = new_task("sprite");
    assert_true(atelier_set(t, "model", MODEL, NULL));
    assert_true(atelier_set(t, "picture", KNIGHT, NULL));
    assert_true(atelier_set(t, "out", "", NULL));
    assert_true(atelier_set_int(t, "frames", 2, NULL));
    assert_true(atelier_set_int(t, "steps", 2, NULL));
    return t;
}

static void every_studio_and_parameter_is_described(void **state)
{
    (void)state;
    assert_true(atelier_studio_count() >= 2);
    assert_null(atelier_studio_name(-1));
    assert_null(atelier_studio_name(atelier_studio_count()));
    assert_null(atelier_studio_summary(atelier_studio_count()));
    for (int s = 0; s < atelier_studio_count(); s++) {
        AtelierTask *t = new_task(atelier_studio_name(s));
        assert_true(strlen(atelier_studio_summary(s)) > 0);
        assert_true(atelier_param_count(t) > 0);
        assert_null(atelier_param(t, -1));
        assert_null(atelier_param(t, atelier_param_count(t)));
        for (int i = 0; i < atelier_param_count(t); i++) {
            const AtelierParam *p = atelier_param(t, i);
            assert_true(strlen(p->name) > 0 && strlen(p->help) > 0);
            assert_true(p->type >= ATELIER_TEXT && p->type <= ATELIER_FLAG);
            assert_string_equal(atelier_get(t, p->name), p->fallback);
            assert_true(p->most >= p->least);
            for (int c = 0; p->choices != NULL && p->choices[c] != NULL; c++)
                assert_true(atelier_set(t, p->name, p->choices[c], NULL));
            assert_true(atelier_set(t, p->name, NULL, NULL));
            assert_string_equal(atelier_get(t, p->name), p->fallback);
        }
        atelier_task_free(t);
    }
}

static void values_are_kept_and_given_back(void **state)
{
    (void)state;
    AtelierTask *t = new_task("sprite");
    assert_true(atelier_set(t, "animation", "run", NULL));
    assert_string_equal(atelier_get(t, "animation"), "run");
    assert_true(atelier_set(t, "pitch", "22.5", NULL));
    assert_string_equal(atelier_get(t, "pitch"), "22.5");
    assert_true(atelier_set_number(t, "pitch", -0.5, NULL));
    assert_string_equal(atelier_get(t, "pitch"), "-0.5");
    assert_true(atelier_set_int(t, "pitch", 70, NULL));
    assert_string_equal(atelier_get(t, "pitch"), "70");
    assert_true(atelier_set_size(t, "size", 64, 128, NULL));
    assert_string_equal(atelier_get(t, "size"), "64x128");
    assert_true(atelier_set_flag(t, "raw", true, NULL));
    assert_string_equal(atelier_get(t, "raw"), "true");
    assert_true(atelier_set(t, "out", "", NULL));
    assert_string_equal(atelier_get(t, "out"), "");
    assert_true(atelier_set(t, "animation", atelier_get(t, "animation"), NULL));
    assert_string_equal(atelier_get(t, "animation"), "run");
    assert_true(atelier_set(t, "animation", NULL, NULL));
    assert_string_equal(atelier_get(t, "animation"), "walk");
    assert_null(atelier_get(t, "nothing"));
    atelier_task_free(t);
    atelier_task_free(NULL);
}

static void what_cannot_be_set_is_refused_and_the_value_stays(void **state)
{
    static const struct {
        const char *name, *text, *why;
    } cases[] = {
        {"pitch", "81", "'pitch' is 81; it must be -80 to 80"},
        {"pitch", "0,5", "'pitch' is 0,5; it must be a number, -80 to 80"},
        {"pitch", "", "'pitch' is ; it must be a number, -80 to 80"},
        {"frames", "two", "'frames' is two; it must be a whole number, 1 to 4096"},
        {"raw", "yes", "'raw' is 'yes'; it must be true or false"},
        {"anmation", "walk", "there is no parameter 'anmation'; did you mean 'animation'?"},
        {"xyzzy", "1", "studio 'sprite' has no parameter 'xyzzy'"},
        {"picture", "", "'picture' is empty; give it PICTURE"},
    };
    (void)state;
    AtelierTask *t = new_task("sprite");
    assert_true(atelier_set(t, "pitch", "30", NULL));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AtelierError err;
        assert_false(atelier_set(t, cases[i].name, cases[i].text, &err));
        assert_string_equal(err.text, cases[i].why);
        assert_int_equal(err.kind, ATELIER_ERROR_INPUT);
        assert_false(atelier_set(t, cases[i].name, cases[i].text, NULL));
    }
    assert_string_equal(atelier_get(t, "pitch"), "30");
    assert_string_equal(atelier_get(t, "frames"), "");
    atelier_task_free(t);
}

static void a_setter_takes_only_its_own_type(void **state)
{
    (void)state;
    AtelierError err;
    AtelierPixels empty = {0};
    AtelierTask *t = new_task("sprite");
    assert_false(atelier_set_int(t, "animation", 1, &err));
    assert_string_equal(err.text, "'animation' is no whole number");
    assert_false(atelier_set_number(t, "frames", 1, &err));
    assert_string_equal(err.text, "'frames' is no number");
    assert_false(atelier_set_flag(t, "pitch", true, &err));
    assert_string_equal(err.text, "'pitch' is no flag");
    assert_false(atelier_set_size(t, "pitch", 1, 1, &err));
    assert_string_equal(err.text, "'pitch' is no size");
    assert_false(atelier_set_bytes(t, "out", "x", 1, &err));
    assert_string_equal(err.text, "'out' is no file to be read");
    assert_false(atelier_add(t, "out", "x", &err));
    assert_string_equal(err.text, "'out' is one value: set it");
    assert_false(atelier_set_pixels(t, "picture", &empty, &err));
    assert_non_null(strstr(err.text, "pixels of 0x0"));
    assert_null(atelier_task_new("sprit", &err));
    assert_string_equal(err.text, "there is no studio 'sprit'; did you mean 'sprite'?");
    assert_null(atelier_task_new("dance", &err));
    assert_string_equal(err.text, "there is no studio 'dance'");
    atelier_task_free(t);
}

/* ---- running --------------------------------------------------------------------- */

typedef struct Told {
    int frames, progress, files;
    uint64_t sum; /* of all pixels, in their order */
    char text[4096], notes[4096];
    AtelierTask *task; /* to be cancelled at the first progress, or NULL */
} Told;

static void on_frame(void *user, const AtelierFrame *f)
{
    Told *told = user;
    assert_int_equal(f->index, told->frames++);
    assert_int_equal(f->count, 2);
    assert_string_equal(f->clip, "walk");
    assert_true(f->seconds > 0 && f->seconds < 1);
    assert_true(f->pivot_x > 0 && f->pivot_x < f->pixels.width);
    assert_true(f->pivot_y > 0 && f->pivot_y <= f->pixels.height);
    assert_int_equal(f->pixels.stride, f->pixels.width * 4);
    for (size_t i = 0; i < f->pixels.stride * (size_t)f->pixels.height; i++)
        told->sum = told->sum * 1099511628211u + f->pixels.rgba[i];
}

static void on_any_frame(void *user, const AtelierFrame *f)
{
    Told *told = user;
    told->frames++;
    for (size_t i = 0; i < f->pixels.stride * (size_t)f->pixels.height; i++)
        told->sum = told->sum * 1099511628211u + f->pixels.rgba[i];
}

static void on_progress(void *user, const char *stage, int64_t done, int64_t of)
{
    Told *told = user;
    assert_true(strlen(stage) > 0 && done >= 0 && of >= 0);
    told->progress++;
    if (told->task != NULL)
        atelier_cancel(told->task);
}

static void on_file(void *user, const char *path)
{
    (void)path;
    ((Told *)user)->files++;
}

static void append(char *text, size_t room, const char *line)
{
    size_t n = strlen(text);
    snprintf(text + n, room - n, "%s\n", line);
}

static void on_text(void *user, const char *line)
{
    append(((Told *)user)->text, sizeof((Told *)user)->text, line);
}

static void on_note(void *user, const char *line)
{
    append(((Told *)user)->notes, sizeof((Told *)user)->notes, line);
}

static void listen(AtelierTask *t, Told *told)
{
    atelier_on_frame(t, on_frame, told);
    atelier_on_progress(t, on_progress, told);
    atelier_on_file(t, on_file, told);
    atelier_on_text(t, on_text, told);
    atelier_on_note(t, on_note, told);
}

static void run_and_tell(AtelierTask *t, Told *told)
{
    AtelierError err = {0};
    listen(t, told);
    if (!atelier_run(t, &err))
        fail_msg("%s", err.text);
}

static void frames_come_through_memory(void **state)
{
    (void)state;
    Told first = {0}, again = {0};
    AtelierTask *t = small_sprite();
    assert_true(atelier_set_flag(t, "verbose", true, NULL));
    run_and_tell(t, &first);
    assert_int_equal(first.frames, 2);
    assert_true(first.progress > 0);
    assert_int_equal(first.files, 0);
    assert_non_null(strstr(first.notes, "whole run"));
    assert_string_equal(first.text, "");
    run_and_tell(t, &again); /* a task may run again */
    assert_true(again.sum == first.sum);
    atelier_task_free(t);
}

/* The file's bytes from memory are the file; so are its pixels, with a stride. */
static void a_picture_in_memory_is_a_picture(void **state)
{
    (void)state;
    static unsigned char bytes[1 << 20];
    Told path = {0}, memory = {0};
    FILE *f = fopen(KNIGHT, "rb");
    assert_non_null(f);
    size_t size = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    AtelierTask *t = small_sprite();
    run_and_tell(t, &path);
    assert_true(atelier_set_bytes(t, "picture", bytes, size, NULL));
    memset(bytes, 0, sizeof bytes); /* it was copied */
    run_and_tell(t, &memory);
    assert_true(memory.sum == path.sum);
    atelier_task_free(t);
}

static void pixels_are_taken_row_by_row(void **state)
{
    enum { SIDE = 96, STRIDE = SIDE * 4 + 20 };
    static unsigned char loose[SIDE * STRIDE], tight[SIDE * SIDE * 4];
    (void)state;
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            bool is_figure = x > 30 && x < 66 && y > 8 && y < 90;
            unsigned char pixel[] = {(unsigned char)(2 * x), (unsigned char)(2 * y), 90,
                                     is_figure ? 255 : 0};
            memcpy(loose + y * STRIDE + x * 4, pixel, 4);
            memcpy(tight + (y * SIDE + x) * 4, pixel, 4);
        }
    Told a = {0}, b = {0};
    AtelierTask *t = small_sprite();
    AtelierPixels pixels = {SIDE, SIDE, STRIDE, loose};
    assert_true(atelier_set_pixels(t, "picture", &pixels, NULL));
    run_and_tell(t, &a);
    pixels = (AtelierPixels){SIDE, SIDE, 0, tight};
    assert_true(atelier_set_pixels(t, "picture", &pixels, NULL));
    run_and_tell(t, &b);
    assert_true(a.frames == 2 && a.sum == b.sum);
    atelier_task_free(t);
}

static void a_refusal_names_the_parameter_not_the_memory(void **state)
{
    (void)state;
    AtelierError err;
    AtelierTask *t = small_sprite();
    assert_true(atelier_set_bytes(t, "picture", "no picture", 10, NULL));
    assert_false(atelier_run(t, &err));
    assert_int_equal(err.kind, ATELIER_ERROR_FORMAT);
    assert_non_null(strstr(err.text, "'picture'"));
    assert_null(strstr(err.text, "/proc"));
    assert_true(atelier_set(t, "picture", NULL, NULL));
    assert_false(atelier_run(t, &err));
    assert_string_equal(err.text, "'picture' is not set, and 'sprite' needs it");
    atelier_task_free(t);
}

static void a_run_is_cancelled_before_and_while_it_runs(void **state)
{
    (void)state;
    AtelierError err;
    Told told = {0};
    AtelierTask *t = small_sprite();
    listen(t, &told);
    atelier_cancel(t);
    assert_false(atelier_run(t, &err));
    assert_int_equal(err.kind, ATELIER_ERROR_CANCELLED);
    assert_int_equal(told.progress, 0);
    told.task = t;
    assert_false(atelier_run(t, &err));
    assert_int_equal(err.kind, ATELIER_ERROR_CANCELLED);
    assert_int_equal(told.frames, 0);
    told = (Told){0};
    run_and_tell(t, &told); /* the next is not */
    assert_int_equal(told.frames, 2);
    atelier_task_free(t);
}

static void rerun(void *user, const char *stage, int64_t done, int64_t of)
{
    AtelierError err;
    (void)stage, (void)done, (void)of;
    assert_false(atelier_run(user, &err));
    assert_string_equal(err.text, "this task runs already: make another one");
}

static void a_task_runs_once_at_a_time(void **state)
{
    (void)state;
    AtelierTask *t = small_sprite();
    atelier_on_progress(t, rerun, t);
    assert_true(atelier_run(t, NULL));
    atelier_task_free(t);
}

static void *run_one(void *user)
{
    Told *told = user;
    AtelierTask *t = small_sprite();
    atelier_on_frame(t, on_frame, told);
    told->files = atelier_run(t, NULL) ? 0 : -1;
    atelier_task_free(t);
    return NULL;
}

static void tasks_run_side_by_side(void **state)
{
    enum { THREADS = 3 };
    (void)state;
    pthread_t thread[THREADS];
    Told told[THREADS] = {0};
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, run_one, &told[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(told[i].files, 0);
        assert_int_equal(told[i].frames, 2);
        assert_true(told[i].sum == told[0].sum);
    }
}

/* What the sprite studio's frames are, the pose studio's are, too. */
static void skeletons_come_through_memory(void **state)
{
    static const char JSON[] =
        "{\"people\": [{\"pose_keypoints_2d\": ["
        "32,8,1, 32,16,1, 26,16,1, 24,24,1, 24,32,1, 38,16,1, 40,24,1, 40,32,1, 28,32,1,"
        "28,44,1, 28,56,1, 36,32,1, 36,44,1, 36,56,1, 30,6,1, 34,6,1, 28,8,1, 36,8,1]}],"
        "\"canvas_width\": 64, \"canvas_height\": 64}";
    (void)state;
    AtelierError err;
    Told walk = {0}, own = {0};
    AtelierTask *t = new_task("pose");
    assert_true(atelier_set(t, "subject", "walk", NULL));
    assert_true(atelier_set(t, "out", "", NULL));
    assert_true(atelier_set_int(t, "frames", 2, NULL));
    run_and_tell(t, &walk);
    assert_int_equal(walk.frames, 2);
    assert_int_equal(walk.files, 0);
    assert_true(atelier_set_bytes(t, "subject", JSON, sizeof JSON - 1, NULL));
    atelier_on_frame(t, on_any_frame, &own);
    if (!atelier_run(t, &err))
        fail_msg("%s", err.text);
    assert_int_equal(own.frames, 1);
    assert_true(own.sum != 0);
    atelier_task_free(t);
}

static void several_pictures_need_a_folder(void **state)
{
    (void)state;
    AtelierError err;
    AtelierTask *t = small_sprite();
    assert_true(atelier_add(t, "picture", KNIGHT, NULL));
    assert_false(atelier_run(t, &err));
    assert_string_equal(err.text, "several pictures need a folder: say where with 'out'");
    atelier_task_free(t);
}

static void a_model_is_listed_as_texts(void **state)
{
    (void)state;
    Told told = {0};
    AtelierTask *t = new_task("model");
    assert_true(atelier_set(t, "path", MODEL, NULL));
    assert_true(atelier_set_flag(t, "summary", true, NULL));
    run_and_tell(t, &told);
    assert_non_null(strstr(told.text, "has every part of a sprite model"));
    assert_string_equal(told.notes, "");
    atelier_task_free(t);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_studio_and_parameter_is_described),
        cmocka_unit_test(values_are_kept_and_given_back),
        cmocka_unit_test(what_cannot_be_set_is_refused_and_the_value_stays),
        cmocka_unit_test(a_setter_takes_only_its_own_type),
        cmocka_unit_test(frames_come_through_memory),
        cmocka_unit_test(a_picture_in_memory_is_a_picture),
        cmocka_unit_test(pixels_are_taken_row_by_row),
        cmocka_unit_test(a_refusal_names_the_parameter_not_the_memory),
        cmocka_unit_test(a_run_is_cancelled_before_and_while_it_runs),
        cmocka_unit_test(a_task_runs_once_at_a_time),
        cmocka_unit_test(tasks_run_side_by_side),
        cmocka_unit_test(skeletons_come_through_memory),
        cmocka_unit_test(several_pictures_need_a_folder),
        cmocka_unit_test(a_model_is_listed_as_texts),
    };
    setlocale(LC_ALL, "");
    bool wants_comma = argc == 2 && strcmp(argv[1], "comma") == 0;
    if (wants_comma && strcmp(localeconv()->decimal_point, ",") != 0) {
        fprintf(stderr, "this locale has no decimal comma\n");
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
