/* tests/fuzz/fuzz_state_file.c -- any bytes as a save state: the container's reader, with all
 * checksums made right, so that it gets past them; then whatever is in it is loaded and runs.
 *
 *   fuzz_state_file N FILE...      each file as it is, and N times with a few random changes
 *
 * Built with -fsanitize=fuzzer (TERRAPIN_FUZZ) the same body is driven by libFuzzer; begin with
 * tests/golden/1-*.state.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/small_guest.h"

enum { TICKS = 20000, LARGEST = 1 << 20, BASE_AT = 300000 };

/* Whatever state a file says that it lies on, it is this one. */
static const struct state_bottom *the_base(void)
{
    static struct file file;
    static struct base base;
    if (!base.bottom.reader) {
        struct machine *m = small_guest(small_host());
        machine_run(m, BASE_AT);
        small_guest_save(m, &file);
        machine_free(m);
        check(base_open(&base, &file), "no base");
    }
    return &base.bottom;
}

/* A forged file may ask for gigabytes of RAM. It may have them; here they only cost time. */
static bool is_small(struct state_reader *r)
{
    struct machine_saved saved;
    struct error err;
    memset(&saved, 0, sizeof saved);
    bool good = machine_saved_read(&saved, r, &err) == 0;
    bool small = !good || saved.config.ram_bytes <= 16 << 20;
    machine_saved_free(&saved);
    return small;
}

/* bytes are changed: their checksums are made right. */
static bool fuzz_one(uint8_t *bytes, size_t n)
{
    struct state_reader r;
    struct error err = {""};
    struct file f;
    struct machine *m = NULL;
    file_init(&f);
    state_seal(bytes, n);
    writer_put(&f.w, bytes, n);
    check(!f.w.failed, "out of memory");
    f.source.size = n;
    bool opened = state_open(&r, &f.source, &err) == 0;
    r.base = the_base();
    if (opened && is_small(&r)) {
        m = small_guest_load_for(&r, small_host(), &err);
    }
    state_close(&r);
    writer_free(&f.w);
    if (m) {
        small_guest_run(m, TICKS);
        machine_free(m);
    }
    return m != NULL;
}

#ifdef TERRAPIN_LIBFUZZER
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    check(copy != NULL, "out of memory");
    memcpy(copy, data, size);
    fuzz_one(copy, size);
    free(copy);
    return 0;
}
#else
static uint32_t next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

/* Bytes flipped, set, counted up; pieces left out or put in again elsewhere. Returns the size.
 */
static size_t change(uint8_t *b, size_t n, uint64_t *seed)
{
    for (unsigned k = 1 + next(seed) % 4; k > 0 && n > 64; k--) {
        size_t at = next(seed) % n, piece = 1 + next(seed) % 64;
        switch (next(seed) % 6) {
        case 0: b[at] ^= (uint8_t)(1u << next(seed) % 8); break;
        case 1: b[at] = (uint8_t)next(seed); break;
        case 2: b[at] = (uint8_t)(b[at] + 1); break;
        case 3: n = next(seed) % 8 == 0 ? at : n; break;
        case 4:
            piece = piece < n - at ? piece : n - at;
            memmove(b + at, b + at + piece, n - at - piece);
            n -= piece;
            break;
        default:
            piece = piece < n - at ? piece : n - at;
            memmove(b + next(seed) % (n - piece), b + at, piece);
            break;
        }
    }
    return n;
}

int main(int argc, char **argv)
{
    static uint8_t whole[LARGEST], bytes[LARGEST];
    uint64_t seed = 1, runs = 0, good = 0;
    unsigned changes = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 0) : 0;
    for (int i = 2; i < argc; i++) {
        FILE *f = fopen(argv[i], "rb");
        check(f != NULL, argv[i]);
        size_t n = fread(whole, 1, sizeof whole, f);
        fclose(f);
        for (unsigned k = 0; k <= changes; k++) {
            memcpy(bytes, whole, n);
            good += fuzz_one(bytes, k ? change(bytes, n, &seed) : n);
            runs++;
        }
    }
    printf("%llu runs, %llu of them loaded\n", (unsigned long long)runs,
           (unsigned long long)good);
    return good ? 0 : 1;
}
#endif
