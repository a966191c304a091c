/* frontend/lab_prompt.c -- see the header. */
#include "frontend/lab_prompt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/parse.h"
#include "frontend/report.h"

enum { WORDS = 3, BYTES_MOST = 256, A_LINE = 16 };

static void put(void *ctx, const char *piece)
{
    (void)ctx;
    say_text(piece);
}

static void dump(const struct lab *lab, uint32_t la, unsigned n)
{
    for (unsigned at = 0; at < n; at++) {
        uint8_t byte;
        if (at % A_LINE == 0) {
            say("%s%08" PRIx32 ":", at ? "\n" : "", la + at);
        }
        if (lab_peek(lab, la + at, &byte)) {
            say(" %02x", byte);
        } else {
            say(" --");
        }
    }
    say("\n");
}

static unsigned split(char *line, const char *word[WORDS])
{
    unsigned n = 0;
    for (char *w = strtok(line, " \t\r\n"); w && n < WORDS; w = strtok(NULL, " \t\r\n")) {
        word[n++] = w;
    }
    return n;
}

static void step(struct lab *lab, const char *count)
{
    uint64_t n = 1;
    if (count && (!parse_u64(count, 1000000000, &n) || n == 0)) {
        say("step: how many instructions? step [N]\n");
        return;
    }
    lab_go_on(lab, n);
    lab_registers(lab, put, NULL);
}

static void examine(const struct lab *lab, const char *where, const char *count)
{
    uint64_t la, n = A_LINE;
    if (!where || !parse_u64(where, UINT32_MAX, &la) ||
        (count && !parse_u64(count, BYTES_MOST, &n))) {
        say("x ADDR [BYTES]: a linear address, and at most %d bytes\n", BYTES_MOST);
        return;
    }
    dump(lab, (uint32_t)la, (unsigned)n);
}

/* false: no more commands. */
static bool obey(struct lab *lab, unsigned n, const char *word[WORDS])
{
    if (strcmp(word[0], "quit") == 0) {
        return false;
    }
    if (strcmp(word[0], "cont") == 0) {
        lab_go_on(lab, 0);
    } else if (strcmp(word[0], "step") == 0) {
        step(lab, n > 1 ? word[1] : NULL);
    } else if (strcmp(word[0], "x") == 0) {
        examine(lab, n > 1 ? word[1] : NULL, n > 2 ? word[2] : NULL);
    } else if (strcmp(word[0], "info") == 0 && n > 1 && strcmp(word[1], "registers") == 0) {
        lab_registers(lab, put, NULL);
    } else {
        say("info registers, x ADDR [BYTES], step [N], cont, quit\n");
    }
    return true;
}

void lab_prompt(struct lab *lab)
{
    char line[200];
    const char *word[WORDS];
    bool more = true;
    while (more && lab_stopped(lab)) {
        say("(lab) ");
        fflush(stdout);
        if (!fgets(line, sizeof line, stdin)) {
            say("\n");
            break;
        }
        unsigned n = split(line, word);
        more = n == 0 || obey(lab, n, word);
    }
}
