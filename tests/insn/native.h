/* tests/insn/native.h -- the native referee: one instruction on the host's own processor and in
 * the engine, and everything that it did compared.
 *
 *   native_gen*.c     random cases of a family of instructions
 *   native_host.c     runs a case on the host's processor, in a child process
 *   native_guest.c    runs it in the engine, in ring 3 with the same descriptors and pages
 *   native_differ.c   compares; undefined flags and results
 *   native_maker.c    the table of what the manual leaves to a processor's maker
 *   native_case.c     what both worlds look like; a case as one line of text, and back
 *   native_shrink.c   the smallest case that still fails
 *   native.c          families, counts, seeds
 *
 * Both worlds are made of the same things. A few pages at ARENA, readable and writable,
 * read-only and missing ones side by side, and pages of code at ARENA_CODE, which are filled
 * with INT3: an instruction is over when it faults, or when the INT3 behind it, or where it
 * jumps to, traps. With TF set it is over at the debug trap. An LDT with segments of every kind
 * over these pages; none but the flat one reaches beyond them.
 */
#ifndef TERRAPIN_TESTS_NATIVE_H
#define TERRAPIN_TESTS_NATIVE_H

#include "cpu/decode.h"
#include "cpu/flags.h"
#include "mem/types.h"

#define ARENA      UINT32_C(0x20000000)
#define ARENA_CODE (ARENA + UINT32_C(0x100000))
#define ARENA_SIZE UINT32_C(0x200000) /* reserved on the host; both page tables cover it */

enum {
    NATIVE_PAGE = 0x1000,
    DATA_PAGES = 6,
    CODE_PAGES = 4,
    ARENA_PAGES = DATA_PAGES + CODE_PAGES,
    DATA_SIZE = DATA_PAGES * NATIVE_PAGE,
    IMAGE_SIZE = ARENA_PAGES * NATIVE_PAGE,
    FX_SIZE = 288, /* of the image of FXSAVE: up to XMM7 */
    CODE_MAX = 16,
    CODE_AT = 0x800, /* where an instruction stands if nothing else is wanted */
};

/* The pages that exist: where (in pages from ARENA), and rights. The image of a world holds
 * them one behind the other, data first. */
enum page_rights { PAGE_RW, PAGE_RO, PAGE_CODE };
struct arena_page {
    uint16_t at;
    uint8_t rights;
};
extern const struct arena_page arena_pages[ARENA_PAGES];
/* Offset in the image of linear address ARENA + off; -1: no such page. */
int arena_index(uint32_t off);
/* What the pages hold before a case. */
const uint8_t *arena_pattern(void);

/* Segments: descriptors of the LDT, DPL 3, accessed, as modify_ldt can make them. */
enum native_segment {
    SEG_NULL,
    SEG_CODE32,
    SEG_CODE16,
    SEG_DATA32, /* 128 KiB: all data pages */
    SEG_DATA16, /* 64 KiB; B = 0 */
    SEG_SMALL32,
    SEG_SMALL16,
    SEG_READ_ONLY,
    SEG_DOWN32, /* expand-down */
    SEG_DOWN16,
    SEG_EXEC_ONLY,
    SEG_NO_DATA, /* not present */
    SEG_NO_CODE,
    SEG_CODE16_SMALL,
    SEG_CODE32_SMALL,
    SEG_PAGES, /* limit in pages; base not on a page's boundary */
    SEG_FLAT,  /* 4 GiB from ARENA on */
    SEG_NO_CONFORMING,
    SEG_CODE32_OTHER, /* base ARENA: its pages are data and not executable */
    SEG_SLOTS = 24,   /* the ones between are empty: type 0 */
};
enum segment_flags {
    SF_BIG = 1,
    SF_DOWN = 2,
    SF_CODE = 4,
    SF_CONFORMING = 8,
    SF_LOCKED = 16, /* read-only data, execute-only code */
    SF_ABSENT = 32,
    SF_IN_PAGES = 64,
};
struct native_descriptor {
    uint32_t base, limit; /* limit as in the descriptor */
    uint8_t flags;
};
extern const struct native_descriptor native_ldt[SEG_SLOTS];
static inline uint16_t ldt_selector(unsigned n)
{
    return (uint16_t)(n == SEG_NULL ? 0 : n * 8 + 7);
}

/* The limit of Linux's segment 7Bh is the number of the CPU; the engine's is this one. */
#define CPU_NUMBER UINT32_C(0xEEEE)

/* ---- a case: all that goes in */

enum { MEM_RUNS = 4, MEM_BYTES = 640 };
struct mem_run {
    uint32_t off;     /* from ARENA */
    uint16_t len, at; /* bytes, in mem[] */
};
struct native_case {
    uint32_t r[8]; /* eax ecx edx ebx esp ebp esi edi */
    uint32_t eip, eflags;
    uint16_t sel[SEG_COUNT];
    uint8_t len, runs;
    uint8_t code[CODE_MAX];
    struct mem_run run[MEM_RUNS];
    uint8_t mem[MEM_BYTES];
    uint8_t fx[FX_SIZE];
};

/* What came out. Vectors are the processor's; 1 and 3: it went on, to eip. */
struct native_result {
    uint32_t vector, error, cr2;
    uint32_t r[8], eip, eflags;
    uint16_t sel[SEG_COUNT];
    uint8_t fx[FX_SIZE];
    unsigned pages;          /* bit n: data page n is not as in arena_pattern(); … */
    uint8_t data[DATA_SIZE]; /* … then this is what it holds */
};

void case_init(struct native_case *c); /* a NOP in flat 32-bit segments, all registers 0 */
/* The image of memory before the case: what its data pages hold, and its code … */
void case_data(const struct native_case *c, uint8_t image[IMAGE_SIZE]);
void case_code(const struct native_case *c, uint8_t image[IMAGE_SIZE]);
/* After it: the code is INT3 again; the changed data pages go to out, and are as before. */
void case_forget_code(const struct native_case *c, uint8_t image[IMAGE_SIZE]);
void case_collect(uint8_t image[IMAGE_SIZE], struct native_result *out);
/* A string instruction with REP or REPNE? */
bool case_is_repeated(const struct native_case *c);
void case_add_memory(struct native_case *c, uint32_t off, const void *bytes, unsigned len);
static inline bool case_is_code32(const struct native_case *c)
{
    return native_ldt[c->sel[SEG_CS] >> 3].flags & SF_BIG;
}

/* One line, without the instruction's name; what is as case_init() leaves it is left out. */
void case_print(const struct native_case *c, char *text, size_t size);
bool case_parse(struct native_case *c, const char *text);

/* ---- the two sides */

/* NULL, or why this host cannot be the referee. The child lives until native_host_stop(). */
const char *native_host_start(void);
void native_host_stop(void);
enum { BATCH = 512 };
/* Runs n cases (up to BATCH). Returns how many were run before the child died: n. */
unsigned native_host_run(const struct native_case *cases, unsigned n);
struct native_result *native_host_result(unsigned k);

void native_guest_start(void);
void native_guest_stop(void);
void native_guest_run(const struct native_case *c, struct native_result *out);
const struct decode_map *native_map(void);

/* ---- comparison */

/* The row of insn.def that c executes, and its micro-operation. */
const struct insn_row *case_row(const struct native_case *c, struct insn *u,
                                struct insn_cold *cold);
/* Offset from ARENA of byte `part` of the memory operand, with its own address if that is of 16
 * bits. */
uint32_t case_operand(const struct native_case *c, const struct insn *u, unsigned part);
/* Equal, as far as the manual says; otherwise the first difference in words. Changes both. */
bool native_agree(const struct native_case *c, struct native_result *host,
                  struct native_result *guest, char *why, size_t size);

/* Smaller, and still different. */
void native_shrink(struct native_case *c);
/* Runs both sides: do they agree? */
bool native_try(const struct native_case *c, char *why, size_t size);

/* ---- generation */

enum native_family {
    FAMILY_INTEGER,
    FAMILY_SHIFT,
    FAMILY_MULDIV,
    FAMILY_STRING,
    FAMILY_BCD,
    FAMILY_BIT,
    FAMILY_STACK,
    FAMILY_CONTROL,
    FAMILY_SEGMENT,
    FAMILY_X87,
    FAMILY_MMX,
    FAMILY_SSE,
    FAMILY_SSE2,
    FAMILY_COUNT
};
extern const char *const family_names[FAMILY_COUNT];
/* FAMILY_COUNT: none. */
enum native_family row_family(const struct insn_row *row);

/* The case number n of a family and seed. */
void native_generate(struct native_case *c, enum native_family family, uint64_t seed,
                     uint64_t n);

#endif
