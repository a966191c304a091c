/* frontend/session.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/session.h"

#include "frontend/audio.h"
#include "frontend/big_pages.h"
#include "frontend/display.h"
#include "frontend/gdb.h"
#include "frontend/history.h"
#include "frontend/monitor.h"
#include "frontend/record.h"
#include "frontend/replay.h"
#include "frontend/report.h"
#include "frontend/savestate.h"
#include "frontend/script.h"
#include "frontend/serial.h"
#include "frontend/signals.h"
#include "frontend/stats.h"
#include "frontend/taken.h"
#include "frontend/video.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Unpaced, the world outside is looked at every so many ticks: some wall milliseconds. */
enum { SLICE_TICKS = 2000000 };
static const uint64_t nap_ns = 20000000;

/* --- what the machine calls ----------------------------------------------------------------
 */

static void on_debug(void *ctx, uint8_t byte)
{
    struct session *s = ctx;
    if (s->muted) {
        return;
    }
    bool unsafe = byte != '\n' && byte != '\t' && byte != '\r' && (byte < 0x20 || byte > 0x7E);
    putc(s->debugcon_tty && unsafe ? '?' : byte, s->debugcon);
    s->last_debug = byte;
    s->written = true;
}

static void on_firmware(void *ctx, uint8_t byte)
{
    struct session *s = ctx;
    if (s->muted) {
        return;
    }
    bool unsafe = byte != '\n' && (byte < 0x20 || byte > 0x7E);
    putc(unsafe ? '?' : byte, s->log ? s->log : stderr);
    s->written = true;
}

/* A machine that sends faster than its reader reads pauses; where does not matter to it. */
static void on_serial(void *ctx, unsigned n, uint8_t byte)
{
    struct session *s = ctx;
    if (!s->muted && serial_sent(s->serial, n, byte)) {
        machine_break(s->machine);
    }
}

static void on_parallel(void *ctx, uint8_t byte)
{
    struct session *s = ctx;
    if (s->muted) {
        return;
    }
    putc(byte, s->printer);
    s->written = true;
}

static void on_speaker(void *ctx, uint64_t tick, bool level)
{
    struct session *s = ctx;
    if (!s->muted) {
        audio_edge(s->audio, tick, level);
    }
}

/* A host error behind a drive is told by its image already, with the file's name. */
static void on_note(void *ctx, const char *line)
{
    struct session *s = ctx;
    if (strncmp(line, "drive ", 6) == 0) {
        record_spoilt(s->record, s);
        return;
    }
    if (s->muted) {
        return;
    }
    if (s->log) {
        fprintf(s->log, "%s\n", line);
        s->written = true;
    } else {
        report("%s", line);
    }
}

/* --- start ---------------------------------------------------------------------------------
 */

/* "wb" empties the file. */
static FILE *open_output(const struct session *s, const char *option, const char *path,
                         struct error *err)
{
    if (taken_check(s, option, path, err) < 0) {
        return NULL;
    }
    FILE *f = fopen(path, "wb");
    if (!f) {
        error_set(err, "%s %s: %s; give a file that can be written", option, short_path(path),
                  strerror(errno));
    }
    return f;
}

static int open_audio(struct session *s, struct error *err)
{
    const struct options *o = s->opt;
    bool wanted = o->audio == AUDIO_DEVICE ||
                  (o->audio == AUDIO_DEFAULT && s->config.display == DISPLAY_SDL);
    if (o->audio == AUDIO_WAV) {
        FILE *f = open_output(s, "-audio", o->audio_file, err);
        if (!f) {
            return -1;
        }
        s->audio = audio_wav(f);
        return s->audio ? 0 : error_set(err, "-audio wav: out of memory");
    }
    s->audio = wanted ? audio_device(o->audio == AUDIO_DEVICE, err) : NULL;
    return !wanted || s->audio ? 0 : -1;
}

static int open_outputs(struct session *s, struct error *err)
{
    const struct options *o = s->opt;
    s->debugcon = o->debugcon_stdio ? stdout : NULL;
    if (o->debugcon_file) {
        s->debugcon = open_output(s, "-debugcon", o->debugcon_file, err);
        if (!s->debugcon) {
            return -1;
        }
    }
    s->debugcon_tty = s->debugcon && isatty(fileno(s->debugcon));
    if (o->log) {
        s->log = open_output(s, "-D", o->log, err);
        if (!s->log) {
            return -1;
        }
    }
    if (o->parallel_file) {
        s->printer = open_output(s, "-parallel", o->parallel_file, err);
        if (!s->printer) {
            return -1;
        }
    }
    if (open_audio(s, err) < 0) {
        return -1;
    }
    s->serial = serial_open(s, err);
    if (!s->serial) {
        return -1;
    }
    if (o->monitor_socket[0]) {
        s->socket = monitor_serve(o->monitor_socket, err);
        if (!s->socket) {
            return -1;
        }
    }
    if (o->gdb.kind != GDB_NONE) {
        s->gdb = gdb_serve(&o->gdb, err);
        if (!s->gdb) {
            return -1;
        }
    }
    s->host = (struct host){
        .ctx = s,
        .serial = on_serial,
        .parallel = s->printer ? on_parallel : NULL,
        .speaker = s->audio ? on_speaker : NULL,
        .debug = s->debugcon ? on_debug : NULL,
        .firmware = o->trace_firmware && (s->log || s->config.display == DISPLAY_NONE)
                        ? on_firmware
                        : NULL,
        .note = on_note,
        .big = big_pages(),
        .sparse = sparse_pages(),
    };
    return 0;
}

static void close_outputs(struct session *s)
{
    if (s->debugcon && s->debugcon != stdout) {
        fclose(s->debugcon);
    }
    if (s->log) {
        fclose(s->log);
    }
    if (s->printer) {
        fclose(s->printer);
    }
    audio_close(s->audio);
    s->audio = NULL;
    s->debugcon = s->log = s->printer = NULL;
}

static double default_speed(const struct session *s)
{
    if (s->opt->speed >= 0) {
        return s->opt->speed;
    }
    return s->config.display != DISPLAY_NONE || s->opt->nographic ? 1 : 0;
}

static void on_input(void *ctx, const struct input *in)
{
    struct session *s = ctx;
    record_input(s->record, in);
    history_input(s->history, in);
}

void session_listen(struct session *s)
{
    if (s->record || s->history) {
        machine_set_recorder(s->machine, on_input, s);
    }
}

int session_record(struct session *s, const char *path, struct error *err)
{
    struct record *rec = record_open(s, path, err);
    if (!rec) {
        return -1;
    }
    record_close(s->record, s);
    s->record = rec;
    s->config.drives.snapshot = true; /* what is put in on the way is to be there again */
    session_listen(s);
    return 0;
}

/* With a screen there is somebody who may want to go back. */
static int start_history(struct session *s, struct error *err)
{
    static const uint64_t by_default = UINT64_C(256) << 20;
    const struct options *o = s->opt;
    bool looked_at = s->config.display != DISPLAY_NONE || s->gdb || o->save_history ||
                     (s->replay && s->script);
    uint64_t size = o->history_bytes ? o->history_bytes : looked_at ? by_default : 0;
    if (o->no_history || o->verify || size == 0) {
        return 0;
    }
    s->history = history_new(size, &s->config.drives, err);
    if (!s->history) {
        return -1;
    }
    session_listen(s);
    return 0;
}

static int start_replay(struct session *s, struct error *err)
{
    s->replay = replay_open(s->opt->replay, err);
    if (s->replay && s->opt->video) {
        s->video = video_open(s->opt->video, (uint32_t)s->opt->fps, err);
        if (!s->video) {
            return -1;
        }
    }
    return s->replay ? replay_start(s->replay, s, open_outputs, err) : -1;
}

static int start_machine(struct session *s, struct error *err)
{
    const struct options *o = s->opt;
    s->script = o->script ? script_load(o->script, err) : NULL;
    if (o->script && !s->script) {
        return -1;
    }
    if (o->replay) {
        return start_replay(s, err);
    }
    if (!o->loadvm) {
        s->machine =
            open_outputs(s, err) == 0 ? machine_new(&s->config.machine, &s->host, err) : NULL;
        return s->machine ? 0 : -1;
    }
    struct savestate *st = savestate_open(s, o->loadvm, err);
    if (st) {
        savestate_give_drives(st, s);
    }
    int rc = st && open_outputs(s, err) == 0 ? savestate_take(st, s, err) : -1;
    savestate_close(st);
    return rc;
}

int session_start(struct session *s, const struct options *opt, struct error *err)
{
    *s = (struct session){.opt = opt,
                          .asked_until = opt->until,
                          .stopped = opt->stopped,
                          .last_debug = '\n',
                          .flip = {.tick = UINT64_MAX}};
    if (opt->flip) {
        flip_parse(opt->flip, &s->flip); /* has been tried */
    }
    if (config_build(&s->config, opt, err) < 0) {
        return -1;
    }
    if (start_machine(s, err) < 0 || (opt->record && session_record(s, opt->record, err) < 0) ||
        start_history(s, err) < 0) {
        machine_free(s->machine);
        replay_close(s->replay);
        video_close(s->video);
        script_free(s->script);
        monitor_unserve(s->socket);
        gdb_unserve(s->gdb, EXIT_TROUBLE);
        serial_close(s->serial, false);
        close_outputs(s);
        config_free(&s->config);
        return -1;
    }
    if (opt->cpus > 1) {
        report("-smp %" PRIu64 ": there is one processor; going on with it", opt->cpus);
    }
    audio_start(s->audio, machine_now(s->machine), machine_mips(s->machine));
    signals_install(s->machine);
    s->start_ns = wall_ns();
    s->end_ns = opt->timeout_us ? s->start_ns + opt->timeout_us * 1000 : 0;
    pace_start(&s->pace, default_speed(s), machine_mips(s->machine), machine_now(s->machine));
    return 0;
}

/* --- running -------------------------------------------------------------------------------
 */

void session_end(struct session *s, int status)
{
    if (!s->over) {
        s->over = true;
        s->status = status;
    }
}

static void powered_off(struct session *s)
{
    if (s->opt->no_shutdown) {
        s->stopped = s->off = true;
        report("the guest powered off; -no-shutdown keeps the machine");
    } else {
        session_end(s, EXIT_FINE);
    }
}

/* -save-history: what led to the triple fault. */
static void keep_crash(struct session *s)
{
    struct error err = {""};
    if (!s->opt->save_history || s->replay) {
        return;
    }
    if (history_save(s->history, s, s->opt->save_history, &err) < 0) {
        report("%s", err.text);
    } else {
        report("triple fault at tick %" PRIu64 "; what led to it is in %s",
               machine_now(s->machine), short_path(s->opt->save_history));
    }
}

static void handle_stop(struct session *s, enum machine_stop why)
{
    s->asleep = why == MACHINE_IDLE;
    s->at_point = why == MACHINE_POINT;
    bool for_good = why == MACHINE_POWEROFF || why == MACHINE_RESET ||
                    why == MACHINE_TRIPLE_FAULT || why == MACHINE_DEBUG_EXIT;
    if (s->replay && for_good) {
        replay_stopped(s->replay, s);
        return;
    }
    switch (why) {
    case MACHINE_UNTIL:
    case MACHINE_IDLE:
    case MACHINE_BREAK: break;
    case MACHINE_POINT: s->stopped = true; break;
    case MACHINE_POWEROFF: powered_off(s); break;
    case MACHINE_RESET: session_end(s, EXIT_FINE); break;
    case MACHINE_TRIPLE_FAULT:
        session_end(s, EXIT_TRIPLE_FAULT);
        keep_crash(s);
        break;
    case MACHINE_DEBUG_EXIT: {
        uint32_t v = machine_exit_value(s->machine);
        complain("debug-exit: %" PRIu32 "\n", v);
        session_end(s, (int)((v << 1 | 1) & 0xFF));
        break;
    }
    }
    if (!s->over && machine_now(s->machine) >= s->asked_until) {
        session_end(s, EXIT_FINE);
    }
}

/* The world outside, between slices. */
static void look_around(struct session *s)
{
    if (s->written) {
        s->written = false;
        fflush(s->debugcon ? s->debugcon : stdout);
        fflush(s->log ? s->log : stderr);
        if (s->printer) {
            fflush(s->printer);
        }
    }
    audio_update(s->audio, machine_now(s->machine), machine_mips(s->machine), s->pace.speed);
    serial_poll(s->serial, s);
    record_poll(s->record, s);
    history_poll(s->history, s);
    if (say_failed() || serial_failed(s->serial)) {
        report("stdout: takes no more output");
        session_end(s, EXIT_TROUBLE);
    }
    if (s->seeking && s->commanding && session_interrupted(s)) {
        s->interrupted = s->stopped = true;
    }
    if (signals_pending()) {
        session_end(s, EXIT_TROUBLE); /* session_finish lets the signal have its way */
    }
    if (s->end_ns && !s->over && wall_ns() >= s->end_ns) {
        report("-timeout: the time is over at tick %" PRIu64, machine_now(s->machine));
        session_end(s, EXIT_TIMEOUT);
    }
    gdb_poll(s->gdb, s);
    if (!s->over) {
        display_update(s->display, s);
    }
}

/* Sleeps, but not past -timeout, nor past a debugger's word. */
static void nap(struct session *s, uint64_t ns)
{
    uint64_t now = wall_ns();
    if (s->end_ns && s->end_ns < now + ns) {
        ns = s->end_ns > now ? s->end_ns - now : 0;
    }
    if (ns > 0) {
        gdb_wait(s->gdb, ns);
    }
}

/* -mips auto: the ratio is state, so it changes through the input door. */
static void follow_host(struct session *s, uint64_t ticks, uint64_t ns)
{
    pace_ran(&s->pace, ticks, ns);
    uint32_t wish = pace_wish(&s->pace);
    if (wish) {
        struct input in = {.kind = INPUT_MIPS, .code = (uint16_t)wish};
        machine_input(s->machine, &in);
        s->pace.base_ns = wall_ns();
        s->pace.base_tick = machine_now(s->machine);
        s->pace.mips = machine_mips(s->machine);
    }
}

/* Once: that the guest's clock cannot keep up, and what helps. */
static void watch_pace(struct session *s)
{
    enum { ENOUGH = 85 };
    unsigned percent = pace_managed(&s->pace);
    if (percent && percent < ENOUGH && !s->slow && !s->opt->mips_auto) {
        s->slow = true;
        report("-speed: this host manages %u %% of it at -mips %" PRIu32
               "; use a smaller -mips, or -mips auto",
               percent, machine_mips(s->machine));
    }
}

static void paced_slice(struct session *s, uint64_t target)
{
    uint64_t now = machine_now(s->machine), frame = pace_frame(&s->pace);
    uint64_t before = wall_ns();
    handle_stop(s, machine_run(s->machine, frame < target - now ? now + frame : target));
    if (s->opt->mips_auto && !s->replay) {
        follow_host(s, machine_now(s->machine) - now, wall_ns() - before);
    }
    look_around(s);
    if (!s->over && !s->stopped) {
        nap(s, pace_ahead(&s->pace, machine_now(s->machine)));
        watch_pace(s);
    }
}

static void free_slice(struct session *s, uint64_t target)
{
    uint64_t now = machine_now(s->machine), until = target;
    if (target == UINT64_MAX) {
        signals_alarm(true); /* no tick to stop at: the wall clock breaks in */
    } else if (target - now > SLICE_TICKS) {
        until = now + SLICE_TICKS;
    }
    handle_stop(s, machine_run(s->machine, until));
    if (target == UINT64_MAX) {
        signals_alarm(false);
    }
    look_around(s);
    if (s->asleep && !s->over && !s->stopped) {
        nap(s, nap_ns);
    }
}

/* -flip, at its tick. */
static void flip_bit(struct session *s)
{
    char field[200] = "";
    int rc = 0;
    if (flip_due(&s->flip, s->machine, field, sizeof field, &rc)) {
        report("-flip: %s, at tick %" PRIu64, field, machine_now(s->machine));
    } else if (rc < 0) {
        report("-flip: there is no such bit; terrapin state info of a saved state names the "
               "parts");
        session_end(s, EXIT_TROUBLE);
    }
}

static void film(struct session *s)
{
    struct error err = {""};
    if (video_look(s->video, s->machine, &err) < 0) {
        report("%s", err.text);
        session_end(s, EXIT_TROUBLE);
    }
}

/* The next tick at which something is to be done to the machine. */
static uint64_t next_deed(struct session *s, uint64_t target)
{
    flip_bit(s);
    if (s->replay && !s->over) {
        replay_feed(s->replay, s);
    }
    uint64_t now = machine_now(s->machine);
    uint64_t next = s->replay && !s->over ? replay_next(s->replay) : target;
    film(s);
    uint64_t frame = video_next(s->video);
    next = frame > now && frame < next ? frame : next;
    next = s->flip.tick > now && s->flip.tick < next ? s->flip.tick : next;
    return next < target ? next : target;
}

static void wait_stopped(struct session *s)
{
    look_around(s);
    if (!s->over) {
        nap(s, nap_ns);
        pace_start(&s->pace, s->pace.speed, machine_mips(s->machine), machine_now(s->machine));
    }
}

/* A script waits for the debugger that has stopped the machine. */
static bool held(const struct session *s)
{
    return s->stopped && s->scripted && !s->off && gdb_may_continue(s->gdb);
}

enum run_result session_run(struct session *s, uint64_t target)
{
    bool forever = target == UINT64_MAX;
    if (target > s->asked_until) {
        target = s->asked_until;
    }
    while (!s->over && (!s->stopped || held(s))) {
        if (s->stopped) {
            wait_stopped(s);
            continue;
        }
        if (machine_now(s->machine) >= s->asked_until) {
            session_end(s, EXIT_FINE);
            break;
        }
        uint64_t next = next_deed(s, target);
        if (s->over) {
            break;
        }
        if (machine_now(s->machine) >= target) {
            return RUN_REACHED;
        }
        if (serial_behind(s->serial)) {
            look_around(s);
            nap(s, nap_ns / 10);
        } else if (s->pace.speed > 0) {
            paced_slice(s, next);
        } else {
            free_slice(s, next);
        }
        if (forever) {
            break;
        }
    }
    return s->over ? RUN_OVER : s->stopped ? RUN_STOPPED : RUN_REACHED;
}

static void tell_stopped(const struct session *s)
{
    char address[160];
    if (s->gdb) {
        gdb_address(s->gdb, address, sizeof address);
        report("-S: stopped; waits for the debugger: target remote %s", address);
    } else {
        display_show(s->display, "-S: stopped; cont in the monitor (Ctrl-A c, in a window "
                                 "Ctrl+Alt+2) starts it");
    }
}

static bool has_nothing_to_boot(const struct session *s)
{
    const struct options *o = s->opt;
    return !o->image && o->drives == 0 && !o->kernel && !o->loadvm && !o->replay && !o->bios;
}

int session_main(struct session *s, struct error *err)
{
    serial_start(s->serial);
    if (s->config.display != DISPLAY_NONE) {
        s->display = display_open(s, err);
        if (!s->display) {
            return -1;
        }
    }
    if (has_nothing_to_boot(s)) {
        display_show(s->display, "nothing to boot from: give an image (terrapin --help)");
    }
    if (s->stopped) {
        tell_stopped(s);
    }
    if (s->script) {
        s->scripted = true;
        script_run(s->script, s);
        s->scripted = false;
    }
    if (s->opt->monitor_stdio && !s->over) {
        s->monitor = monitor_open(false);
    }
    while (!s->over) {
        if (s->monitor) {
            monitor_poll(s->monitor, s);
        }
        monitor_serve_poll(s->socket, s);
        if (!s->over && s->stopped) {
            wait_stopped(s);
        } else if (!s->over) {
            session_run(s, UINT64_MAX);
        }
    }
    return 0;
}

/* --- end -----------------------------------------------------------------------------------
 */

void session_print_hash(const struct session *s)
{
    if (s->opt->debugcon_stdio && s->last_debug != '\n') {
        say("\n"); /* the hash has a line of its own */
    }
    say("state-hash: %016" PRIx64 " icount: %" PRIu64 "\n", machine_hash(s->machine),
        machine_now(s->machine));
}

void session_speed(const struct session *s, char text[SESSION_SPEED])
{
    uint64_t now = machine_now(s->machine);
    double wall = (double)(wall_ns() - s->start_ns) / 1e9;
    double virtual_s = (double)now / (machine_mips(s->machine) * 1e6);
    snprintf(text, SESSION_SPEED, "ticks %" PRIu64 ", virtual %.3f s, wall %.3f s, %.1f MIPS\n",
             now, virtual_s, wall, wall > 0 ? (double)now / wall / 1e6 : 0);
}

static int settle_output(FILE *f, const char *option)
{
    if (f && (fflush(f) != 0 || ferror(f))) {
        report("%s: cannot write; the output is not complete", option);
        return -1;
    }
    return 0;
}

/* Everything written is where it belongs, or somebody hears that it is not. */
static int settle_outputs(struct session *s)
{
    int rc = drives_flush(&s->config.drives); /* tells by itself */
    if (audio_close(s->audio) < 0) {
        report("-audio: cannot write; the file is not complete");
        rc = -1;
    }
    s->audio = NULL;
    rc |= settle_output(s->debugcon, "-debugcon");
    rc |= settle_output(s->printer, "-parallel");
    return rc | settle_output(s->log, "-D");
}

int session_finish(struct session *s)
{
    monitor_close(s->monitor);
    monitor_unserve(s->socket);
    gdb_unserve(s->gdb, s->status);
    display_close(s->display);
    int lost = serial_close(s->serial, s->opt->hash); /* the hash has a line of its own */
    s->serial = NULL;
    if (s->replay) {
        replay_tell(s->replay, s);
    }
    if (s->opt->hash) {
        session_print_hash(s);
    }
    if (s->opt->stats) {
        stats_print(s);
    }
    signals_install(NULL);
    int cut = record_close(s->record, s);
    s->record = NULL;
    replay_close(s->replay);
    s->replay = NULL;
    video_close(s->video);
    history_free(s->history);
    s->history = NULL;
    machine_free(s->machine);
    if ((settle_outputs(s) < 0 || lost < 0 || cut < 0) && s->status == EXIT_FINE) {
        s->status = EXIT_TROUBLE; /* too late for session_end(): it is over */
    }
    close_outputs(s);
    script_free(s->script);
    config_free(&s->config);
    if (signals_pending()) {
        say_flush();
        signals_die(signals_pending());
    }
    return s->status;
}

void session_reset(struct session *s)
{
    struct input in = {.kind = INPUT_RESET};
    machine_input(s->machine, &in);
    if (s->off) {
        s->off = s->stopped = false;
    }
}

uint64_t session_after(const struct session *s, uint64_t us)
{
    uint64_t now = machine_now(s->machine), mips = machine_mips(s->machine);
    return us > (UINT64_MAX - 1 - now) / mips ? UINT64_MAX - 1 : now + us * mips;
}

uint64_t session_next_frame(const struct session *s)
{
    uint64_t second = (uint64_t)machine_mips(s->machine) * 1000000;
    uint64_t now = machine_now(s->machine), whole = now / second, part = now % second;
    uint64_t frame = part * 60 / second + 1;
    return whole * second + (frame * second + 59) / 60;
}

bool session_key(struct session *s, uint16_t code, bool down)
{
    struct input in = {.kind = INPUT_KEY, .code = code, .down = down};
    return machine_input(s->machine, &in);
}
