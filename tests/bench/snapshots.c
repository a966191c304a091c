/* tests/bench/snapshots.c -- what moments in memory cost.
 *
 *   snapshots STATE N TICKS     loads a save state, without its disks, which the guest should
 * not need then, and takes N snapshots, TICKS apart
 *
 * A line for each: megabytes that were dirtied since the one before, milliseconds, and what it
 * may take: 5 ms, and 1 ms a megabyte.
 */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "devices/snapshot.h"
#include "frontend/savestate_priv.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
    struct error err = {""};
    if (argc != 4) {
        fputs("use snapshots STATE N TICKS\n", stderr);
        return 2;
    }
    struct savestate *st = savestate_look(argv[1], &err);
    struct machine *m = st ? savestate_machine(st, &err) : NULL;
    struct snapshot *last = m ? machine_snapshot(m, &err) : NULL;
    unsigned over = 0;
    for (unsigned i = 0; last && i < strtoul(argv[2], NULL, 0); i++) {
        uint64_t before = machine_snapshot_bytes(m);
        machine_run(m, machine_now(m) + strtoull(argv[3], NULL, 0));
        double began = now();
        struct snapshot *s = machine_snapshot(m, &err);
        double ms = now() - began;
        double mb = (double)(machine_snapshot_bytes(m) - before) / 1e6;
        printf("%.2f MB dirtied: %.2f ms, of %.2f\n", mb, ms, 5 + mb);
        over += ms > 5 + mb;
        snapshot_free(last);
        last = s;
    }
    if (!last) {
        fprintf(stderr, "%s\n", err.text);
    } else {
        printf("%u took longer than they may\n", over);
    }
    snapshot_free(last);
    machine_free(m);
    savestate_close(st);
    return !last;
}
