#ifndef BASE_JSON_H
#define BASE_JSON_H
#include "base/base.h"

/* JSON, read and written.  A thin face over jansson, so that only base knows
 * which library it is (whose own names begin with json_, hence js_ here).
 *
 * A Json is borrowed from its document and dies with it, except what
 * js_parse, js_object and js_array return: release those with
 * js_free, unless they were handed to js_put or js_push. */
typedef struct json_t Json;

/* `name` is the subject of the message: "'x.json' is not valid JSON: line 3: ...".
 * Refuses duplicate keys, over 64 levels, trailing text, and what is not UTF-8. */
Json *js_parse(const char *text, size_t size, const char *name, Err *err) MUST_USE;
/* A file of at most 64 MiB. */
Json *js_load(const char *path, Err *err) MUST_USE;
void js_free(Json *j);
/* Whether a file is meant as JSON: it is called *.json, or begins as an object
 * or array does.  What it is called says nothing of a file in memory. */
bool js_is_file(const char *path);

bool js_is_object(const Json *j);
bool js_is_array(const Json *j);
bool js_is_string(const Json *j);
bool js_is_number(const Json *j);
bool js_is_null(const Json *j); /* also for a missing member */

/* NULL if j is no object or has no such member; all readers take NULL. */
Json *js_get(const Json *j, const char *key);
/* 0 for what is no array. */
size_t js_count(const Json *j);
Json *js_at(const Json *j, size_t i);
/* The value, or `fallback` if it is missing or of another type. */
double js_number(const Json *j, double fallback);
int64_t js_int(const Json *j, int64_t fallback);
bool js_bool(const Json *j, bool fallback);
const char *js_string(const Json *j, const char *fallback);

/* Members in their order: for (it = js_first(j); it; it = js_next(j, it)). */
void *js_first(Json *j);
void *js_next(Json *j, void *it);
const char *js_key(void *it);
Json *js_value(void *it);

Json *js_new_object(void) MUST_USE;
Json *js_new_array(void) MUST_USE;
/* Takes over `value`; so does js_push.  Numbers are finite.  Keys are UTF-8; in
 * strings, which may be a stranger's, bytes that are not become U+FFFD. */
void js_put(Json *object, const char *key, Json *value);
void js_put_string(Json *object, const char *key, const char *value);
void js_put_int(Json *object, const char *key, int64_t value);
void js_put_number(Json *object, const char *key, double value);
void js_put_bool(Json *object, const char *key, bool value);
void js_push(Json *array, Json *value);
void js_push_int(Json *array, int64_t value);
void js_push_number(Json *array, double value);
void js_push_string(Json *array, const char *value);

/* The text, with members in the order they were put.  Free with xfree. */
char *js_text(const Json *j, bool is_compact) MUST_USE;
bool js_save(const Json *j, const char *path, Err *err) MUST_USE;
#endif
