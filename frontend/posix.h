/* frontend/posix.h -- include first where POSIX is used: one place for the feature macros.
 *
 * The tree is compiled as strict C17, which hides POSIX; file offsets are 64-bit everywhere.
 * ncurses' flags may ask for an older X/Open than getline() needs.
 */
#ifndef TERRAPIN_FRONTEND_POSIX_H
#define TERRAPIN_FRONTEND_POSIX_H

#undef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE 1 /* flock */
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif

#endif
