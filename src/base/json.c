/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include "base/file.h"
#include "base/utf8.h"

#include <jansson.h>
#include <string.h>

enum { DEEPEST = 64, FILE_LIMIT = 64 << 20 };

/* jansson's parser recurses, so the depth is looked at before it starts. */
static bool is_shallow(const char *text, size_t size)
{
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > DEEPEST)
                return false;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return true;
}

Json *js_parse(const char *text, size_t size, const char *name, Err *err)
{
    if (!is_shallow(text, size)) {
        err_set(err, ERR_FORMAT, "'%s' is not usable: brackets nest deeper than %d", name,
                DEEPEST);
        return NULL;
    }
    json_error_t why;
    Json *j = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (j == NULL)
        err_set(err, ERR_FORMAT, "'%s' is not valid JSON: line %d: %s", name, why.line,
                why.text);
    return j;
}

Json *js_load(const char *path, Err *err)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    if (!file_read(&bytes, &size, path, FILE_LIMIT, err))
        return NULL;
    Json *j = js_parse((const char *)bytes, size, path, err);
    xfree(bytes);
    return j;
}

bool js_is_file(const char *path)
{
    char begin[64] = "";
    if (file_name_ends(path, ".json"))
        return true;
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return false;
    size_t n = fread(begin, 1, sizeof begin - 1, f);
    fclose(f);
    const char *first = begin + strspn(begin, " \t\r\n");
    return n > 0 && (*first == '{' || *first == '[');
}

void js_free(Json *j)
{
    json_decref(j);
}

bool js_is_object(const Json *j)
{
    return json_is_object(j);
}

bool js_is_array(const Json *j)
{
    return json_is_array(j);
}

bool js_is_string(const Json *j)
{
    return json_is_string(j);
}

bool js_is_number(const Json *j)
{
    return json_is_number(j);
}

bool js_is_null(const Json *j)
{
    return j == NULL || json_is_null(j);
}

Json *js_get(const Json *j, const char *key)
{
    return json_object_get(j, key);
}

size_t js_count(const Json *j)
{
    return json_array_size(j);
}

Json *js_at(const Json *j, size_t i)
{
    return json_array_get(j, i);
}

double js_number(const Json *j, double fallback)
{
    return json_is_number(j) ? json_number_value(j) : fallback;
}

int64_t js_int(const Json *j, int64_t fallback)
{
    return json_is_integer(j) ? json_integer_value(j) : fallback;
}

bool js_bool(const Json *j, bool fallback)
{
    return json_is_boolean(j) ? json_is_true(j) : fallback;
}

const char *js_string(const Json *j, const char *fallback)
{
    return json_is_string(j) ? json_string_value(j) : fallback;
}

void *js_first(Json *j)
{
    return json_object_iter(j);
}

void *js_next(Json *j, void *it)
{
    return json_object_iter_next(j, it);
}

const char *js_key(void *it)
{
    return json_object_iter_key(it);
}

Json *js_value(void *it)
{
    return json_object_iter_value(it);
}

Json *js_new_object(void)
{
    Json *j = json_object();
    must(j != NULL);
    return j;
}

Json *js_new_array(void)
{
    Json *j = json_array();
    must(j != NULL);
    return j;
}

static Json *new_string(const char *value)
{
    if (utf8_is_valid(value))
        return json_string(value);
    char *mended = utf8_mended(value);
    Json *j = json_string(mended);
    xfree(mended);
    return j;
}

void js_put(Json *object, const char *key, Json *value)
{
    must(json_object_set_new(object, key, value) == 0);
}

void js_put_string(Json *object, const char *key, const char *value)
{
    js_put(object, key, new_string(value));
}

void js_put_int(Json *object, const char *key, int64_t value)
{
    js_put(object, key, json_integer(value));
}

void js_put_number(Json *object, const char *key, double value)
{
    js_put(object, key, json_real(value));
}

void js_put_bool(Json *object, const char *key, bool value)
{
    js_put(object, key, json_boolean(value));
}

void js_push(Json *array, Json *value)
{
    must(json_array_append_new(array, value) == 0);
}

void js_push_int(Json *array, int64_t value)
{
    js_push(array, json_integer(value));
}

void js_push_number(Json *array, double value)
{
    js_push(array, json_real(value));
}

void js_push_string(Json *array, const char *value)
{
    js_push(array, new_string(value));
}

char *js_text(const Json *j, bool is_compact)
{
    size_t flags = JSON_PRESERVE_ORDER | JSON_ENCODE_ANY | JSON_REAL_PRECISION(9);
    flags |= is_compact ? JSON_COMPACT : JSON_INDENT(1);
    char *text = json_dumps(j, flags);
    must(text != NULL);
    return text;
}

bool js_save(const Json *j, const char *path, Err *err)
{
    char *text = js_text(j, false);
    size_t n = strlen(text);
    text[n] = '\n'; /* over the closing zero, which file_save does not need */
    bool ok = file_save(path, text, n + 1, err);
    xfree(text);
    return ok;
}
