/* tests/insn/native_host.c -- cases on the host's own processor.
 *
 * A child process has the pages and the LDT, and nothing to do but to run cases; system calls
 * that it does not need kill it. It enters and leaves the code under test by signals alone:
 * INT3 in its own code raises one whose handler puts the case's registers into the saved
 * context, and the return from it loads all of them, x87 and SSE included. Whatever ends the
 * case raises another, whose context holds the results. DS to GS are the exception: 64-bit
 * Linux leaves them alone, so that the assembly around the handler saves and loads them, and
 * gets back FS's base, which is the C library's. The kernel tells vector, error code and CR2 in
 * the context, too.
 */
#define _GNU_SOURCE
#include "tests/insn/native.h"

#if defined(__x86_64__) && defined(__linux__)

#include <asm/ldt.h>
#include <asm/prctl.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

enum { USER_CS64 = 0x33, FX_XSTATE_BV = 512, FX_MAGIC = 464, REPEATS_MAX = 4096 };
#define HIDDEN __attribute__((visibility("hidden")))

/* Shared with the child. */
static struct shared {
    struct native_case cases[BATCH];
    struct native_result results[BATCH];
    unsigned count;
    volatile unsigned done;
} * shared;
static uint8_t *image; /* the pages, writable */
static pid_t child;
static int to_child = -1, from_child = -1;

/* ---- the signal's way in and out */

HIDDEN uint16_t native_segs[4]; /* DS ES FS GS */
HIDDEN uint64_t native_fs_base, native_flags, native_leave;
HIDDEN void native_on_signal(int sig, siginfo_t *info, void *context);
HIDDEN void native_signal_entry(int sig, siginfo_t *info, void *context);

__asm__(".pushsection .text\n"
        ".globl native_signal_entry\n"
        ".hidden native_signal_entry\n"
        ".type native_signal_entry, @function\n"
        "native_signal_entry:\n"
        "    pushq $0x202\n" /* the kernel leaves AC and NT set */
        "    popfq\n"
        "    movw %ds, native_segs(%rip)\n"
        "    movw %es, native_segs+2(%rip)\n"
        "    movw %fs, native_segs+4(%rip)\n"
        "    movw %gs, native_segs+6(%rip)\n"
        "    xorl %eax, %eax\n"
        "    movl %eax, %ds\n"
        "    movl %eax, %es\n"
        "    movl %eax, %gs\n"
        "    pushq %rdi\n"
        "    pushq %rsi\n"
        "    pushq %rdx\n"
        "    movl $158, %eax\n" /* arch_prctl(ARCH_SET_FS, native_fs_base) */
        "    movl $0x1002, %edi\n"
        "    movq native_fs_base(%rip), %rsi\n"
        "    syscall\n"
        "    popq %rdx\n"
        "    popq %rsi\n"
        "    popq %rdi\n"
        "    subq $8, %rsp\n"
        "    call native_on_signal\n"
        "    addq $8, %rsp\n"
        "    cmpq $0, native_leave(%rip)\n"
        "    jne 1f\n"
        "    movw native_segs(%rip), %ds\n"
        "    movw native_segs+2(%rip), %es\n"
        "    movw native_segs+6(%rip), %gs\n"
        "    movw native_segs+4(%rip), %fs\n"
        "1:  pushq native_flags(%rip)\n" /* NT and ID, which the kernel takes from here */
        "    popfq\n"
        "    ret\n"
        ".size native_signal_entry, . - native_signal_entry\n"
        ".popsection\n");

static struct {
    const struct native_case *c; /* NULL: none is to be entered */
    struct native_result *out;
    bool entered;
    unsigned repeats;
    greg_t gregs[NGREG];
    uint8_t fx[FX_SIZE];
} run;

static const int greg[8] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX,
                            REG_RSP, REG_RBP, REG_RSI, REG_RDI};

/* Image of FXSAVE within the signal's frame; all of it is to be loaded. */
static uint8_t *frame_fx(ucontext_t *uc)
{
    uint8_t *fx = (uint8_t *)uc->uc_mcontext.fpregs;
    if (load_le32(fx + FX_MAGIC) == 0x46505853) { /* XSAVE: parts may be left out */
        fx[FX_XSTATE_BV] |= 3;
    }
    return fx;
}

static void enter(ucontext_t *uc)
{
    const struct native_case *c = run.c;
    greg_t *g = uc->uc_mcontext.gregs;
    uint8_t *fx = frame_fx(uc);
    memcpy(run.gregs, g, sizeof run.gregs);
    memcpy(run.fx, fx, FX_SIZE);
    memcpy(fx, c->fx, 28);
    memcpy(fx + 32, c->fx + 32, FX_SIZE - 32);
    memset(fx + 12, 0, 4); /* the pointers' upper halves: this image is of 64-bit mode */
    memset(fx + 20, 0, 4);
    for (unsigned k = 0; k < 8; k++) {
        g[greg[k]] = c->r[k];
    }
    g[REG_RIP] = c->eip;
    g[REG_EFL] = c->eflags;
    g[REG_CSGSFS] = (greg_t)(c->sel[SEG_CS] | (uint64_t)c->sel[SEG_SS] << 48);
    native_segs[0] = c->sel[SEG_DS];
    native_segs[1] = c->sel[SEG_ES];
    native_segs[2] = c->sel[SEG_FS];
    native_segs[3] = c->sel[SEG_GS];
    native_flags = (c->eflags & (FL_NT | FL_ID)) | FL_IF | FL_ONE;
    native_leave = 0;
    run.entered = true;
    run.repeats = 0;
}

static void leave(ucontext_t *uc)
{
    struct native_result *out = run.out;
    greg_t *g = uc->uc_mcontext.gregs;
    uint8_t *fx = frame_fx(uc);
    out->vector = (uint32_t)g[REG_TRAPNO];
    out->error = (uint32_t)g[REG_ERR];
    out->cr2 = (uint32_t)g[REG_CR2];
    for (unsigned k = 0; k < 8; k++) {
        out->r[k] = (uint32_t)g[greg[k]];
    }
    out->eip = (uint32_t)g[REG_RIP];
    out->eflags = (uint32_t)g[REG_EFL];
    out->sel[SEG_CS] = (uint16_t)g[REG_CSGSFS];
    out->sel[SEG_SS] = (uint16_t)(g[REG_CSGSFS] >> 48);
    out->sel[SEG_DS] = native_segs[0];
    out->sel[SEG_ES] = native_segs[1];
    out->sel[SEG_FS] = native_segs[2];
    out->sel[SEG_GS] = native_segs[3];
    memcpy(out->fx, fx, FX_SIZE);
    memcpy(g, run.gregs, sizeof run.gregs);
    memcpy(fx, run.fx, FX_SIZE);
    native_flags = FL_IF | FL_ONE;
    native_leave = 1;
    run.entered = false;
    run.c = NULL;
}

/* With TF set an unfinished REP traps after every iteration. */
static bool repeats(const greg_t *g)
{
    return g[REG_TRAPNO] == 1 && g[REG_RIP] == (greg_t)run.c->eip &&
           (uint16_t)g[REG_CSGSFS] == run.c->sel[SEG_CS] && case_is_repeated(run.c) &&
           run.repeats++ < REPEATS_MAX;
}

void native_on_signal(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    greg_t *g = uc->uc_mcontext.gregs;
    (void)sig, (void)info;
    if (!run.entered) {
        if (run.c == NULL) {
            _exit(1); /* not ours: this program's own fault */
        }
        enter(uc);
    } else if ((g[REG_CSGSFS] & 0xFFFF) == USER_CS64) {
        _exit(2); /* a fault of enter(): the case's segments cannot be loaded */
    } else if (repeats(g)) {
        native_flags = ((uint64_t)g[REG_EFL] & (FL_NT | FL_ID)) | FL_IF | FL_ONE;
    } else {
        leave(uc);
    }
}

/* ---- the child */

static bool map_arena(int file)
{
    void *p = mmap((void *)(uintptr_t)ARENA, ARENA_SIZE, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (p != (void *)(uintptr_t)ARENA) {
        return false;
    }
    for (unsigned k = 0; k < ARENA_PAGES; k++) {
        static const int rights[] = {PROT_READ | PROT_WRITE, PROT_READ, PROT_READ | PROT_EXEC};
        p = mmap((void *)(uintptr_t)(ARENA + arena_pages[k].at * NATIVE_PAGE), NATIVE_PAGE,
                 rights[arena_pages[k].rights], MAP_SHARED | MAP_FIXED | MAP_POPULATE, file,
                 (off_t)(k * NATIVE_PAGE));
        if (p == MAP_FAILED) {
            return false;
        }
    }
    return true;
}

static bool write_ldt(unsigned n)
{
    const struct native_descriptor *d = &native_ldt[n];
    struct user_desc u;
    memset(&u, 0, sizeof u);
    u.entry_number = n;
    u.base_addr = d->base;
    u.limit = d->limit;
    u.seg_32bit = !!(d->flags & SF_BIG);
    u.contents = (d->flags & SF_CODE ? 2u : 0) | (d->flags & (SF_DOWN | SF_CONFORMING) ? 1 : 0);
    u.read_exec_only = !!(d->flags & SF_LOCKED);
    u.limit_in_pages = !!(d->flags & SF_IN_PAGES);
    u.seg_not_present = !!(d->flags & SF_ABSENT);
    if (d->base == 0) { /* how an entry is emptied */
        u.read_exec_only = u.seg_not_present = 1;
    }
    return syscall(SYS_modify_ldt, 0x11, &u, sizeof u) == 0;
}

static bool write_ldts(void)
{
    for (unsigned n = SEG_SLOTS; n-- > 0;) { /* the last one first: it sets the limit */
        if (!write_ldt(n)) {
            return false;
        }
    }
    return true;
}

/* From here on: read, write, exit, and what the handler needs. */
static void lock_up(void)
{
    static const uint8_t allowed[] = {SYS_read,         SYS_write,
                                      SYS_rt_sigreturn, SYS_arch_prctl,
                                      SYS_exit_group,   SYS_sigaltstack /* the sanitizer's */};
    struct sock_filter f[16];
    unsigned n = 0;
    f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                          offsetof(struct seccomp_data, arch));
    f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
    f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL);
    f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                          offsetof(struct seccomp_data, nr));
    for (unsigned k = 0; k < ARRAY_LEN(allowed); k++) {
        f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[k],
                                              (uint8_t)(ARRAY_LEN(allowed) - k), 0);
    }
    f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL);
    f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {(unsigned short)n, f};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void take_signals(void)
{
    static const int signals[] = {SIGSEGV, SIGFPE, SIGILL, SIGBUS, SIGTRAP};
    static uint8_t stack[1 << 16];
    struct sigaction sa;
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    memset(&sa, 0, sizeof sa);
    sa.sa_sigaction = native_signal_entry;
    sa.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    for (size_t k = 0; k < ARRAY_LEN(signals); k++) {
        sigaction(signals[k], &sa, NULL);
    }
    syscall(SYS_arch_prctl, ARCH_GET_FS, &native_fs_base);
}

static void run_one(const struct native_case *c, struct native_result *out)
{
    case_data(c, image);
    case_code(c, image);
    run.out = out;
    run.c = c;
    __asm__ volatile("int3" ::: "memory");
    case_collect(image, out);
    case_forget_code(c, image);
}

static _Noreturn void serve(int in, int out)
{
    uint8_t token;
    while (read(in, &token, 1) == 1) {
        for (shared->done = 0; shared->done < shared->count; shared->done++) {
            run_one(&shared->cases[shared->done], &shared->results[shared->done]);
        }
        if (write(out, &token, 1) != 1) {
            break;
        }
    }
    _exit(0);
}

/* Says whether it can, then serves. */
static _Noreturn void child_main(int file, int in, int out)
{
    uint8_t trouble = 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!map_arena(file)) {
        trouble = 1;
    } else if (!write_ldts()) {
        trouble = 2;
    } else {
        take_signals();
        lock_up();
    }
    if (write(out, &trouble, 1) != 1 || trouble != 0) {
        _exit(0);
    }
    serve(in, out);
}

/* ---- the parent */

static const char *start_child(int file)
{
    int down[2], up[2];
    uint8_t trouble = 3;
    if (pipe(down) != 0 || pipe(up) != 0) {
        return "no pipes";
    }
    child = fork();
    if (child == 0) {
        close(down[1]);
        close(up[0]);
        child_main(file, down[0], up[1]);
    }
    close(down[0]);
    close(up[1]);
    to_child = down[1];
    from_child = up[0];
    if (child < 0 || read(from_child, &trouble, 1) != 1) {
        return "no child process";
    }
    return trouble == 1   ? "its low addresses are taken"
           : trouble == 2 ? "its kernel has no modify_ldt"
                          : NULL;
}

const char *native_host_start(void)
{
    int file = memfd_create("native", 0);
    shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (file < 0 || ftruncate(file, IMAGE_SIZE) != 0 || shared == MAP_FAILED) {
        return "no shared memory";
    }
    image = mmap(NULL, IMAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (image == MAP_FAILED) {
        return "no shared memory";
    }
    memcpy(image, arena_pattern(), IMAGE_SIZE);
    signal(SIGPIPE, SIG_IGN); /* a dead child is noticed by its answer */
    const char *why = start_child(file);
    close(file);
    return why;
}

void native_host_stop(void)
{
    close(to_child); /* end of input: it exits */
    close(from_child);
    if (child > 0) {
        waitpid(child, NULL, 0);
    }
    munmap(image, IMAGE_SIZE);
    munmap(shared, sizeof *shared);
}

unsigned native_host_run(const struct native_case *cases, unsigned n)
{
    uint8_t token = 0;
    memcpy(shared->cases, cases, n * sizeof *cases);
    shared->count = n;
    shared->done = 0;
    if (write(to_child, &token, 1) != 1 || read(from_child, &token, 1) != 1) {
        return shared->done;
    }
    return n;
}

struct native_result *native_host_result(unsigned k)
{
    return &shared->results[k];
}

#else

const char *native_host_start(void)
{
    return "it is not x86-64 Linux";
}

void native_host_stop(void)
{
}

unsigned native_host_run(const struct native_case *cases, unsigned n)
{
    (void)cases, (void)n;
    return 0;
}

struct native_result *native_host_result(unsigned k)
{
    (void)k;
    return NULL;
}

#endif
