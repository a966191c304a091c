/* devices/input_log_priv.h -- the bytes of recordings; for input_log.c and input_log_read.c. */
#ifndef TERRAPIN_DEVICES_INPUT_LOG_PRIV_H
#define TERRAPIN_DEVICES_INPUT_LOG_PRIV_H

#include "devices/input_log.h"

enum { LOG_HEAD = 24, LOG_BASE = 16 };
enum { LOG_BLOCK_ABOUT = 'A', LOG_BLOCK_STATE = 'S', LOG_BLOCK_RECORDS = 'R' };
enum { LOG_DEFLATED = 1 };
/* Bodies, without the text or bytes at their end. */
enum { LOG_START_BODY = 10, LOG_MEDIUM_BODY = 23 };

extern const uint8_t log_magic[LOG_MAGIC];

#endif
