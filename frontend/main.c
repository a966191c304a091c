/* frontend/main.c -- the command line's way in, the exit code's way out. */
#include "frontend/lab.h"
#include "frontend/options.h"
#include "frontend/replay.h"
#include "frontend/report.h"
#include "frontend/session.h"
#include "frontend/state_tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#ifndef TERRAPIN_VERSION
#define TERRAPIN_VERSION "0.1"
#endif

static int print_help(void)
{
    char *text = options_help();
    if (text) {
        say_text(text);
    }
    free(text);
    return text ? EXIT_FINE : EXIT_TROUBLE;
}

static int print_topic(const char *topic)
{
    char text[1024];
    if (!options_help_one(topic, text, sizeof text)) {
        report("--help %s: no such option; terrapin --help lists all", short_path(topic));
        return EXIT_TROUBLE;
    }
    say_text(text);
    return EXIT_FINE;
}

static int boot(const struct options *o)
{
    struct error err = {""};
    struct session s;
    if (o->info) {
        int rc = replay_info(o->replay, &err);
        if (rc < 0) {
            report("%s", err.text);
        }
        return rc < 0 ? EXIT_TROUBLE : EXIT_FINE;
    }
    if (session_start(&s, o, &err) < 0) {
        report("%s", err.text);
        return EXIT_TROUBLE;
    }
    if (session_main(&s, &err) < 0) {
        report("%s", err.text);
        session_end(&s, EXIT_TROUBLE);
    }
    return session_finish(&s);
}

static int serve(int argc, char **argv)
{
    struct options o;
    struct error err = {""};
    const char *topic = NULL;
    int status = EXIT_TROUBLE;
    switch (options_parse(&o, argc, argv, &topic, &err)) {
    case OPTIONS_ERROR: report("%s", err.text); break;
    case OPTIONS_RUN: status = boot(&o); break;
    case OPTIONS_STATE: status = state_tool(argc - 2, argv + 2); break;
    case OPTIONS_HELP: status = print_help(); break;
    case OPTIONS_HELP_ONE: status = print_topic(topic); break;
    case OPTIONS_VERSION:
        say("terrapin %s\n", TERRAPIN_VERSION);
        status = EXIT_FINE;
        break;
    case OPTIONS_CPU_HELP:
        say_text(machine_cpu_help());
        status = EXIT_FINE;
        break;
    case OPTIONS_DEVICE_HELP:
        say("isa-debug-exit[,iobase=0xf4][,iosize=4]   a write of v ends the run with exit "
            "code "
            "(v<<1)|1\n");
        status = EXIT_FINE;
        break;
    }
    options_free(&o);
    return status;
}

/* Large arrays stay the host's own fresh zeros, of which only what is touched costs memory.
 * glibc otherwise makes them of what is left of a larger one, and writes zeros over it: a
 * megabyte for each of many machines that start from one state. */
static void keep_large_arrays_apart(void)
{
#ifdef M_MMAP_THRESHOLD
    mallopt(M_MMAP_THRESHOLD, 128 << 10);
#endif
}

int main(int argc, char **argv)
{
    keep_large_arrays_apart();
    bool lab = argc > 1 && strcmp(argv[1], "lab") == 0;
    int status = lab ? lab_main(argc, argv) : serve(argc, argv);
    say_flush();
    if (say_failed() && status == EXIT_FINE) {
        report("stdout: takes no more output");
        status = EXIT_TROUBLE;
    }
    return status;
}
