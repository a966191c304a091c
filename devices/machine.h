/* devices/machine.h -- Terrapin's public face: a PC that runs, is looked at, and is given
 * input.
 *
 * Create a machine from a configuration, run it to a tick, look at registers, memory and
 * screen, give input, hash, free. Several machines may live in one process; a machine is used
 * by one thread at a time. Nothing here prints, exits, or reads the host's clock. The only
 * header of the core that a front end includes (with devices/host.h and devices/input.h).
 */
#ifndef TERRAPIN_DEVICES_MACHINE_H
#define TERRAPIN_DEVICES_MACHINE_H

#include "devices/host.h"
#include "devices/input.h"
#include "devices/machine_file.h"
#include "mem/error.h"

struct machine;
struct state_reader; /* devices/machine_file.h */
struct state_writer;

enum { MACHINE_DRIVES = 6 }; /* fda fdb hda hdb hdc hdd */
enum { MACHINE_SERIALS = 4 };
enum { MACHINE_CPU = 256, MACHINE_FILES = 48 };

/* What a boot loader loads beside the kernel. */
enum { BOOT_MODULES = 32 };
struct boot_module {
    const uint8_t *bytes;
    uint32_t size;
    const char *cmdline; /* multiboot's; NULL: empty */
};

/* What boots by machine_config.kernel. */
enum machine_kernel { KERNEL_UNKNOWN, KERNEL_LINUX, KERNEL_MULTIBOOT };
enum machine_kernel machine_kernel_kind(const uint8_t *kernel, uint32_t size);

/* A file that the firmware can ask for, as a save state has it. */
struct machine_file {
    char name[56];
    uint8_t *bytes; /* mapped from there, or malloc'ed */
    uint32_t size;
    const struct state_source *source; /* NULL: malloc'ed */
    uint64_t at;
};

struct machine_config {
    uint64_t ram_bytes;  /* 1 MiB to 3 GiB, a multiple of 64 KiB */
    const char *cpu;     /* "pentiumpro,-tsc"; NULL: pentiumpro */
    uint32_t mips;       /* ticks per virtual microsecond; 0: default */
    uint64_t start_time; /* RTC at power-on, seconds since 1970, in the guest's zone */
    const uint8_t *bios; /* firmware image of bios_size bytes, 64 KiB to 256 KiB; copied */
    uint32_t bios_size;
    const uint8_t *vgabios; /* may be NULL */
    uint32_t vgabios_size;
    struct media drive[MACHINE_DRIVES];
    bool drive_present[MACHINE_DRIVES]; /* an empty drive is a drive */
    const char *boot_order;             /* letters a c d; NULL: "acd" over what is present */
    bool boot_menu;
    /* A kernel that is booted directly, before all drives; NULL: none. Copied. */
    const uint8_t *kernel;
    uint32_t kernel_size;
    const char *kernel_name;          /* the first word of multiboot's command line */
    const char *append;               /* its command line; NULL: empty */
    const struct boot_module *module; /* Linux: the initial RAM disk, one at most */
    unsigned modules;                 /* multiboot: up to BOOT_MODULES */
    bool serial[MACHINE_SERIALS];     /* COM1..4 are there */
    bool parallel;                    /* LPT1 is */
    /* Out of a save state: all of the firmware's files; the kernel does not count. */
    bool from_state;
    const struct machine_file *file;
    unsigned files;
    /* To load from, where pages of memory are only said to be those of a disk image that never
     * changes: the images there are. missed, or NULL: others are not needed, as long as nobody
     * runs the machine; so many pages are zeros instead. */
    struct state_image image[MACHINE_DRIVES];
    uint64_t *missed;
    uint16_t debug_exit_port; /* 0: none */
    uint16_t debug_exit_size;
    bool single_step; /* no decoded blocks: the slow referee engine, same hash */
    bool no_assist;
    bool census;               /* `info traps` tells where: slower, same hash */
    bool shadow_flush;         /* page maps emptied at every load of CR3: slower, same hash */
    bool stop_on_reset;        /* machine_run returns MACHINE_RESET instead of resetting */
    bool stop_on_triple_fault; /* … MACHINE_TRIPLE_FAULT instead of resetting */
};

enum machine_stop {
    MACHINE_UNTIL, /* the tick asked for is reached */
    MACHINE_IDLE,  /* halted, nothing scheduled: only input can wake it */
    MACHINE_POWEROFF,
    MACHINE_RESET,
    MACHINE_TRIPLE_FAULT,
    MACHINE_DEBUG_EXIT, /* machine_exit_value() */
    MACHINE_BREAK,      /* machine_break() */
    MACHINE_POINT,      /* a debugger's point: machine_found() */
};

struct machine *machine_new(const struct machine_config *cfg, const struct host *host,
                            struct error *err);
void machine_free(struct machine *m);

/* Save states (docs/adr/0009). Everything that the guest can see but the contents of disks,
 * which belong to whoever owns the images. Saving changes nothing, and may be done whenever
 * machine_run() is not running. -1: the writer failed. */
int machine_save(struct machine *m, struct state_writer *w);
/* What the machine was built from alone: loaded, it is at power-on. */
int machine_save_disks_only(struct machine *m, struct state_writer *w);
/* What a machine in a file was built from. The caller completes config with media, as drive[]
 * and the medium's owner ask for, and with what concerns the host alone (the last lines of
 * struct machine_config), and gives it to machine_load(). */
struct machine_rom {
    uint8_t *bytes; /* NULL: none */
    uint32_t size;
};
struct machine_saved {
    struct machine_config config; /* points into the rest */
    enum drive_kind drive[MACHINE_DRIVES];
    char cpu[MACHINE_CPU], boot_order[8];
    struct machine_file file[MACHINE_FILES];
    unsigned files;
    struct machine_rom bios, vgabios;
    bool disks_only; /* there is nothing else */
};
/* r: opened; of an incremental state, r->base is set. To be freed in any case. */
int machine_saved_read(struct machine_saved *s, struct state_reader *r, struct error *err);
void machine_saved_free(struct machine_saved *s);
/* The ROM, or the firmware's file, of a blob of this name; NULL: it has none of this size. */
const uint8_t *machine_saved_bytes(const struct machine_saved *s, const char *name,
                                   uint64_t size);
/* Reads what loading would only map, and compares its sums. -1 and err. */
int machine_saved_check_raw(struct state_reader *r, struct error *err);
/* Would cfg's kernel and what belongs to it give the files that are in s? -1: err. */
int machine_saved_same_kernel(const struct machine_saved *s, const struct machine_config *cfg,
                              struct error *err);
/* A new machine, in the state that is in the file. NULL and err: what is wrong with it. */
struct machine *machine_load(const struct machine_config *cfg, const struct host *host,
                             struct state_reader *r, struct error *err);

/* For tools: every field of every chip, by the names that save states have, in their order. */
typedef void machine_field_fn(void *ctx, const char *section, const char *field,
                              uint64_t value);
void machine_fields(struct machine *m, machine_field_fn *fn, void *ctx);
/* The n-th block of memory, main memory first; false: there are no more. Not to be kept. */
struct machine_bytes {
    const char *name;
    const uint8_t *bytes;
    uint64_t size; /* a multiple of 4096 */
};
bool machine_memory(struct machine *m, unsigned n, struct machine_bytes *out);

/* Runs until tick `until` (exact), or a stop. With nothing to do until then, time jumps. A
 * machine that can never wake goes straight to `until`, unless until is UINT64_MAX:
 * MACHINE_IDLE. */
enum machine_stop machine_run(struct machine *m, uint64_t until);
uint64_t machine_now(const struct machine *m);
uint32_t machine_mips(const struct machine *m);
uint32_t machine_exit_value(const struct machine *m);
/* Asks machine_run to return soon; the only function that another thread or a signal handler
 * may call. Where it stops is not deterministic, that it stopped leaves no trace. */
void machine_break(struct machine *m);

/* The one door (devices/input.h): acts at the current tick, when all that is due at it is done.
 * false: the door is shut; or a register or memory that cannot be set so. */
bool machine_input(struct machine *m, const struct input *in);
/* Hears of everything that comes in, stamped, before it acts. Not of machine_replay(). */
typedef void input_log_fn(void *ctx, const struct input *in);
void machine_set_recorder(struct machine *m, input_log_fn *log, void *ctx);
/* While a recording is played back, only what it holds comes in, by machine_replay(). */
void machine_shut(struct machine *m, bool shut);
bool machine_is_shut(const struct machine *m);
bool machine_replay(struct machine *m, const struct input *in);
uint64_t machine_inputs(const struct machine *m);    /* so far: the next one's seq */
bool machine_keyboard_idle(const struct machine *m); /* the guest has taken every scan code */

/* Bytes that may be given to serial port n as INPUT_SERIAL before they would be lost; 0: full,
 * or no such port. */
unsigned machine_serial_room(const struct machine *m, unsigned n);
bool machine_serial_present(const struct machine *m, unsigned n);
/* Has the chip received everything that was given to port n? */
bool machine_serial_idle(const struct machine *m, unsigned n);

/* A debugger's points. By linear address: a breakpoint stops the machine before the instruction
 * there, a watchpoint after the one that touched one of its bytes. They are no state: the run
 * is the same with and without, however often it stops. A machine made anew has none. */
enum machine_point {
    MACHINE_CODE,
    MACHINE_WRITE,
    MACHINE_READ,
    MACHINE_ACCESS,
    MACHINE_IN, /* la: a port; stops after the instruction, or iteration of REP */
    MACHINE_OUT,
    MACHINE_VECTOR, /* la: an interrupt's or exception's; before its handler's first one */
};
enum { MACHINE_POINT_LONGEST = 1 << 20 }; /* bytes of a watchpoint; breakpoints have none */
/* false: too many (of some hundreds), or too long. */
bool machine_point_add(struct machine *m, enum machine_point kind, uint32_t la, uint32_t len);
/* false: there is none. */
bool machine_point_remove(struct machine *m, enum machine_point kind, uint32_t la,
                          uint32_t len);
/* The n-th of them; false: there are no more. */
bool machine_point_get(const struct machine *m, unsigned n, enum machine_point *kind,
                       uint32_t *la, uint32_t *len);
/* One register, too, by a static name as machine_reg_get() has it: stops after an instruction
 * or interrupt that changed it, and is slow meanwhile. NULL: none any more. */
void machine_point_register(struct machine *m, const char *name);
/* fn is called at each write by DMA to the byte at this physical address (a debugger's to
 * memory is one), at machine_now(); it only notes that. NULL: no more. Another machine has
 * none. */
typedef void machine_dma_fn(void *ctx);
void machine_watch_dma(struct machine *m, uint64_t pa, machine_dma_fn *fn, void *ctx);
/* machine_run() stops after one instruction, and goes on by single ones while the instruction
 * pointer (linear) is in [from, from + len). over: an interrupt that comes in between is run up
 * to its return. A breakpoint at the first instruction is passed. */
struct machine_step {
    bool over;
    uint32_t from, len;
};
void machine_step(struct machine *m, const struct machine_step *how); /* NULL: not any more */
/* Why machine_run() gave MACHINE_POINT, and at which instruction, or byte. */
enum machine_found {
    MACHINE_FOUND_NOTHING,
    MACHINE_FOUND_STEP,
    MACHINE_FOUND_CODE,
    MACHINE_FOUND_WRITE,
    MACHINE_FOUND_READ,
    MACHINE_FOUND_ACCESS,
    MACHINE_FOUND_IN, /* *la: the port, or vector */
    MACHINE_FOUND_OUT,
    MACHINE_FOUND_VECTOR,
    MACHINE_FOUND_REGISTER,
};
enum machine_found machine_found(const struct machine *m, uint32_t *la);

uint64_t machine_hash(struct machine *m);

/* What the hash is made of, part by part: "clock", "cpu", "chip i8259 0", "drive fda", "ram
 * main" … in a fixed order. Two machines of one configuration have the same parts. */
enum { MACHINE_PARTS = 96, MACHINE_PART_NAME = 48 };
struct machine_part {
    char name[MACHINE_PART_NAME];
    uint64_t hash;
};
unsigned machine_parts(struct machine *m, struct machine_part part[MACHINE_PARTS]);
/* The first field in which the two differ, as "chip i8254 0: ch[1].count: 4a9e, 4a9f", or byte
 * of memory; false: none. */
bool machine_diff(struct machine *a, struct machine *b, char *text, size_t n);
/* For tests of what tells one machine from another: turns over a bit of a part that no input
 * turned, past the door. bit: of all its fields in order, 0 the first one's lowest; of memory.
 * The field's name goes to text. false: there is no such bit. */
bool machine_flip(struct machine *m, const char *part, uint64_t bit, char *text, size_t n);

/* Registers by name: eax … edi, eip, eflags, cs … gs, cr0 cr2 cr3 cr4, and al/ax forms do not
 * exist; cs.base …, st0.m, st0.se …, xmm0.lo, xmm0.hi …, fctrl …, mxcsr (cpu/sys/registers.c).
 * false: no such register (or, for set, a value that cannot be). */
bool machine_reg_get(const struct machine *m, const char *name, uint64_t *value);
bool machine_reg_set(struct machine *m, const char *name, uint64_t value);
/* Guest memory without side effects; false where there is none. Stores reach RAM only. Both
 * ways of setting something pass the door, as INPUT_REGISTER and INPUT_MEMORY. */
bool machine_mem_get(const struct machine *m, uint64_t pa, void *out, uint32_t len);
bool machine_mem_set(struct machine *m, uint64_t pa, const void *in, uint32_t len);
/* Linear to physical by the current tables, without side effects. */
bool machine_translate(const struct machine *m, uint32_t la, uint64_t *pa);

/* The screen. A text cell: CP437 code and attribute. */
struct screen {
    bool text;                  /* else graphics */
    bool blink;                 /* attribute bit 7 blinks; else it brightens the background */
    uint16_t columns, rows;     /* text, at most 132 x 60 */
    uint16_t width, height;     /* pixels as displayed */
    int16_t cursor_x, cursor_y; /* -1: hidden */
    uint8_t cells[60 * 132][2]; /* code, attribute; row by row, `columns` a row */
    uint32_t palette[16];       /* 00RRGGBB of the text colours */
};
void machine_screen(struct machine *m, struct screen *out);
/* 00RRGGBB pixels, width * height of machine_screen(), row by row; false: n pixels too small.
 */
bool machine_screen_pixels(struct machine *m, uint32_t *pixels, size_t n);
/* The same of lines [first, end) alone, at their place in the picture; others may be drawn too.
 */
bool machine_screen_draw(struct machine *m, unsigned first, unsigned end, uint32_t *pixels,
                         size_t n);
/* Has the picture changed? Grows whenever what machine_screen() and machine_screen_pixels()
 * give may have changed since the last call; equal numbers mean equal pictures. Never 0. A
 * cheap question, for 60 times a second, that leaves no trace in the guest. Numbers of two
 * machines have nothing to do with each other: draw anew after a loaded state. */
uint64_t machine_screen_version(struct machine *m);
/* Lines of pixels [*first, *end) outside of which the picture is what it was at version `since`
 * (0: never drawn), given the same size; none: *first == *end. */
void machine_screen_lines(struct machine *m, uint64_t since, unsigned *first, unsigned *end);
uint16_t cp437_unicode(uint8_t code); /* for printing; 00h and FFh are a blank */

/* `info WHAT`: malloc'ed text, or NULL for an unknown subject. */
char *machine_info(struct machine *m, const char *what);
/* Static text: "-cpu help", "-device help". */
const char *machine_cpu_help(void);
/* Validates a -cpu argument. */
bool machine_cpu_ok(const char *cpu, struct error *err);
bool machine_cpu_same(const char *a, const char *b); /* of two valid ones */

struct machine_stats { /* of the host's making: never guest-visible */
    uint64_t ticks, slept, blocks_built, blocks_dropped, traps, interrupts, exceptions,
        mmu_fills;
};
void machine_stats(const struct machine *m, struct machine_stats *out);

#endif
