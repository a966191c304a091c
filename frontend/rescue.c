/* frontend/rescue.c -- see the header. In the handler: only what is safe in one. */
#include "frontend/posix.h"

#include "frontend/rescue.h"

#include "mem/types.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { RESCUE_STACK = 65536 };

static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

static struct {
    struct sigaction before[ARRAY_LEN(crashes)];
    struct termios mode;
    char undo[RESCUE_UNDO]; /* what the terminal wants to hear */
    size_t len;
    max_align_t stack[RESCUE_STACK / sizeof(max_align_t)]; /* a crash may be its own overflow */
} rescue;

static void on_crash(int signal)
{
    ssize_t ignored = write(STDOUT_FILENO, rescue.undo, rescue.len);
    (void)ignored;
    tcsetattr(STDIN_FILENO, TCSANOW, &rescue.mode);
    for (size_t i = 0; i < ARRAY_LEN(crashes); i++) {
        if (crashes[i] == signal) {
            sigaction(signal, &rescue.before[i], NULL);
        }
    }
    raise(signal);
}

void rescue_arm(const struct termios *mode)
{
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sigemptyset(&sa.sa_mask);
    sa.sa_handler = on_crash;
    sa.sa_flags = SA_ONSTACK;
    stack_t stack = {.ss_sp = rescue.stack, .ss_size = sizeof rescue.stack};
    sigaltstack(&stack, NULL);
    rescue.mode = *mode;
    rescue.len = 0;
    for (size_t i = 0; i < ARRAY_LEN(crashes); i++) {
        sigaction(crashes[i], &sa, &rescue.before[i]);
    }
}

void rescue_undo(const char *bytes, size_t n)
{
    if (rescue.len + n <= sizeof rescue.undo) {
        memcpy(rescue.undo + rescue.len, bytes, n);
        rescue.len += n;
    }
}

void rescue_disarm(void)
{
    for (size_t i = 0; i < ARRAY_LEN(crashes); i++) {
        sigaction(crashes[i], &rescue.before[i], NULL);
    }
}
