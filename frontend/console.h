/* frontend/console.h -- a serial line on this terminal: -serial stdio and mon:stdio.
 *
 * The terminal is in raw mode meanwhile, and given back on every way out, signals and crashes
 * included. With mon:stdio Ctrl-A is ours, as in QEMU: x quits, c goes to the monitor and back,
 * b sends a break, h helps, Ctrl-A sends itself.
 */
#ifndef TERRAPIN_FRONTEND_CONSOLE_H
#define TERRAPIN_FRONTEND_CONSOLE_H

#include "frontend/serial_end.h"

struct console;
struct session;

struct console *console_open(bool with_monitor); /* NULL: no memory */
void console_close(struct console *c);           /* NULL is fine */
/* Takes the terminal, if there is one. */
void console_start(struct console *c);
/* Reads what was typed; busy: the machine runs inside a monitor command or a script. */
void console_poll(struct console *c, struct serial_end *end, struct session *s, bool busy);
/* The next character for the guest, or its break (devices/input.h). */
bool console_next(struct console *c, uint16_t *code);
/* A guest's byte as this terminal may show it. Returns how many bytes out holds. */
enum { CONSOLE_BYTES = 64 };
size_t console_show(struct console *c, uint8_t byte, uint8_t out[CONSOLE_BYTES]);

#endif
