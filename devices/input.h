/* devices/input.h -- the one door through which anything outside reaches the machine.
 *
 * Every input is stamped with (tick, sequence) by machine_input() and handed to the recorder,
 * if there is one, before it takes effect; a machine is a pure function of its initial state
 * and these. Nothing else may influence it.
 */
#ifndef TERRAPIN_DEVICES_INPUT_H
#define TERRAPIN_DEVICES_INPUT_H

#include "devices/host.h"

enum input_kind {
    INPUT_KEY,    /* code, down */
    INPUT_MOUSE,  /* dx, dy (right and down positive), dz (wheel, away from the user positive),
                     buttons */
    INPUT_SERIAL, /* port 0..3, code: one byte, or SERIAL_BREAK */
    INPUT_MEDIA,  /* port: DRIVE_*, media (kind DRIVE_NONE: eject) */
    INPUT_RESET,  /* reset button */
    INPUT_POWERDOWN, /* power button */
    INPUT_MIPS,      /* code: ticks per virtual microsecond */
    INPUT_REGISTER,  /* a debugger sets register `name` to `value` (machine_reg_set) */
    INPUT_MEMORY,    /* a debugger stores len `bytes` at physical address `value` */
    INPUT_KINDS
};

/* Key codes are set-1 make codes: 1Eh is A; E0xxh the grey keys; PAUSE and PRINT have their
 * own. */
enum { KEY_PAUSE = 0xE11D, KEY_PRINT = 0xE037, KEY_ESC = 0x01, KEY_ENTER = 0x1C };
enum { SERIAL_BREAK = 0x100 };
enum { MOUSE_LEFT = 1, MOUSE_RIGHT = 2, MOUSE_MIDDLE = 4 };

struct input {
    enum input_kind kind;
    uint16_t code;
    bool down;
    int16_t dx, dy, dz;
    uint8_t buttons;
    uint8_t port;
    struct media media;
    const char *name; /* this and bytes are the caller's, for the time of the call */
    const uint8_t *bytes;
    uint32_t len;
    uint64_t value;
    uint64_t tick, seq; /* filled in by machine_input */
};

#endif
