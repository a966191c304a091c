/* tests/bench/clock_saves.c -- preloaded into terrapin (states.sh), it says how long savevm
 * takes: "pause MS" when the writing process has been split off and the guest may run on,
 * "complete MS" when the file is in its place. Both count from the moment when the file is
 * made.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static double began;

static double read_clock(clockid_t which)
{
    struct timespec t;
    clock_gettime(which, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

static void *next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

static int begin(const char *function, char *name)
{
    int (*real)(char *) = 0;
    *(void **)&real = next(function);
    began = now();
    return real(name);
}

int mkstemp(char *name)
{
    return begin("mkstemp", name);
}

int mkstemp64(char *name)
{
    return begin("mkstemp64", name);
}

pid_t fork(void)
{
    pid_t (*real)(void) = 0;
    *(void **)&real = next("fork");
    pid_t child = real();
    if (child > 0) {
        fprintf(stderr, "pause %.2f\n", now() - began);
    }
    return child;
}

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *) = 0;
    *(void **)&real = next("rename");
    int rc = real(from, to);
    fprintf(stderr, "complete %.1f\ncpu %.1f\n", now() - began,
            read_clock(CLOCK_PROCESS_CPUTIME_ID));
    return rc;
}
