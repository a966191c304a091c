/* frontend/tty.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/rescue.h"
#include "frontend/tty.h"

#include <sys/ioctl.h>
#include <unistd.h>

bool tty_take(struct termios *before, bool signals)
{
    bool background = isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) != getpgrp();
    if (background || tcgetattr(STDIN_FILENO, before) != 0) {
        return false;
    }
    struct termios mode = *before;
    mode.c_iflag &=
        ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    mode.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN);
    if (!signals) {
        mode.c_lflag &= ~(tcflag_t)ISIG;
    }
    mode.c_cc[VSUSP] = _POSIX_VDISABLE;
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    rescue_arm(before);
    tcsetattr(STDIN_FILENO, TCSANOW, &mode);
    return true;
}

void tty_give(const struct termios *before)
{
    tcsetattr(STDIN_FILENO, TCSADRAIN, before);
    rescue_disarm();
}

void tty_size(unsigned *columns, unsigned *lines)
{
    *columns = 80;
    *lines = 24;
#ifdef TIOCGWINSZ
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
        *columns = size.ws_col;
        *lines = size.ws_row;
    }
#endif
}
