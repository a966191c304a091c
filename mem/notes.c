/* mem/notes.c -- see the header. */
#include "mem/notes.h"

static const char *const note_texts[NOTE_COUNT] = {
#define NOTE(id, kind, text) [NOTE_##id] = #kind " " text,
#include "mem/notes.def"
#undef NOTE
};

const char *note_text(enum note_id id)
{
    return (unsigned)id < NOTE_COUNT ? note_texts[id] : "unknown note";
}

void note(struct notes *notes, enum note_id id)
{
    if ((unsigned)id >= NOTE_COUNT) {
        return;
    }
    if (notes->count[id]++ == 0 && notes->tell) {
        notes->tell(notes->ctx, note_texts[id]);
    }
}
