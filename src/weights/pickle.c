/* SPDX-License-Identifier: MIT */
#include "weights/pickle.h"

#include <string.h>

/* The opcodes are those of Python's pickletools, by their names there. */
enum {
    CHUNK = 32 << 10,
    MEMORY_LIMIT = 256 << 20, /* some 60,000 tensors */
    DEEPEST_STACK = 1 << 20,
    MOST_NOTES = 1 << 23,
};

typedef struct Chunk {
    struct Chunk *next;
    size_t used, size;
    _Alignas(16) unsigned char bytes[];
} Chunk;

typedef struct Machine {
    const unsigned char *begin, *at, *end;
    Value **stack; /* NULL stands for a mark */
    size_t depth, room;
    Value **memo;
    size_t memo_count, memo_room;
    bool is_done;
    Pickle *out;
    Err *err;
} Machine;

void *pickle_take(Pickle *p, size_t size)
{
    size = (size + 15) / 16 * 16;
    Chunk *c = p->chunks;
    if (c == NULL || size > c->size - c->used) {
        size_t room = size > CHUNK ? size : CHUNK;
        if (room > MEMORY_LIMIT - p->taken)
            return NULL;
        p->taken += room;
        c = xalloc(1, sizeof *c + room);
        *c = (Chunk){.next = p->chunks, .size = room};
        p->chunks = c;
    }
    c->used += size;
    return c->bytes + c->used - size;
}

void pickle_release(Pickle *p)
{
    while (p->chunks != NULL) {
        Chunk *next = p->chunks->next;
        xfree(p->chunks);
        p->chunks = next;
    }
    *p = (Pickle){0};
}

Value *value_new(Pickle *p, ValueKind kind, Err *err)
{
    Value *v = pickle_take(p, sizeof *v);
    if (v == NULL) {
        err_set(err, ERR_FORMAT, "its pickle holds too many values");
        return NULL;
    }
    *v = (Value){.kind = kind};
    return v;
}

static bool broken(Machine *m, const char *why)
{
    err_set(m->err, ERR_FORMAT, "its pickle is broken at byte %zu: %s",
            (size_t)(m->at - m->begin), why);
    return false;
}

static bool push(Machine *m, Value *v)
{
    if (m->depth >= DEEPEST_STACK)
        return broken(m, "the stack is too deep");
    if (m->depth == m->room) {
        m->room *= 2;
        m->stack = xgrow(m->stack, m->room, sizeof(Value *));
    }
    m->stack[m->depth++] = v;
    return true;
}

static bool push_new(Machine *m, ValueKind kind, Value **made)
{
    Value *v = value_new(m->out, kind, m->err);
    if (made != NULL)
        *made = v;
    return v != NULL && push(m, v);
}

/* The topmost value, which may not be a mark. */
static Value *top(Machine *m)
{
    Value *v = m->depth > 0 ? m->stack[m->depth - 1] : NULL;
    if (v == NULL)
        broken(m, "the stack is empty");
    return v;
}

static Value *pop(Machine *m)
{
    Value *v = top(m);
    m->depth -= v != NULL;
    return v;
}

/* Where the values above the topmost mark begin. */
static bool find_mark(Machine *m, size_t *first)
{
    size_t i = m->depth;
    while (i > 0 && m->stack[i - 1] != NULL)
        i--;
    *first = i;
    return i > 0 || broken(m, "there is no mark");
}

static bool take_bytes(Machine *m, size_t size, Text *text)
{
    if (size > (size_t)(m->end - m->at))
        return broken(m, "it is cut off");
    *text = (Text){(const char *)m->at, size};
    m->at += size;
    return true;
}

/* An unsigned number of `width` bytes. */
static bool take_number(Machine *m, int width, uint64_t *n)
{
    Text t;
    if (!take_bytes(m, (size_t)width, &t))
        return false;
    *n = 0;
    for (int i = 0; i < width; i++)
        *n |= (uint64_t)(unsigned char)t.at[i] << (8 * i);
    return true;
}

static bool take_line(Machine *m, Text *line)
{
    const unsigned char *end = memchr(m->at, '\n', (size_t)(m->end - m->at));
    if (end == NULL)
        return broken(m, "it is cut off");
    *line = (Text){(const char *)m->at, (size_t)(end - m->at)};
    m->at = end + 1;
    return true;
}

static bool append(Machine *m, Value *to, Value *const *items, size_t count)
{
    if (count > DEEPEST_STACK || to->list.count > UINT32_MAX / 4)
        return broken(m, "a list is too long");
    uint32_t want = to->list.count + (uint32_t)count;
    if (want > to->list.room) {
        uint32_t room = want + to->list.count / 2 + (to->list.room > 0 ? 2 : 0);
        Value **item = pickle_take(m->out, room * sizeof(Value *));
        if (item == NULL)
            return broken(m, "it holds too many values");
        if (to->list.count > 0)
            memcpy(item, to->list.item, to->list.count * sizeof(Value *));
        to->list.item = item;
        to->list.room = room;
    }
    if (count > 0)
        memcpy(to->list.item + to->list.count, items, count * sizeof(Value *));
    to->list.count = want;
    return true;
}

/* Numbers and texts. */

static bool push_int(Machine *m, ValueKind kind, int64_t n)
{
    Value *v;
    if (!push_new(m, kind, &v))
        return false;
    v->number = n;
    return true;
}

static bool op_bool(Machine *m)
{
    return push_int(m, VALUE_BOOL, m->at[-1] == 0x88);
}

static bool op_binint(Machine *m)
{
    uint64_t n;
    return take_number(m, 4, &n) && push_int(m, VALUE_INT, (int32_t)(uint32_t)n);
}

static bool op_binint1(Machine *m)
{
    uint64_t n;
    return take_number(m, 1, &n) && push_int(m, VALUE_INT, (int64_t)n);
}

static bool op_binint2(Machine *m)
{
    uint64_t n;
    return take_number(m, 2, &n) && push_int(m, VALUE_INT, (int64_t)n);
}

/* Two's complement, little-endian, as many bytes as it says. */
static bool push_long(Machine *m, int width)
{
    uint64_t size, n = 0;
    Text t;
    Value *v;
    if (!take_number(m, width, &size) || !take_bytes(m, (size_t)size, &t))
        return false;
    if (size > 8) {
        if (!push_new(m, VALUE_BIG, &v))
            return false;
        v->text = t;
        return true;
    }
    for (size_t i = 0; i < size; i++)
        n |= (uint64_t)(unsigned char)t.at[i] << (8 * i);
    if (size > 0 && size < 8 && (t.at[size - 1] & 0x80) != 0)
        n |= UINT64_MAX << (8 * size);
    return push_int(m, VALUE_INT, (int64_t)n);
}

static bool op_long1(Machine *m)
{
    return push_long(m, 1);
}

static bool op_long4(Machine *m)
{
    return push_long(m, 4);
}

static bool op_binfloat(Machine *m)
{
    Text t;
    return take_bytes(m, 8, &t) && push_new(m, VALUE_INERT, NULL);
}

static bool push_text(Machine *m, ValueKind kind, int width)
{
    uint64_t size;
    Text t;
    Value *v;
    if (!take_number(m, width, &size) || !take_bytes(m, (size_t)size, &t) ||
        !push_new(m, kind, &v))
        return false;
    if (kind == VALUE_TEXT)
        v->text = t;
    return true;
}

static bool op_text1(Machine *m)
{
    return push_text(m, VALUE_TEXT, 1);
}

static bool op_text4(Machine *m)
{
    return push_text(m, VALUE_TEXT, 4);
}

static bool op_text8(Machine *m)
{
    return push_text(m, VALUE_TEXT, 8);
}

static bool op_bytes1(Machine *m)
{
    return push_text(m, VALUE_INERT, 1);
}

static bool op_bytes4(Machine *m)
{
    return push_text(m, VALUE_INERT, 4);
}

static bool op_bytes8(Machine *m)
{
    return push_text(m, VALUE_INERT, 8);
}

static bool op_none(Machine *m)
{
    return push_new(m, VALUE_NONE, NULL);
}

/* The stack. */

static bool op_mark(Machine *m)
{
    return push(m, NULL);
}

static bool op_pop(Machine *m)
{
    if (m->depth == 0)
        return broken(m, "the stack is empty");
    m->depth--;
    return true;
}

static bool op_pop_mark(Machine *m)
{
    size_t first;
    if (!find_mark(m, &first))
        return false;
    m->depth = first - 1;
    return true;
}

static bool op_dup(Machine *m)
{
    Value *v = top(m);
    return v != NULL && push(m, v);
}

static bool op_proto(Machine *m)
{
    uint64_t version;
    if (!take_number(m, 1, &version))
        return false;
    return version <= 5 || broken(m, "its protocol is newer than 5");
}

static bool op_frame(Machine *m)
{
    uint64_t size;
    return take_number(m, 8, &size);
}

static bool op_stop(Machine *m)
{
    m->is_done = true;
    m->out->root = top(m);
    return m->out->root != NULL;
}

/* The memo.  Whoever writes pickles counts up from 0, so no place is beyond
 * the number of bytes read: a bound on what a stranger can make us allocate. */

static bool memo_put(Machine *m, uint64_t i)
{
    Value *v = top(m);
    if (v == NULL)
        return false;
    if (i >= (uint64_t)(m->at - m->begin) || i >= MOST_NOTES)
        return broken(m, "a memo number is out of range");
    if (i >= m->memo_room) {
        size_t room = (size_t)i * 2 + 64;
        m->memo = xgrow(m->memo, room, sizeof(Value *));
        memset(m->memo + m->memo_room, 0, (room - m->memo_room) * sizeof(Value *));
        m->memo_room = room;
    }
    m->memo[i] = v;
    m->memo_count++;
    return true;
}

static bool memo_get(Machine *m, uint64_t i)
{
    if (i >= m->memo_room || m->memo[i] == NULL)
        return broken(m, "it recalls what it never noted");
    return push(m, m->memo[i]);
}

static bool op_put1(Machine *m)
{
    uint64_t i;
    return take_number(m, 1, &i) && memo_put(m, i);
}

static bool op_put4(Machine *m)
{
    uint64_t i;
    return take_number(m, 4, &i) && memo_put(m, i);
}

static bool op_memoize(Machine *m)
{
    return memo_put(m, m->memo_count);
}

static bool op_get1(Machine *m)
{
    uint64_t i;
    return take_number(m, 1, &i) && memo_get(m, i);
}

static bool op_get4(Machine *m)
{
    uint64_t i;
    return take_number(m, 4, &i) && memo_get(m, i);
}

/* Tuples, lists, dictionaries. */

static bool collect(Machine *m, ValueKind kind, size_t first, size_t floor)
{
    Value *v = value_new(m->out, kind, m->err);
    if (v == NULL || (kind != VALUE_INERT && !append(m, v, m->stack + first, m->depth - first)))
        return false;
    m->depth = floor;
    return push(m, v);
}

static bool collect_marked(Machine *m, ValueKind kind)
{
    size_t first;
    if (!find_mark(m, &first))
        return false;
    if (kind == VALUE_DICT && (m->depth - first) % 2 != 0)
        return broken(m, "a key has no value");
    return collect(m, kind, first, first - 1);
}

static bool collect_tuple(Machine *m, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (m->depth <= i || m->stack[m->depth - 1 - i] == NULL)
            return broken(m, "the stack is empty");
    return collect(m, VALUE_TUPLE, m->depth - count, m->depth - count);
}

static bool op_empty_tuple(Machine *m)
{
    return collect_tuple(m, 0);
}

static bool op_tuple1(Machine *m)
{
    return collect_tuple(m, 1);
}

static bool op_tuple2(Machine *m)
{
    return collect_tuple(m, 2);
}

static bool op_tuple3(Machine *m)
{
    return collect_tuple(m, 3);
}

static bool op_tuple(Machine *m)
{
    return collect_marked(m, VALUE_TUPLE);
}

static bool op_list(Machine *m)
{
    return collect_marked(m, VALUE_LIST);
}

static bool op_dict(Machine *m)
{
    return collect_marked(m, VALUE_DICT);
}

static bool op_frozenset(Machine *m)
{
    return collect_marked(m, VALUE_INERT);
}

static bool op_empty_list(Machine *m)
{
    return push_new(m, VALUE_LIST, NULL);
}

static bool op_empty_dict(Machine *m)
{
    return push_new(m, VALUE_DICT, NULL);
}

static bool op_empty_set(Machine *m)
{
    return push_new(m, VALUE_INERT, NULL);
}

/* Moves the values from `first` on into what lies under them, `under`. */
static bool extend(Machine *m, size_t first, size_t under, ValueKind kind)
{
    if (under == 0 || m->stack[under - 1] == NULL)
        return broken(m, "the stack is empty");
    Value *to = m->stack[under - 1];
    if (to->kind != kind && to->kind != VALUE_INERT)
        return broken(m, "it adds to what is no list or dictionary");
    if (to->kind == kind && !append(m, to, m->stack + first, m->depth - first))
        return false;
    m->depth = under;
    return true;
}

static bool extend_marked(Machine *m, ValueKind kind)
{
    size_t first;
    if (!find_mark(m, &first))
        return false;
    if (kind == VALUE_DICT && (m->depth - first) % 2 != 0)
        return broken(m, "a key has no value");
    return extend(m, first, first - 1, kind);
}

static bool extend_by(Machine *m, size_t count, ValueKind kind)
{
    for (size_t i = 0; i < count; i++)
        if (m->depth <= i || m->stack[m->depth - 1 - i] == NULL)
            return broken(m, "the stack is empty");
    return extend(m, m->depth - count, m->depth - count, kind);
}

static bool op_append(Machine *m)
{
    return extend_by(m, 1, VALUE_LIST);
}

static bool op_appends(Machine *m)
{
    return extend_marked(m, VALUE_LIST);
}

static bool op_setitem(Machine *m)
{
    return extend_by(m, 2, VALUE_DICT);
}

static bool op_setitems(Machine *m)
{
    return extend_marked(m, VALUE_DICT);
}

static bool op_additems(Machine *m)
{
    return extend_marked(m, VALUE_INERT);
}

/* Globals and calls. */

static bool push_global(Machine *m, Text module, Text name)
{
    Value *v;
    Global *g = pickle_take(m->out, sizeof *g);
    if (g == NULL)
        return broken(m, "it holds too many values");
    *g = (Global){.module = module, .name = name};
    global_classify(g);
    if (!push_new(m, VALUE_GLOBAL, &v))
        return false;
    v->global = g;
    return true;
}

static bool op_global(Machine *m)
{
    Text module, name;
    return take_line(m, &module) && take_line(m, &name) && push_global(m, module, name);
}

static bool op_stack_global(Machine *m)
{
    Value *name = pop(m), *module = name != NULL ? pop(m) : NULL;
    if (module == NULL)
        return false;
    if (module->kind != VALUE_TEXT || name->kind != VALUE_TEXT)
        return broken(m, "a global has no name");
    return push_global(m, module->text, name->text);
}

static bool push_made(Machine *m, Value *v)
{
    return v != NULL && push(m, v);
}

static bool op_reduce(Machine *m)
{
    Value *args = pop(m), *callee = args != NULL ? pop(m) : NULL;
    return callee != NULL && push_made(m, global_call(m->out, callee, args, m->err));
}

/* The state of an object is what it holds; else dictionaries, tensors and inert values have
 * none that matters, and others cannot be. */
static bool op_build(Machine *m)
{
    Value *state = pop(m), *v = state != NULL ? top(m) : NULL;
    if (v == NULL)
        return false;
    if (v->kind == VALUE_GLOBAL)
        return global_call(m->out, v, NULL, m->err) != NULL;
    if (v->wants_state && state->kind == VALUE_DICT) {
        v->list = state->list;
        v->wants_state = false;
    }
    return v->kind == VALUE_DICT || v->kind == VALUE_TENSOR || v->kind == VALUE_INERT ||
           broken(m, "it gives a state to what has none");
}

/* NEWOBJ, NEWOBJ_EX, OBJ and INST make objects of any class: one is known, and made by the
 * first. */
static bool refuse_object(Machine *m, const Value *v)
{
    if (v == NULL)
        return false;
    if (v->kind != VALUE_GLOBAL)
        return broken(m, "it makes an object of no class");
    return global_call(m->out, v, NULL, m->err) != NULL;
}

static bool op_newobj(Machine *m)
{
    Value *class = pop(m) != NULL ? pop(m) : NULL, *v;
    if (class == NULL || class->kind != VALUE_GLOBAL || class->global->call != CALL_OBJECT)
        return refuse_object(m, class);
    if (!push_new(m, VALUE_DICT, &v))
        return false;
    v->wants_state = true;
    return true;
}

static bool op_newobj_ex(Machine *m)
{
    return pop(m) != NULL && pop(m) != NULL && refuse_object(m, pop(m));
}

static bool op_obj(Machine *m)
{
    size_t first;
    if (!find_mark(m, &first))
        return false;
    return first < m->depth ? refuse_object(m, m->stack[first])
                            : broken(m, "it makes an object of no class");
}

static bool op_inst(Machine *m)
{
    return op_global(m) && refuse_object(m, pop(m));
}

static bool op_binpersid(Machine *m)
{
    Value *id = pop(m);
    return id != NULL && push_made(m, storage_claim(m->out, id, m->err));
}

static bool (*const ops[256])(Machine *) = {
    ['('] = op_mark,          ['.'] = op_stop,        ['0'] = op_pop,
    ['1'] = op_pop_mark,      ['2'] = op_dup,         ['B'] = op_bytes4,
    ['C'] = op_bytes1,        ['G'] = op_binfloat,    ['J'] = op_binint,
    ['K'] = op_binint1,       ['M'] = op_binint2,     ['N'] = op_none,
    ['Q'] = op_binpersid,     ['R'] = op_reduce,      ['T'] = op_text4,
    ['U'] = op_text1,         ['X'] = op_text4,       ['a'] = op_append,
    ['b'] = op_build,         ['c'] = op_global,      ['d'] = op_dict,
    ['e'] = op_appends,       ['h'] = op_get1,        ['i'] = op_inst,
    ['j'] = op_get4,          ['l'] = op_list,        ['o'] = op_obj,
    ['q'] = op_put1,          ['r'] = op_put4,        ['s'] = op_setitem,
    ['t'] = op_tuple,         ['u'] = op_setitems,    ['}'] = op_empty_dict,
    [']'] = op_empty_list,    [')'] = op_empty_tuple, [0x80] = op_proto,
    [0x81] = op_newobj,       [0x85] = op_tuple1,     [0x86] = op_tuple2,
    [0x87] = op_tuple3,       [0x88] = op_bool,       [0x89] = op_bool,
    [0x8a] = op_long1,        [0x8b] = op_long4,      [0x8c] = op_text1,
    [0x8d] = op_text8,        [0x8e] = op_bytes8,     [0x8f] = op_empty_set,
    [0x90] = op_additems,     [0x91] = op_frozenset,  [0x92] = op_newobj_ex,
    [0x93] = op_stack_global, [0x94] = op_memoize,    [0x95] = op_frame,
};

static bool step(Machine *m)
{
    if (m->at == m->end)
        return broken(m, "it is cut off");
    unsigned char op = *m->at++;
    if (ops[op] == NULL)
        return err_set(m->err, ERR_FORMAT,
                       "its pickle has opcode 0x%02x at byte %zu, which torch does not use", op,
                       (size_t)(m->at - m->begin - 1));
    return ops[op](m);
}

bool pickle_read(Pickle *p, const unsigned char *bytes, size_t size, Err *err)
{
    *p = (Pickle){0};
    Machine m = {.begin = bytes, .at = bytes, .end = bytes + size, .out = p, .err = err};
    m.room = 64;
    m.stack = xalloc(m.room, sizeof(Value *));
    bool ok = true;
    while (ok && !m.is_done)
        ok = step(&m);
    p->used = (size_t)(m.at - m.begin);
    xfree(m.stack);
    xfree(m.memo);
    return ok;
}
