/* SPDX-License-Identifier: MIT */
#include "corpus.h"

#include "weights/binder.h"

static float numbers[64];

static void add(Weights *w, const char *name, Shape s)
{
    weights_add(w, name, tensor_over(numbers, TENSOR_F32, s));
}

/* A small network: a.0 and a.1 with weight and bias, and one number. */
static Weights *small(void)
{
    Weights *w = weights_new("small");
    add(w, "a.0.weight", SHAPE(2, 3));
    add(w, "a.0.bias", SHAPE(2));
    add(w, "a.1.weight", SHAPE(4, 2, 1, 1));
    add(w, "scale", SHAPE(1));
    weights_add(w, "steps", tensor_over(numbers, TENSOR_I64, SHAPE(1)));
    return w;
}

static void names_follow_the_prefix(void **state)
{
    (void)state;
    Weights *w = small();
    Binder b;
    Err err = {0};
    binder_init(&b, w);
    binder_enter(&b, "a");
    binder_enter(&b, "0");
    Tensor t = binder_take(&b, "weight", SHAPE(2, 3));
    assert_ptr_equal(t.data, numbers);
    assert_true(shape_equal(tensor_shape(t), SHAPE(2, 3)));
    assert_false(tensor_is_empty(binder_take(&b, "bias", SHAPE(2))));
    binder_leave(&b);
    assert_false(tensor_is_empty(binder_take(&b, "1.weight", SHAPE(4, 2, 1, 1))));
    binder_leave(&b);
    binder_enter(&b, "");
    assert_false(tensor_is_empty(binder_take(&b, "scale", SHAPE(1))));
    binder_leave(&b);
    assert_false(tensor_is_empty(binder_take_any(&b, "steps")));
    assert_true(tensor_is_empty(binder_take_any(&b, "a.1.bias")));
    assert_true(binder_done(&b, NULL, &err));
    binder_release(&b);
    weights_close(w);
}

/* Takes everything but `without`, and with `shape` for a.0.weight. */
static bool bind(Binder *b, Shape shape, const char *extra, const char *const *tolerated,
                 Err *err)
{
    binder_take(b, "a.0.weight", shape);
    binder_take(b, "a.0.bias", SHAPE(2));
    if (extra != NULL)
        binder_take(b, extra, SHAPE(4, 2, 1, 1));
    binder_take(b, "scale", SHAPE(1));
    return binder_done(b, tolerated, err);
}

static void failures_are_told_with_name_wanted_and_found(void **state)
{
    (void)state;
    static const char *const steps[] = {"steps", NULL}, *const stars[] = {"*.1.*t", "st*ps",
                                                                          NULL};
    static const char *const close[] = {"steps", "a.1.weigh", "*.1", "1.weight", NULL};
    const struct {
        Shape shape;
        const char *extra;
        const char *const *tolerated;
        const char *sentence;
    } cases[] = {
        {SHAPE(2, 3), "a.1.weight", steps, NULL},
        {SHAPE(2, 3), NULL, stars, NULL},
        {SHAPE(3, 2), "a.1.weight", steps,
         "'small': tensor 'a.0.weight' is f32 [2,3], wanted [3,2]"},
        {SHAPE(2), "a.1.weight", steps,
         "'small': tensor 'a.0.weight' is f32 [2,3], wanted [2]"},
        {SHAPE(2, 3), "a.2.weight", steps, "'small': tensor 'a.2.weight' is missing"},
        {SHAPE(2, 3), NULL, steps, "'small': 1 tensor belongs to nothing: 'a.1.weight'"},
        {SHAPE(2, 3), NULL, close, "'small': 1 tensor belongs to nothing: 'a.1.weight'"},
        {SHAPE(2, 3), NULL, NULL,
         "'small': 2 tensors belong to nothing: 'a.1.weight', 'steps'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Weights *w = small();
        Binder b;
        Err err = {0};
        binder_init(&b, w);
        bool ok = bind(&b, cases[i].shape, cases[i].extra, cases[i].tolerated, &err);
        assert_string_equal(err.text, cases[i].sentence == NULL ? "" : cases[i].sentence);
        assert_int_equal(ok, cases[i].sentence == NULL);
        binder_release(&b);
        weights_close(w);
    }
}

static void the_first_failure_stays_and_others_are_counted(void **state)
{
    (void)state;
    Weights *w = small();
    Binder b;
    Err err = {0};
    binder_init(&b, w);
    binder_take(&b, "a.0.weight", SHAPE(9, 9));
    binder_take(&b, "a.0.bias", SHAPE(9));
    assert_false(binder_ok(&b));
    assert_false(binder_done(&b, NULL, &err));
    assert_string_equal(err.text, "'small': tensor 'a.0.weight' is f32 [2,3], wanted [9,9]; "
                                  "and 1 more has another shape or type");
    binder_take(&b, "b.0.weight", SHAPE(9, 9));
    binder_take(&b, "b.0.bias", SHAPE(9));
    assert_string_equal(binder_missing(&b, 0), "b.0.weight");
    assert_string_equal(binder_missing(&b, 1), "b.0.bias");
    assert_null(binder_missing(&b, 2));
    err = (Err){0};
    assert_false(binder_done(&b, NULL, &err));
    assert_string_equal(err.text,
                        "'small': 2 of 4 tensors are missing, the first is 'b.0.weight'");
    binder_release(&b);
    binder_init(&b, w);
    binder_take(&b, "x", SHAPE(1));
    binder_take(&b, "y", SHAPE(1));
    err = (Err){0};
    assert_false(binder_done(&b, NULL, &err));
    assert_string_equal(err.text, "'small': none of 2 tensors is there, the first is 'x'");
    binder_release(&b);
    weights_close(w);
}

static void a_caller_may_fail_by_its_own_reason(void **state)
{
    (void)state;
    Weights *w = small();
    Binder b;
    Err err = {0};
    binder_init(&b, w);
    binder_fail(&b, "%d heads do not divide %d channels", 3, 8);
    binder_take(&b, "scale", SHAPE(2));
    assert_false(binder_ok(&b));
    assert_false(binder_done(&b, NULL, &err));
    assert_string_equal(err.text, "'small': 3 heads do not divide 8 channels");
    binder_release(&b);
    weights_close(w);
}

static void whole_numbers_are_no_weights(void **state)
{
    (void)state;
    Weights *w = small();
    Binder b;
    Err err = {0};
    binder_init(&b, w);
    assert_true(tensor_is_empty(binder_take(&b, "steps", SHAPE(1))));
    assert_false(binder_done(&b, NULL, &err));
    assert_string_equal(err.text,
                        "'small': tensor 'steps' is i64 [1], wanted floating point [1]");
    binder_release(&b);
    weights_close(w);
}

static void alternatives_are_tried_in_their_order(void **state)
{
    (void)state;
    Weights *w = weights_new("old");
    add(w, "query.weight", SHAPE(4, 4));
    add(w, "key.weight", SHAPE(4, 4));
    add(w, "proj_attn.weight", SHAPE(4, 4));
    add(w, "proj_attn.bias", SHAPE(4));
    Binder b;
    Err err = {0};
    binder_init(&b, w);
    assert_true(binder_has(&b, "to_q.weight|query.weight"));
    assert_false(binder_has(&b, "to_q.weight"));
    assert_false(
        tensor_is_empty(binder_take_either(&b, "to_q.weight", "query.weight", SHAPE(4, 4))));
    assert_false(
        tensor_is_empty(binder_take(&b, "k.weight|to_k.weight|key.weight", SHAPE(4, 4))));
    binder_enter(&b, "to_out.0|proj_attn");
    assert_string_equal(b.prefix, "proj_attn.");
    assert_false(tensor_is_empty(binder_take(&b, "weight", SHAPE(4, 4))));
    assert_false(tensor_is_empty(binder_take(&b, "bias", SHAPE(4))));
    binder_leave(&b);
    assert_string_equal(b.prefix, "");
    assert_true(binder_ok(&b));
    binder_enter(&b, "to_v|value");
    assert_string_equal(b.prefix, "to_v.");
    binder_take(&b, "weight", SHAPE(4, 4));
    binder_leave(&b);
    assert_false(binder_done(&b, NULL, &err));
    assert_string_equal(err.text, "'old': tensor 'to_v.weight' is missing");
    binder_release(&b);
    weights_close(w);
}

static void a_linear_layer_may_be_a_1x1_convolution(void **state)
{
    (void)state;
    const struct {
        Shape is, want;
        bool ok;
    } cases[] = {
        {SHAPE(4, 2), SHAPE(4, 2), true},        {SHAPE(4, 2, 1, 1), SHAPE(4, 2), true},
        {SHAPE(4, 2, 1), SHAPE(4, 2), true},     {SHAPE(4, 2), SHAPE(4, 2, 1, 1), true},
        {SHAPE(4, 1), SHAPE(4, 1, 1, 1), true},  {SHAPE(4, 2, 3, 3), SHAPE(4, 2), false},
        {SHAPE(2, 4), SHAPE(4, 2), false},       {SHAPE(4), SHAPE(4, 1), false},
        {SHAPE(4, 2, 1, 3), SHAPE(4, 2), false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Weights *w = weights_new("w");
        add(w, "w", cases[i].is);
        Binder b;
        binder_init(&b, w);
        Tensor t = binder_take_linear(&b, "w", cases[i].want);
        assert_int_equal(!tensor_is_empty(t), cases[i].ok);
        if (cases[i].ok)
            assert_true(shape_equal(tensor_shape(t), cases[i].want));
        assert_int_equal(binder_ok(&b), cases[i].ok);
        binder_release(&b);
        weights_close(w);
    }
}

static void two_files_may_stand_behind_one_binder(void **state)
{
    (void)state;
    Weights *w = small(), *motion = weights_new("motion");
    float other[2];
    weights_add(motion, "motion.weight", tensor_over(other, TENSOR_F32, SHAPE(2)));
    weights_add(motion, "scale", tensor_over(other, TENSOR_F32, SHAPE(1)));
    weights_add(motion, "rest", tensor_over(other, TENSOR_F32, SHAPE(1)));
    Binder b;
    Err err = {0};
    binder_init(&b, w);
    binder_also(&b, motion);
    assert_ptr_equal(binder_take(&b, "motion.weight", SHAPE(2)).data, other);
    assert_ptr_equal(binder_take(&b, "scale", SHAPE(1)).data, numbers);
    binder_take(&b, "a.1.weight", SHAPE(4, 2, 1, 1));
    static const char *const tolerated[] = {"a.0.*", NULL};
    size_t at = 0;
    assert_string_equal(binder_left(&b, tolerated, &at), "steps");
    assert_string_equal(binder_left(&b, tolerated, &at), "rest");
    assert_null(binder_left(&b, tolerated, &at));
    assert_false(binder_done(&b, tolerated, &err));
    assert_string_equal(err.text,
                        "'small' and 'motion': 2 tensors belong to nothing: 'steps', 'rest'");
    binder_release(&b);
    weights_close(motion);
    weights_close(w);
}

static void looking_does_not_use_up(void **state)
{
    (void)state;
    Weights *w = weights_new("w");
    add(w, "a", SHAPE(1));
    Binder b;
    Err err = {0};
    binder_init(&b, w);
    assert_true(binder_has(&b, "a"));
    assert_ptr_equal(binder_peek(&b, "a").data, numbers);
    assert_false(binder_done(&b, NULL, &err));
    assert_string_equal(err.text, "'w': 1 tensor belongs to nothing: 'a'");
    binder_release(&b);
    weights_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_follow_the_prefix),
        cmocka_unit_test(failures_are_told_with_name_wanted_and_found),
        cmocka_unit_test(the_first_failure_stays_and_others_are_counted),
        cmocka_unit_test(a_caller_may_fail_by_its_own_reason),
        cmocka_unit_test(whole_numbers_are_no_weights),
        cmocka_unit_test(alternatives_are_tried_in_their_order),
        cmocka_unit_test(a_linear_layer_may_be_a_1x1_convolution),
        cmocka_unit_test(two_files_may_stand_behind_one_binder),
        cmocka_unit_test(looking_does_not_use_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
