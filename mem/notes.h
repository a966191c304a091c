/* mem/notes.h -- UNIMP and GUEST_BUG: unsupported or silly guest behaviour is counted, never
 * fatal.
 *
 * Each machine owns one struct notes; the first occurrence of a note is told to the front end
 * as a line of text, later ones only count. Never guest-visible, never in the state.
 */
#ifndef TERRAPIN_MEM_NOTES_H
#define TERRAPIN_MEM_NOTES_H

#include "mem/types.h"

enum note_id {
#define NOTE(id, kind, text) NOTE_##id,
#include "mem/notes.def"
#undef NOTE
    NOTE_COUNT
};

struct notes {
    uint64_t count[NOTE_COUNT];
    void (*tell)(void *ctx, const char *line); /* may be NULL */
    void *ctx;
};

void note(struct notes *notes, enum note_id id);
const char *note_text(enum note_id id); /* "UNIMP i8254: BCD counting" */

#endif
