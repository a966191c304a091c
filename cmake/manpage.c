/* cmake/manpage.c -- writes terrapin(1), from the tables that the program itself reads.
 *
 *   manpage VERSION FILE DOCDIR
 *
 * Run by the build; needs nothing of the program.
 */
#include <stdio.h>
#include <string.h>

enum group { MACHINE, MEDIA, CONSOLE, TIME, CONTROL, TESTS, LAB, NO_EFFECT, LATER, GROUPS };

static const struct {
    enum group group;
    const char *name, *value, *help;
} options[] = {
#define OPTION(group, name, value, set, help) {group, name, value, help},
#include "frontend/options.def"
#undef OPTION
};

static const struct {
    const char *name, *arguments, *help, *details;
} commands[] = {
#define COMMAND(name, arguments, least, most, run, where, help, details)                       \
    {name, arguments, help, details},
#include "frontend/commands.def"
#undef COMMAND
};

static const struct {
    const char *name, *what;
} subjects[] = {
#define SUBJECT(name, what) {name, what},
#include "frontend/subjects.def"
#undef SUBJECT
};

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Text for roff: backslashes and hyphens stand for themselves, a line may not begin with a dot
 * or a quote, blanks at its start would break the paragraph. */
static void put(const char *text)
{
    int start = 1;
    for (; *text; text++) {
        if (start && *text == ' ') {
            continue;
        }
        if (start && (*text == '.' || *text == '\'')) {
            fputs("\\&", stdout);
        }
        if (*text == '\\') {
            fputs("\\e", stdout);
        } else if (*text == '-') {
            fputs("\\-", stdout);
        } else {
            putchar(*text);
        }
        start = *text == '\n';
    }
}

static void put_entry(const char *dash, const char *name, const char *value)
{
    printf(".TP\n\\fB%s", dash);
    put(name);
    fputs("\\fR", stdout);
    if (*value) {
        fputs(" \\fI", stdout);
        put(value);
        fputs("\\fR", stdout);
    }
    putchar('\n');
}

static void put_options(void)
{
    static const char *const headings[GROUPS] = {
        "Machine",
        "Disks and kernels",
        "Screen, keyboard, lines",
        "Time",
        "Control",
        "Tests",
        "Laboratory",
        "Accepted without effect",
        "Not implemented yet",
    };
    for (int g = 0; g < GROUPS; g++) {
        printf(".SS %s\n", headings[g]);
        for (size_t i = 0; i < COUNT(options); i++) {
            if ((int)options[i].group == g) {
                put_entry("\\-", options[i].name, options[i].value);
                put(options[i].help);
                fputs(".\n", stdout);
            }
        }
    }
}

static void put_commands(void)
{
    for (size_t i = 0; i < COUNT(commands); i++) {
        put_entry("", commands[i].name, commands[i].arguments);
        put(commands[i].help);
        fputs(".\n", stdout);
        if (commands[i].details) {
            put(commands[i].details);
        }
    }
    fputs(".SS Subjects of info\n", stdout);
    for (size_t i = 0; i < COUNT(subjects); i++) {
        put_entry("", subjects[i].name, "");
        put(subjects[i].what);
        fputs(".\n", stdout);
    }
}

static const char before_options[] =
    ".SH NAME\n"
    "terrapin \\- a PC in software: portable, deterministic, open to inspection\n"
    ".SH SYNOPSIS\n"
    ".B terrapin\n"
    "[\\fIoptions\\fR] [\\fIIMAGE\\fR]\n"
    ".br\n"
    ".B terrapin replay\n"
    "\\fILOG\\fR [\\fIoptions\\fR]\n"
    ".br\n"
    ".B terrapin state\n"
    "info|check|diff|picture \\fIFILE\\fR ...\n"
    ".br\n"
    ".B terrapin \\-\\-help\n"
    "[\\fIOPTION\\fR]\n"
    ".br\n"
    ".B terrapin \\-\\-version\n"
    ".br\n"
    ".B terrapin lab\n"
    "[\\fBcompare\\fR] [\\fIoptions\\fR] \\fIGUEST\\fR\n"
    ".SH DESCRIPTION\n"
    "Terrapin interprets an x86 PC and boots unmodified operating systems on it.\n"
    "\\fIIMAGE\\fR is a floppy, a hard disk or a CD, told apart by content and size; the "
    "machine\n"
    "boots from it. Options are QEMU's wherever QEMU has one; one dash or two.\n"
    "The machine is a function of its files and of what is typed: the same run twice ends in\n"
    "the same state.\n"
    ".PP\n"
    "\\fBterrapin lab\\fR runs a guest under a virtual machine monitor that has pre\\-2005 "
    "hardware, and\n"
    "reports what trapped, what did not and was wrong, and what it cost; \\fBterrapin lab "
    "\\-\\-help\\fR lists\n"
    "guests and options.\n"
    ".SH OPTIONS\n";

static const char before_commands[] =
    ".SH KEYS\n"
    "In a terminal Ctrl\\-A is the prefix: x quits, c opens and closes the monitor, s the "
    "first\n"
    "serial line, h lists the rest. In a window Ctrl+Alt+G takes and releases the mouse,\n"
    "Ctrl+Alt+F fills the screen.\n"
    ".SH COMMANDS\n"
    "One table serves the monitor (\\fB\\-monitor\\fR, or Ctrl\\-A c) and scripts\n"
    "(\\fB\\-script\\fR). Seconds are virtual. In strings: \\en \\et \\ee \\e\" \\e\\e "
    "\\exHH;\n"
    "# begins a comment.\n";

static const char after_commands[] =
    ".SH SAVE STATES\n"
    "Written by savevm, read by loadvm and \\fB\\-loadvm\\fR.\n"
    ".TP\n.B terrapin state info \\fIFILE\\fR [\\fIFIELD\\fR ...]\nwhat is in it; or fields "
    "by\n"
    "name, alone or together: cpu.eip, cpu, \"chip i8254\"\n"
    ".TP\n.B terrapin state check \\fIFILE\\fR\nis every section sound, every field in its "
    "range, and\n"
    "are its disk images there as they were? A line says so, or what is wrong\n"
    ".TP\n.B terrapin state diff \\fIFILE FILE\\fR\nin which fields, pages and disks two "
    "states\n"
    "differ, the first ones of each kind; exit status 1 where they do\n"
    ".TP\n.B terrapin state picture \\fIFILE F.png\\fR\nits screen, as a small picture\n"
    ".SH RECORDINGS\n"
    "Written by \\fB\\-record\\fR, record, branch and save\\-history. Everything is in them "
    "but\n"
    "the disk images, which have to be the same; \\fB\\-hda\\fR and the like tell where they "
    "are now.\n"
    "\\fBterrapin replay\\fR \\fILOG\\fR plays one, with any screen, speed, script or "
    "debugger, and\n"
    "compares the machine with each hash that was recorded. Where they differ it looks for "
    "the\n"
    "first instruction and the field, and ends with 4. \\fB\\-verify\\fR only compares,\n"
    "\\fB\\-info\\fR only says what the recording holds. A recorder that was killed leaves a\n"
    "recording that is good up to half a second before.\n"
    ".SH EXIT STATUS\n"
    ".TP\n.B 0\nthe guest powered off, quit, \\-until was reached, a reboot under "
    "\\-no\\-reboot, the end of a replay\n"
    ".TP\n.B 1\nbad usage or trouble of the host: a line on standard error says what to do\n"
    ".TP\n.B 2\na triple fault under \\-no\\-reboot\n"
    ".TP\n.B 3\na wait in a script timed out\n"
    ".TP\n.B 4\na replay did not do what was recorded\n"
    ".TP\n.B 8\n\\-timeout\n"
    ".TP\n.B (v<<1)|1\nthe guest wrote v to isa\\-debug\\-exit\n"
    ".SH ENVIRONMENT\n"
    ".TP\n.B COLORTERM\ntruecolor or 24bit: pictures in the terminal have all colours, else "
    "those of TERM\n"
    ".SH EXAMPLES\n"
    ".nf\n"
    "terrapin dos.img\n"
    "terrapin \\-snapshot \\-m 64 \\-hda disk.img \\-cdrom cd.iso \\-boot d\n"
    "terrapin \\-nographic \\-kernel vmlinuz \\-initrd initrd.gz \\-append console=ttyS0\n"
    "terrapin \\-display none \\-script session.txt \\-hash dos.img\n"
    ".fi\n";
static const char after_files[] = ".SH SEE ALSO\n"
                                  ".BR gdb (1),\n"
                                  ".BR qemu\\-system\\-i386 (1)\n";

static void put_files(const char *docdir)
{
    static const char *const files[][2] = {
        {"README.md", "what it is, and what works"},
        {"docs/gdb.md", "debugging a guest with gdb"},
        {"docs/time.md", "what a tick is"},
        {"docs/performance.md", "how fast it is, and by what means"},
    };
    puts(".SH FILES\nBelow the directory that it is installed in:");
    for (size_t i = 0; i < COUNT(files); i++) {
        fputs(".TP\n.I ", stdout);
        put(docdir);
        putchar('/');
        put(files[i][0]);
        printf("\n%s\n", files[i][1]);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4 || !freopen(argv[2], "w", stdout)) {
        fputs("usage: manpage VERSION FILE DOCDIR\n", stderr);
        return 1;
    }
    printf(".TH TERRAPIN 1 \"\" \"terrapin %s\"\n", argv[1]);
    fputs(before_options, stdout);
    put_options();
    fputs(before_commands, stdout);
    put_commands();
    fputs(after_commands, stdout);
    put_files(argv[3]);
    fputs(after_files, stdout);
    return fflush(stdout) == 0 ? 0 : 1;
}
