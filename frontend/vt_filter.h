/* frontend/vt_filter.h -- what of a guest's serial output may reach a terminal.
 *
 * A serial console is a terminal's own trade, so cursor movement, colours and the like pass
 * (docs/adr/0008). What does not pass: strings (OSC, DCS, APC, PM, SOS), which set titles,
 * reach the clipboard or come back as typed text; window and printer commands; answers whose
 * text the guest could choose; C1 controls in any coding; whatever is not known.
 */
#ifndef TERRAPIN_FRONTEND_VT_FILTER_H
#define TERRAPIN_FRONTEND_VT_FILTER_H

#include "mem/types.h"

enum { VT_LONGEST = 64 };

struct vt_filter {
    uint8_t state;
    uint8_t sequence[VT_LONGEST], len; /* since ESC */
    bool too_long;
    uint8_t continuation; /* bytes of a UTF-8 character still to come */
    bool c2;              /* its first byte, C2h, is held back */
    bool used;            /* a sequence has passed: the terminal may need a reset */
    bool alternate;       /* the terminal's other screen is on */
};

/* One byte in; the bytes that pass go to out. Returns how many. Start from a zeroed struct. */
size_t vt_filter(struct vt_filter *f, uint8_t byte, uint8_t out[VT_LONGEST]);
/* What makes the terminal usable again; "" when nothing was changed. */
const char *vt_filter_reset(const struct vt_filter *f);

#endif
