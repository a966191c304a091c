/* frontend/flip.c -- see the header. */
#include "frontend/flip.h"

#include "frontend/parse.h"

#include <string.h>

bool flip_parse(const char *text, struct flip *f)
{
    char tick[32];
    size_t n = strcspn(text, ",");
    const char *part = text + n + (text[n] == ','), *comma = strrchr(part, ',');
    if (n >= sizeof tick || !comma || (size_t)(comma - part) >= sizeof f->part) {
        return false;
    }
    memcpy(tick, text, n);
    tick[n] = '\0';
    memcpy(f->part, part, (size_t)(comma - part));
    f->part[comma - part] = '\0';
    return parse_u64(tick, UINT64_MAX - 1, &f->tick) &&
           parse_u64(comma + 1, UINT64_MAX - 1, &f->bit);
}

bool flip_due(struct flip *f, struct machine *m, char *field, size_t n, int *rc)
{
    if (f->tick != machine_now(m)) {
        return false;
    }
    f->tick = UINT64_MAX;
    bool done = machine_flip(m, f->part, f->bit, field, n);
    *rc = done ? 0 : -1;
    return done;
}
