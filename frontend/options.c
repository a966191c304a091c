/* frontend/options.c -- see the header. The table is options.def; here is what each row does.
 */
#include "frontend/posix.h"

#include "frontend/options_priv.h"

#include "frontend/flip.h"
#include "frontend/parse.h"
#include "frontend/report.h"
#include "frontend/symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_EVERY = 1 << 28, VIDEO_FPS = 30 };

static int bad_value(const struct option *row, const char *value, struct error *err)
{
    return error_set(err, "-%s %s: bad value; use -%s %s", row->name, short_path(value),
                     row->name, row->value);
}

static int later(const struct option *row, const char *value, struct error *err)
{
    return error_set(err, "-%s%s%s: not implemented yet", row->name, *value ? " " : "",
                     short_path(value));
}

bool is_word(const char *value, const char *words)
{
    size_t n = strcspn(value, ":,=");
    while (*words) {
        size_t len = strcspn(words, "|");
        if (n == len && strncmp(value, words, n) == 0) {
            return true;
        }
        words += len + (words[len] == '|');
    }
    return false;
}

/* Not built yet. For some, doing without is a value, and that works. */
static int set_later(struct options *o, const struct option *row, const char *value,
                     struct error *err)
{
    (void)o;
    if (strcmp(row->name, "nic") == 0 && is_word(value, "none|null")) {
        return 0;
    }
    return error_set(err, "-%s: not implemented yet", row->name);
}

static int set_lab(struct options *o, const struct option *row, const char *value,
                   struct error *err)
{
    (void)o, (void)value;
    return error_set(err, "-%s: for terrapin lab alone; see terrapin lab --help", row->name);
}

static int set_nothing(struct options *o, const struct option *row, const char *value,
                       struct error *err)
{
    (void)o, (void)row, (void)value, (void)err;
    return 0;
}

static int set_only(struct options *o, const struct option *row, const char *value,
                    struct error *err)
{
    (void)o;
    return strcmp(value, row->value) == 0 ? 0 : later(row, value, err);
}

static int set_machine(struct options *o, const struct option *row, const char *value,
                       struct error *err)
{
    (void)o;
    const char *type = strncmp(value, "type=", 5) == 0 ? value + 5 : value;
    size_t n = strcspn(type, ",");
    bool pc = n >= 2 && strncmp(type, "pc", 2) == 0 && (n == 2 || type[2] == '-');
    return pc ? 0 : bad_value(row, value, err);
}

static int set_accel(struct options *o, const struct option *row, const char *value,
                     struct error *err)
{
    (void)o;
    return is_word(value, "tcg") ? 0 : bad_value(row, value, err);
}

static int set_smp(struct options *o, const struct option *row, const char *value,
                   struct error *err)
{
    char number[16];
    const char *first = strncmp(value, "cpus=", 5) == 0 ? value + 5 : value;
    size_t n = strcspn(first, ",");
    if (n >= sizeof number) {
        return bad_value(row, value, err);
    }
    memcpy(number, first, n);
    number[n] = '\0';
    if (!parse_u64(number, 255, &o->cpus) || o->cpus == 0) {
        return bad_value(row, value, err);
    }
    return 0;
}

static int set_ram(struct options *o, const struct option *row, const char *value,
                   struct error *err)
{
    const char *size = strncmp(value, "size=", 5) == 0 ? value + 5 : value;
    uint64_t bytes;
    if (!parse_size(size, UINT64_C(1) << 20, &bytes)) {
        return bad_value(row, value, err);
    }
    if (bytes < (UINT64_C(1) << 20) || bytes > (UINT64_C(3) << 30)) {
        return error_set(err, "-m %s: out of range; use 1M to 3G", value);
    }
    if (bytes % (64 << 10) != 0) {
        return error_set(err, "-m %s: not a multiple of 64K; round it", value);
    }
    o->ram_bytes = bytes;
    o->ram_given = true;
    return 0;
}

static int set_rtc(struct options *o, const struct option *row, const char *value,
                   struct error *err)
{
    if (strncmp(value, "base=", 5) != 0) {
        return bad_value(row, value, err);
    }
    const char *base = value + 5;
    if (strcmp(base, "utc") == 0) {
        o->rtc = RTC_UTC;
    } else if (strcmp(base, "localtime") == 0) {
        o->rtc = RTC_LOCALTIME;
    } else if (strcmp(base, "fixed") == 0) {
        o->rtc = RTC_DATE;
        o->rtc_date = civil_seconds(2026, 1, 1, 0, 0, 0);
    } else if (parse_date(base, &o->rtc_date)) {
        o->rtc = RTC_DATE;
    } else {
        return bad_value(row, value, err);
    }
    return 0;
}

#define SET_STRING(fn, member)                                                                 \
    static int fn(struct options *o, const struct option *row, const char *value,              \
                  struct error *err)                                                           \
    {                                                                                          \
        (void)row, (void)err;                                                                  \
        o->member = value;                                                                     \
        return 0;                                                                              \
    }
SET_STRING(set_cpu, cpu)
SET_STRING(set_bios, bios)
SET_STRING(set_name, name)
SET_STRING(set_kernel, kernel)
SET_STRING(set_initrd, initrd)
SET_STRING(set_append, append)
SET_STRING(set_script, script)
SET_STRING(set_loadvm, loadvm)
SET_STRING(set_log, log)
SET_STRING(set_record, record)

#define SET_FLAG(fn, member)                                                                   \
    static int fn(struct options *o, const struct option *row, const char *value,              \
                  struct error *err)                                                           \
    {                                                                                          \
        (void)row, (void)value, (void)err;                                                     \
        o->member = true;                                                                      \
        return 0;                                                                              \
    }
SET_FLAG(set_no_reboot, no_reboot)
SET_FLAG(set_no_shutdown, no_shutdown)
SET_FLAG(set_full_screen, full_screen)
SET_FLAG(set_snapshot, snapshot)
SET_FLAG(set_stopped, stopped)
SET_FLAG(set_hash, hash)
SET_FLAG(set_stats, stats)
SET_FLAG(set_verify, verify)
SET_FLAG(set_info, info)
SET_STRING(set_video, video)
SET_STRING(set_save_history, save_history)
SET_FLAG(set_singlestep, singlestep)
SET_FLAG(set_no_assist, no_assist)

static int set_symbols(struct options *o, const struct option *row, const char *value,
                       struct error *err)
{
    struct symbols *names =
        symbols_load(value, err); /* read again when there is a use for it */
    (void)row;
    o->symbols = value;
    symbols_free(names);
    return names ? 0 : -1;
}

static int set_vgabios(struct options *o, const struct option *row, const char *value,
                       struct error *err)
{
    (void)row, (void)err;
    o->no_vgabios = strcmp(value, "none") == 0;
    o->vgabios = o->no_vgabios ? NULL : value;
    return 0;
}

static int set_boot_order(struct options *o, const struct option *row, const char *order,
                          struct error *err)
{
    size_t n = strlen(order);
    if (n == 0 || n >= sizeof o->boot_order || strspn(order, "acd") != n) {
        return error_set(err,
                         "-%s %s: bad boot order; use letters a (floppy), c (hard disk), "
                         "d (CD)",
                         row->name, order);
    }
    memcpy(o->boot_order, order, n + 1);
    return 0;
}

static int set_boot(struct options *o, const struct option *row, const char *value,
                    struct error *err)
{
    char *copy = strdup(value);
    char *rest = copy;
    int rc = copy ? 0 : error_set(err, "-boot: out of memory");
    for (char *item; rc == 0 && (item = list_next(&rest)) != NULL;) {
        char *v = split_value(item);
        if (!v) {
            rc = set_boot_order(o, row, item, err);
        } else if (strcmp(item, "order") == 0) {
            rc = set_boot_order(o, row, v, err);
        } else if (strcmp(item, "menu") != 0 || !parse_on_off(v, &o->boot_menu)) {
            rc = bad_value(row, value, err);
        }
    }
    free(copy);
    return rc;
}

static int set_display(struct options *o, const struct option *row, const char *value,
                       struct error *err)
{
    o->display = strcmp(value, "none") == 0      ? DISPLAY_NONE
                 : strcmp(value, "sdl") == 0     ? DISPLAY_SDL
                 : is_word(value, "term|curses") ? DISPLAY_TERM
                                                 : DISPLAY_DEFAULT;
    return o->display != DISPLAY_DEFAULT ? 0 : bad_value(row, value, err);
}

static int set_audio(struct options *o, const struct option *row, const char *value,
                     struct error *err)
{
    bool wav = strncmp(value, "wav:", 4) == 0 && value[4];
    o->audio_file = wav ? value + 4 : NULL;
    o->audio = wav                           ? AUDIO_WAV
               : strcmp(value, "sdl") == 0   ? AUDIO_DEVICE
               : is_word(value, "none|null") ? AUDIO_NONE
                                             : AUDIO_DEFAULT;
    return o->audio != AUDIO_DEFAULT ? 0 : bad_value(row, value, err);
}

static int set_shadow(struct options *o, const struct option *row, const char *value,
                      struct error *err)
{
    o->shadow_flush = strcmp(value, "flush") == 0;
    return is_word(value, "keep|flush") ? 0 : bad_value(row, value, err);
}

static int set_curses(struct options *o, const struct option *row, const char *value,
                      struct error *err)
{
    (void)row, (void)value, (void)err;
    o->display = DISPLAY_TERM;
    return 0;
}

static int set_debugcon(struct options *o, const struct option *row, const char *value,
                        struct error *err)
{
    bool file = strncmp(value, "file:", 5) == 0 && value[5];
    o->debugcon_stdio = strcmp(value, "stdio") == 0;
    o->debugcon_file = file ? value + 5 : NULL;
    return file || o->debugcon_stdio || is_word(value, "none|null")
               ? 0
               : bad_value(row, value, err);
}

static int set_nographic(struct options *o, const struct option *row, const char *value,
                         struct error *err)
{
    (void)row, (void)value, (void)err;
    o->nographic = true;
    o->display = DISPLAY_NONE;
    return 0;
}

static int set_serial(struct options *o, const struct option *row, const char *value,
                      struct error *err)
{
    if (o->serials == SERIAL_PORTS) {
        return error_set(err, "-serial %s: a fifth serial port; there are four",
                         short_path(value));
    }
    return serial_option_parse(value, &o->serial[o->serials++]) ? 0
                                                                : bad_value(row, value, err);
}

static int set_parallel(struct options *o, const struct option *row, const char *value,
                        struct error *err)
{
    bool file = strncmp(value, "file:", 5) == 0 && value[5];
    o->parallel_file = file ? value + 5 : NULL;
    o->parallel = file || strcmp(value, "null") == 0;
    return o->parallel || strcmp(value, "none") == 0 ? 0 : bad_value(row, value, err);
}

static int set_speed(struct options *o, const struct option *row, const char *value,
                     struct error *err)
{
    uint64_t us;
    if (strcmp(value, "max") == 0) {
        o->speed = 0;
        return 0;
    }
    if (!parse_micros(value, &us) || us < 100000 || us > 100000000) {
        return bad_value(row, value, err);
    }
    o->speed = (double)us / 1e6;
    return 0;
}

static int set_mips(struct options *o, const struct option *row, const char *value,
                    struct error *err)
{
    uint64_t n = 0;
    o->mips_auto = strcmp(value, "auto") == 0;
    if (!o->mips_auto && (!parse_u64(value, 10000, &n) || n == 0)) {
        return error_set(err, "-%s %s: bad value; use 1 to 10000, or auto", row->name, value);
    }
    o->mips = (uint32_t)n;
    return 0;
}

/* unix:PATH, with QEMU's ",server,nowait" if you like: that is what it is anyway. */
static int monitor_socket(struct options *o, const struct option *row, const char *value,
                          struct error *err)
{
    struct serial_option end;
    if (!serial_option_parse(value, &end) || end.kind != SERIAL_UNIX) {
        return bad_value(row, value, err);
    }
    memcpy(o->monitor_socket, end.socket, sizeof o->monitor_socket);
    return 0;
}

/* Given, it is not where -nographic would put it. */
static int set_monitor(struct options *o, const struct option *row, const char *value,
                       struct error *err)
{
    if (strncmp(value, "unix:", 5) == 0) {
        o->monitor_none = true;
        return monitor_socket(o, row, value, err);
    }
    o->monitor_stdio = strcmp(value, "stdio") == 0;
    o->monitor_none = !o->monitor_stdio;
    return o->monitor_stdio || is_word(value, "none|null") ? 0 : bad_value(row, value, err);
}

static int set_gdb(struct options *o, const struct option *row, const char *value,
                   struct error *err)
{
    return gdb_option_parse(value, &o->gdb) ? 0 : bad_value(row, value, err);
}

/* QEMU's serves every address of the host with it. */
static int set_s(struct options *o, const struct option *row, const char *value,
                 struct error *err)
{
    (void)value;
    return set_gdb(o, row, "tcp:127.0.0.1:1234", err);
}

static int set_until(struct options *o, const struct option *row, const char *value,
                     struct error *err)
{
    return parse_u64(value, UINT64_MAX - 1, &o->until) ? 0 : bad_value(row, value, err);
}

static int set_history(struct options *o, const struct option *row, const char *value,
                       struct error *err)
{
    bool ok = parse_size(value, UINT64_C(1) << 20, &o->history_bytes) && o->history_bytes > 0;
    o->no_history = false;
    return ok ? 0 : bad_value(row, value, err);
}

static int set_no_history(struct options *o, const struct option *row, const char *value,
                          struct error *err)
{
    (void)row, (void)value, (void)err;
    o->no_history = true;
    return 0;
}

static int set_record_hash(struct options *o, const struct option *row, const char *value,
                           struct error *err)
{
    bool ok = parse_u64(value, UINT64_MAX - 1, &o->record_every) && o->record_every > 0;
    return ok ? 0 : bad_value(row, value, err);
}

static int set_fps(struct options *o, const struct option *row, const char *value,
                   struct error *err)
{
    bool ok = parse_u64(value, 1000, &o->fps) && o->fps > 0;
    return ok ? 0 : error_set(err, "-%s %.60s: bad value; use 1 to 1000", row->name, value);
}

static int set_flip(struct options *o, const struct option *row, const char *value,
                    struct error *err)
{
    struct flip f;
    o->flip = value;
    return flip_parse(value, &f) ? 0 : bad_value(row, value, err);
}

static int set_timeout(struct options *o, const struct option *row, const char *value,
                       struct error *err)
{
    bool ok = parse_micros(value, &o->timeout_us) && o->timeout_us > 0;
    return ok ? 0 : bad_value(row, value, err);
}

static int set_trace(struct options *o, const struct option *row, const char *value,
                     struct error *err)
{
    o->trace_firmware = strcmp(value, "firmware") == 0;
    return o->trace_firmware ? 0 : later(row, value, err);
}

static int set_device(struct options *o, const struct option *row, const char *value,
                      struct error *err)
{
    (void)row;
    char *copy = strdup(value);
    char *rest = copy;
    char *item = copy ? list_next(&rest) : NULL;
    int rc = copy ? 0 : error_set(err, "-device: out of memory");
    if (rc == 0 && strcmp(item, "isa-debug-exit") != 0) {
        rc = error_set(err, "-device %s: unknown device; see terrapin -device help",
                       short_path(item));
    }
    uint64_t port = 0xF4, size = 4;
    while (rc == 0 && (item = list_next(&rest)) != NULL) {
        char *v = split_value(item);
        bool ok = v && ((strcmp(item, "iobase") == 0 && parse_u64(v, 0xFFFC, &port) && port) ||
                        (strcmp(item, "iosize") == 0 && parse_u64(v, 4, &size) &&
                         (size == 1 || size == 2 || size == 4)));
        if (!ok) {
            rc = error_set(err,
                           "-device isa-debug-exit,%s: bad; use iobase=0x1 to 0xfffc, "
                           "iosize=1, 2 or 4",
                           short_path(item));
        }
    }
    free(copy);
    o->debug_exit_port = (uint16_t)port;
    o->debug_exit_size = (uint16_t)size;
    return rc;
}

static const struct option table[] = {
#define OPTION(group, name, value, set, help) {group, name, value, set, help},
#include "frontend/options.def"
#undef OPTION
};

const struct option *option_row(size_t i)
{
    return i < ARRAY_LEN(table) ? &table[i] : NULL;
}

/* name: without dashes */
const struct option *option_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (strcmp(table[i].name, name) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

static int set_image(struct options *o, const char *arg, struct error *err)
{
    size_t n = strlen(arg);
    if (n > 4 && strcmp(arg + n - 4, ".ini") == 0) {
        return error_set(err, "%s: machine files: not implemented yet", short_path(arg));
    }
    if (n == 0) {
        return error_set(err, "\"\": an image needs a name; see terrapin --help");
    }
    if (o->image) {
        return error_set(err,
                         "%s: a second image; give drives with -fda, -hda, -cdrom or -drive",
                         short_path(arg));
    }
    o->image = arg;
    return 0;
}

/* One serial line may have this process's terminal, and then nobody else may. */
static int check_stdio(const struct options *o, struct error *err)
{
    unsigned users = 0;
    for (unsigned i = 0; i < o->serials; i++) {
        users += serial_on_stdio(&o->serial[i]);
    }
    if (users > 1) {
        return error_set(err, "-serial stdio: another serial port has the terminal already");
    }
    if (users && o->display == DISPLAY_TERM) {
        return error_set(err, "-serial stdio: the screen has the terminal; add -display none");
    }
    if (users && o->monitor_stdio) {
        return error_set(err, "-monitor stdio: a serial port has the terminal; use -serial "
                              "mon:stdio");
    }
    if (users && o->debugcon_stdio) {
        return error_set(err, "-debugcon stdio: a serial port has the terminal; use "
                              "-debugcon file:F");
    }
    return 0;
}

/* COM1 is there unless it was refused; -nographic puts it on the terminal. */
static void default_serial(struct options *o)
{
    if (o->serials == 0) {
        o->serial[o->serials++].kind = !o->nographic     ? SERIAL_NULL
                                       : o->monitor_none ? SERIAL_STDIO
                                                         : SERIAL_MON_STDIO;
    }
}

/* What -record and -verify imply. */
static void complete_replay(struct options *o)
{
    o->snapshot |= o->record != NULL;
    if (o->verify) {
        o->speed = 0;
        o->display = DISPLAY_NONE;
        o->audio = AUDIO_NONE;
    }
}

static int check_replay(const struct options *o, struct error *err)
{
    if (!o->replay) {
        const char *only = o->info ? "info" : o->verify ? "verify" : o->video ? "video" : NULL;
        return only ? error_set(err, "-%s: is for terrapin replay LOG", only) : 0;
    }
    if (o->save_history) {
        return error_set(err, "-save-history: this is a recording already");
    }
    if (o->record) {
        return error_set(err, "-record: a replay is recorded already; branch F records what "
                              "comes of it");
    }
    if (o->loadvm) {
        return error_set(err, "-loadvm: a recording has its own start");
    }
    return 0;
}

/* What conflicts with what, once everything is known. */
static int check_together(const struct options *o, struct error *err)
{
    if (o->display == DISPLAY_TERM && o->monitor_stdio) {
        return error_set(err, "-monitor stdio: the screen has the terminal; add -display none");
    }
    if (o->display == DISPLAY_TERM && o->debugcon_stdio) {
        return error_set(err, "-debugcon stdio: the screen has the terminal; use "
                              "-debugcon file:F");
    }
    if (!o->kernel && (o->initrd || o->append)) {
        return error_set(err, "-%s: only makes sense for a kernel; add -kernel F",
                         o->initrd ? "initrd" : "append");
    }
    if (check_stdio(o, err) < 0 || check_replay(o, err) < 0) {
        return -1;
    }
    if (o->stopped && o->script && o->gdb.kind == GDB_NONE) {
        return error_set(err, "-S: a script runs the machine; leave one of the two out, or add "
                              "-s for a debugger");
    }
    if (o->mips_auto && o->speed == 0) {
        return error_set(err, "-mips auto: needs a speed to keep up with; not -speed max");
    }
    return 0;
}

/* Words that are answered without a machine. */
static enum options_result question(const struct option *row, const char *name,
                                    const char *value, const char **topic)
{
    if (!row && (strcmp(name, "help") == 0 || strcmp(name, "h") == 0)) {
        *topic = value;
        return value ? OPTIONS_HELP_ONE : OPTIONS_HELP;
    }
    if (!row && strcmp(name, "version") == 0) {
        return OPTIONS_VERSION;
    }
    if (row && value && (strcmp(value, "help") == 0 || strcmp(value, "?") == 0)) {
        return row->set == set_cpu      ? OPTIONS_CPU_HELP
               : row->set == set_device ? OPTIONS_DEVICE_HELP
                                        : OPTIONS_RUN;
    }
    return OPTIONS_RUN;
}

static void set_defaults(struct options *o)
{
    *o = (struct options){.ram_bytes = UINT64_C(128) << 20,
                          .speed = -1,
                          .until = UINT64_MAX,
                          .cpus = 1,
                          .fps = VIDEO_FPS,
                          .record_every = RECORD_EVERY};
}

static void unknown_option(const char *arg, const char *name, struct error *err)
{
    const char *meant = option_meant(name);
    if (meant) {
        error_set(err, "%s: unknown option; did you mean -%s? terrapin --help lists all",
                  short_path(arg), meant);
    } else {
        error_set(err, "%s: unknown option; see terrapin --help", short_path(arg));
    }
}

/* Nothing, or the next option. Texts may be empty, and may be anything. */
static bool is_missing(const struct option *row, const char *value)
{
    bool text = strcmp(row->value, "S") == 0;
    return !value || (!text && (!*value || (*value == '-' && option_find(value + 1))));
}

enum options_result options_parse(struct options *o, int argc, char *const *argv,
                                  const char **topic, struct error *err)
{
    set_defaults(o);
    bool only_images = false;
    int first = 1;
    if (argc > 1 && is_word(argv[1], "state")) {
        return OPTIONS_STATE;
    }
    if (argc > 1 && strcmp(argv[1], "replay") == 0) {
        if (argc == 3 && is_word(argv[2], "--help|-help|-h")) {
            return OPTIONS_HELP;
        }
        if (argc == 2 || argv[2][0] == '-') {
            error_set(err, "replay: needs a recording; use terrapin replay LOG [options]");
            return OPTIONS_ERROR;
        }
        o->replay = argv[2];
        first = 3;
    }
    for (int i = first; i < argc; i++) {
        const char *arg = argv[i];
        if (strcmp(arg, "--") == 0 && !only_images) {
            only_images = true;
            continue;
        }
        if (arg[0] != '-' || only_images) {
            if (set_image(o, arg, err) < 0) {
                return OPTIONS_ERROR;
            }
            continue;
        }
        const char *name = arg + 1 + (arg[1] == '-');
        const struct option *row = option_find(name);
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        enum options_result asked = question(row, name, value, topic);
        if (asked != OPTIONS_RUN) {
            return asked;
        }
        if (!row) {
            unknown_option(arg, name, err);
            return OPTIONS_ERROR;
        }
        if (*row->value && is_missing(row, value)) {
            error_set(err, "-%s: needs a value; use -%s %s", name, name, row->value);
            return OPTIONS_ERROR;
        }
        i += *row->value != '\0';
        if (row->set(o, row, *row->value ? value : "", err) < 0) {
            return OPTIONS_ERROR;
        }
    }
    default_serial(o);
    complete_replay(o);
    return check_together(o, err) < 0 ? OPTIONS_ERROR : OPTIONS_RUN;
}

void options_free(struct options *o)
{
    for (unsigned i = 0; i < o->drives; i++) {
        free(o->drive[i].file);
        o->drive[i].file = NULL;
    }
    o->drives = 0;
}
