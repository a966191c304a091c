/* tests/coverage/report.c -- the coverage report: rows of insn.def and insn_simd.def, modes and
 * prefixes, and how each is proven; exit 1 if one is not.
 *
 *   report OUTPUT KIND=FILE...      KIND: native guest unit property; FILE: see coverage.h
 *
 * A cell is a row in a mode with a class of prefixes that means something to it. Each cell must
 * have been executed by a test that looks at the outcome; and each row, in some cell, by one
 * that knows the outcome from elsewhere: the host's processor, another emulator or the manual.
 * A property test compares Terrapin with itself: it carries that proof into the other cells.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/decode.h"
#include "tests/coverage/coverage.h"

enum kind { NATIVE, GUEST, UNIT, PROPERTY, KINDS };
static const char *const kind_name[KINDS] = {"native", "guest", "unit", "property"};
static const char kind_letter[] = "ngup";
static const char *const mode_name[COVERAGE_MODES] = {"real", "V86", "16", "32"};
static const char *const class_name[] = {"USER", "PRIV", "IOPL", "HOLE", "GATE"};
static const char *const prefix_name[COVERAGE_PREFIXES] = {"none", "66",    "67", "segment",
                                                           "LOCK", "REPNE", "REP"};

static uint8_t proof[KINDS][I_COUNT][COVERAGE_MODES];
static struct decode_map map;

/* ---- which cells there are */

static bool takes_memory(const struct insn_row *row)
{
    switch (row->operands) {
    case OPN_XY:
    case OPN_ALOb:
    case OPN_AXOv:
    case OPN_RMDI: return true;
    case OPN_RdCd:
    case OPN_CdRd:
    case OPN_RdDd:
    case OPN_DdRd: return false;
    default: break;
    }
    if (row->x87) {
        return row->rm == RM_MEM;
    }
    return map.modrm[row->code] && !(row->props & REG);
}

/* JCXZ and LOOPs count in CX or ECX, by the address size. */
static bool counts(const struct insn_row *row)
{
    return row->code >= 0xE0 && row->code <= 0xE3;
}

/* Real and virtual-8086 mode have another row for the code. */
static bool replaced(const struct insn_row *row)
{
    for (unsigned id = 1; id < I_COUNT; id++) {
        const struct insn_row *other = &insn_rows[id];
        if (other->real && other->code == row->code && other->digit == row->digit) {
            return true;
        }
    }
    return false;
}

static bool exists_in(const struct insn_row *row, unsigned mode)
{
    bool protected = mode == COVERAGE_16 || mode == COVERAGE_32;
    return protected ? !row->real : row->real || !((row->props & PROT) || replaced(row));
}

/* The prefixes, as bits, that must be proven with the row. */
static unsigned wanted(const struct insn_row *row, unsigned mode)
{
    unsigned bits = 1 << COVERAGE_PLAIN;
    if (row == &insn_rows[I_NONE]) {
        return bits;
    }
    if (!exists_in(row, mode)) {
        return 0;
    }
    if (!row->simd) { /* there it selects the row */
        bits |= 1 << COVERAGE_OPSIZE;
    }
    if (takes_memory(row)) {
        bits |= 1 << COVERAGE_ADDRSIZE | 1 << COVERAGE_SEGMENT;
    }
    if (counts(row)) {
        bits |= 1 << COVERAGE_ADDRSIZE;
    }
    if (row->props & LOCK) {
        bits |= 1 << COVERAGE_LOCK;
    }
    if (row->operands == OPN_XY && row->code != 0xD7) { /* strings, but not XLAT */
        bits |= 1 << COVERAGE_REPNE | 1 << COVERAGE_REP;
    }
    return bits;
}

/* ---- what the tests say */

static unsigned id_of(const char *name)
{
    for (unsigned id = 0; id < I_COUNT; id++) {
        if (strcmp(insn_rows[id].name, name) == 0) {
            return id;
        }
    }
    return I_COUNT;
}

/* What the host can be asked: innocuous rows in its own mode. The rest of such a test is the
 * way there. */
static bool counts_for(unsigned kind, unsigned id, unsigned mode)
{
    return kind != NATIVE || (insn_rows[id].cls == CLASS_USER && mode >= COVERAGE_16);
}

/* KIND=FILE */
static bool read_proof(const char *arg)
{
    const char *path = strchr(arg, '=');
    unsigned kind = 0, m[COVERAGE_MODES];
    char name[64];
    while (path && kind < KINDS &&
           (strlen(kind_name[kind]) != (size_t)(path - arg) ||
            strncmp(kind_name[kind], arg, (size_t)(path - arg)) != 0)) {
        kind++;
    }
    FILE *f = path && kind < KINDS ? fopen(path + 1, "r") : NULL;
    if (f == NULL) {
        fprintf(stderr, "coverage: cannot read %s\n", arg);
        return false;
    }
    bool good = true;
    while (good && fscanf(f, "%63s %x %x %x %x", name, &m[0], &m[1], &m[2], &m[3]) == 5) {
        unsigned id = id_of(name);
        good = id < I_COUNT;
        for (unsigned k = 0; good && k < COVERAGE_MODES; k++) {
            proof[kind][id][k] |= counts_for(kind, id, k) ? (uint8_t)m[k] : 0;
        }
    }
    good = good && feof(f);
    fclose(f);
    if (!good) {
        fprintf(stderr, "coverage: %s is of another table of instructions\n", path + 1);
    }
    return good;
}

/* The letter of a cell's best proof; 0: none. */
static char letter(unsigned id, unsigned mode, unsigned prefix)
{
    for (unsigned kind = 0; kind < KINDS; kind++) {
        if (proof[kind][id][mode] >> prefix & 1) {
            return kind_letter[kind];
        }
    }
    return 0;
}

static bool known_from_elsewhere(unsigned id)
{
    for (unsigned mode = 0; mode < COVERAGE_MODES; mode++) {
        for (unsigned kind = 0; kind < PROPERTY; kind++) {
            if (proof[kind][id][mode]) {
                return true;
            }
        }
    }
    return false;
}

static bool host_was_asked(void)
{
    for (unsigned id = 0; id < I_COUNT; id++) {
        for (unsigned mode = 0; mode < COVERAGE_MODES; mode++) {
            if (proof[NATIVE][id][mode]) {
                return true;
            }
        }
    }
    return false;
}

/* ---- the report */

static const char head[] =
    "# Coverage of the instruction table\n\n"
    "Written by the test `coverage` from what the tests executed. A row of `cpu/insn.def` or\n"
    "`cpu/insn_simd.def`; in each mode, one letter for each class of prefixes, in the order\n"
    "none, 66, 67, segment, LOCK, REPNE, REP:\n\n"
    "- `n` compared with the host's own processor (`tests/insn/native.h`)\n"
    "- `g` in a guest whose output Bochs or QEMU gave (`tests/guest`)\n"
    "- `u` in a unit test, by the manual (`tests/unit`)\n"
    "- `p` in a property test: the same as in another mode, as in single steps "
    "(`tests/property`)\n"
    "- `.` does not exist, or means nothing there\n"
    "- `!` **not proven**\n\n"
    "| row | class | real | V86 | 16 | 32 |\n|---|---|---|---|---|---|\n";

struct totals {
    unsigned cells, rows, missing, foreign, by_kind[KINDS];
};

static void complain(const char *row, const char *mode, const char *prefix)
{
    printf("not proven: %s, mode %s, prefix %s\n", row, mode, prefix);
}

static void report_cell(FILE *out, unsigned id, unsigned mode, struct totals *t)
{
    unsigned bits = wanted(&insn_rows[id], mode);
    fprintf(out, " `");
    for (unsigned prefix = 0; prefix < COVERAGE_PREFIXES; prefix++) {
        char c = letter(id, mode, prefix);
        if (!(bits >> prefix & 1)) {
            fputc('.', out);
            continue;
        }
        t->cells++;
        if (c) {
            t->by_kind[strchr(kind_letter, c) - kind_letter]++;
            fputc(c, out);
        } else {
            t->missing++;
            fputc('!', out);
            complain(insn_rows[id].name, mode_name[mode], prefix_name[prefix]);
        }
    }
    fprintf(out, "` |");
}

static void report_row(FILE *out, unsigned id, struct totals *t)
{
    const struct insn_row *row = &insn_rows[id];
    fprintf(out, "| %s | %s |", row->name, class_name[row->cls]);
    for (unsigned mode = 0; mode < COVERAGE_MODES; mode++) {
        report_cell(out, id, mode, t);
    }
    fputc('\n', out);
    t->rows++;
    if (!known_from_elsewhere(id)) {
        t->foreign++;
        printf("not proven: %s, by anything but Terrapin itself\n", row->name);
    }
}

static void summary(FILE *out, const struct totals *t)
{
    fprintf(out, "%u rows, %u cells:", t->rows, t->cells);
    for (unsigned kind = 0; kind < KINDS; kind++) {
        fprintf(out, " %s %u,", kind_name[kind], t->by_kind[kind]);
    }
    fprintf(out, " not proven %u; rows by Terrapin alone %u\n", t->missing, t->foreign);
}

int main(int argc, char **argv)
{
    struct totals t = {0};
    if (argc < 3) {
        fprintf(stderr, "usage: report OUTPUT KIND=FILE...\n");
        return 2;
    }
    for (int k = 2; k < argc; k++) {
        if (!read_proof(argv[k])) {
            return 1;
        }
    }
    FILE *out = fopen(argv[1], "w");
    if (out == NULL) {
        perror(argv[1]);
        return 1;
    }
    decode_map_init(&map, UINT32_MAX);
    fputs(head, out);
    for (unsigned id = 0; id < I_COUNT; id++) {
        report_row(out, id, &t);
    }
    fputc('\n', out);
    summary(out, &t);
    summary(stdout, &t);
    bool forgiven = !host_was_asked();
    if (forgiven) {
        puts("this host cannot execute x86 code: rows by Terrapin alone are forgiven");
    }
    return fclose(out) != 0 || t.missing != 0 || (t.foreign != 0 && !forgiven);
}
