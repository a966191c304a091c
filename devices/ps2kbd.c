/* devices/ps2kbd.c -- a PS/2 keyboard of 101 to 104 keys: scan-code sets, typematic, LEDs.
 *
 *   from the host                              answer
 *   ED b   LEDs                                FA, FA
 *   EE     echo                                EE
 *   F0 b   scan-code set; 0 asks               FA, FA [set]
 *   F2     identify                            FA AB 83
 *   F3 b   typematic rate and delay            FA, FA
 *   F4     enable scanning                     FA
 *   F5/F6  defaults, scanning off / unchanged  FA
 *   F7-FA  set 3, all keys: repeat / make and break / make only / repeat, make and break
 *   FB-FD  set 3, the keys whose codes follow: repeat / make and break / make only
 *   FE     resend                              last byte
 *   FF     reset                               FA, after the self-test AA
 *   other                                      FE
 *
 * Keys are told apart by their set-1 make code (devices/input.h); the tables below give the
 * other two sets. Sets 1 and 2 carry the history of the 83-key keyboard: keys that it did not
 * have are the old ones behind E0h, and some are wrapped in make-believe Shift codes (E0 12 in
 * set 2), so that software that ignores E0h sees the right thing under Num Lock and Shift.
 *
 * Clock: repetition in virtual time. NOT IMPLEMENTED: the unsolicited AAh after power-on (it is
 * sent while the controller is still in reset), parity errors.
 * References: IBM PS/2 hardware interface technical reference, keyboards (101- and 102-key).
 */
#include "devices/ps2.h"

#include <string.h>

enum kbd_command {
    KBD_LEDS = 0xED,
    KBD_ECHO = 0xEE,
    KBD_SCAN_SET = 0xF0,
    KBD_IDENTIFY = 0xF2,
    KBD_RATE = 0xF3,
    KBD_ENABLE = 0xF4,
    KBD_DISABLE = 0xF5,
    KBD_DEFAULTS = 0xF6,
    KBD_ALL_REPEAT = 0xF7, /* F7-FA: all keys, F9 and FD in the order of set3_mode[] */
    KBD_ALL_BOTH = 0xFA,
    KBD_KEY_REPEAT = 0xFB, /* FB-FD: single keys */
    KBD_KEY_MAKE = 0xFD,
};

enum kbd_key_mode { KEY_BREAKS = 1, KEY_REPEATS = 2 }; /* neither: make code only */
enum { LED_NUM = 2, RATE_DEFAULT = 0x2B /* 500 ms, 10.9 a second */, RELEASED = 0xF0 };

/* Held-key indexes: set-1 code, and GREY for those behind E0h. Pause takes a free one. */
enum key {
    GREY = 0x80,
    CTRL_LEFT = 0x1D,
    CTRL_RIGHT = GREY | 0x1D,
    SHIFT_LEFT = 0x2A,
    SHIFT_RIGHT = 0x36,
    ALT_LEFT = 0x38,
    ALT_RIGHT = GREY | 0x38,
    SYSRQ = 0x54,
    SLASH = GREY | 0x35,
    PRINT = GREY | 0x37,
    PAUSE = GREY | 0x45,
    BREAK = GREY | 0x46,
};

// clang-format off
static const uint8_t set2_code[128] = {
    0x00, 0x76, 0x16, 0x1E, 0x26, 0x25, 0x2E, 0x36,
    0x3D, 0x3E, 0x46, 0x45, 0x4E, 0x55, 0x66, 0x0D,
    0x15, 0x1D, 0x24, 0x2D, 0x2C, 0x35, 0x3C, 0x43,
    0x44, 0x4D, 0x54, 0x5B, 0x5A, 0x14, 0x1C, 0x1B,
    0x23, 0x2B, 0x34, 0x33, 0x3B, 0x42, 0x4B, 0x4C,
    0x52, 0x0E, 0x12, 0x5D, 0x1A, 0x22, 0x21, 0x2A,
    0x32, 0x31, 0x3A, 0x41, 0x49, 0x4A, 0x59, 0x7C,
    0x11, 0x29, 0x58, 0x05, 0x06, 0x04, 0x0C, 0x03,
    0x0B, 0x83, 0x0A, 0x01, 0x09, 0x77, 0x7E, 0x6C,
    0x75, 0x7D, 0x7B, 0x6B, 0x73, 0x74, 0x79, 0x69,
    0x72, 0x7A, 0x70, 0x71, 0x84, 0x60, 0x61, 0x78,
    0x07, 0x0F, 0x17, 0x1F, 0x27, 0x2F, 0x37, 0x3F,
    0x47, 0x4F, 0x56, 0x5E, 0x08, 0x10, 0x18, 0x20,
    0x28, 0x30, 0x38, 0x40, 0x48, 0x50, 0x57, 0x6F,
    0x13, 0x19, 0x39, 0x51, 0x53, 0x5C, 0x5F, 0x62,
    0x63, 0x64, 0x65, 0x67, 0x68, 0x6A, 0x6D, 0x6E,
};

static const uint8_t set3_code[128] = {
    0x00, 0x08, 0x16, 0x1E, 0x26, 0x25, 0x2E, 0x36,
    0x3D, 0x3E, 0x46, 0x45, 0x4E, 0x55, 0x66, 0x0D,
    0x15, 0x1D, 0x24, 0x2D, 0x2C, 0x35, 0x3C, 0x43,
    0x44, 0x4D, 0x54, 0x5B, 0x5A, 0x11, 0x1C, 0x1B,
    0x23, 0x2B, 0x34, 0x33, 0x3B, 0x42, 0x4B, 0x4C,
    0x52, 0x0E, 0x12, 0x5C, 0x1A, 0x22, 0x21, 0x2A,
    0x32, 0x31, 0x3A, 0x41, 0x49, 0x4A, 0x59, 0x7E,
    0x19, 0x29, 0x14, 0x07, 0x0F, 0x17, 0x1F, 0x27,
    0x2F, 0x37, 0x3F, 0x47, 0x4F, 0x76, 0x5F, 0x6C,
    0x75, 0x7D, 0x84, 0x6B, 0x73, 0x74, 0x7C, 0x69,
    0x72, 0x7A, 0x70, 0x71, 0x57, 0x00, 0x13, 0x56, 0x5E,
};

static const struct { uint8_t key, code; } set3_grey[] = {
    {0x1C, 0x79}, {0x1D, 0x58}, {0x35, 0x77}, {0x37, 0x57},
    {0x38, 0x39}, {0x45, 0x62}, {0x47, 0x6E},
    {0x48, 0x63}, {0x49, 0x6F}, {0x4B, 0x61}, {0x4D, 0x6A},
    {0x4F, 0x65}, {0x50, 0x60}, {0x51, 0x6D},
    {0x52, 0x67}, {0x53, 0x64}, {0x5B, 0x8B}, {0x5C, 0x8C}, {0x5D, 0x8D},
};

/* Set 3 after a reset: all keys repeat without break codes, but for these. */
static const uint8_t set3_both[] = {0x11, 0x12, 0x14, 0x19, 0x59};
static const uint8_t set3_make[] = {
    0x07, 0x08, 0x0F, 0x17, 0x1F, 0x27, 0x2F, 0x37,
    0x39, 0x3F, 0x47, 0x4F, 0x56, 0x57, 0x58, 0x5E,
    0x5F, 0x62, 0x65, 0x67, 0x69, 0x6B, 0x6C, 0x6D,
    0x6E, 0x6F, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75,
    0x76, 0x77, 0x79, 0x7A, 0x7D, 0x7E, 0x84, 0x8B, 0x8C, 0x8D,
};
// clang-format on

/* Commands F7h-FAh, and FBh-FDh likewise. */
static const uint8_t set3_mode[] = {KEY_REPEATS, KEY_BREAKS, 0, KEY_REPEATS | KEY_BREAKS};

static const struct field fifo_fields[] = {
    FIELD_A(struct ps2_fifo, bytes),
    FIELD_R(struct ps2_fifo, head, 0, PS2_FIFO_SIZE - 1),
    FIELD_R(struct ps2_fifo, count, 0, PS2_FIFO_SIZE),
    FIELDS_END,
};
const struct schema ps2_fifo_schema = {"ps2_fifo", sizeof(struct ps2_fifo), 1, 1, fifo_fields,
                                       NULL};

static const struct field ps2kbd_fields[] = {
    DERIVED(struct ps2kbd, link),
    FIELD_EVENT(struct ps2kbd, typematic),
    FIELD_EVENT(struct ps2kbd, bat),
    FIELD_S(struct ps2kbd, reply, &ps2_fifo_schema, struct ps2_fifo),
    FIELD_S(struct ps2kbd, scan, &ps2_fifo_schema, struct ps2_fifo),
    FIELD_A(struct ps2kbd, held),
    FIELD_AR(struct ps2kbd, key_mode, 0, 3),
    FIELD_R(struct ps2kbd, repeat_key, 0, 0xFF),
    FIELD_R(struct ps2kbd, set, 1, 3),
    FIELD(struct ps2kbd, leds),
    FIELD(struct ps2kbd, rate),
    FIELD(struct ps2kbd, command),
    FIELD(struct ps2kbd, last),
    FIELD(struct ps2kbd, scanning),
    FIELD(struct ps2kbd, overrun),
    FIELDS_END,
};
const struct schema ps2kbd_schema = {"ps2kbd", sizeof(struct ps2kbd), 1,
                                     1,        ps2kbd_fields,         NULL};

static bool held(const struct ps2kbd *k, unsigned key)
{
    return k->held[key / 8 % KBD_HELD_BYTES] >> key % 8 & 1;
}

static void set_held(struct ps2kbd *k, unsigned key, bool down)
{
    uint8_t *byte = &k->held[key / 8 % KBD_HELD_BYTES];
    uint8_t bit = (uint8_t)(1u << key % 8);
    *byte = (uint8_t)(down ? *byte | bit : *byte & ~bit);
}

static bool shift_held(const struct ps2kbd *k)
{
    return held(k, SHIFT_LEFT) || held(k, SHIFT_RIGHT);
}

static void reply(struct ps2kbd *k, uint8_t byte)
{
    (void)ps2_fifo_put(&k->reply, byte);
    k->link.ready(k->link.ctx);
}

/* --- scan codes -------------------------------------------------------------------------- */

/* The bytes of one key event; the longest is a make with two shifts undone (8 bytes). */
struct sequence {
    uint8_t bytes[16];
    unsigned count;
};

static void append(struct sequence *s, uint8_t byte)
{
    if (s->count < sizeof s->bytes) {
        s->bytes[s->count++] = byte;
    }
}

/* One key's make or break code in set 1 or 2. */
static void append_key(const struct ps2kbd *k, struct sequence *s, unsigned key, bool down)
{
    uint8_t code = key & 0x7F;
    if (key & GREY) {
        append(s, 0xE0);
    }
    if (k->set == 1) {
        append(s, (uint8_t)(down ? code : code | 0x80));
        return;
    }
    if (!down) {
        append(s, RELEASED);
    }
    append(s, set2_code[code]);
}

/* Pause has no break code: all is sent when it goes down. With Ctrl it is Break. */
static void append_pause(const struct ps2kbd *k, struct sequence *s)
{
    static const uint8_t set1[] = {0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5};
    static const uint8_t set2[] = {0xE1, 0x14, 0x77, 0xE1, 0xF0, 0x14, 0xF0, 0x77};
    if (held(k, CTRL_LEFT) || held(k, CTRL_RIGHT)) {
        append_key(k, s, BREAK, true);
        append_key(k, s, BREAK, false);
        return;
    }
    const uint8_t *bytes = k->set == 1 ? set1 : set2;
    size_t n = k->set == 1 ? sizeof set1 : sizeof set2;
    for (size_t i = 0; i < n; i++) {
        append(s, bytes[i]);
    }
}

/* Insert … the arrows: the keys that the numeric pad also has. */
static bool is_pad_twin(unsigned key)
{
    return key >= (GREY | 0x47) && key <= (GREY | 0x53) && key != (GREY | 0x4A) &&
           key != (GREY | 0x4C) && key != (GREY | 0x4E);
}

/* Shift that the host should not see around a grey key: lifted before it, restored after. */
static void append_shifts(const struct ps2kbd *k, struct sequence *s, bool down)
{
    static const uint8_t shifts[] = {SHIFT_LEFT, SHIFT_RIGHT};
    for (unsigned i = 0; i < ARRAY_LEN(shifts); i++) {
        if (held(k, shifts[i])) {
            append_key(k, s, GREY | shifts[i], down);
        }
    }
}

/* Sets 1 and 2. `again`: a repetition, which leaves the make-believe Shifts out. */
static void append_event(const struct ps2kbd *k, struct sequence *s, unsigned key, bool down,
                         bool again)
{
    bool num_lock = k->leds & LED_NUM;
    bool shifted = shift_held(k);
    bool lift = (is_pad_twin(key) && shifted && !num_lock) || (key == SLASH && shifted);
    bool press = (is_pad_twin(key) && num_lock && !shifted) ||
                 (key == PRINT && !shifted && !held(k, CTRL_LEFT) && !held(k, CTRL_RIGHT));
    if (key == PAUSE) {
        if (down && !again) {
            append_pause(k, s);
        }
        return;
    }
    if (down && !again && lift) {
        append_shifts(k, s, false);
    } else if (down && !again && press) {
        append_key(k, s, GREY | SHIFT_LEFT, true);
    }
    append_key(k, s, key, down);
    if (!down && lift) {
        append_shifts(k, s, true);
    } else if (!down && press) {
        append_key(k, s, GREY | SHIFT_LEFT, false);
    }
}

static uint8_t set3_of(unsigned key)
{
    if (!(key & GREY)) {
        return set3_code[key & 0x7F];
    }
    for (unsigned i = 0; i < ARRAY_LEN(set3_grey); i++) {
        if (set3_grey[i].key == (key & 0x7F)) {
            return set3_grey[i].code;
        }
    }
    return 0;
}

static void append_set3(const struct ps2kbd *k, struct sequence *s, unsigned key, bool down)
{
    uint8_t code = set3_of(key);
    if (code == 0 || (!down && !(k->key_mode[code % KBD_SET3_CODES] & KEY_BREAKS))) {
        return;
    }
    if (!down) {
        append(s, RELEASED);
    }
    append(s, code);
}

/* Queues a key event whole, or, once, the overrun code. The last place is kept for that. */
static void send(struct ps2kbd *k, unsigned key, bool down, bool again)
{
    struct sequence s = {{0}, 0};
    if (k->set == 3) {
        append_set3(k, &s, key, down);
    } else {
        append_event(k, &s, key, down, again);
    }
    if (s.count < ps2_fifo_room(&k->scan)) {
        for (unsigned i = 0; i < s.count; i++) {
            (void)ps2_fifo_put(&k->scan, s.bytes[i]);
        }
        k->overrun = k->overrun && s.count == 0;
    } else if (!k->overrun) {
        k->overrun = true;
        (void)ps2_fifo_put(&k->scan, k->set == 1 ? 0xFF : 0x00);
    }
    if (s.count) {
        k->link.ready(k->link.ctx);
    }
}

/* --- typematic --------------------------------------------------------------------------- */

static bool key_repeats(const struct ps2kbd *k, unsigned key)
{
    if (k->set == 3) {
        return k->key_mode[set3_of(key) % KBD_SET3_CODES] & KEY_REPEATS;
    }
    return key != PAUSE;
}

static void stop_repeat(struct ps2kbd *k)
{
    k->repeat_key = 0;
    clock_cancel(k->link.clock, &k->typematic);
}

static void start_repeat(struct ps2kbd *k, unsigned key)
{
    uint64_t delay_us = ((k->rate >> 5 & 3u) + 1) * 250000u;
    k->repeat_key = (uint16_t)key;
    clock_at(k->link.clock, &k->typematic,
             clock_now(k->link.clock) + clock_us(k->link.clock, delay_us));
}

/* The period is (8 + A) * 2^B / 240 seconds. While the host does not read, repetitions are left
 * out, so that a held key does not fill the queue. */
static void typematic_fire(void *ctx, uint64_t when)
{
    struct ps2kbd *k = ctx;
    uint64_t period_us =
        (uint64_t)((8u + (k->rate & 7u)) << (k->rate >> 3 & 3)) * 1000000u / 240;
    if (!k->scanning || !held(k, k->repeat_key)) {
        stop_repeat(k);
        return;
    }
    if (k->scan.count == 0) {
        send(k, k->repeat_key, true, true);
    }
    clock_at(k->link.clock, &k->typematic, when + clock_us(k->link.clock, period_us));
}

/* 0: no such key. */
static unsigned key_of(uint16_t code)
{
    switch (code >> 8) {
    case 0x00: return code < 0x80 ? code : 0;
    case 0xE0: return (code & 0x80) || code == 0xE000 ? 0 : GREY | (code & 0x7Fu);
    case 0xE1: return code == 0xE11D ? PAUSE : 0;
    default: return 0;
    }
}

void ps2kbd_key(struct ps2kbd *k, uint16_t code, bool down)
{
    unsigned key = key_of(code);
    bool alt = held(k, ALT_LEFT) || held(k, ALT_RIGHT);
    if (key == PRINT && k->set != 3 && (down ? alt : held(k, SYSRQ))) {
        key = SYSRQ; /* Alt+Print Screen has a code of its own */
    }
    if (key == 0 || held(k, key) == down) {
        return; /* not a key, or the host system's own repetition */
    }
    set_held(k, key, down);
    if (!k->scanning) {
        return;
    }
    send(k, key, down, false);
    if (down && key_repeats(k, key)) {
        start_repeat(k, key);
    } else if (down || k->repeat_key == key) {
        stop_repeat(k);
    }
}

/* --- commands ---------------------------------------------------------------------------- */

static void set3_all(struct ps2kbd *k, uint8_t mode)
{
    memset(k->key_mode, mode, sizeof k->key_mode);
}

static void defaults(struct ps2kbd *k)
{
    k->set = 2;
    k->rate = RATE_DEFAULT;
    set3_all(k, KEY_REPEATS);
    for (unsigned i = 0; i < ARRAY_LEN(set3_both); i++) {
        k->key_mode[set3_both[i] % KBD_SET3_CODES] = KEY_BREAKS;
    }
    for (unsigned i = 0; i < ARRAY_LEN(set3_make); i++) {
        k->key_mode[set3_make[i] % KBD_SET3_CODES] = 0;
    }
    k->overrun = false;
    ps2_fifo_clear(&k->scan);
    stop_repeat(k);
}

static void bat_fire(void *ctx, uint64_t when)
{
    struct ps2kbd *k = ctx;
    (void)when;
    k->scanning = true;
    reply(k, PS2_BAT_OK);
}

static void command_reset(struct ps2kbd *k)
{
    ps2_fifo_clear(&k->reply);
    defaults(k);
    k->leds = 0;
    k->scanning = false;
    reply(k, PS2_ACK);
    clock_at(k->link.clock, &k->bat,
             clock_now(k->link.clock) + clock_us(k->link.clock, PS2_BAT_US));
}

/* The byte after ED, F0, F3; FB-FD take as many as come. */
static void argument(struct ps2kbd *k, uint8_t byte)
{
    uint8_t command = k->command;
    if (command < KBD_KEY_REPEAT) {
        k->command = 0;
    }
    if (command == KBD_SCAN_SET && byte > 3) {
        reply(k, PS2_RESEND);
        return;
    }
    reply(k, PS2_ACK);
    switch (command) {
    case KBD_LEDS: k->leds = byte & 7; break;
    case KBD_RATE: k->rate = byte & 0x7F; break;
    case KBD_SCAN_SET:
        if (byte == 0) {
            reply(k, k->set);
            break;
        }
        k->set = byte;
        ps2_fifo_clear(&k->scan);
        break;
    default:
        if (byte < KBD_SET3_CODES) {
            k->key_mode[byte % KBD_SET3_CODES] = set3_mode[(command - KBD_KEY_REPEAT) & 3];
        }
        break;
    }
}

void ps2kbd_command(struct ps2kbd *k, uint8_t byte)
{
    if (k->command && byte < KBD_LEDS) {
        argument(k, byte);
        return;
    }
    if (byte == PS2_RESEND) {
        reply(k, k->last);
        return;
    }
    k->command = 0; /* a command in place of an argument is a command */
    if (byte >= KBD_ALL_REPEAT && byte <= KBD_ALL_BOTH) {
        set3_all(k, set3_mode[(byte - KBD_ALL_REPEAT) & 3]);
        reply(k, PS2_ACK);
        return;
    }
    switch (byte) {
    case PS2_RESET: command_reset(k); return;
    case KBD_ECHO: reply(k, KBD_ECHO); return;
    case KBD_LEDS:
    case KBD_SCAN_SET:
    case KBD_RATE: k->command = byte; break;
    case KBD_KEY_REPEAT:
    case KBD_KEY_REPEAT + 1:
    case KBD_KEY_MAKE: k->command = byte; break;
    case KBD_ENABLE:
        ps2_fifo_clear(&k->scan);
        k->scanning = true;
        break;
    case KBD_DISABLE:
        defaults(k);
        k->scanning = false;
        break;
    case KBD_DEFAULTS: defaults(k); break;
    case KBD_IDENTIFY: break;
    default: reply(k, PS2_RESEND); return;
    }
    reply(k, PS2_ACK);
    if (byte == KBD_IDENTIFY) {
        reply(k, 0xAB);
        reply(k, 0x83);
    }
}

/* --- towards the controller -------------------------------------------------------------- */

bool ps2kbd_pending(const struct ps2kbd *k)
{
    return k->reply.count || k->scan.count;
}

bool ps2kbd_next(struct ps2kbd *k, uint8_t *byte)
{
    if (!ps2_fifo_get(&k->reply, byte) && !ps2_fifo_get(&k->scan, byte)) {
        return false;
    }
    k->overrun = k->overrun && k->scan.count;
    k->last = *byte;
    return true;
}

void ps2kbd_init(struct ps2kbd *k, const struct ps2_link *link)
{
    k->link = *link;
    event_init(link->clock, &k->typematic, "ps2kbd typematic", typematic_fire, k);
    event_init(link->clock, &k->bat, "ps2kbd self-test", bat_fire, k);
}

void ps2kbd_power_on(struct ps2kbd *k)
{
    clock_cancel(k->link.clock, &k->bat);
    ps2_fifo_clear(&k->reply);
    defaults(k);
    memset(k->held, 0, sizeof k->held);
    k->leds = k->command = k->last = 0;
    k->scanning = true;
}
