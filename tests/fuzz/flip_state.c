/* tests/fuzz/flip_state.c -- every byte of a state of a 1 MB machine is changed, one at a time.
 *
 * Once as the file is: then its checksums must refuse it. Once with all checksums made right
 * again, and of what is deflated the bytes inside: then it is refused with a reason, or gives a
 * machine that runs (one in 16 is saved, and must come back with the hash it had).
 *
 *   flip_state [-incremental] [STEP [FIRST [END]]]     each STEP-th byte from FIRST on, but
 * before END (default 1: all of them, for an hour); of a whole state, or of one on another
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/small_guest.h"

enum { TICKS = 4000, BASE_AT = 300000, SAVED_AT = 400000 };

static struct file good;
static const struct state_bottom *bottom; /* what it lies on, or NULL */
static uint64_t refused, harmless;

/* ---- as it is */

static void as_it_is(size_t at, uint8_t flip)
{
    struct state_reader r;
    struct error err = {""};
    good.w.bytes[at] ^= flip;
    check(state_open(&r, &good.source, &err) < 0, "a changed byte is not noticed");
    check(err.text[0] != 0, "refused without a reason");
    state_close(&r);
    good.w.bytes[at] ^= flip;
}

/* ---- with good checksums */

/* Whatever it is now: it can be saved, and is the same afterwards. */
static void come_back(struct machine *m)
{
    struct state_reader r;
    struct error err = {""};
    struct file again;
    small_guest_save(m, &again);
    check(state_open(&r, &again.source, &err) == 0, "what it saves cannot be read");
    struct machine *back = small_guest_load(&r, &err);
    check(back && machine_hash(back) == machine_hash(m), "loaded it is another machine");
    state_close(&r);
    writer_free(&again.w);
    machine_free(back);
}

static void judge(struct file *f)
{
    struct state_reader r;
    struct error err = {""};
    bool opened = state_open(&r, &f->source, &err) == 0;
    r.base = bottom;
    struct machine *m = opened ? small_guest_load(&r, &err) : NULL;
    state_close(&r);
    if (!m) {
        check(err.text[0] != 0, "refused without a reason");
        refused++;
        return;
    }
    if (harmless++ % 16 == 0) {
        come_back(m);
    }
    small_guest_run(m, TICKS);
    machine_free(m);
}

/* The number of bytes that can be changed in the present section, inflated where it is. */
static size_t content(struct state_reader *r, uint8_t **bytes)
{
    struct error err;
    size_t n = r->length;
    bool packed = section_is_packed(r->name);
    check((packed ? state_unpack(r, &n, &err) : state_payload(r, &err)) == 0, "not good");
    *bytes = packed ? r->chunk : r->payload;
    return n;
}

static void put(struct state_writer *w, const struct state_reader *r, const uint8_t *bytes,
                size_t n)
{
    if (section_is_packed(r->name)) {
        state_packed(w, r->name, bytes, n);
    } else {
        state_section(w, r->name, bytes, n);
    }
}

/* Byte `at` of all sections' contents, one after the other; false: there are not so many. */
static bool with_checksums(size_t at, uint8_t flip)
{
    struct state_reader r;
    struct state_writer w;
    struct error err;
    struct file f;
    uint8_t *bytes;
    bool done = false;
    file_init(&f);
    check(state_open(&r, &good.source, &err) == 0, "not good");
    state_begin(&w, &f.sink);
    while (state_next(&r, &err) > 0) {
        size_t n = content(&r, &bytes);
        if (!done && at < n) {
            bytes[at] ^= flip;
            done = true;
        }
        at -= done ? 0 : n;
        put(&w, &r, bytes, n);
    }
    check(state_end(&w) == 0, "out of memory");
    state_close(&r);
    if (done) {
        judge(&f);
    }
    writer_free(&f.w);
    return done;
}

/* Heads: names, lengths, and what "end" says. */
static void sealed(size_t at, uint8_t flip)
{
    struct file f;
    file_init(&f);
    writer_put(&f.w, good.w.bytes, good.w.len);
    check(!f.w.failed, "out of memory");
    f.source.size = f.w.len;
    f.w.bytes[at] ^= flip;
    state_seal(f.w.bytes, f.w.len);
    judge(&f);
    writer_free(&f.w);
}

/* The state that is changed, and the one below it. */
static void make_good(struct base *base, struct file *below)
{
    struct machine *m = small_guest(small_host());
    machine_run(m, BASE_AT);
    small_guest_save(m, below);
    check(base_open(base, below), "no base");
    machine_run(m, SAVED_AT);
    if (bottom) {
        small_guest_save_on(m, base, "below.state", &good);
    } else {
        small_guest_save(m, &good);
    }
    machine_free(m);
}

int main(int argc, char **argv)
{
    static struct base base;
    static struct file below;
    if (argc > 1 && strcmp(argv[1], "-incremental") == 0) {
        bottom = &base.bottom;
        argc--, argv++;
    }
    size_t step = argc > 1 ? strtoul(argv[1], NULL, 0) : 1;
    size_t first = argc > 2 ? strtoul(argv[2], NULL, 0) : step / 2, at = first;
    size_t end = argc > 3 ? strtoul(argv[3], NULL, 0) : SIZE_MAX;
    check(step > 0, "use flip_state [-incremental] [STEP [FIRST [END]]]");
    make_good(&base, &below);
    /* Opening is cheap, but not with sanitizers. */
    for (size_t i = first % (step / 16 + 1); i < good.w.len; i += step / 16 + 1) {
        as_it_is(i, (uint8_t)(1u << i % 8));
        as_it_is(i, 0xFF);
    }
    printf("%zu bytes; those that change are noticed\n", good.w.len);
    for (size_t i = first; i < good.w.len && i < end; i += step) {
        sealed(i, (uint8_t)(1u << i % 8));
    }
    printf("with good checksums: %llu refused, %llu harmless\n", (unsigned long long)refused,
           (unsigned long long)harmless);
    refused = harmless = 0;
    for (; at < end && with_checksums(at, (uint8_t)(1u << at % 8)); at += step) {
    }
    printf("in the contents, inflated (%zu): %llu refused, %llu harmless\n", at,
           (unsigned long long)refused, (unsigned long long)harmless);
    writer_free(&good.w);
    base_close(&base);
    writer_free(&below.w);
    return refused && harmless ? 0 : 1;
}
