/* tests/insn/native.c -- the native referee's command line.
 *
 *   native FAMILY [COUNT [SEED]]     random cases of a family; all: of every family
 *   native --replay 'LINE'           one case, as a failure was printed
 *   native --file FILE               a case a line; # begins a comment
 *   native --generate FAMILY SEED N  prints case number N
 *
 * A case is a function of family, seed and number. At the first difference the case is shrunk,
 * and printed with what differed; exit status 1. A host that cannot be the referee is one line
 * and exit status 0.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/insn/native.h"

enum { LINE = 4096, SHOWN = 10 };

static void report(const struct native_case *original)
{
    struct native_case c = *original;
    char line[LINE], why[200] = "it does not fail alone";
    struct insn u;
    struct insn_cold cold;
    native_shrink(&c);
    native_try(&c, why, sizeof why);
    case_print(&c, line, sizeof line);
    printf("%s: %s\n  %s\n", case_row(&c, &u, &cold)->name, why, line);
    fflush(stdout);
}

/* Returns the number of failures. */
static unsigned run_family(enum native_family family, uint64_t count, uint64_t seed)
{
    static struct native_case cases[BATCH];
    static struct native_result guest;
    unsigned failed = 0;
    char why[200];
    for (uint64_t n = 0; n < count && failed < SHOWN;) {
        unsigned batch = count - n < BATCH ? (unsigned)(count - n) : BATCH;
        for (unsigned k = 0; k < batch; k++) {
            native_generate(&cases[k], family, seed, n + k);
        }
        unsigned ran = native_host_run(cases, batch);
        for (unsigned k = 0; k < ran && failed < SHOWN; k++) {
            native_guest_run(&cases[k], &guest);
            if (!native_agree(&cases[k], native_host_result(k), &guest, why, sizeof why)) {
                struct native_case c = cases[k];
                printf("%s %" PRIu64 " of seed %" PRIu64 ": %s\n", family_names[family], n + k,
                       seed, why);
                report(&c);
                failed++;
                /* shrinking has used the host's results */
                ran = native_host_run(cases, batch);
            }
        }
        if (ran < batch) {
            char line[LINE];
            case_print(&cases[ran], line, sizeof line);
            printf("%s %" PRIu64 " of seed %" PRIu64 ": the host's process died\n  %s\n",
                   family_names[family], n + ran, seed, line);
            return failed + 1;
        }
        n += batch;
    }
    printf("%s: %" PRIu64 " cases, seed %" PRIu64 ": %u differ\n", family_names[family], count,
           seed, failed);
    return failed;
}

static int replay(const char *line)
{
    struct native_case c;
    char why[200];
    if (!case_parse(&c, line)) {
        fprintf(stderr, "native: not a case: %s\n", line);
        return 2;
    }
    bool good = native_try(&c, why, sizeof why);
    puts(good ? "no difference" : why);
    return !good;
}

static int replay_file(const char *path)
{
    char line[LINE];
    unsigned wrong = 0, lines = 0;
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        perror(path);
        return 2;
    }
    while (fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "#\n")] = '\0';
        if (line[strspn(line, " ")] != '\0') {
            lines++;
            if (replay(line) != 0) {
                printf("  %s\n", line);
                wrong++;
            }
        }
    }
    fclose(f);
    printf("%u cases, %u differ\n", lines, wrong);
    return wrong != 0 || lines == 0;
}

static enum native_family find_family(const char *name)
{
    unsigned k = 0;
    while (k < FAMILY_COUNT && strcmp(name, family_names[k]) != 0) {
        k++;
    }
    return (enum native_family)k;
}

static int run(int argc, char **argv)
{
    const char *name = argv[1];
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 10000;
    uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    unsigned failed = 0;
    enum native_family family = find_family(name);
    if (family < FAMILY_COUNT) {
        return run_family(family, count, seed) != 0;
    }
    for (unsigned k = 0; k < FAMILY_COUNT; k++) {
        failed += run_family((enum native_family)k, count, seed);
    }
    return failed != 0;
}

static int generate(const char *family, const char *seed, const char *n)
{
    struct native_case c;
    char line[LINE];
    native_generate(&c, find_family(family), strtoull(seed, NULL, 10), strtoull(n, NULL, 10));
    case_print(&c, line, sizeof line);
    puts(line);
    return 0;
}

static int usage(void)
{
    fprintf(stderr,
            "usage: native FAMILY|all [COUNT [SEED]] | --replay 'LINE' | --file FILE |\n"
            "       --generate FAMILY SEED N\nfamilies:");
    for (unsigned k = 0; k < FAMILY_COUNT; k++) {
        fprintf(stderr, " %s", family_names[k]);
    }
    fputc('\n', stderr);
    return 2;
}

static int dispatch(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--replay") == 0) {
        return replay(argv[2]);
    }
    if (argc == 3 && strcmp(argv[1], "--file") == 0) {
        return replay_file(argv[2]);
    }
    if (argc == 5 && strcmp(argv[1], "--generate") == 0 &&
        find_family(argv[2]) != FAMILY_COUNT) {
        return generate(argv[2], argv[3], argv[4]);
    }
    if (argc < 2 || (strcmp(argv[1], "all") != 0 && find_family(argv[1]) == FAMILY_COUNT)) {
        return usage();
    }
    return run(argc, argv);
}

/* A host that has an LDT and cannot run a NOP: that is this program's fault, or the kernel's.
 */
static bool works(void)
{
    struct native_case nop;
    case_init(&nop);
    return native_host_run(&nop, 1) == 1 && native_host_result(0)->vector == 3;
}

int main(int argc, char **argv)
{
    const char *why_not = native_host_start();
    if (why_not != NULL) {
        printf("native referee: nothing compared on this host: %s\n", why_not);
        return 0;
    }
    if (!works()) {
        fputs("native: the child process does not run 32-bit code\n", stderr);
        return 3;
    }
    native_guest_start();
    int status = dispatch(argc, argv);
    native_guest_stop();
    native_host_stop();
    return status;
}
