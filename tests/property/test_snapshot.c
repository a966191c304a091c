/* test_snapshot.c -- a machine goes back to any of its moments, in place, in any order: what
 * it is then, and what comes after, is what it was.
 *
 * Without input a guest is at every tick what a straight run is at that tick; so each step of a
 * random walk over snapshots is held against the hashes of one straight run, and against
 * machines loaded from save states. SNAPSHOT_STEPS=1000 in the environment walks longer.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/snapshot.h"
#include "tests/support/board_fixture.h"
#include "tests/support/guests.h"
#include "tests/support/state_memory.h"

enum { DISK = TEST_GUEST_DISK, MARKS = 64, KEPT = 8 };

static struct error err;

/* A machine whose disk is in memory, and hashes of its straight run at MARKS ticks. */
struct run {
    struct machine_config cfg;
    struct host host;
    struct ram_disk rd;
    uint8_t *disk;
    struct machine *m;
};

struct straight {
    uint64_t every; /* ticks between marks */
    uint64_t hash[MARKS + 1];
};

struct kept {
    struct snapshot *s;
    uint8_t *disk;
    unsigned mark;
};

static bool build(struct run *r, unsigned guest)
{
    enum { FLOPPY = 1, HARD_DISK = 2, RANDOM = 3 };
    *r = (struct run){.cfg = {.ram_bytes = 16 << 20}};
    r->disk = calloc(1, DISK);
    ck_assert_ptr_nonnull(r->disk);
    r->rd = (struct ram_disk){.bytes = r->disk, .size = DISK};
    if (guest >= RANDOM) {
        test_guest_random(&r->cfg, guest);
        r->cfg.ram_bytes = 1 << 20;
    } else if (!(guest == 0 ? test_guest_firmware : test_guest_sector)(&r->cfg, r->disk)) {
        free(r->disk);
        return false;
    }
    r->cfg.single_step = guest % 8 == 7;
    if (guest == FLOPPY) {
        r->cfg.drive[0] = ram_disk_media(&r->rd, DRIVE_FLOPPY, false);
    } else if (guest == HARD_DISK) {
        r->cfg.drive[2] = ram_disk_media(&r->rd, DRIVE_DISK, false);
    }
    r->m = machine_new(&r->cfg, &r->host, &err);
    ck_assert_msg(r->m != NULL, "%s", err.text);
    return true;
}

static void run_free(struct run *r)
{
    machine_free(r->m);
    free(r->disk);
}

/* Stops on the way at places that do not matter. */
static void run_to(struct run *r, uint64_t tick, uint64_t *seed)
{
    while (machine_now(r->m) < tick) {
        uint64_t left = tick - machine_now(r->m);
        machine_run(r->m, machine_now(r->m) + 1 + test_random(seed) % left);
    }
}

static bool go_straight(unsigned guest, struct straight *st)
{
    struct run r;
    uint64_t seed = guest;
    st->every = guest < 3 ? 400000 : 1500;
    if (!build(&r, guest)) {
        return false;
    }
    for (unsigned i = 0; i <= MARKS; i++) {
        run_to(&r, i * st->every, &seed);
        st->hash[i] = machine_hash(r.m);
    }
    run_free(&r);
    return true;
}

static struct kept keep(struct run *r, unsigned mark)
{
    struct kept k = {machine_snapshot(r->m, &err), malloc(DISK), mark};
    ck_assert_msg(k.s != NULL, "%s", err.text);
    ck_assert_ptr_nonnull(k.disk);
    memcpy(k.disk, r->disk, DISK);
    return k;
}

static void drop(struct kept *k)
{
    snapshot_free(k->s);
    free(k->disk);
    *k = (struct kept){NULL, NULL, 0};
}

static void go_back(struct run *r, const struct kept *k)
{
    ck_assert_msg(machine_restore(r->m, k->s, &err) == 0, "%s", err.text);
    memcpy(r->disk, k->disk, DISK);
    ck_assert_uint_eq(machine_now(r->m), snapshot_tick(k->s));
}

/* Is a machine out of a save state the same, now and to the next mark? */
static void check_loaded(struct run *r, unsigned mark, const struct straight *st)
{
    struct memory_file f;
    struct run copy = *r;
    memory_file_init(&f);
    memory_save(r->m, &f);
    copy.disk = malloc(DISK);
    ck_assert_ptr_nonnull(copy.disk);
    memcpy(copy.disk, r->disk, DISK);
    copy.rd.bytes = copy.disk;
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        if (copy.cfg.drive[i].kind != DRIVE_NONE) {
            copy.cfg.drive[i].ctx = &copy.rd;
        }
    }
    copy.m = memory_load(&f, &copy.cfg, &copy.host, &err);
    ck_assert_msg(copy.m != NULL, "%s", err.text);
    ck_assert(machine_hash(copy.m) == st->hash[mark]);
    if (mark < MARKS) {
        machine_run(copy.m, (mark + 1) * st->every);
        ck_assert(machine_hash(copy.m) == st->hash[mark + 1]);
    }
    run_free(&copy);
    memory_file_free(&f);
}

static void walk(unsigned guest, unsigned steps)
{
    struct straight st;
    struct run r;
    struct kept kept[KEPT] = {{NULL, NULL, 0}};
    uint64_t seed = 99 + guest;
    unsigned mark = 0;
    if (!go_straight(guest, &st)) {
        return;
    }
    build(&r, guest);
    for (unsigned n = 0; n < steps; n++) {
        struct kept *k = &kept[test_random(&seed) % KEPT];
        unsigned what = test_random(&seed) % 8;
        if (what < 3 && mark < MARKS) {
            unsigned by = 1 + test_random(&seed) % 6;
            mark = mark + by < MARKS ? mark + by : MARKS;
            run_to(&r, mark * st.every, &seed);
        } else if (what < 5) {
            drop(k);
            *k = keep(&r, mark);
        } else if (what == 5 && n % 8 == 0) {
            check_loaded(&r, mark, &st);
        } else if (k->s) {
            go_back(&r, k);
            mark = k->mark;
        }
        if (test_random(&seed) % 2) { /* looking clears dirty bits: not always */
            ck_assert_msg(machine_hash(r.m) == st.hash[mark], "guest %u, step %u, mark %u",
                          guest, n, mark);
        }
    }
    run_to(&r, MARKS * st.every, &seed);
    ck_assert_msg(machine_hash(r.m) == st.hash[MARKS], "guest %u, at the end", guest);
    for (unsigned i = 0; i < KEPT; i++) {
        drop(&kept[i]);
    }
    run_free(&r);
}

static unsigned wanted(unsigned n)
{
    const char *s = getenv("SNAPSHOT_STEPS");
    return s ? (unsigned)strtoul(s, NULL, 10) : n;
}

START_TEST(guests_go_back)
{
    walk((unsigned)_i, wanted(40));
}
END_TEST

START_TEST(random_machines_go_back)
{
    walk(3 + (unsigned)_i, wanted(60));
}
END_TEST

/* ---- what it costs, and what is left */

START_TEST(memory_is_counted)
{
    struct run r;
    uint64_t seed = 1;
    build(&r, 3);
    ck_assert_uint_eq(machine_snapshot_bytes(r.m), 0);
    struct kept a = keep(&r, 0), b = keep(&r, 0);
    uint64_t two = machine_snapshot_bytes(r.m);
    ck_assert_uint_ge(two, PAGE_SIZE);
    run_to(&r, 3000, &seed);
    uint8_t byte = 1;
    for (unsigned page = 0; page < 32; page++) {
        ck_assert(machine_mem_set(r.m, page * PAGE_SIZE + 77, &byte, 1));
    }
    struct kept c = keep(&r, 0);
    uint64_t three = machine_snapshot_bytes(r.m);
    ck_assert_uint_ge(three, two + 32 * PAGE_SIZE);
    ck_assert_uint_le(three, two + 64 * PAGE_SIZE); /* nothing like the whole */
    drop(&b);
    drop(&a);
    go_back(&r, &c);
    drop(&c);
    struct kept d = keep(&r, 0);
    ck_assert_uint_le(machine_snapshot_bytes(r.m), three);
    machine_free(r.m);
    drop(&d); /* after its machine */
    free(r.disk);
}
END_TEST

START_TEST(out_of_memory_changes_nothing)
{
    struct run r;
    uint64_t seed = 1;
    unsigned failed = 0;
    build(&r, 4);
    run_to(&r, 2000, &seed);
    struct kept a = keep(&r, 0);
    uint64_t then = machine_hash(r.m);
    for (uint64_t more = 0;; more += 600) {
        for (unsigned page = 0; page < 40; page += 3) {
            uint8_t byte = (uint8_t)(1 + page + more / 600);
            ck_assert(machine_mem_set(r.m, page * PAGE_SIZE, &byte, 1));
        }
        uint64_t now = machine_hash(r.m), bytes = machine_snapshot_bytes(r.m);
        ck_assert_int_eq(machine_snapshot_limit(r.m, bytes + more, &err), 0);
        struct snapshot *s = machine_snapshot(r.m, &err);
        ck_assert(machine_hash(r.m) == now);
        ck_assert_uint_le(machine_snapshot_bytes(r.m), bytes + more);
        if (s) {
            go_back(&r, &a);
            ck_assert(machine_hash(r.m) == then);
            ck_assert_int_eq(machine_restore(r.m, s, &err), 0);
            ck_assert(machine_hash(r.m) == now);
            snapshot_free(s);
            break;
        }
        failed++;
        ck_assert_uint_eq(machine_snapshot_bytes(r.m), bytes);
        ck_assert_ptr_nonnull(strstr(err.text, "out of memory"));
        if (failed % 4 == 0) {
            go_back(&r, &a);
            ck_assert(machine_hash(r.m) == then);
        }
    }
    ck_assert_uint_gt(failed, 20);
    drop(&a);
    run_free(&r);
}
END_TEST

START_TEST(a_snapshot_is_of_one_machine)
{
    struct run a, b;
    build(&a, 3);
    build(&b, 3);
    struct kept k = keep(&a, 0), other = keep(&b, 0);
    uint64_t hash = machine_hash(b.m);
    ck_assert_int_eq(machine_restore(b.m, k.s, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "another machine"));
    ck_assert(machine_hash(b.m) == hash);
    drop(&k);
    drop(&other);
    run_free(&a);
    run_free(&b);
}
END_TEST

/* The medium of then is in the drive again. */
START_TEST(media_come_back)
{
    struct run r;
    uint8_t other[512 * 2880] = {0};
    struct ram_disk rd = {.bytes = other, .size = sizeof other};
    if (!build(&r, 1)) {
        return;
    }
    struct input change = {.kind = INPUT_MEDIA, .port = 0};
    struct kept with = keep(&r, 0);
    uint64_t full = machine_hash(r.m);
    machine_input(r.m, &change);
    struct kept without = keep(&r, 0);
    uint64_t empty = machine_hash(r.m);
    change.media = ram_disk_media(&rd, DRIVE_FLOPPY, true);
    machine_input(r.m, &change);
    go_back(&r, &with);
    ck_assert(machine_hash(r.m) == full);
    struct kept again = keep(&r, 0);
    go_back(&r, &without);
    ck_assert(machine_hash(r.m) == empty);
    go_back(&r, &again);
    machine_run(r.m, 30000000);
    ck_assert_uint_gt(load_le16(r.disk + 512), 0); /* it booted, and wrote */
    drop(&with);
    drop(&without);
    drop(&again);
    run_free(&r);
}
END_TEST

/* Breakpoints stay; the picture is known to be another. */
START_TEST(the_hosts_own_stays)
{
    struct run r;
    if (!build(&r, 0)) {
        return;
    }
    machine_run(r.m, 12000000);
    struct kept k = keep(&r, 0);
    uint64_t pc, version = machine_screen_version(r.m);
    machine_run(r.m, 24000000);
    ck_assert_uint_gt(machine_screen_version(r.m), version);
    version = machine_screen_version(r.m);
    ck_assert(machine_reg_get(r.m, "eip", &pc));
    go_back(&r, &k);
    ck_assert_uint_gt(machine_screen_version(r.m), version);
    uint64_t eip, base;
    ck_assert(machine_reg_get(r.m, "eip", &eip) && machine_reg_get(r.m, "cs.base", &base));
    uint32_t la = (uint32_t)(base + eip), found;
    ck_assert(machine_point_add(r.m, MACHINE_CODE, la, 1));
    go_back(&r, &k);
    ck_assert_int_eq(machine_run(r.m, 24000000), MACHINE_POINT);
    ck_assert_int_eq(machine_found(r.m, &found), MACHINE_FOUND_CODE);
    ck_assert_uint_eq(found, la);
    drop(&k);
    run_free(&r);
}
END_TEST

/* ---- what was written to */

/* To a mark; writes that a watchpoint saw. */
static unsigned writes_to(struct run *r, uint64_t tick)
{
    unsigned n = 0;
    while (machine_now(r->m) < tick) {
        uint32_t la;
        n += machine_run(r->m, tick) == MACHINE_POINT &&
             machine_found(r->m, &la) == MACHINE_FOUND_WRITE;
    }
    return n;
}

/* A watchpoint never sees what is said not to have been; and most of memory is not written to.
 * A snapshot that enters or leaves the row changes nothing of that. */
START_TEST(what_is_not_written_is_not_seen)
{
    struct run r;
    uint64_t seed = 7 + (uint64_t)_i, every = _i < 3 ? 400000 : 1500;
    unsigned idle = 0, busy = 0;
    if (!build(&r, (unsigned)_i)) {
        return;
    }
    struct kept from = keep(&r, 0);
    for (unsigned mark = 1; mark <= MARKS; mark++) {
        uint32_t la = (uint32_t)test_random(&seed) % 0xA0000, len = 1 + mark % 8;
        la = mark % 2 ? la : la % 0x8000; /* stacks, the BIOS's data, a boot sector */
        ck_assert(machine_point_add(r.m, MACHINE_WRITE, la, len));
        unsigned seen = writes_to(&r, mark * every - every / 2);
        struct kept half = keep(&r, 0);
        seen += writes_to(&r, mark * every);
        struct kept to = keep(&r, 0);
        if (mark % 3) {
            snapshot_bridge(to.s, half.s);
        }
        if (mark % 3 == 2) {
            snapshot_split(to.s, half.s); /* whose way began elsewhere: nothing happens */
        }
        ck_assert(machine_point_remove(r.m, MACHINE_WRITE, la, len));
        go_back(&r, &from);
        bool may = snapshot_may_have_written(from.s, to.s, la, len);
        ck_assert_msg(may || seen == 0, "guest %d, mark %u, %x: %u writes", _i, mark, la, seen);
        ck_assert(mark % 3 || may); /* not known: half is in between */
        go_back(&r, &to);
        idle += !may;
        busy += seen != 0;
        drop(&half);
        drop(&from);
        from = to;
    }
    if (_i == 1 || _i == 2) {
        ck_assert_uint_gt(idle, MARKS / 8);
    }
    ck_assert_uint_le(busy, MARKS);
    drop(&from);
    run_free(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("snapshot");
    TCase *tc = tcase_create("snapshot");
    tcase_set_timeout(tc, 280);
    tcase_add_loop_test(tc, guests_go_back, 0, 3);
    tcase_add_loop_test(tc, random_machines_go_back, 0, 24);
    tcase_add_loop_test(tc, what_is_not_written_is_not_seen, 0, 12);
    tcase_add_test(tc, memory_is_counted);
    tcase_add_test(tc, out_of_memory_changes_nothing);
    tcase_add_test(tc, a_snapshot_is_of_one_machine);
    tcase_add_test(tc, media_come_back);
    tcase_add_test(tc, the_hosts_own_stays);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
