/* test_state_tool.c -- terrapin state info|check|diff|picture, on states of a machine of 1 MB.
 */
#include "frontend/posix.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frontend/report.h"
#include "frontend/savestate.h"
#include "frontend/state_tool.h"

enum { DISK = 100 << 10 };

static char dir[64], bios[96], one[96], two[96], disk[96], picture[96];
static struct session session;
static struct options o;
static struct error err;

static void write_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
}

/* ---- what the tool prints */

static char said[16384];

static void keep(void *ctx, const char *line)
{
    size_t used = strlen(said);
    (void)ctx;
    snprintf(said + used, sizeof said - used, "%s", line);
}

static int tool(const char *verb, const char *a, const char *b)
{
    char words[3][128];
    char *argv[3] = {words[0], words[1], words[2]};
    snprintf(words[0], sizeof words[0], "%s", verb);
    snprintf(words[1], sizeof words[1], "%s", a);
    snprintf(words[2], sizeof words[2], "%s", b ? b : "");
    said[0] = '\0';
    report_redirect(keep, NULL);
    int rc = state_tool(b ? 3 : 2, argv);
    report_redirect(NULL, NULL);
    return rc;
}

#define says(text) ck_assert_msg(strstr(said, text) != NULL, "no \"%s\" in:\n%s", text, said)

/* ---- two states: the same machine at tick 1000, and at 1500 with another byte on its disk */

static void start(void)
{
    static char line[512];
    char *argv[32];
    int argc = 0;
    const char *topic;
    snprintf(line, sizeof line,
             "terrapin -display none -bios %s -vgabios none -m 1 -cpu 486 -snapshot -hda %s",
             bios, disk);
    for (char *w = strtok(line, " "); w; w = strtok(NULL, " ")) {
        argv[argc++] = w;
    }
    ck_assert_int_eq(options_parse(&o, argc, argv, &topic, &err), OPTIONS_RUN);
    ck_assert_msg(session_start(&session, &o, &err) == 0, "%s", err.text);
    session.scripted = true;
}

static void save(const char *path)
{
    struct save_request rq = {.path = path};
    ck_assert_msg(savestate_save(&session, &rq, &err) == 0, "%s", err.text);
}

static void make(void)
{
    static uint8_t rom[64 << 10], bytes[DISK];
    /* l: inc word [1234h]; jmp l */
    static const uint8_t code[] = {0xFF, 0x06, 0x34, 0x12, 0xEB, 0xFA};
    static const uint8_t reset[] = {0xE9, 0x0D, 0x00}; /* jmp 0 */
    memcpy(rom, code, sizeof code);
    memcpy(rom + 0xFFF0, reset, sizeof reset);
    write_file(bios, rom, sizeof rom);
    write_file(disk, bytes, sizeof bytes);
    start();
    machine_run(session.machine, 1000);
    save(one);
    machine_run(session.machine, 1500);
    struct media m = session.config.machine.drive[2];
    ck_assert_int_eq(m.ops->write(m.ctx, 5, rom, 1), 0);
    save(two);
    session_end(&session, 0);
    session_finish(&session);
}

START_TEST(info_tells_what_is_in_it)
{
    ck_assert_int_eq(tool("info", one, NULL), 0);
    says("format 1");
    says("saved by   terrapin");
    says("-m 1 MB, -cpu 486");
    says("at         tick 1000");
    says("thumbnail  160 x 120");
    says("disk hda");
    says("100 KB, what a snapshot changed");
    says("blob ram ram: 1 pages");
    says("chip i8254 0");
}
END_TEST

START_TEST(info_prints_fields_by_name)
{
    ck_assert_int_eq(tool("info", one, "clock.now"), 0);
    ck_assert_str_eq(said, "clock.now = 3e8h\n");
    ck_assert_int_eq(tool("info", one, "chip i8254"), 0);
    says("chip i8254 0.ch[2].");
    ck_assert_int_eq(tool("info", one, "clock.no"), 1);
    says("clock.no: no field has such a name");
}
END_TEST

START_TEST(check_is_content_or_says_why_not)
{
    ck_assert_int_eq(tool("check", one, NULL), 0);
    says("sound");
    ck_assert_int_eq(tool("check", bios, NULL), 1);
    says("is not a save state");
    ck_assert_int_eq(tool("check", "/nonexistent/x", NULL), 1);
    says("No such file");
    char moved[128];
    snprintf(moved, sizeof moved, "%s.away", disk);
    ck_assert_int_eq(rename(disk, moved), 0);
    ck_assert_int_eq(tool("check", one, NULL), 1);
    says("disk.img: No such file");
    ck_assert_int_eq(rename(moved, disk), 0);
}
END_TEST

START_TEST(diff_names_fields_pages_and_disks)
{
    ck_assert_int_eq(tool("diff", one, one), 0);
    ck_assert_str_eq(said, "");
    ck_assert_int_eq(tool("diff", one, two), 1);
    says("clock.now: 3e8h, 5dch\n");
    says("ram page 1h: at 1234h ");
    says("disk hda: what the guest wrote differs");
    ck_assert_int_eq(tool("diff", one, bios), 1);
    says("is not a save state");
}
END_TEST

START_TEST(the_picture_is_a_png)
{
    uint8_t head[8];
    ck_assert_int_eq(tool("picture", one, picture), 0);
    FILE *f = fopen(picture, "rb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fread(head, 1, sizeof head, f), sizeof head);
    fclose(f);
    ck_assert_mem_eq(head, "\x89PNG\r\n\x1A\n", sizeof head);
}
END_TEST

START_TEST(other_words)
{
    ck_assert_int_eq(tool("look", one, NULL), 1);
    says("use terrapin state info");
    ck_assert_int_eq(tool("diff", one, NULL), 1);
    says("use terrapin state info");
}
END_TEST

static void name(char *to, const char *file)
{
    snprintf(to, 96, "%s/%s", dir, file);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%.40s/tool-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(dir)) {
        perror(dir);
        return 1;
    }
    char *const paths[] = {bios, one, two, disk, picture};
    static const char *const files[] = {"bios.bin", "one", "two", "disk.img", "picture.png"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        name(paths[i], files[i]);
    }
    Suite *s = suite_create("state_tool");
    TCase *tc = tcase_create("state_tool");
    tcase_add_unchecked_fixture(tc, make, NULL);
    tcase_add_test(tc, info_tells_what_is_in_it);
    tcase_add_test(tc, info_prints_fields_by_name);
    tcase_add_test(tc, check_is_content_or_says_why_not);
    tcase_add_test(tc, diff_names_fields_pages_and_disks);
    tcase_add_test(tc, the_picture_is_a_png);
    tcase_add_test(tc, other_words);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    options_free(&o);
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        unlink(paths[i]);
    }
    rmdir(dir);
    return failed != 0;
}
