/* frontend/lab.c -- see the header. Runs are vmm/lab.h's; here are options, files and print. */
#include "frontend/lab.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/machine.h"
#include "frontend/big_pages.h"
#include "frontend/lab_chart.h"
#include "frontend/lab_prompt.h"
#include "frontend/parse.h"
#include "frontend/report.h"
#include "vmm/lab.h"

enum { RIGHT = 0, TROUBLE = 1, TRIPLE_FAULT = 2, TIMEOUT = 8, IMAGE_MOST = 512 << 10 };

struct request {
    struct lab_config cfg;
    const char *guest, *report, *chart;
    bool compare, crossover, prompt, chosen; /* chosen: a strategy */
    const char *kernel, *initrd;
    char *files[2];  /* of -kernel and -initrd */
    uint8_t *file;   /* an image that is not built in */
    char *cost_text; /* of -vmm-cost F */
};

/* ---- options: one function each, given the value */

typedef int option_fn(struct request *r, const char *value, struct error *err);

static int set_vmm(struct request *r, const char *value, struct error *err)
{
    static const char *const later[] = {"translate", "hvm"};
    r->chosen = true;
    for (unsigned n = 0; n < STRATEGIES; n++) {
        if (strcmp(value, strategy_names[n]) == 0) {
            r->cfg.strategy = (enum strategy)n;
            return 0;
        }
    }
    for (unsigned n = 0; n < ARRAY_LEN(later); n++) {
        if (strcmp(value, later[n]) == 0) {
            return error_set(err, "-vmm %s: not implemented yet", value);
        }
    }
    return error_set(err, "-vmm %s: bad value; use -vmm interpret|trap|rewrite|para",
                     short_path(value));
}

static int set_ring(struct request *r, const char *value, struct error *err)
{
    r->cfg.ring = strcmp(value, "1") == 0 ? 1 : strcmp(value, "3") == 0 ? 3 : 0;
    return r->cfg.ring ? 0 : error_set(err, "-vmm-ring %s: bad value; use 1 or 3", value);
}

static char *read_file(const char *path, size_t most, size_t *size, struct error *err)
{
    FILE *f = fopen(path, "rb");
    char *bytes = f ? malloc(most + 1) : NULL;
    *size = bytes ? fread(bytes, 1, most + 1, f) : 0;
    bool failed = !f || !bytes || ferror(f);
    if (f) {
        fclose(f);
    }
    if (failed || *size > most) {
        free(bytes);
        error_set(err, failed ? "%s: cannot read" : "%s: too large", short_path(path));
        return NULL;
    }
    bytes[*size] = '\0';
    return bytes;
}

static int set_cost(struct request *r, const char *value, struct error *err)
{
    const struct cost_model *model = cost_model(value);
    struct error why = {""};
    size_t size;
    if (model) {
        r->cfg.cost = *model;
        return 0;
    }
    free(r->cost_text);
    r->cost_text = read_file(value, 64 << 10, &size, &why);
    if (!r->cost_text) {
        return error_set(err, "-vmm-cost %s; use p4, core2, westmere or a file", why.text);
    }
    if (strlen(r->cost_text) != size) {
        return error_set(err, "-vmm-cost %s: not text", short_path(value));
    }
    if (cost_parse(&r->cfg.cost, r->cost_text, &why) < 0) {
        return error_set(err, "-vmm-cost %s: %s", short_path(value), why.text);
    }
    return 0;
}

static int set_report(struct request *r, const char *value, struct error *err)
{
    (void)err;
    r->report = value;
    return 0;
}

static int set_chart(struct request *r, const char *value, struct error *err)
{
    (void)err;
    r->chart = value;
    return 0;
}

static int set_monitor(struct request *r, const char *value, struct error *err)
{
    r->prompt = strcmp(value, "stdio") == 0;
    bool ok = r->prompt || strcmp(value, "none") == 0;
    return ok ? 0 : error_set(err, "lab -monitor %s: use stdio or none", short_path(value));
}

static int set_stop(struct request *r, const char *value, struct error *err)
{
    (void)value, (void)err;
    r->cfg.stop_on_divergence = true;
    return 0;
}

static int set_cpu(struct request *r, const char *value, struct error *err)
{
    r->cfg.cpu = value;
    return machine_cpu_ok(value, err) ? 0 : -1;
}

static int set_ram(struct request *r, const char *value, struct error *err)
{
    uint64_t bytes;
    if (!parse_size(value, UINT64_C(1) << 20, &bytes) || bytes < 1 << 20 || bytes > 256 << 20 ||
        bytes % (64 << 10) != 0) {
        return error_set(err, "-m %s: bad value; use 1M to 256M", short_path(value));
    }
    r->cfg.ram = (uint32_t)bytes;
    return 0;
}

static int set_until(struct request *r, const char *value, struct error *err)
{
    bool ok = parse_u64(value, UINT64_MAX - 1, &r->cfg.until);
    return ok ? 0 : error_set(err, "-until %s: bad value; use -until TICK", short_path(value));
}

static int set_kernel(struct request *r, const char *value, struct error *err)
{
    (void)err;
    r->kernel = value;
    return 0;
}

static int set_initrd(struct request *r, const char *value, struct error *err)
{
    (void)err;
    r->initrd = value;
    return 0;
}

static int set_append(struct request *r, const char *value, struct error *err)
{
    (void)err;
    r->cfg.kernel.append = value;
    return 0;
}

static int set_type(struct request *r, const char *value, struct error *err)
{
    r->cfg.typed = value;
    return strlen(value) < 256 ? 0 : error_set(err, "-type: 255 characters at most");
}

static const struct {
    const char *name, *value, *help;
    option_fn *set;
} options[] = {
    {"vmm", "interpret|trap|rewrite|para", "strategy; default trap", set_vmm},
    {"vmm-ring", "1|3", "ring of the guest's kernel; default 1", set_ring},
    {"vmm-cost", "p4|core2|westmere|F", "cost model, or a file of NAME=CYCLES; default p4",
     set_cost},
    {"vmm-report", "F", "the report as JSON, into F", set_report},
    {"chart", "F.png", "of compare and crossover: a picture", set_chart},
    {"vmm-stop-on-divergence", "", "end at the first silent divergence", set_stop},
    {"monitor", "stdio|none", "commands from stdin where it has stopped; default none",
     set_monitor},
    {"cpu", "MODEL[,+popek]", "as ever; default pentiumpro", set_cpu},
    {"m", "4|4M", "the guest's memory, 1M to 256M; default 4M", set_ram},
    {"until", "TICK", "end there; default 2000000000", set_until},
    {"kernel", "F", "of the guest linux: a bzImage, or the vmlinux in it", set_kernel},
    {"initrd", "F", "its initial RAM disk", set_initrd},
    {"append", "S", "its command line", set_append},
    {"type", "TEXT", "what the guest's serial port receives", set_type},
};

static void help(void)
{
    say("terrapin lab [options] GUEST          a guest under a virtual machine monitor\n"
        "terrapin lab compare [options] GUEST  the same under all strategies, side by side\n"
        "terrapin lab crossover [options] GUEST  what if exits were cheaper, or dearer?\n");
    for (unsigned n = 0; n < ARRAY_LEN(options); n++) {
        char left[64];
        snprintf(left, sizeof left, "-%s %s", options[n].name, options[n].value);
        say("  %-34s %s\n", left, options[n].help);
    }
    say("GUEST: an image that is loaded at 7C00h and started there in real mode, or\n");
    for (const struct lab_guest *g = lab_guests; g->name; g++) {
        say("  %-12s %s\n", g->name, g->what);
    }
}

static int parse_option(struct request *r, const char *arg, const char *value,
                        struct error *err)
{
    const char *name = arg + 1 + (arg[1] == '-');
    for (unsigned n = 0; n < ARRAY_LEN(options); n++) {
        if (strcmp(name, options[n].name) == 0) {
            bool wants = *options[n].value;
            if (wants && !value) {
                return error_set(err, "-%s: needs a value; use -%s %s", name, name,
                                 options[n].value);
            }
            return options[n].set(r, wants ? value : "", err) < 0 ? -1 : wants;
        }
    }
    return error_set(err, "lab %s: unknown option; see terrapin lab --help", short_path(arg));
}

/* What makes no sense together would be left undone without a word. */
static int check_pairs(const struct request *r, struct error *err)
{
    if (r->compare && r->chosen) {
        return error_set(err, "-vmm: lab compare runs all strategies; leave it out");
    }
    if (r->compare && r->report) {
        return error_set(err, "-vmm-report: lab compare has none; use terrapin lab GUEST");
    }
    if (r->compare && strstr(r->cfg.cpu, "+popek")) {
        return error_set(err, "-cpu +popek: lab compare has a column with it; leave it out");
    }
    if (r->chart && !r->compare && !r->crossover) {
        return error_set(err, "-chart: is for terrapin lab compare or crossover");
    }
    return 0;
}

static int parse(struct request *r, int argc, char **argv, struct error *err)
{
    int first = 2;
    if (argc > 2 && strcmp(argv[2], "compare") == 0) {
        r->compare = true;
        first = 3;
    } else if (argc > 2 && strcmp(argv[2], "crossover") == 0) {
        r->crossover = true;
        first = 3;
    }
    for (int i = first; i < argc; i++) {
        if (argv[i][0] != '-' && r->guest) {
            return error_set(err, "lab %s: a second guest", short_path(argv[i]));
        }
        if (argv[i][0] != '-') {
            r->guest = argv[i];
            continue;
        }
        int taken = parse_option(r, argv[i], i + 1 < argc ? argv[i + 1] : NULL, err);
        if (taken < 0) {
            return -1;
        }
        i += taken;
    }
    return r->guest ? check_pairs(r, err)
                    : error_set(err, "lab: which guest? terrapin lab --help lists them");
}

static int find_guest(struct request *r, struct error *err)
{
    const struct lab_guest *g = lab_guest(r->guest);
    struct error why;
    size_t size;
    if (g) {
        r->cfg.image = g->bytes;
        r->cfg.size = g->size;
        r->cfg.typed = r->cfg.typed ? r->cfg.typed : lab_guest_typed(g->name);
    } else {
        r->file = (uint8_t *)read_file(r->guest, IMAGE_MOST, &size, &why);
        if (!r->file && size > IMAGE_MOST) {
            return error_set(err,
                             "lab %s: is larger than %u KB, the largest guest; disks: not "
                             "implemented yet; a kernel: lab -kernel F linux",
                             short_path(r->guest), (unsigned)IMAGE_MOST >> 10);
        }
        if (!r->file) {
            return error_set(err,
                             "lab %s: no guest has this name, and it is no file that can be "
                             "read; terrapin lab --help lists them",
                             short_path(r->guest));
        }
        r->cfg.image = r->file;
        r->cfg.size = (uint32_t)size;
    }
    r->cfg.guest = short_path(r->guest);
    return 0;
}

static int find_kernel(struct request *r, struct error *err)
{
    enum { KERNEL_MOST = 128 << 20 };
    struct lab_kernel *k = &r->cfg.kernel;
    size_t size = 0;
    if (!r->kernel && (r->initrd || k->append || strcmp(r->guest, "linux") == 0)) {
        return error_set(err, "lab: which kernel? use -kernel F [-initrd F] [-append S] linux");
    }
    if (r->kernel) {
        r->files[0] = read_file(r->kernel, KERNEL_MOST, &size, err);
        k->bytes = (uint8_t *)r->files[0];
        k->size = (uint32_t)size;
        k->append = k->append ? k->append : "";
    }
    if (r->initrd) {
        r->files[1] = read_file(r->initrd, KERNEL_MOST, &size, err);
        k->initrd = (uint8_t *)r->files[1];
        k->initrd_size = (uint32_t)size;
    }
    return (r->kernel && !k->bytes) || (r->initrd && !k->initrd) ? -1 : 0;
}

/* ---- runs */

static void print_guest(void *ctx, char c, bool serial)
{
    (void)ctx, (void)serial;
    const char text[2] = {c, '\0'};
    say_text(text);
}

static void print_nothing(void *ctx, char c, bool serial)
{
    (void)ctx, (void)c, (void)serial;
}

static void put_stdout(void *ctx, const char *piece)
{
    (void)ctx;
    say_text(piece);
}

static void put_file(void *ctx, const char *piece)
{
    fputs(piece, ctx);
}

static int write_json(const char *path, const struct lab *lab, struct error *err)
{
    FILE *f = fopen(path, "w");
    if (f) {
        lab_report_json(lab, put_file, f);
    }
    bool failed = !f || ferror(f);
    failed |= f && fclose(f) != 0;
    return failed ? error_set(err, "-vmm-report %s: cannot write", short_path(path)) : 0;
}

static struct lab *run(const struct lab_config *cfg, struct error *err)
{
    struct lab *lab = lab_new(cfg, err);
    if (lab) {
        lab_run(lab);
    }
    return lab;
}

/* A ported guest needs its monitor: what it is measured against is the one that it comes from.
 */
static void native_guest(const struct request *r, struct lab_config *plain)
{
    char name[80];
    size_t len = strlen(r->guest);
    if (len > 5 && len < sizeof name && strcmp(r->guest + len - 5, "_para") == 0) {
        memcpy(name, r->guest, len - 5);
        name[len - 5] = '\0';
        const struct lab_guest *g = lab_guest(name);
        if (g) {
            plain->image = g->bytes;
            plain->size = g->size;
        }
    }
}

static int run_one(struct request *r, struct error *err)
{
    struct lab_config plain = r->cfg;
    char cpu[300];
    snprintf(cpu, sizeof cpu, "%s,-popek,-popek-iret", r->cfg.cpu);
    plain.cpu = cpu;
    plain.strategy = STRATEGY_INTERPRET;
    plain.print = print_nothing;
    native_guest(r, &plain);
    struct lab *lab = run(&r->cfg, err);
    bool worth = r->cfg.strategy != STRATEGY_INTERPRET && !r->kernel; /* whose runs are long */
    struct lab *native = lab && worth ? run(&plain, err) : NULL;
    int status = TROUBLE;
    if (lab && r->prompt) {
        lab_prompt(lab);
    }
    if (lab) {
        say("----\n");
        lab_report(lab, native, put_stdout, NULL);
        struct lab *const columns[] = {native ? native : lab, lab};
        lab_nanobench(columns, native ? 2 : 1, put_stdout, NULL);
        status = lab_exit_code(lab);
        if (r->report && write_json(r->report, lab, err) < 0) {
            report("%s", err->text);
            status = TROUBLE;
        }
    } else {
        report("%s", err->text);
    }
    lab_free(native);
    lab_free(lab);
    return status;
}

static void free_all(struct lab **labs, unsigned n)
{
    while (n > 0) {
        lab_free(labs[--n]);
    }
}

/* The columns of `compare`: the plain machine; trap-and-emulate, and where it works; the two
 * answers. A guest NAME that is ported has the name NAME_para. */
enum { COLUMNS = 5, PARA_COLUMN = 4 };
static const struct {
    const char *name;
    enum strategy strategy;
    bool popek;
} columns[COLUMNS] = {{"interpret", STRATEGY_INTERPRET, false},
                      {"trap", STRATEGY_TRAP, false},
                      {"trap +popek", STRATEGY_TRAP, true},
                      {"rewrite", STRATEGY_REWRITE, false},
                      {"para", STRATEGY_PARA, false}};

static const struct lab_guest *ported(const struct request *r)
{
    char name[80];
    snprintf(name, sizeof name, "%s_para", r->guest);
    return lab_guest(name);
}

/* Runs column c. NULL: err says why. */
static struct lab *run_column(const struct request *r, unsigned c, struct error *err)
{
    struct lab_config cfg = r->cfg;
    char popek[300];
    snprintf(popek, sizeof popek, "%s,+popek,+popek-iret", r->cfg.cpu);
    cfg.strategy = columns[c].strategy;
    cfg.cpu = columns[c].popek ? popek : r->cfg.cpu;
    cfg.print = print_nothing;
    if (c == PARA_COLUMN) {
        const struct lab_guest *g = ported(r);
        cfg.image = g->bytes;
        cfg.size = g->size;
    }
    return run(&cfg, err);
}

static int run_compare(struct request *r, struct error *err)
{
    struct lab *labs[COLUMNS] = {NULL};
    const char *names[COLUMNS];
    struct bar bars[COLUMNS];
    unsigned most = ported(r) ? COLUMNS : PARA_COLUMN, n = 0;
    int status = RIGHT;
    for (; n < most && status == RIGHT; n++) {
        labs[n] = run_column(r, n, err);
        names[n] = columns[n].name;
        status = labs[n] ? RIGHT : TROUBLE;
    }
    if (status == RIGHT) {
        lab_compare((struct lab *const *)labs, names, n, put_stdout, NULL);
        for (unsigned k = 0; k < n; k++) {
            bars[k] = (struct bar){names[k], lab_cycles(labs[k]), lab_right(labs[k])};
        }
        chart_text(bars, n, put_stdout, NULL);
        status = r->chart && chart_png(r->chart, bars, n, err) < 0 ? TROUBLE : RIGHT;
    }
    if (status != RIGHT) {
        report("%s", err->text);
    }
    free_all(labs, n);
    return status;
}

/* What if an exit and the entry after it cost so much? One run of each, priced again. */
static void fill_curve(struct curve *curve, const struct lab *lab, const char *name)
{
    curve->name = name;
    for (unsigned x = 0; x < CURVE_POINTS; x++) {
        curve->y[x] = lab_cycles_at(lab, x * CURVE_STEP);
    }
}

static void say_crossover(const struct lab *rewrite, const struct lab *trap)
{
    uint64_t r0 = lab_cycles_at(rewrite, 0), t0 = lab_cycles_at(trap, 0);
    uint64_t r_slope = lab_cycles_at(rewrite, 1) - r0, t_slope = lab_cycles_at(trap, 1) - t0;
    char line[160];
    if (r0 > t0 && r_slope < t_slope) {
        uint64_t at = (r0 - t0) / (t_slope - r_slope);
        snprintf(line, sizeof line,
                 "crossover: above %" PRIu64 " cycles an exit and entry, rewriting is cheaper; "
                 "below, trapping\n",
                 at);
    } else {
        snprintf(line, sizeof line, "crossover: none; %s is cheaper at every price\n",
                 r_slope < t_slope || (r_slope == t_slope && r0 < t0) ? "rewriting"
                                                                      : "trapping");
    }
    say("%s", line);
}

static int run_crossover(struct request *r, struct error *err)
{
    static const unsigned which[] = {2, 3, PARA_COLUMN};
    struct lab *labs[ARRAY_LEN(which)] = {NULL};
    struct curve curves[ARRAY_LEN(which)];
    unsigned most = ported(r) ? 3 : 2, n = 0;
    int status = RIGHT;
    for (; n < most && status == RIGHT; n++) {
        labs[n] = run_column(r, which[n], err);
        status = labs[n] ? RIGHT : TROUBLE;
        if (labs[n]) {
            fill_curve(&curves[n], labs[n], columns[which[n]].name);
        }
    }
    if (status == RIGHT) {
        curves_text(curves, n, put_stdout, NULL);
        say_crossover(labs[1], labs[0]);
        status = r->chart && curves_png(r->chart, curves, n, err) < 0 ? TROUBLE : RIGHT;
    }
    if (status != RIGHT) {
        report("%s", err->text);
    }
    free_all(labs, n);
    return status;
}

int lab_main(int argc, char **argv)
{
    struct error err = {""};
    struct request r = {.cfg = {.strategy = STRATEGY_TRAP,
                                .ring = 1,
                                .cpu = "pentiumpro",
                                .ram = 4 << 20,
                                .sparse = sparse_pages(),
                                .until = 2000000000,
                                .print = print_guest}};
    int status = TROUBLE;
    r.cfg.cost = *cost_model("p4");
    if (argc > 2 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-help") == 0)) {
        help();
        return RIGHT;
    }
    if (parse(&r, argc, argv, &err) < 0 || find_guest(&r, &err) < 0 ||
        find_kernel(&r, &err) < 0) {
        report("%s", err.text);
    } else {
        status = r.compare     ? run_compare(&r, &err)
                 : r.crossover ? run_crossover(&r, &err)
                               : run_one(&r, &err);
    }
    free(r.files[0]);
    free(r.files[1]);
    free(r.file);
    free(r.cost_text);
    return status;
}
