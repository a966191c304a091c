/* frontend/commands_run.c -- commands during which virtual time passes.
 *
 * They stop at ticks that depend on virtual time alone, never on the host, so that a script
 * gives the same machine every time.
 */
#include "frontend/commands.h"

#include "frontend/keymap.h"
#include "frontend/parse.h"
#include "frontend/screen_text.h"
#include "frontend/serial.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_PERIOD_US = 20000, KEY_DOWN_US = 10000, KEY_LOOK_US = 1000 };
enum { SERIAL_LOOK_US = 1000 };
enum { PATIENCE_US = 60000000 }; /* the default of waits */

/* What session_run said, as a command's result. */
static enum command_result result(enum run_result rr, const char *name, struct error *err)
{
    if (rr == RUN_STOPPED) {
        error_set(err, "%s: the machine is stopped", name);
        return COMMAND_FAILED;
    }
    return COMMAND_OK;
}

static enum command_result bad_seconds(const char *name, const char *text, struct error *err)
{
    error_set(err, "%s: %.60s: not a time; use seconds, 0.000001 or more", name, text);
    return COMMAND_FAILED;
}

enum command_result cmd_run(struct session *s, const struct words *w, struct error *err)
{
    uint64_t us;
    if (!parse_micros(w->word[1], &us)) {
        return bad_seconds("run", w->word[1], err);
    }
    return result(session_run(s, session_after(s, us)), "run", err);
}

enum command_result cmd_run_to(struct session *s, const struct words *w, struct error *err)
{
    uint64_t tick;
    if (!parse_u64(w->word[1], UINT64_MAX - 1, &tick)) {
        error_set(err, "run-to: %.60s: not a tick; use a number", w->word[1]);
        return COMMAND_FAILED;
    }
    if (tick < machine_now(s->machine)) {
        error_set(err, "run-to: tick %" PRIu64 " is past; it is %" PRIu64, tick,
                  machine_now(s->machine));
        return COMMAND_FAILED;
    }
    return result(session_run(s, tick), "run-to", err);
}

enum command_result cmd_wait_screen(struct session *s, const struct words *w, struct error *err)
{
    const char *text = w->word[1];
    uint64_t us = PATIENCE_US;
    if (w->n > 2 && !parse_micros(w->word[2], &us)) {
        return bad_seconds("wait-screen", w->word[2], err);
    }
    struct screen *sc = malloc(sizeof *sc);
    if (!sc) {
        error_set(err, "wait-screen: out of memory");
        return COMMAND_FAILED;
    }
    uint64_t end = session_after(s, us);
    enum command_result rc = COMMAND_OK;
    for (;;) {
        machine_screen(s->machine, sc);
        if (screen_has(sc, text)) {
            break;
        }
        if (machine_now(s->machine) >= end) {
            error_set(err, "wait-screen: \"%.100s\" did not appear", text);
            rc = COMMAND_TIMED_OUT;
            break;
        }
        uint64_t frame = session_next_frame(s);
        enum run_result rr = session_run(s, frame < end ? frame : end);
        if (rr != RUN_REACHED) {
            rc = result(rr, "wait-screen", err);
            break;
        }
    }
    free(sc);
    return rc;
}

/* --- serial lines --------------------------------------------------------------------------
 */

static bool has_serial(const struct session *s)
{
    return machine_serial_present(s->machine, 0);
}

/* Looks at once, then each virtual frame. */
enum command_result cmd_wait_serial(struct session *s, const struct words *w, struct error *err)
{
    uint64_t us = PATIENCE_US;
    if (w->n > 2 && !parse_micros(w->word[2], &us)) {
        return bad_seconds("wait-serial", w->word[2], err);
    }
    if (!has_serial(s)) {
        error_set(err, "wait-serial: there is no COM1; leave -serial none out");
        return COMMAND_FAILED;
    }
    uint64_t end = session_after(s, us);
    for (bool anew = true; !serial_find(s->serial, w->word[1], anew); anew = false) {
        if (machine_now(s->machine) >= end) {
            error_set(err, "wait-serial: \"%.100s\" did not come", w->word[1]);
            return COMMAND_SERIAL_TIMED_OUT;
        }
        uint64_t frame = session_next_frame(s);
        enum run_result rr = session_run(s, frame < end ? frame : end);
        if (rr != RUN_REACHED) {
            return result(rr, "wait-serial", err);
        }
    }
    return COMMAND_OK;
}

/* Until there is room for a byte; all: until the chip has received everything. */
static enum command_result wait_line(struct session *s, bool all, struct error *err)
{
    uint64_t end = session_after(s, PATIENCE_US);
    while (all ? !machine_serial_idle(s->machine, 0)
               : machine_serial_room(s->machine, 0) == 0) {
        if (machine_now(s->machine) >= end) {
            error_set(err, "send-serial: the guest does not take the text");
            return COMMAND_SERIAL_TIMED_OUT;
        }
        enum run_result rr = session_run(s, session_after(s, SERIAL_LOOK_US));
        if (rr != RUN_REACHED) {
            return result(rr, "send-serial", err);
        }
    }
    return COMMAND_OK;
}

enum command_result cmd_send_serial(struct session *s, const struct words *w, struct error *err)
{
    if (!has_serial(s)) {
        error_set(err, "send-serial: there is no COM1; leave -serial none out");
        return COMMAND_FAILED;
    }
    for (const char *p = w->word[1]; *p && !s->over; p++) {
        enum command_result rc = wait_line(s, false, err);
        if (rc != COMMAND_OK) {
            return rc;
        }
        struct input in = {.kind = INPUT_SERIAL, .code = (unsigned char)*p};
        machine_input(s->machine, &in);
    }
    return wait_line(s, true, err);
}

/* --- keys ----------------------------------------------------------------------------------
 */

/* Until the guest has taken every scan code. */
static enum command_result wait_idle(struct session *s, const char *name, struct error *err)
{
    uint64_t end = session_after(s, PATIENCE_US);
    while (!machine_keyboard_idle(s->machine)) {
        if (machine_now(s->machine) >= end) {
            error_set(err, "%s: the guest does not take the keys", name);
            return COMMAND_TIMED_OUT;
        }
        enum run_result rr = session_run(s, session_after(s, KEY_LOOK_US));
        if (rr != RUN_REACHED) {
            return result(rr, name, err);
        }
    }
    return COMMAND_OK;
}

/* A key takes 20 virtual ms, half of it down; longer if the guest is slow to take it. */
static enum command_result press(struct session *s, const struct chord *ch, const char *name,
                                 struct error *err)
{
    uint64_t up = session_after(s, KEY_DOWN_US), end = session_after(s, KEY_PERIOD_US);
    for (unsigned i = 0; i < ch->n; i++) {
        session_key(s, ch->code[i], true);
    }
    enum run_result rr = session_run(s, up);
    if (rr != RUN_REACHED) {
        return result(rr, name, err);
    }
    for (unsigned i = ch->n; i-- > 0;) {
        session_key(s, ch->code[i], false);
    }
    rr = session_run(s, end);
    return rr == RUN_REACHED ? wait_idle(s, name, err) : result(rr, name, err);
}

enum command_result cmd_type(struct session *s, const struct words *w, struct error *err)
{
    struct chord ch;
    const char *text = w->word[1];
    for (const char *p = text; *p; p++) {
        if (!keymap_char((unsigned char)*p, &ch)) {
            error_set(err, "type: no key gives byte %02Xh of the text; use US-ASCII",
                      (unsigned char)*p);
            return COMMAND_FAILED;
        }
    }
    enum command_result rc = COMMAND_OK;
    for (const char *p = text; *p && rc == COMMAND_OK && !s->over; p++) {
        keymap_char((unsigned char)*p, &ch);
        rc = press(s, &ch, "type", err);
    }
    return rc;
}

enum command_result cmd_sendkey(struct session *s, const struct words *w, struct error *err)
{
    struct chord ch;
    const char *bad;
    size_t len;
    if (!keymap_chord(w->word[1], &ch, &bad, &len)) {
        if (len == 0) {
            error_set(err,
                      "sendkey: %.60s: a key's name is missing beside a '-'; the key itself is "
                      "minus",
                      w->word[1]);
        } else {
            error_set(err,
                      "sendkey: %.*s: unknown key, or too many; use names as "
                      "ctrl-alt-delete, a, ret, f1",
                      (int)(len < 60 ? len : 60), bad);
        }
        return COMMAND_FAILED;
    }
    return press(s, &ch, "sendkey", err);
}
