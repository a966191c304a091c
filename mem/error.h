/* mem/error.h -- host trouble, told once.
 *
 * A function that can fail for a reason outside the guest (file, memory, configuration)
 * returns -1 or NULL and fills a struct error at the origin; callers pass it up untouched and
 * only frontend/ prints it. The text is one line: which file or option, and what to do.
 */
#ifndef TERRAPIN_MEM_ERROR_H
#define TERRAPIN_MEM_ERROR_H

#include "mem/types.h"

struct error {
    char text[240];
};

/* Formats into err (which may be NULL) and returns -1, so that `return error_set(err, …)`
 * reads. */
int error_set(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
