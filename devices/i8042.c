/* devices/i8042.c -- the keyboard controller of the PC/AT and PS/2: an 8042 with its firmware.
 *
 *   60h read   output buffer           60h write  data for the last command, or else for the
 *                                                 keyboard
 *   64h read   status                  64h write  command
 *   status        7 parity, 6 timeout, 5 output is the mouse's, 4 not inhibited, 3 last write
 *                 was to 64h, 2 system flag, 1 input buffer full, 0 output buffer full
 *   command byte  (RAM 0) 6 translate, 5 mouse off, 4 keyboard off, 2 system flag,
 *                 1 IRQ 12 on, 0 IRQ 1 on
 *   output port   7 keyboard data, 6 clock, 5 mouse's byte waits (IRQ 12), 4 keyboard's byte
 *                 waits (IRQ 1), 1 A20 gate, 0 reset, low active
 *
 *   20-3F read RAM            60-7F b write RAM       A4 password? (F1: none)
 *   A5 … 0 password           A6 password on          A7/A8 mouse off/on
 *   A9 test mouse (00)        AA self-test (55)       AB test keyboard (00)
 *   AD/AE keyboard off/on     C0 input port           C1/C2 poll its low/high half
 *   D0 read output port       D1 b write it           D2 b as if from the keyboard
 *   D3 b as if from the mouse D4 b to the mouse       DD/DF A20 off/on
 *   E0 test inputs            F0-FF pulse low
 *
 * Lines: IRQ 1 and IRQ 12 follow the output buffer; A20; reset through board->power. A byte on
 * a serial line takes BYTE_US of virtual time each way, so the output buffer is never
 * overwritten and each byte gives an edge. The controller's own answers are there at once.
 *
 * The keyboard speaks set 2; with bit 6 of the command byte the controller translates it to the
 * set 1 of the first PC, which is what nearly all software expects.
 *
 * NOT IMPLEMENTED: AC diagnostic dump, the AMI commands A1, CA, CB, line errors (status 6 and 7
 * are 0), a stored password, the lasting effect of F0-FF on any line but reset.
 * References: IBM PC/AT technical reference, keyboard controller; IBM PS/2 hardware interface
 * technical reference, keyboard and auxiliary device controller.
 */
#include "devices/i8042.h"

#include "devices/ps2.h"

#include <string.h>

enum {
    BYTE_US = 400,
    RAM_SIZE = 32,
    IRQ_MOUSE = 12,
    PASSWORD_NONE = 0xF1,
    SELF_TEST_OK = 0x55
};

enum i8042_status {
    STATUS_OUTPUT_FULL = 0x01,
    STATUS_INPUT_FULL = 0x02,
    STATUS_SYSTEM = 0x04,
    STATUS_COMMAND = 0x08,
    STATUS_NOT_INHIBITED = 0x10,
    STATUS_MOUSE = 0x20,
};

enum i8042_command_byte {
    CONTROL_IRQ_KEYBOARD = 0x01,
    CONTROL_IRQ_MOUSE = 0x02,
    CONTROL_SYSTEM = 0x04,
    CONTROL_KEYBOARD_OFF = 0x10,
    CONTROL_MOUSE_OFF = 0x20,
    CONTROL_TRANSLATE = 0x40,
};

enum { PORT_RESET = 0x01, PORT_A20 = 0x02, PORT_IDLE = 0xCC, INPUT_PORT = 0xB0 };

enum i8042_command {
    CMD_READ_RAM = 0x20,
    CMD_WRITE_RAM = 0x60,
    CMD_PASSWORD_TEST = 0xA4,
    CMD_PASSWORD_LOAD,
    CMD_PASSWORD_ENABLE,
    CMD_MOUSE_DISABLE,
    CMD_MOUSE_ENABLE,
    CMD_MOUSE_TEST,
    CMD_SELF_TEST,
    CMD_KEYBOARD_TEST,
    CMD_KEYBOARD_DISABLE = 0xAD,
    CMD_KEYBOARD_ENABLE,
    CMD_READ_INPUT = 0xC0,
    CMD_POLL_LOW,
    CMD_POLL_HIGH,
    CMD_READ_OUTPUT = 0xD0,
    CMD_WRITE_OUTPUT,
    CMD_FROM_KEYBOARD,
    CMD_FROM_MOUSE,
    CMD_TO_MOUSE,
    CMD_A20_OFF = 0xDD,
    CMD_A20_ON = 0xDF,
    CMD_READ_TEST = 0xE0,
    CMD_PULSE = 0xF0,
};

enum i8042_source { FROM_NOBODY, FROM_CONTROLLER, FROM_KEYBOARD, FROM_MOUSE };

struct i8042 {
    struct device dev;
    struct wire a20, mouse_irq;
    struct event deliver;  /* a byte from a device arrives */
    struct event transmit; /* a byte for a device has left */
    struct ps2kbd kbd;
    struct ps2mouse mouse;
    struct ps2_fifo reply; /* the controller's answers: pairs of source and byte */
    uint8_t ram[RAM_SIZE]; /* [0] is the command byte */
    uint8_t output_port;
    uint8_t output;      /* output buffer; keeps its byte after a read */
    uint8_t output_from; /* enum i8042_source; FROM_NOBODY: empty */
    uint8_t input;       /* byte on its way to a device … */
    uint8_t input_to;    /* … FROM_KEYBOARD, FROM_MOUSE, or FROM_NOBODY */
    uint8_t command;     /* that waits for data, 0: none */
    uint8_t poll;        /* C1h, C2h: status bits 4-7 show the input port; 0: not */
    bool command_last;   /* the last write was to 64h */
    bool system;         /* system flag: self-test passed */
    bool release;        /* translation: F0h seen */
};

static const struct field i8042_fields[] = {
    DERIVED(struct i8042, dev),
    DERIVED(struct i8042, a20),
    DERIVED(struct i8042, mouse_irq),
    FIELD_EVENT(struct i8042, deliver),
    FIELD_EVENT(struct i8042, transmit),
    FIELD_S(struct i8042, kbd, &ps2kbd_schema, struct ps2kbd),
    FIELD_S(struct i8042, mouse, &ps2mouse_schema, struct ps2mouse),
    FIELD_S(struct i8042, reply, &ps2_fifo_schema, struct ps2_fifo),
    FIELD_A(struct i8042, ram),
    FIELD(struct i8042, output_port),
    FIELD(struct i8042, output),
    FIELD_R(struct i8042, output_from, 0, FROM_MOUSE),
    FIELD(struct i8042, input),
    FIELD_R(struct i8042, input_to, 0, FROM_MOUSE),
    FIELD(struct i8042, command),
    FIELD(struct i8042, poll),
    FIELD(struct i8042, command_last),
    FIELD(struct i8042, system),
    FIELD(struct i8042, release),
    FIELDS_END,
};
static const struct schema i8042_schema = {"i8042", sizeof(struct i8042), 1,
                                           1,       i8042_fields,         NULL};

/* --- output buffer ----------------------------------------------------------------------- */

/* With the keyboard switched off, the controller's answers are polled for: no IRQ 1. */
static void update_irq(struct i8042 *c)
{
    uint8_t control = c->ram[0];
    bool quiet = c->output_from == FROM_CONTROLLER && (control & CONTROL_KEYBOARD_OFF);
    bool keyboard = (c->output_from == FROM_KEYBOARD || c->output_from == FROM_CONTROLLER) &&
                    (control & CONTROL_IRQ_KEYBOARD) && !quiet;
    bool mouse = c->output_from == FROM_MOUSE && (control & CONTROL_IRQ_MOUSE);
    wire_set(&c->dev.irq, keyboard);
    wire_set(&c->mouse_irq, mouse);
}

static void fill_output(struct i8042 *c, enum i8042_source from, uint8_t byte)
{
    c->output = byte;
    c->output_from = (uint8_t)from;
    update_irq(c);
}

/* Set 2 to set 1, as the table in the controller's ROM has it. */
// clang-format off
static const uint8_t set1_code[128] = {
    0xFF, 0x43, 0x41, 0x3F, 0x3D, 0x3B, 0x3C, 0x58,
    0x64, 0x44, 0x42, 0x40, 0x3E, 0x0F, 0x29, 0x59,
    0x65, 0x38, 0x2A, 0x70, 0x1D, 0x10, 0x02, 0x5A,
    0x66, 0x71, 0x2C, 0x1F, 0x1E, 0x11, 0x03, 0x5B,
    0x67, 0x2E, 0x2D, 0x20, 0x12, 0x05, 0x04, 0x5C,
    0x68, 0x39, 0x2F, 0x21, 0x14, 0x13, 0x06, 0x5D,
    0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5E,
    0x6A, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5F,
    0x6B, 0x33, 0x25, 0x17, 0x18, 0x0B, 0x0A, 0x60,
    0x6C, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0C, 0x61,
    0x6D, 0x73, 0x28, 0x74, 0x1A, 0x0D, 0x62, 0x6E,
    0x3A, 0x36, 0x1C, 0x1B, 0x75, 0x2B, 0x63, 0x76,
    0x55, 0x56, 0x77, 0x78, 0x79, 0x7A, 0x0E, 0x7B,
    0x7C, 0x4F, 0x7D, 0x4B, 0x47, 0x7E, 0x7F, 0x6F,
    0x52, 0x53, 0x50, 0x4C, 0x4D, 0x48, 0x01, 0x45,
    0x57, 0x4E, 0x51, 0x4A, 0x37, 0x49, 0x46, 0x54,
};
// clang-format on

/* False: the byte was F0h, which becomes bit 7 of the next code. Bytes from 80h up pass (they
 * are answers and prefixes), but for the two keys whose codes are there. */
static bool translate(struct i8042 *c, uint8_t *byte)
{
    uint8_t b = *byte;
    if (b == 0xF0) {
        c->release = true;
        return false;
    }
    if (b >= 0x80 && b != 0x83 && b != 0x84) {
        return true;
    }
    uint8_t code = b == 0x83 ? 0x41 : b == 0x84 ? 0x54 : set1_code[b & 0x7F];
    *byte = (uint8_t)(c->release ? code | 0x80 : code);
    c->release = false;
    return true;
}

static bool next_from_keyboard(struct i8042 *c, uint8_t *byte)
{
    if (c->ram[0] & CONTROL_KEYBOARD_OFF) {
        return false;
    }
    for (unsigned budget = 0; budget < 2 * PS2_FIFO_SIZE; budget++) {
        if (!ps2kbd_next(&c->kbd, byte)) {
            return false;
        }
        if (!(c->ram[0] & CONTROL_TRANSLATE) || translate(c, byte)) {
            return true;
        }
    }
    return false;
}

/* Whenever the output buffer is empty: the controller's own answers go first and at once; a
 * device's byte needs its time on the line. */
static void schedule(struct i8042 *c)
{
    uint8_t from;
    uint8_t byte;
    if (c->output_from != FROM_NOBODY) {
        return;
    }
    if (ps2_fifo_get(&c->reply, &from) && ps2_fifo_get(&c->reply, &byte)) {
        fill_output(c, from & 3, byte);
        return;
    }
    bool keyboard = ps2kbd_pending(&c->kbd) && !(c->ram[0] & CONTROL_KEYBOARD_OFF);
    bool mouse = ps2mouse_pending(&c->mouse) && !(c->ram[0] & CONTROL_MOUSE_OFF);
    if ((keyboard || mouse) && c->deliver.at.when == EVENT_IDLE) {
        struct clock *ck = &c->dev.board->clock;
        clock_at(ck, &c->deliver, clock_now(ck) + clock_us(ck, BYTE_US));
    }
}

static void deliver_fire(void *ctx, uint64_t when)
{
    struct i8042 *c = ctx;
    uint8_t byte;
    (void)when;
    if (c->output_from != FROM_NOBODY) {
        return; /* an answer came in between; the next read schedules again */
    }
    if (next_from_keyboard(c, &byte)) {
        fill_output(c, FROM_KEYBOARD, byte);
    } else if (!(c->ram[0] & CONTROL_MOUSE_OFF) && ps2mouse_next(&c->mouse, &byte)) {
        fill_output(c, FROM_MOUSE, byte);
    }
}

static void device_ready(void *ctx)
{
    schedule(ctx);
}

static void answer(struct i8042 *c, enum i8042_source from, uint8_t byte)
{
    if (ps2_fifo_room(&c->reply) >= 2) {
        (void)ps2_fifo_put(&c->reply, (uint8_t)from);
        (void)ps2_fifo_put(&c->reply, byte);
    }
    schedule(c);
}

/* --- input buffer ------------------------------------------------------------------------ */

static void transmit_fire(void *ctx, uint64_t when)
{
    struct i8042 *c = ctx;
    uint8_t to = c->input_to;
    (void)when;
    c->input_to = FROM_NOBODY;
    if (to == FROM_KEYBOARD) {
        ps2kbd_command(&c->kbd, c->input);
    } else if (to == FROM_MOUSE) {
        ps2mouse_command(&c->mouse, c->input);
    }
}

/* A write while the input buffer is full loses a byte on the real thing; here the byte before
 * is hurried along instead. */
static void finish_transmit(struct i8042 *c)
{
    if (c->input_to != FROM_NOBODY) {
        clock_cancel(&c->dev.board->clock, &c->transmit);
        transmit_fire(c, 0);
    }
}

/* Sending to a device switches its line on. */
static void transmit(struct i8042 *c, enum i8042_source to, uint8_t byte)
{
    struct clock *ck = &c->dev.board->clock;
    uint8_t off = to == FROM_KEYBOARD ? CONTROL_KEYBOARD_OFF : CONTROL_MOUSE_OFF;
    c->ram[0] &= (uint8_t)~off;
    c->input = byte;
    c->input_to = (uint8_t)to;
    clock_at(ck, &c->transmit, clock_now(ck) + clock_us(ck, BYTE_US));
}

/* --- commands ---------------------------------------------------------------------------- */

static void ask_for_reset(struct i8042 *c)
{
    const struct board *b = c->dev.board;
    if (b->power) {
        b->power(b->power_ctx, POWER_INIT, 0);
    }
}

static void write_output_port(struct i8042 *c, uint8_t val)
{
    c->output_port = val & (PORT_RESET | PORT_A20);
    wire_set(&c->a20, val & PORT_A20);
    if (!(val & PORT_RESET)) {
        c->output_port |= PORT_RESET; /* the reset itself lets go of the line */
        ask_for_reset(c);
    }
}

static uint8_t read_output_port(const struct i8042 *c)
{
    bool full = c->output_from == FROM_KEYBOARD || c->output_from == FROM_CONTROLLER;
    return (uint8_t)(c->output_port | PORT_IDLE | (full ? 0x10 : 0) |
                     (c->output_from == FROM_MOUSE ? 0x20 : 0));
}

static void write_ram(struct i8042 *c, unsigned index, uint8_t val)
{
    c->ram[index % RAM_SIZE] = val;
    if (index % RAM_SIZE == 0) {
        c->system = val & CONTROL_SYSTEM;
        update_irq(c);
        schedule(c);
    }
}

static void set_control(struct i8042 *c, uint8_t clear, uint8_t set)
{
    write_ram(c, 0, (uint8_t)((c->ram[0] & ~clear) | set));
}

static void self_test(struct i8042 *c)
{
    set_control(c, 0, CONTROL_SYSTEM);
    answer(c, FROM_CONTROLLER, SELF_TEST_OK);
}

/* The clock lines as the controller's T0 and T1 see them: held low while a device is off. */
static uint8_t test_inputs(const struct i8042 *c)
{
    return (uint8_t)((c->ram[0] & CONTROL_KEYBOARD_OFF ? 0 : 1) |
                     (c->ram[0] & CONTROL_MOUSE_OFF ? 0 : 2));
}

/* Commands without data that change a line or a mode. */
static bool control_command(struct i8042 *c, uint8_t command)
{
    switch (command) {
    case CMD_MOUSE_DISABLE: set_control(c, 0, CONTROL_MOUSE_OFF); return true;
    case CMD_MOUSE_ENABLE: set_control(c, CONTROL_MOUSE_OFF, 0); return true;
    case CMD_KEYBOARD_DISABLE: set_control(c, 0, CONTROL_KEYBOARD_OFF); return true;
    case CMD_KEYBOARD_ENABLE: set_control(c, CONTROL_KEYBOARD_OFF, 0); return true;
    case CMD_POLL_LOW:
    case CMD_POLL_HIGH: c->poll = command; return true;
    case CMD_A20_OFF: write_output_port(c, PORT_RESET); return true;
    case CMD_A20_ON: write_output_port(c, PORT_RESET | PORT_A20); return true;
    case CMD_PASSWORD_ENABLE: return true; /* none is installed */
    default: return false;
    }
}

static void command_write(struct i8042 *c, uint8_t command)
{
    c->command_last = true;
    c->command = 0;
    c->poll = 0;
    if (command >= CMD_PULSE) {
        if (!(command & PORT_RESET)) {
            ask_for_reset(c);
        }
        return;
    }
    if (command >= CMD_READ_RAM && command < CMD_READ_RAM + RAM_SIZE) {
        answer(c, FROM_CONTROLLER, c->ram[command % RAM_SIZE]);
        return;
    }
    if ((command >= CMD_WRITE_RAM && command < CMD_WRITE_RAM + RAM_SIZE) ||
        (command >= CMD_WRITE_OUTPUT && command <= CMD_TO_MOUSE) ||
        command == CMD_PASSWORD_LOAD) {
        c->command = command;
        return;
    }
    if (control_command(c, command)) {
        return;
    }
    switch (command) {
    case CMD_SELF_TEST: self_test(c); break;
    case CMD_PASSWORD_TEST: answer(c, FROM_CONTROLLER, PASSWORD_NONE); break;
    case CMD_KEYBOARD_TEST:
    case CMD_MOUSE_TEST: answer(c, FROM_CONTROLLER, 0); break;
    case CMD_READ_INPUT: answer(c, FROM_CONTROLLER, INPUT_PORT); break;
    case CMD_READ_OUTPUT: answer(c, FROM_CONTROLLER, read_output_port(c)); break;
    case CMD_READ_TEST: answer(c, FROM_CONTROLLER, test_inputs(c)); break;
    default: note(&c->dev.board->notes, NOTE_i8042_command); break;
    }
}

static void data_write(struct i8042 *c, uint8_t byte)
{
    uint8_t command = c->command;
    c->command_last = false;
    c->command = 0;
    if (command >= CMD_WRITE_RAM && command < CMD_WRITE_RAM + RAM_SIZE) {
        write_ram(c, command, byte);
        return;
    }
    switch (command) {
    case CMD_PASSWORD_LOAD: /* scan codes up to a zero; not kept */
        c->command = byte ? CMD_PASSWORD_LOAD : 0;
        break;
    case CMD_WRITE_OUTPUT: write_output_port(c, byte); break;
    case CMD_FROM_KEYBOARD: answer(c, FROM_KEYBOARD, byte); break;
    case CMD_FROM_MOUSE: answer(c, FROM_MOUSE, byte); break;
    case CMD_TO_MOUSE: transmit(c, FROM_MOUSE, byte); break;
    default: transmit(c, FROM_KEYBOARD, byte); break;
    }
}

/* --- ports ------------------------------------------------------------------------------- */

static uint32_t data_read(void *ctx, uint32_t off, unsigned size)
{
    struct i8042 *c = ctx;
    (void)off, (void)size;
    uint8_t byte = c->output;
    if (c->output_from != FROM_NOBODY) {
        c->output_from = FROM_NOBODY;
        update_irq(c);
        schedule(c);
    }
    return byte;
}

static uint32_t status_read(void *ctx, uint32_t off, unsigned size)
{
    const struct i8042 *c = ctx;
    (void)off, (void)size;
    uint8_t status =
        (uint8_t)((c->output_from != FROM_NOBODY ? STATUS_OUTPUT_FULL : 0) |
                  (c->input_to != FROM_NOBODY ? STATUS_INPUT_FULL : 0) |
                  (c->system ? STATUS_SYSTEM : 0) | (c->command_last ? STATUS_COMMAND : 0) |
                  STATUS_NOT_INHIBITED | (c->output_from == FROM_MOUSE ? STATUS_MOUSE : 0));
    if (c->poll) {
        uint8_t nibble = c->poll == CMD_POLL_LOW ? INPUT_PORT << 4 & 0xF0 : INPUT_PORT & 0xF0;
        status = (uint8_t)((status & 0x0F) | nibble);
    }
    return status;
}

static void i8042_write(void *ctx, uint32_t val, bool command)
{
    struct i8042 *c = ctx;
    finish_transmit(c);
    if (command) {
        command_write(c, (uint8_t)val);
    } else {
        data_write(c, (uint8_t)val);
    }
}

static void port_60_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    (void)off, (void)size;
    i8042_write(ctx, val, false);
}

static void port_64_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    (void)off, (void)size;
    i8042_write(ctx, val, true);
}

static const struct ports i8042_ports[] = {
    {0, 1, {data_read, port_60_write, 1}},
    {4, 1, {status_read, port_64_write, 1}},
    {0, 0, {NULL, NULL, 0}},
};

/* --- the board's side -------------------------------------------------------------------- */

void i8042_key(struct device *dev, uint16_t code, bool down)
{
    struct i8042 *c = (struct i8042 *)dev;
    ps2kbd_key(&c->kbd, code, down);
}

void i8042_mouse(struct device *dev, int dx, int dy, int dz, unsigned buttons)
{
    struct i8042 *c = (struct i8042 *)dev;
    ps2mouse_move(&c->mouse, dx, dy, dz, buttons);
}

bool i8042_keyboard_idle(const struct device *dev)
{
    const struct i8042 *c = (const struct i8042 *)dev;
    return !ps2kbd_pending(&c->kbd) && c->output_from != FROM_KEYBOARD;
}

void i8042_connect_a20(struct device *dev, struct wire wire)
{
    struct i8042 *c = (struct i8042 *)dev;
    c->a20 = wire;
    wire_set(&c->a20, c->output_port & PORT_A20);
}

static int i8042_init(struct device *dev, struct error *err)
{
    struct i8042 *c = (struct i8042 *)dev;
    struct clock *ck = &dev->board->clock;
    (void)err;
    struct ps2_link link = {ck, device_ready, c};
    c->mouse_irq = board_irq(dev->board, IRQ_MOUSE);
    event_init(ck, &c->deliver, "i8042 deliver", deliver_fire, c);
    event_init(ck, &c->transmit, "i8042 transmit", transmit_fire, c);
    ps2kbd_init(&c->kbd, &link);
    ps2mouse_init(&c->mouse, &link);
    c->output_port = PORT_RESET | PORT_A20;
    return 0;
}

/* RESET# reaches the controller; keyboard and mouse hear of it only when the firmware tells
 * them, and keys that are down stay down. */
static void i8042_reset(struct device *dev, enum reset how)
{
    struct i8042 *c = (struct i8042 *)dev;
    struct clock *ck = &dev->board->clock;
    clock_cancel(ck, &c->deliver);
    clock_cancel(ck, &c->transmit);
    ps2_fifo_clear(&c->reply);
    c->output_from = c->input_to = FROM_NOBODY;
    c->command = c->poll = 0;
    c->command_last = c->system = c->release = false;
    memset(c->ram, 0, sizeof c->ram);
    c->ram[0] = CONTROL_IRQ_KEYBOARD | CONTROL_IRQ_MOUSE;
    if (how == RESET_POWER) {
        c->output = c->input = 0;
        ps2kbd_power_on(&c->kbd);
        ps2mouse_power_on(&c->mouse);
    }
    write_output_port(c, PORT_RESET | PORT_A20);
    update_irq(c);
    schedule(c);
}

static void show_keys(const struct ps2kbd *k, struct text *out)
{
    text_add(out, "  keyboard: set %u, %s%s%s%s, rate %02x, queued %u; down:", k->set,
             k->scanning ? "scanning" : "silent", k->leds & 1 ? ", Scroll" : "",
             k->leds & 2 ? ", Num" : "", k->leds & 4 ? ", Caps" : "", k->rate,
             k->reply.count + k->scan.count);
    unsigned down = 0;
    for (unsigned code = 0; code < KBD_HELD_BYTES * 8; code++) {
        if (k->held[code / 8] >> code % 8 & 1) {
            text_add(out, " %s%02x", code & 0x80 ? "e0-" : "", code & 0x7F);
            down++;
        }
    }
    text_add(out, "%s\n", down ? "" : " none");
}

static void i8042_info(struct device *dev, struct text *out)
{
    static const char *const from[] = {"nobody", "the controller", "the keyboard", "the mouse"};
    const struct i8042 *c = (const struct i8042 *)dev;
    const struct ps2mouse *m = &c->mouse;
    text_add(out, "i8042 command byte %02x: keyboard %s%s%s, mouse %s%s\n", c->ram[0],
             c->ram[0] & CONTROL_KEYBOARD_OFF ? "off" : "on",
             c->ram[0] & CONTROL_IRQ_KEYBOARD ? ", IRQ" : "",
             c->ram[0] & CONTROL_TRANSLATE ? ", translated" : "",
             c->ram[0] & CONTROL_MOUSE_OFF ? "off" : "on",
             c->ram[0] & CONTROL_IRQ_MOUSE ? ", IRQ" : "");
    text_add(out, "  output port %02x; output buffer %02x", c->output_port, c->output);
    text_add(out, c->output_from == FROM_NOBODY ? ", read\n" : ", from %s\n",
             from[c->output_from & 3]);
    show_keys(&c->kbd, out);
    text_add(out, "  mouse: id %u, %s%s%s, %u samples/s, %u counts/mm, buttons %x, queued %u\n",
             m->id, m->enabled ? "reporting" : "silent", m->remote ? ", remote" : "",
             m->scaled ? ", 2:1" : "", m->rate, 1u << (m->resolution & 3), m->buttons,
             m->out.count);
}

const struct device_class i8042_class = {
    .name = "i8042",
    .size = sizeof(struct i8042),
    .state = &i8042_schema,
    .ports = i8042_ports,
    .init = i8042_init,
    .reset = i8042_reset,
    .info = i8042_info,
};
