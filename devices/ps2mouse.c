/* devices/ps2mouse.c -- a PS/2 mouse that becomes an IntelliMouse when knocked at.
 *
 *   from the host                      answer
 *   E6/E7  scaling 1:1 / 2:1           FA
 *   E8 b   resolution 0..3             FA, FA
 *   E9     status                      FA, flags, resolution, rate
 *   EA/F0  stream / remote mode        FA
 *   EB     read data                   FA, packet
 *   EC/EE  leave / enter wrap mode     FA
 *   F2     identify                    FA, 00 | 03 | 04
 *   F3 b   sample rate                 FA, FA
 *   F4/F5  enable / disable reporting  FA
 *   F6     defaults                    FA
 *   FE     resend                      what was sent last
 *   FF     reset                       FA, after the self-test AA 00
 *   other                              FE, and FC when it happens again
 *
 * Packet: flags (7 Y overflow, 6 X overflow, 5 Y sign, 4 X sign, 3 one, 2 middle, 1 right,
 * 0 left), X (right), Y (up), and for id 3: Z (towards the user); for id 4: 5, 4 side buttons,
 * 3-0 Z. The knock is a series of sample rates: 200, 100, 80 makes it id 3; 200, 200, 80 id 4.
 *
 * Movement between packets adds up; what does not fit into a packet goes into the next one, and
 * the overflow bits say that even the accumulator was full and movement was lost.
 * Clock: at most one packet a sample period. NOT IMPLEMENTED: resolution as a scale (the
 * host's counts have no millimetres), the unsolicited AA 00 after power-on (it is sent while
 * the controller is still in reset).
 * References: IBM PS/2 hardware interface technical reference, mouse; Microsoft's papers on the
 * IntelliMouse and the five-button wheel mouse.
 */
#include "devices/ps2.h"

enum mouse_command {
    MOUSE_SCALE_1 = 0xE6,
    MOUSE_SCALE_2 = 0xE7,
    MOUSE_RESOLUTION = 0xE8,
    MOUSE_STATUS = 0xE9,
    MOUSE_STREAM = 0xEA,
    MOUSE_READ = 0xEB,
    MOUSE_UNWRAP = 0xEC,
    MOUSE_WRAP = 0xEE,
    MOUSE_REMOTE = 0xF0,
    MOUSE_IDENTIFY = 0xF2,
    MOUSE_RATE = 0xF3,
    MOUSE_ENABLE = 0xF4,
    MOUSE_DISABLE = 0xF5,
    MOUSE_DEFAULTS = 0xF6,
};

enum { MOVEMENT_MAX = 4095, PACKET_MAX = 255, RATE_DEFAULT = 100, RESOLUTION_DEFAULT = 2 };
enum { ID_PLAIN = 0, ID_WHEEL = 3, ID_FIVE_BUTTONS = 4, MOUSE_ERROR = 0xFC };

static const struct field ps2mouse_fields[] = {
    DERIVED(struct ps2mouse, link),
    FIELD_EVENT(struct ps2mouse, sample),
    FIELD_EVENT(struct ps2mouse, bat),
    FIELD_S(struct ps2mouse, out, &ps2_fifo_schema, struct ps2_fifo),
    FIELD_R(struct ps2mouse, dx, -MOVEMENT_MAX, MOVEMENT_MAX),
    FIELD_R(struct ps2mouse, dy, -MOVEMENT_MAX, MOVEMENT_MAX),
    FIELD_R(struct ps2mouse, dz, -MOVEMENT_MAX, MOVEMENT_MAX),
    FIELD_R(struct ps2mouse, buttons, 0, 0x1F),
    FIELD_R(struct ps2mouse, reported, 0, 0x1F),
    FIELD_R(struct ps2mouse, id, 0, ID_FIVE_BUTTONS),
    FIELD_R(struct ps2mouse, rate, 1, 200),
    FIELD_R(struct ps2mouse, resolution, 0, 3),
    FIELD(struct ps2mouse, command),
    FIELD_A(struct ps2mouse, history),
    FIELD_A(struct ps2mouse, last),
    FIELD_R(struct ps2mouse, last_length, 0, 4),
    FIELD(struct ps2mouse, errors),
    FIELD(struct ps2mouse, enabled),
    FIELD(struct ps2mouse, remote),
    FIELD(struct ps2mouse, wrap),
    FIELD(struct ps2mouse, scaled),
    FIELD(struct ps2mouse, lost),
    FIELDS_END,
};
const struct schema ps2mouse_schema = {"ps2mouse", sizeof(struct ps2mouse), 1,
                                       1,          ps2mouse_fields,         NULL};

/* --- sending ----------------------------------------------------------------------------- */

static void send(struct ps2mouse *m, const uint8_t *bytes, unsigned n)
{
    m->last_length = 0;
    for (unsigned i = 0; i < n; i++) {
        (void)ps2_fifo_put(&m->out, bytes[i]);
        if (m->last_length < sizeof m->last) {
            m->last[m->last_length++] = bytes[i];
        }
    }
    m->link.ready(m->link.ctx);
}

static void reply(struct ps2mouse *m, uint8_t byte)
{
    send(m, &byte, 1);
}

static int32_t clamp(int32_t v, int32_t low, int32_t high)
{
    return v < low ? low : v > high ? high : v;
}

/* 2:1 scaling, as a table in the real thing: fine movement stays fine. */
static int32_t scale(int32_t v)
{
    static const uint8_t small[] = {0, 1, 1, 3, 6, 9};
    int32_t size = v < 0 ? -v : v;
    size = size < (int32_t)ARRAY_LEN(small) ? small[size] : 2 * size;
    return v < 0 ? -size : size;
}

/* Takes what fits out of an accumulator. Scaling is for stream mode only, and the result must
 * still fit. */
static int32_t take(int32_t *sum, bool scaled)
{
    int32_t limit = scaled ? PACKET_MAX / 2 : PACKET_MAX;
    int32_t v = clamp(*sum, -limit, limit);
    *sum -= v;
    return scaled ? scale(v) : v;
}

static void send_packet(struct ps2mouse *m, bool streaming)
{
    int32_t x = take(&m->dx, streaming && m->scaled);
    int32_t y = take(&m->dy, streaming && m->scaled);
    uint8_t packet[4] = {0};
    packet[0] = (uint8_t)((m->buttons & 7) | 0x08 | (x < 0 ? 0x10 : 0) | (y < 0 ? 0x20 : 0) |
                          (m->lost ? 0xC0 : 0));
    packet[1] = (uint8_t)x;
    packet[2] = (uint8_t)y;
    if (m->id == ID_PLAIN) {
        m->dz = 0;
        send(m, packet, 3);
    } else {
        bool five = m->id == ID_FIVE_BUTTONS;
        int32_t z = five ? clamp(m->dz, -8, 7) : clamp(m->dz, -128, 127);
        m->dz -= z;
        packet[3] = (uint8_t)(five ? (z & 0x0F) | (m->buttons & 0x18) << 1 : z & 0xFF);
        send(m, packet, 4);
    }
    m->reported = m->buttons;
    m->lost = false;
}

static bool streams(const struct ps2mouse *m)
{
    return m->enabled && !m->remote && !m->wrap;
}

static bool changed(const struct ps2mouse *m)
{
    uint8_t visible = m->id == ID_FIVE_BUTTONS ? 0x1F : 0x07;
    return m->dx || m->dy || (m->dz && m->id != ID_PLAIN) ||
           ((m->buttons ^ m->reported) & visible);
}

static void start_period(struct ps2mouse *m, uint64_t from)
{
    uint32_t rate = m->rate ? m->rate : RATE_DEFAULT;
    clock_at(m->link.clock, &m->sample, from + clock_us(m->link.clock, 1000000u / rate));
}

/* One packet at a time: while the host has not taken the last one, movement adds up. */
static void sample_fire(void *ctx, uint64_t when)
{
    struct ps2mouse *m = ctx;
    if (!streams(m) || !changed(m)) {
        return;
    }
    if (m->out.count == 0) {
        send_packet(m, true);
    }
    start_period(m, when);
}

static void accumulate(struct ps2mouse *m, int32_t *sum, int v)
{
    int32_t total = *sum + clamp(v, -2 * MOVEMENT_MAX, 2 * MOVEMENT_MAX);
    *sum = clamp(total, -MOVEMENT_MAX, MOVEMENT_MAX);
    m->lost = m->lost || *sum != total;
}

void ps2mouse_move(struct ps2mouse *m, int dx, int dy, int dz, unsigned buttons)
{
    m->buttons = buttons & 0x1F;
    if (!streams(m) && !m->remote) {
        return;
    }
    accumulate(m, &m->dx, dx);
    accumulate(m, &m->dy, dy == INT32_MIN ? INT32_MAX : -dy);
    accumulate(m, &m->dz, dz == INT32_MIN ? INT32_MAX : -dz);
    if (m->sample.at.when == EVENT_IDLE) {
        sample_fire(m, clock_now(m->link.clock));
    }
}

/* --- commands ---------------------------------------------------------------------------- */

static void forget_movement(struct ps2mouse *m)
{
    m->dx = m->dy = m->dz = 0;
    m->lost = false;
    m->reported = m->buttons;
}

static void defaults(struct ps2mouse *m)
{
    m->rate = RATE_DEFAULT;
    m->resolution = RESOLUTION_DEFAULT;
    m->scaled = m->remote = m->wrap = m->enabled = false;
    forget_movement(m);
}

static void bat_fire(void *ctx, uint64_t when)
{
    static const uint8_t passed[] = {PS2_BAT_OK, ID_PLAIN};
    struct ps2mouse *m = ctx;
    (void)when;
    send(m, passed, sizeof passed);
}

static void set_rate(struct ps2mouse *m, uint8_t rate)
{
    if (rate == 80 && m->history[0] == 200 && m->history[1] == 100) {
        m->id = m->id == ID_PLAIN ? ID_WHEEL : m->id;
    } else if (rate == 80 && m->history[0] == 200 && m->history[1] == 200) {
        m->id = ID_FIVE_BUTTONS;
    }
    m->history[0] = m->history[1];
    m->history[1] = rate;
    m->rate = rate;
}

static bool valid_rate(uint8_t rate)
{
    return rate == 10 || rate == 20 || rate == 40 || rate == 60 || rate == 80 || rate == 100 ||
           rate == 200;
}

static void bad_byte(struct ps2mouse *m)
{
    reply(m, m->errors ? MOUSE_ERROR : PS2_RESEND);
    m->errors = 1;
}

/* The byte after E8 or F3. A bad one leaves the mouse waiting for a better one. */
static void argument(struct ps2mouse *m, uint8_t byte)
{
    bool rate = m->command == MOUSE_RATE;
    if (rate ? !valid_rate(byte) : byte > 3) {
        bad_byte(m);
        return;
    }
    if (rate) {
        set_rate(m, byte);
    } else {
        m->resolution = byte;
    }
    m->command = 0;
    m->errors = 0;
    reply(m, PS2_ACK);
}

static void send_status(struct ps2mouse *m)
{
    uint8_t status[3];
    status[0] = (uint8_t)((m->remote ? 0x40 : 0) | (m->enabled ? 0x20 : 0) |
                          (m->scaled ? 0x10 : 0) | (m->buttons & 1 ? 0x04 : 0) |
                          (m->buttons & 4 ? 0x02 : 0) | (m->buttons & 2 ? 0x01 : 0));
    status[1] = m->resolution;
    status[2] = m->rate;
    send(m, status, sizeof status);
}

static void resend(struct ps2mouse *m)
{
    uint8_t again[4];
    unsigned n = m->last_length <= sizeof again ? m->last_length : (unsigned)sizeof again;
    for (unsigned i = 0; i < n; i++) {
        again[i] = m->last[i];
    }
    send(m, again, n);
}

/* Commands that change something and are acknowledged. */
static bool simple_command(struct ps2mouse *m, uint8_t byte)
{
    switch (byte) {
    case MOUSE_SCALE_1: m->scaled = false; break;
    case MOUSE_SCALE_2: m->scaled = true; break;
    case MOUSE_STREAM: m->remote = false; break;
    case MOUSE_REMOTE: m->remote = true; break;
    case MOUSE_UNWRAP: m->wrap = false; break;
    case MOUSE_WRAP: m->wrap = true; break;
    case MOUSE_ENABLE: m->enabled = true; break;
    case MOUSE_DISABLE: m->enabled = false; break;
    case MOUSE_DEFAULTS: defaults(m); break;
    case MOUSE_RESOLUTION:
    case MOUSE_RATE: m->command = byte; break;
    case PS2_RESET:
        defaults(m);
        m->id = ID_PLAIN;
        m->history[0] = m->history[1] = 0;
        clock_at(m->link.clock, &m->bat,
                 clock_now(m->link.clock) + clock_us(m->link.clock, PS2_BAT_US));
        break;
    default: return false;
    }
    if (byte != MOUSE_SCALE_1 && byte != MOUSE_SCALE_2) {
        forget_movement(m);
    }
    reply(m, PS2_ACK);
    return true;
}

void ps2mouse_command(struct ps2mouse *m, uint8_t byte)
{
    ps2_fifo_clear(&m->out); /* a command cuts off whatever was being sent */
    if (m->wrap && byte != MOUSE_UNWRAP && byte != PS2_RESET) {
        reply(m, byte);
        return;
    }
    if (byte == PS2_RESEND) {
        resend(m);
        return;
    }
    if (m->command && byte < MOUSE_SCALE_1) {
        argument(m, byte);
        return;
    }
    m->command = 0;
    if (simple_command(m, byte)) {
        m->errors = 0;
        return;
    }
    if (byte != MOUSE_STATUS && byte != MOUSE_READ && byte != MOUSE_IDENTIFY) {
        bad_byte(m);
        return;
    }
    m->errors = 0;
    reply(m, PS2_ACK);
    if (byte == MOUSE_STATUS) {
        send_status(m);
    } else if (byte == MOUSE_READ) {
        send_packet(m, false);
    } else {
        reply(m, m->id);
    }
}

/* --- towards the controller -------------------------------------------------------------- */

bool ps2mouse_pending(const struct ps2mouse *m)
{
    return m->out.count;
}

bool ps2mouse_next(struct ps2mouse *m, uint8_t *byte)
{
    return ps2_fifo_get(&m->out, byte);
}

void ps2mouse_init(struct ps2mouse *m, const struct ps2_link *link)
{
    m->link = *link;
    event_init(link->clock, &m->sample, "ps2mouse sample", sample_fire, m);
    event_init(link->clock, &m->bat, "ps2mouse self-test", bat_fire, m);
}

void ps2mouse_power_on(struct ps2mouse *m)
{
    clock_cancel(m->link.clock, &m->sample);
    clock_cancel(m->link.clock, &m->bat);
    ps2_fifo_clear(&m->out);
    m->buttons = 0;
    defaults(m);
    m->id = ID_PLAIN;
    m->command = m->errors = m->last_length = 0;
    m->history[0] = m->history[1] = 0;
    for (unsigned i = 0; i < sizeof m->last; i++) {
        m->last[i] = 0;
    }
}
