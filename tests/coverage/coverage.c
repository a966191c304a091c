/* tests/coverage/coverage.c -- see coverage.h. */
#include "tests/coverage/coverage.h"

#include <stdio.h>
#include <stdlib.h>

#include "cpu/block.h"
#include "cpu/cpu.h"
#include "cpu/decode.h"
#include "cpu/engine.h"
#include "cpu/sys/sys.h"

/* What cpu/engine.c calls for block_find and block_step. */
const struct block *coverage_block_find(struct cpu *cpu);
const struct insn *coverage_block_step(struct cpu *cpu);

static uint8_t seen[I_COUNT][COVERAGE_MODES];

static const char *output(void)
{
    return getenv("TERRAPIN_COVERAGE");
}

static void write_all(void)
{
    FILE *f = fopen(output(), "w");
    if (f == NULL) {
        perror(output());
        return;
    }
    for (unsigned id = 0; id < I_COUNT; id++) {
        const uint8_t *m = seen[id];
        fprintf(f, "%s %02x %02x %02x %02x\n", insn_rows[id].name, m[0], m[1], m[2], m[3]);
    }
    fclose(f);
}

static bool recording(void)
{
    static int on = -1;
    if (on < 0) {
        on = output() != NULL;
        if (on) {
            atexit(write_all);
        }
    }
    return on;
}

static enum coverage_mode mode_now(const struct cpu *cpu)
{
    return vm86(cpu)                 ? COVERAGE_V86
           : !protected_mode(cpu)    ? COVERAGE_REAL
           : cpu->mode & MODE_CODE32 ? COVERAGE_32
                                     : COVERAGE_16;
}

static bool is_prefix(uint8_t byte, bool *segment)
{
    bool seg = (byte & 0xE7) == 0x26 || byte == 0x64 || byte == 0x65;
    *segment |= seg;
    return seg || byte == 0x66 || byte == 0x67 || byte == 0xF0 || (byte & 0xFE) == 0xF2;
}

/* The decoder leaves no trace of a segment prefix that names the default: look at the bytes. */
static bool has_segment_prefix(const struct cpu *cpu, unsigned len)
{
    bool found = false;
    for (unsigned k = 0; k < len && !found; k++) {
        paddr pa;
        uint8_t byte = 0;
        if (!cpu_translate(cpu, cpu->seg[SEG_CS].base + cpu->eip + k, &pa) ||
            !phys_peek(cpu->ph, pa, &byte, 1) || !is_prefix(byte, &found)) {
            break;
        }
    }
    return found;
}

/* All but the segment prefix. */
static unsigned prefixes_of(const struct cpu *cpu, const struct insn_cold *c)
{
    bool code32 = cpu->mode & MODE_CODE32;
    unsigned bits = 0;
    bits |= !(c->flags & CF_OP32) == code32 ? 1u << COVERAGE_OPSIZE : 0;
    bits |= !(c->flags & CF_ADDR32) == code32 ? 1u << COVERAGE_ADDRSIZE : 0;
    bits |= c->flags & CF_LOCK ? 1u << COVERAGE_LOCK : 0;
    bits |= c->flags & CF_REPNE ? 1u << COVERAGE_REPNE : 0;
    bits |= c->flags & CF_REP ? 1u << COVERAGE_REP : 0;
    return bits;
}

static void record(const struct cpu *cpu, const struct insn *u)
{
    static const uint8_t own[PREFIX_COUNT] = {
        [PREFIX_66] = 1 << COVERAGE_OPSIZE,
        [PREFIX_F3] = 1 << COVERAGE_REP,
        [PREFIX_F2] = 1 << COVERAGE_REPNE,
    };
    const struct insn_cold *cold = insn_cold(cpu, u);
    const struct insn_row *row = &insn_rows[cold->id];
    uint8_t *bits = &seen[cold->id][mode_now(cpu)];
    if (row->cls == CLASS_USER && u->fn == exec_trap) {
        return; /* an INSV row that may not execute */
    }
    unsigned now = prefixes_of(cpu, cold) & ~(row->simd ? own[row->prefix] : 0u);
    bool memory =
        (cold->flags & CF_MEM) || row->operands == OPN_XY || row->operands == OPN_RMDI;
    unsigned news = ~*bits & (1u << COVERAGE_SEGMENT | (now ? 0 : 1u << COVERAGE_PLAIN));
    if (memory && news && has_segment_prefix(cpu, cold->len)) { /* looking takes time */
        now |= 1u << COVERAGE_SEGMENT;
    }
    *bits |= (uint8_t)(now ? now : 1u << COVERAGE_PLAIN);
}

const struct block *coverage_block_find(struct cpu *cpu)
{
    return recording() ? NULL : block_find(cpu);
}

const struct insn *coverage_block_step(struct cpu *cpu)
{
    const struct insn *u = block_step(cpu);
    if (recording()) {
        record(cpu, u);
    }
    return u;
}
