/* frontend/commands.h -- the commands that scripts and the monitor share. */
#ifndef TERRAPIN_FRONTEND_COMMANDS_H
#define TERRAPIN_FRONTEND_COMMANDS_H

#include "frontend/session.h"
#include "frontend/words.h"

enum command_result {
    COMMAND_OK = 0,                /* the session may be over by now */
    COMMAND_FAILED = -1,           /* err tells */
    COMMAND_TIMED_OUT = -2,        /* a wait for the screen or the keyboard; err tells */
    COMMAND_SERIAL_TIMED_OUT = -3, /* a wait for a serial line; err tells */
};

/* Is it a command, of this place, with so many arguments? w has at least one word. */
int command_check(const struct words *w, bool in_script, struct error *err);
/* Runs a checked command. */
enum command_result command_run(struct session *s, const struct words *w, struct error *err);

/* For completion. NULL behind the last; NULL: no such command. */
const char *command_name(unsigned i);
const char *command_arguments(const char *name);
const char *info_subject(unsigned i);
void info_list(void);

/* One function a row of commands.def. */
typedef enum command_result command_fn(struct session *s, const struct words *w,
                                       struct error *err);
command_fn cmd_wait_screen, cmd_run, cmd_run_to, cmd_type, cmd_sendkey; /* commands_run.c */
command_fn cmd_wait_serial, cmd_send_serial;                            /* likewise */
command_fn cmd_info;                                                    /* info.c */
command_fn cmd_x, cmd_xp;                                               /* examine.c */
command_fn cmd_record, cmd_branch, cmd_goto, cmd_bookmark, cmd_rewind;  /* commands_time.c */
command_fn cmd_save_history, cmd_who_wrote, cmd_reverse_step;           /* likewise */
command_fn cmd_reverse_continue, cmd_commit;                            /* likewise */

/* An address as x takes it: the words from i on. false: err. */
bool command_address(const struct session *s, const struct words *w, unsigned i, uint64_t *out,
                     struct error *err);

#endif
