/* input.c -- the one door: stamped, logged, then let in. The machine stands between two
 * instructions, all events of the present tick have fired.
 */
#include "devices/input.h"

#include "devices/i8042.h"
#include "devices/machine_priv.h"
#include "devices/ns16550a.h"
#include "devices/piix4_pm.h"

/* Ticks per microsecond change: everybody who counts cycles of a clock of its own reschedules.
 */
static void set_mips(struct machine *m, uint32_t mips)
{
    struct board *b = &m->board;
    clock_set_mips(&b->clock, mips);
    for (unsigned i = 0; i < b->devices; i++) {
        if (b->device[i]->cls->retime) {
            b->device[i]->cls->retime(b->device[i]);
        }
    }
}

static void set_media(struct machine *m, const struct input *in)
{
    if (in->port < DRIVE_COUNT) {
        drive_insert(&m->board.drive[in->port],
                     in->media.kind == DRIVE_NONE ? NULL : &in->media);
    }
}

static void serial_input(struct machine *m, const struct input *in)
{
    if (in->port >= m->serials || !ns16550a_input(m->serial[in->port], in->code)) {
        note(&m->board.notes, NOTE_pc_serial_input);
    }
}

static bool let_in(struct machine *m, const struct input *in)
{
    switch (in->kind) {
    case INPUT_KEY: i8042_key(m->keyboard, in->code, in->down); break;
    case INPUT_MOUSE: i8042_mouse(m->keyboard, in->dx, in->dy, in->dz, in->buttons); break;
    case INPUT_SERIAL: serial_input(m, in); break;
    case INPUT_MEDIA: set_media(m, in); break;
    case INPUT_RESET: machine_reset(m); break;
    case INPUT_POWERDOWN: piix4_pm_button(m->power); break;
    case INPUT_MIPS: set_mips(m, in->code); break;
    case INPUT_REGISTER: return cpu_reg_set(m->cpu, in->name, in->value);
    case INPUT_MEMORY: return phys_dma_write(m->phys, in->value, in->bytes, in->len) == in->len;
    case INPUT_KINDS: return false;
    }
    return true;
}

/* Settled before and after, so that it does not matter whether the machine is made to run in
 * between two inputs of one tick, which is the front end's business. */
static bool enter(struct machine *m, const struct input *in, bool log)
{
    machine_settle(m);
    struct input stamped = *in;
    stamped.tick = machine_now(m);
    stamped.seq = m->input_seq++;
    if (log && m->log) {
        m->log(m->log_ctx, &stamped);
    }
    bool done = let_in(m, in);
    machine_settle(m);
    return done;
}

void machine_set_recorder(struct machine *m, input_log_fn *log, void *ctx)
{
    m->log = log;
    m->log_ctx = ctx;
}

void machine_shut(struct machine *m, bool shut)
{
    m->shut = shut;
}

bool machine_is_shut(const struct machine *m)
{
    return m->shut;
}

bool machine_input(struct machine *m, const struct input *in)
{
    return !m->shut && enter(m, in, true);
}

bool machine_replay(struct machine *m, const struct input *in)
{
    return enter(m, in, false);
}

uint64_t machine_inputs(const struct machine *m)
{
    return m->input_seq;
}
