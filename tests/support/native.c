/* tests/support/native.c -- see native.h. */
#define _GNU_SOURCE
#include "tests/support/native.h"

#if defined(__x86_64__) && defined(__linux__)

#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

/* Low memory, so that 32-bit code reaches it: page of stubs, page of code, data. */
enum { STUB = 0x1FFF0000, STATE = STUB + 0x800, USER_CS32 = 0x23, USER_CS64 = 0x33 };

struct shared {            /* at STATE; offsets are built into the stubs */
    uint32_t r[8], eflags; /* 00..23 */
    uint32_t taken;        /* 24 */
    uint32_t stack[64];    /* 28.. */
    uint64_t host_rsp;     /* saved by the 64-bit side */
};

static volatile enum native_result result;
static stack_t alternate;
static uint8_t alternate_stack[1 << 16];

static volatile struct shared *shared(void)
{
    return (volatile struct shared *)(uintptr_t)STATE;
}

struct asm_buf {
    uint8_t *p;
};

static void emit(struct asm_buf *a, const void *bytes, size_t n)
{
    memcpy(a->p, bytes, n);
    a->p += n;
}

static void emit32(struct asm_buf *a, uint32_t v)
{
    emit(a, &v, 4);
}

static void emit8(struct asm_buf *a, unsigned v)
{
    uint8_t b = (uint8_t)v;
    emit(a, &b, 1);
}

/* 64-bit entry: save callee-saved registers and RSP, go to the 32-bit loader by a far return.
 */
static void make_entry(void)
{
    struct asm_buf a = {(uint8_t *)(uintptr_t)STUB};
    static const uint8_t save[] = {0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57};
    emit(&a, save, sizeof save);
    emit(&a, "\x48\x89\x24\x25", 4); /* mov [abs32], rsp */
    emit32(&a, STATE + (uint32_t)offsetof(struct shared, host_rsp));
    emit(&a, "\xBC", 1); /* mov esp, scratch stack */
    emit32(&a, STATE + (uint32_t)offsetof(struct shared, stack) + 200);
    emit(&a, "\x6A\x23\x68", 3); /* push 23h; push loader; retfq */
    emit32(&a, STUB + 0x100);
    emit(&a, "\x48\xCB", 2);
    /* 32-bit loader: segments, flags, registers, jump to the code. */
    a.p = (uint8_t *)(uintptr_t)(STUB + 0x100);
    emit(&a, "\x66\xB8\x2B\x00\x8E\xD8\x8E\xC0\x8E\xD0", 10); /* ds es ss = 2Bh */
    emit(&a, "\xFF\x35", 2);                                  /* push [eflags]; popfd */
    emit32(&a, STATE + 0x20);
    emit8(&a, 0x9D);
    for (unsigned reg = 0; reg < 8; reg++) { /* mov reg, [abs] */
        emit8(&a, 0x8B);
        emit8(&a, reg << 3 | 5);
        emit32(&a, STATE + 4 * reg);
    }
    emit(&a, "\xFF\x25", 2); /* jmp [abs] */
    emit32(&a, STUB + 0x1F0);
    uint32_t code = NATIVE_CODE;
    memcpy((void *)(uintptr_t)(STUB + 0x1F0), &code, 4);
    /* 32-bit saver, then 64-bit again. */
    a.p = (uint8_t *)(uintptr_t)(STUB + 0x200);
    for (unsigned reg = 0; reg < 8; reg++) { /* mov [abs], reg */
        emit8(&a, 0x89);
        emit8(&a, reg << 3 | 5);
        emit32(&a, STATE + 4 * reg);
    }
    emit8(&a, 0xBC); /* mov esp, scratch; pushfd; pop [eflags] */
    emit32(&a, STATE + (uint32_t)offsetof(struct shared, stack) + 200);
    emit(&a, "\x9C\x8F\x05", 3);
    emit32(&a, STATE + 0x20);
    emit8(&a, 0xEA); /* jmp 33:exit */
    emit32(&a, STUB + 0x300);
    emit(&a, "\x33\x00", 2);
    /* 64-bit exit. */
    a.p = (uint8_t *)(uintptr_t)(STUB + 0x300);
    emit(&a, "\x48\x8B\x24\x25", 4); /* mov rsp, [abs32] */
    emit32(&a, STATE + (uint32_t)offsetof(struct shared, host_rsp));
    static const uint8_t restore[] = {0x41, 0x5F, 0x41, 0x5E, 0x41, 0x5D,
                                      0x41, 0x5C, 0x5D, 0x5B, 0xFC, 0xC3}; /* cld; ret */
    emit(&a, restore, sizeof restore);
}

/* An exception in 32-bit code: note registers as they were, and leave by the 64-bit exit. */
static void on_signal(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    greg_t *g = uc->uc_mcontext.gregs;
    static const int order[8] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX,
                                 REG_RSP, REG_RBP, REG_RSI, REG_RDI};
    (void)info;
    if ((g[REG_CSGSFS] & 0xFFFF) != USER_CS32) {
        signal(sig, SIG_DFL); /* not ours: let it happen again */
        return;
    }
    for (unsigned k = 0; k < 8; k++) {
        shared()->r[k] = (uint32_t)g[order[k]];
    }
    shared()->eflags = (uint32_t)g[REG_EFL];
    result = sig == SIGFPE ? NATIVE_DE : sig == SIGILL ? NATIVE_UD : NATIVE_FAULT;
    g[REG_EFL] = 0x202;
    g[REG_RIP] = STUB + 0x300;
    g[REG_CSGSFS] = (g[REG_CSGSFS] & ~(greg_t)0xFFFF) | USER_CS64;
}

static bool map_at(uintptr_t at, size_t size)
{
    void *p = mmap((void *)at, size, PROT_READ | PROT_WRITE | PROT_EXEC,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    return p == (void *)at;
}

bool native_init(void)
{
    static const int signals[] = {SIGSEGV, SIGFPE, SIGILL, SIGBUS, SIGTRAP};
    struct sigaction sa;
    if (!map_at(STUB, 0x1000) || !map_at(NATIVE_CODE, 0x1000) ||
        !map_at(NATIVE_DATA, NATIVE_DATA_SIZE)) {
        return false;
    }
    make_entry();
    alternate = (stack_t){.ss_sp = alternate_stack, .ss_size = sizeof alternate_stack};
    sigaltstack(&alternate, NULL);
    memset(&sa, 0, sizeof sa);
    sa.sa_sigaction = on_signal;
    sa.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    for (size_t k = 0; k < sizeof signals / sizeof signals[0]; k++) {
        sigaction(signals[k], &sa, NULL);
    }
    struct native_state st = {.eflags = 0x202};
    return native_run((const uint8_t *)"\x90", 1, &st) == NATIVE_NEXT;
}

uint8_t *native_data(void)
{
    return (uint8_t *)(uintptr_t)NATIVE_DATA;
}

/* jmp rel32 from `at` to the saver; with a mark before it for the taken side. */
static void landing(uint32_t at, bool taken)
{
    struct asm_buf a = {(uint8_t *)(uintptr_t)at};
    emit(&a, "\xC7\x05", 2); /* mov dword [taken], imm32: changes no flag */
    emit32(&a, STATE + 0x24);
    emit32(&a, taken);
    emit8(&a, 0xE9);
    emit32(&a, STUB + 0x200 - (at + 15));
}

enum native_result native_run(const uint8_t *code, unsigned len, struct native_state *st)
{
    volatile struct shared *s = shared();
    memcpy((void *)(uintptr_t)NATIVE_CODE, code, len);
    landing(NATIVE_CODE + len, false);
    landing(NATIVE_CODE + len + NATIVE_TAKEN_AT, true);
    for (unsigned k = 0; k < 8; k++) {
        s->r[k] = st->r[k];
    }
    s->eflags = (st->eflags & 0xCD5) | 0x202;
    s->taken = 0;
    result = NATIVE_NEXT;
    ((void (*)(void))(uintptr_t)STUB)();
    if (result == NATIVE_NEXT && s->taken) {
        result = NATIVE_TAKEN;
    }
    for (unsigned k = 0; k < 8; k++) {
        st->r[k] = s->r[k];
    }
    st->eflags = s->eflags;
    return result;
}

#else

bool native_init(void)
{
    return false;
}

uint8_t *native_data(void)
{
    return NULL;
}

enum native_result native_run(const uint8_t *code, unsigned len, struct native_state *st)
{
    (void)code, (void)len, (void)st;
    return NATIVE_UD;
}

#endif
