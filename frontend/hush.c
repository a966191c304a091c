/* frontend/hush.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/hush.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int hush_begin(void)
{
    fflush(stderr);
    int token = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (token >= 0 && nowhere >= 0) {
        dup2(nowhere, STDERR_FILENO);
    }
    if (nowhere >= 0) {
        close(nowhere);
    }
    return token;
}

void hush_end(int token)
{
    fflush(stderr);
    if (token >= 0) {
        dup2(token, STDERR_FILENO);
        close(token);
    }
}
