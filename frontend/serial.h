/* frontend/serial.h -- the machine's serial lines and their ends on the host.
 *
 * What the guest sends is buffered here and written between slices. A reader that is slow never
 * stops the world: sockets and pseudo-terminals lose what exceeds the buffer; for stdout, whose
 * reader wants everything, the machine waits meanwhile (which it cannot notice), and signals,
 * -timeout and keys are heard as ever. What is typed waits until the chip takes it.
 */
#ifndef TERRAPIN_FRONTEND_SERIAL_H
#define TERRAPIN_FRONTEND_SERIAL_H

#include "mem/error.h"
#include "mem/types.h"

struct serial;
struct session;

/* Opens the ends that the options name. NULL and err: nothing stays open. */
struct serial *serial_open(const struct session *s, struct error *err);
void serial_start(struct serial *se); /* takes the terminal, where one is used */
/* Writes what is left, within reason; gives the terminal back. newline: stdout is to be at the
 * start of a line then; a terminal always is. -1: output was lost, and it has been told. NULL
 * is fine. */
int serial_close(struct serial *se, bool newline);

/* The machine sent a byte on port n. true: it would better pause soon. */
bool serial_sent(struct serial *se, unsigned n, uint8_t byte);
/* Between slices: bytes out and in. */
void serial_poll(struct serial *se, struct session *s);
/* Text for port 0, from a display's keyboard. */
void serial_type(struct serial *se, const char *text);
bool serial_writes(const struct serial *se, const char *path); /* to this file */
bool serial_behind(const struct serial *se);                   /* stdout's reader is */
bool serial_failed(const struct serial *se);                   /* stdout takes no more */

/* Has serial 0 sent text since the last one found? Finding it forgets all up to its end. anew:
 * another text than in the last call. */
bool serial_find(struct serial *se, const char *text, bool anew);
/* What was sent so far is no longer looked at: another machine goes on. NULL is fine. */
void serial_forget(struct serial *se);
/* What serial 0 sent, the newest at least; until the next call of anything here. */
const uint8_t *serial_text(const struct serial *se, size_t *n);
/* The last lines that serial 0 sent, malloc'ed, or NULL. */
char *serial_tail(const struct serial *se);

#endif
