/* test_save_run.c -- save, load, run is run: at random ticks of several guests, with keys and
 * disks, in either engine.
 *
 * A guest is a builder of machine_config; its disks are in memory, so that a state's disks are
 * a copy. SAVE_RUN_N=100 in the environment saves more often. Guests that need SeaBIOS are left
 * out where it is not installed.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/board_fixture.h"
#include "tests/support/guests.h"
#include "tests/support/state_memory.h"

enum { DISK = TEST_GUEST_DISK, KEYS_EVERY = 1700000 };

/* ---- guests */

struct guest {
    const char *name;
    bool (*build)(struct machine_config *cfg, uint8_t *disk); /* false: cannot be had */
    unsigned drive;
    enum drive_kind kind; /* of the disk in it; DRIVE_NONE: no disk */
    uint64_t ticks;
};

static const struct guest guests[] = {
    {"firmware", test_guest_firmware, 0, DRIVE_NONE, 24000000},
    {"floppy", test_guest_sector, 0, DRIVE_FLOPPY, 40000000},
    {"hard disk", test_guest_sector, 2, DRIVE_DISK, 40000000},
};

/* ---- runs */

static struct host host;
static struct error err;

struct run {
    const struct guest *guest;
    struct machine_config cfg;
    struct ram_disk *rd; /* stays where it is: the machine points to it */
    uint8_t *disk;
    struct machine *m;
};

static void new_disk(struct run *r)
{
    r->disk = calloc(1, DISK);
    r->rd = calloc(1, sizeof *r->rd);
    ck_assert(r->disk && r->rd);
    *r->rd = (struct ram_disk){.bytes = r->disk, .size = DISK};
    if (r->guest->kind != DRIVE_NONE) {
        r->cfg.drive[r->guest->drive] = ram_disk_media(r->rd, r->guest->kind, false);
    }
}

static void free_disk(struct run *r)
{
    free(r->rd);
    free(r->disk);
}

static bool run_new(struct run *r, const struct guest *g)
{
    *r = (struct run){.guest = g, .cfg = {.ram_bytes = 16 << 20}};
    new_disk(r);
    if (!g->build(&r->cfg, r->disk)) {
        free_disk(r);
        return false;
    }
    r->m = machine_new(&r->cfg, &host, &err);
    ck_assert_msg(r->m != NULL, "%s", err.text);
    return true;
}

static void run_free(struct run *r)
{
    machine_free(r->m);
    free_disk(r);
}

/* A copy by way of a save state. */
static void run_copy(struct run *from, struct run *to)
{
    struct memory_file f;
    memory_file_init(&f);
    memory_save(from->m, &f);
    *to = *from;
    new_disk(to);
    memcpy(to->disk, from->disk, DISK);
    to->m = memory_load(&f, &to->cfg, &host, &err);
    ck_assert_msg(to->m != NULL, "%s", err.text);
    memory_file_free(&f);
}

/* To a tick; keys come and go at ticks of their own. */
static void go(struct run *r, uint64_t until)
{
    while (machine_now(r->m) < until) {
        uint64_t now = machine_now(r->m), n = now / KEYS_EVERY + 1;
        uint64_t next = n * KEYS_EVERY < until ? n * KEYS_EVERY : until;
        ck_assert_int_eq(machine_run(r->m, next), MACHINE_UNTIL);
        if (next == n * KEYS_EVERY) {
            struct input in = {.kind = INPUT_KEY, .code = KEY_ENTER, .down = n & 1};
            machine_input(r->m, &in);
        }
    }
}

/* ---- the property */

static void one_guest(const struct guest *g, unsigned n, uint64_t seed)
{
    struct run straight, copy;
    if (!run_new(&straight, g)) {
        printf("%s: left out, SeaBIOS is not installed\n", g->name);
        return;
    }
    go(&straight, g->ticks);
    uint64_t end = machine_hash(straight.m);
    ck_assert_msg(g->kind == DRIVE_NONE || load_le16(straight.disk + 512) > 2,
                  "%s: the guest did not get to writing", g->name);
    for (unsigned i = 0; i < n; i++) {
        struct run first;
        uint64_t tick = 1 + test_random(&seed) % (g->ticks - 1);
        run_new(&first, g);
        first.cfg.single_step = i % 8 == 7;
        first.cfg.shadow_flush = i % 2;
        go(&first, tick);
        uint64_t before = machine_hash(first.m);
        run_copy(&first, &copy);
        ck_assert_msg(machine_hash(first.m) == before, "%s: saving changed it", g->name);
        ck_assert_msg(machine_hash(copy.m) == before, "%s: loaded at %llu", g->name,
                      (unsigned long long)tick);
        run_free(&first); /* the copy owes it nothing */
        go(&copy, g->ticks);
        ck_assert_msg(machine_hash(copy.m) == end, "%s: saved at %llu", g->name,
                      (unsigned long long)tick);
        ck_assert_mem_eq(copy.disk, straight.disk, DISK);
        run_free(&copy);
    }
    run_free(&straight);
}

static unsigned wanted(unsigned n)
{
    const char *s = getenv("SAVE_RUN_N");
    return s ? (unsigned)strtoul(s, NULL, 10) : n;
}

START_TEST(saved_and_loaded_runs_are_equal)
{
    one_guest(&guests[_i], wanted(8), 17 + (uint64_t)_i);
}
END_TEST

/* Saved, loaded, run a little, again and again: nothing is lost on the way. */
START_TEST(a_chain_of_states)
{
    const struct guest *g = &guests[1];
    struct run straight, a, b;
    uint64_t seed = 5;
    if (!run_new(&straight, g)) {
        return;
    }
    run_new(&a, g);
    while (machine_now(a.m) < g->ticks) {
        uint64_t to = machine_now(a.m) + 1 + test_random(&seed) % 4000000;
        go(&a, to < g->ticks ? to : g->ticks);
        run_copy(&a, &b);
        run_free(&a);
        a = b;
    }
    go(&straight, g->ticks);
    ck_assert_uint_eq(machine_hash(a.m), machine_hash(straight.m));
    ck_assert_mem_eq(a.disk, straight.disk, DISK);
    run_free(&a);
    run_free(&straight);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("save_run");
    TCase *tc = tcase_create("save_run");
    tcase_set_timeout(tc, 280);
    tcase_add_loop_test(tc, saved_and_loaded_runs_are_equal, 0, (int)ARRAY_LEN(guests));
    tcase_add_test(tc, a_chain_of_states);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
