/* frontend/options.h -- the command line, as data. Parsing opens no file and knows no machine.
 */
#ifndef TERRAPIN_FRONTEND_OPTIONS_H
#define TERRAPIN_FRONTEND_OPTIONS_H

#include "frontend/gdb_option.h"
#include "frontend/serial_option.h"
#include "mem/error.h"

enum display_kind { DISPLAY_DEFAULT, DISPLAY_NONE, DISPLAY_TERM, DISPLAY_SDL };
enum audio_kind { AUDIO_DEFAULT, AUDIO_NONE, AUDIO_DEVICE, AUDIO_WAV };
enum rtc_base { RTC_DEFAULT, RTC_DATE, RTC_UTC, RTC_LOCALTIME };

enum { OPTION_DRIVES = 8, NEXT_FREE = -1 };

enum drive_interface { IF_FLOPPY, IF_IDE };
enum drive_media { MEDIA_DISK, MEDIA_CDROM };

struct drive_option {
    const char *option; /* "-fda", for messages */
    char *file;         /* NULL: an empty drive */
    int index;          /* of its interface, or NEXT_FREE */
    enum drive_interface iface;
    enum drive_media media;
    bool read_only, snapshot;
    bool raw; /* format=raw was said: content is not asked about */
};

struct options {
    uint64_t ram_bytes;
    bool ram_given;
    const char *cpu, *bios, *vgabios; /* NULL: default */
    bool no_vgabios;
    enum rtc_base rtc;
    uint64_t rtc_date; /* with RTC_DATE */
    const char *name;
    bool no_reboot, no_shutdown;

    const char *image; /* the bare argument */
    struct drive_option drive[OPTION_DRIVES];
    unsigned drives;
    char boot_order[5]; /* "": default */
    bool boot_menu;
    bool snapshot;
    const char *kernel, *initrd, *append; /* or NULL */

    enum display_kind display;
    bool full_screen;
    enum audio_kind audio;
    const char *audio_file;    /* of AUDIO_WAV */
    const char *debugcon_file; /* or NULL */
    bool debugcon_stdio;
    struct serial_option serial[SERIAL_PORTS];
    bool parallel;             /* there is a printer port … */
    const char *parallel_file; /* … and where it prints; or NULL */
    unsigned serials;          /* given; after parsing at least COM1 */
    bool nographic;

    double speed;  /* virtual seconds a wall second; 0: max; < 0: default */
    uint32_t mips; /* 0: default */
    bool mips_auto;

    const char *loadvm;
    const char *replay;  /* terrapin replay LOG */
    bool info, verify;   /* of it */
    const char *video;   /* directory for its frames … */
    uint64_t fps;        /* … in a virtual second */
    const char *symbols; /* or NULL */
    const char *record;
    const char *save_history; /* at a triple fault */
    uint64_t history_bytes;   /* 0: default */
    bool no_history;
    uint64_t record_every; /* ticks from hash to hash */
    const char *flip;
    const char *script;
    bool monitor_stdio, monitor_none;
    char monitor_socket[SERIAL_SOCKET]; /* its path, or "" */
    bool stopped;
    struct gdb_option gdb;

    bool hash, stats, singlestep, no_assist, shadow_flush, trace_firmware;
    uint64_t until;                            /* UINT64_MAX: none */
    uint64_t timeout_us;                       /* 0: none */
    uint16_t debug_exit_port, debug_exit_size; /* port 0: none */
    const char *log;                           /* -D */
    uint64_t cpus;                             /* of -smp */
};

enum options_result {
    OPTIONS_ERROR = -1, /* err tells */
    OPTIONS_RUN,
    OPTIONS_HELP,
    OPTIONS_HELP_ONE, /* *topic: the option asked about */
    OPTIONS_VERSION,
    OPTIONS_CPU_HELP,
    OPTIONS_DEVICE_HELP,
    OPTIONS_STATE, /* terrapin state …: argv from 2 on is state_tool()'s */
};

/* o is valid until options_free and points into argv. */
enum options_result options_parse(struct options *o, int argc, char *const *argv,
                                  const char **topic, struct error *err);
void options_free(struct options *o);

/* Malloc'ed text of the --help screen; at most 24 lines of 80 columns. NULL: no memory. */
char *options_help(void);
/* Text on one option, into text; false: there is none of that name. */
bool options_help_one(const char *name, char *text, size_t n);

#endif
