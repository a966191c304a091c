/* devices/machine_priv.h -- the machine from inside; for machine.c, input.c, info.c and pc.c.
 */
#ifndef TERRAPIN_DEVICES_MACHINE_PRIV_H
#define TERRAPIN_DEVICES_MACHINE_PRIV_H

#include <stdatomic.h>

#include "cpu/cpu.h"
#include "devices/device.h"
#include "devices/machine.h"
#include "devices/vga.h"

struct machine {
    struct board board;
    struct cpu *cpu;
    struct phys *phys;
    struct host host;
    /* The machine's copies, for as long as the page map points into them; vgabios may be NULL.
     */
    uint8_t *bios, *vgabios;
    /* The chips that the machine itself talks to. */
    struct device *pc, *pic, *lapic, *ioapic, *keyboard, *screen, *power, *npx;
    struct device *serial[MACHINE_SERIALS];
    unsigned serials;
    /* What a chip asked for in this instruction; the first one counts. */
    bool power_asked;
    enum power_event power_what;
    uint32_t power_code;
    uint32_t exit_value;
    uint64_t slept; /* ticks for which there was nothing to do; for the curious, not state */
    bool in_cpu;    /* inside cpu_run, that is, in a chip's callback … */
    uint64_t slice_end;     /* … of a slice that ends at this tick */
    atomic_bool broken;     /* machine_break() */
    struct vga_watch watch; /* of the picture, for front ends; not state */
    bool stop_on_reset, stop_on_triple_fault;
    char cpu_model[MACHINE_CPU]; /* as configured */
    uint64_t input_seq;
    bool shut; /* only machine_replay() gets in */
    input_log_fn *log;
    void *log_ctx;
    struct snapshots *snapshots; /* snapshot.c; NULL: none was ever taken */
};

/* pc.c: memory map, chips and wires. m->board, m->phys and m->cpu are there already. */
int pc_build(struct machine *m, struct error *err);
/* The pins that survive a reset of the processor alone. */
void pc_drive_cpu(struct machine *m);
/* Everything with a field table: clock, drives, processor, chips. NULL past the end. */
const struct schema *machine_schema(unsigned n);

/* machine_state.c: every non-derived field but the bytes of RAM, packed; always the same size.
 * Unpacking, into the machine that they are of, leaves wiring and host options alone. -1: they
 * are no machine's, and half of them are in. */
size_t machine_fields_size(struct machine *m);
void machine_fields_pack(struct machine *m, uint8_t *out);
int machine_fields_unpack(struct machine *m, const uint8_t *in, struct error *err);
/* snapshot.c: what machine_free() has to do. */
void machine_forget_snapshots(struct machine *m);

/* machine.c: what is due at this tick is done, as machine_run() would do it first. A reason to
 * stop stays for machine_run() to tell. */
void machine_settle(struct machine *m);
/* … RESET# or INIT#, now. The machine is at an instruction boundary. */
void machine_reset(struct machine *m);
void machine_init_pin(struct machine *m);

#endif
