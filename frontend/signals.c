/* frontend/signals.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/signals.h"

#include "devices/machine.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>

static struct machine *volatile running;
static volatile sig_atomic_t pending;

static void on_signal(int signal)
{
    if (signal != SIGALRM) {
        pending = signal;
    }
    struct machine *m = running;
    if (m) {
        machine_break(m);
    }
}

static void handle(int signal, void (*handler)(int), int flags)
{
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sigemptyset(&sa.sa_mask);
    sa.sa_handler = handler;
    sa.sa_flags = flags;
    sigaction(signal, &sa, NULL);
}

/* What the caller ignores (nohup, a shell's background job) stays ignored. */
static void handle_end(int signal)
{
    struct sigaction sa;
    if (sigaction(signal, NULL, &sa) == 0 && sa.sa_handler != SIG_IGN) {
        handle(signal, on_signal, 0);
    }
}

void signals_install(struct machine *m)
{
    signals_alarm(false);
    running = m;
    handle_end(SIGINT);
    handle_end(SIGTERM);
    handle_end(SIGHUP);
    handle_end(SIGQUIT);
    handle(SIGALRM, on_signal, SA_RESTART);
    handle(SIGPIPE, SIG_IGN, 0);
    handle(SIGXFSZ, SIG_IGN, 0);
}

int signals_pending(void)
{
    return pending;
}

bool signals_take(int signal)
{
    if (pending != signal) {
        return false;
    }
    pending = 0;
    return true;
}

void signals_alarm(bool on)
{
    struct itimerval every = {{0, on ? 20000 : 0}, {0, on ? 20000 : 0}};
    setitimer(ITIMER_REAL, &every, NULL);
}

void signals_die(int signal)
{
    handle(signal, SIG_DFL, 0);
    raise(signal);
}
