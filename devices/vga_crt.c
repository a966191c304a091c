/* vga_crt.c -- where the VGA's beam is, from virtual time and the timing registers.
 *
 * Nothing happens line by line: the beam's place is (now - epoch) modulo a frame, worked out
 * when somebody looks. One character is 8 or 9 dots, a line CR0 + 5 characters, a frame CR6 + 2
 * lines (the CRTC's counters need these cycles more than the registers say), so that no
 * register value makes a line or a frame empty.
 */
#include "devices/vga_priv.h"

enum { CLOCK_25 = 25175000, CLOCK_28 = 28322000 };
enum { STATUS0_SENSE = 0x10, STATUS0_INTERRUPT = 0x80 };
enum { STATUS1_NO_DISPLAY = 0x01, STATUS1_RETRACE = 0x08 };

/* A vertical register: 8 bits, bit 8 and bit 9 from two bits of the overflow register. */
static uint32_t vertical(const struct vga *v, unsigned reg, unsigned bit8, unsigned bit9)
{
    uint32_t over = v->crtc[CR_OVERFLOW];
    return v->crtc[reg] | (over >> bit8 & 1) << 8 | (over >> bit9 & 1) << 9;
}

unsigned vga_line_compare(const struct vga *v)
{
    return v->crtc[CR_LINE_COMPARE] | (v->crtc[CR_OVERFLOW] >> 4 & 1u) << 8 |
           (v->crtc[CR_MAX_SCAN] >> 6 & 1u) << 9;
}

/* A VBE mode has no timing registers: a picture of any size is shown at 60 Hz, with a quarter
 * of a line and a twentieth of a frame for the beam to go back. A cycle is eight pixels. */
static struct vga_timing vbe_timing(const struct vga *v)
{
    enum { HZ = 60, SYNC = 3 };
    struct vga_linear l = vga_linear(v);
    struct vga_timing t = {.char_dots = 1, .dot_cycles = 1};
    t.chars_shown = (l.width + 7) / 8;
    t.chars_total = t.line_cycles = t.chars_shown + t.chars_shown / 4 + 1;
    t.lines_shown = l.height;
    t.lines_total = l.height + l.height / 20 + 2 * SYNC;
    t.retrace_start = l.height + 1;
    t.retrace_lines = SYNC;
    t.frame_cycles = t.line_cycles * t.lines_total;
    t.hz = t.frame_cycles * HZ;
    return t;
}

struct vga_timing vga_timing(const struct vga *v)
{
    struct vga_timing t;
    if (vga_vbe_on(v)) {
        return vbe_timing(v);
    }
    /* Selections 2 and 3 are clocks from the feature connector; nothing is plugged in there. */
    t.hz = (v->misc >> MISC_CLOCK_SHIFT & 3) == 1 ? CLOCK_28 : CLOCK_25;
    t.char_dots = v->seq[SEQ_CLOCKING] & SEQ_CLOCKING_8DOT ? 8 : 9;
    t.dot_cycles = v->seq[SEQ_CLOCKING] & SEQ_CLOCKING_HALF ? 2 : 1;
    t.chars_total = v->crtc[CR_HTOTAL] + 5u;
    t.chars_shown = v->crtc[CR_HDISPLAY] + 1u;
    if (t.chars_shown > t.chars_total) {
        t.chars_shown = t.chars_total;
    }
    /* With half the line rate, the vertical counter takes two lines for each of its counts. */
    unsigned half = v->crtc[CR_MODE] & CR_MODE_HALF_LINES ? 1 : 0;
    uint32_t start = vertical(v, CR_VRETRACE_START, 2, 7);
    t.lines_total = (vertical(v, CR_VTOTAL, 0, 5) + 2) << half;
    t.lines_shown = (vertical(v, CR_VDISPLAY_END, 1, 6) + 1) << half;
    if (t.lines_shown > t.lines_total) {
        t.lines_shown = t.lines_total;
    }
    /* Retrace ends when the counter's low four bits equal the end register: after 1 to 16. */
    uint32_t lines = (v->crtc[CR_VRETRACE_END] - start) & 15;
    t.retrace_start = start << half;
    t.retrace_lines = (lines ? lines : 16) << half;
    t.line_cycles = t.chars_total * t.char_dots * t.dot_cycles;
    t.frame_cycles = t.line_cycles * t.lines_total;
    return t;
}

struct vga_beam vga_beam(const struct vga *v)
{
    struct vga_timing t = vga_timing(v);
    uint64_t elapsed = clock_cycles(&v->dev.board->clock, t.hz) - v->epoch;
    uint32_t in_frame = (uint32_t)(elapsed % t.frame_cycles);
    struct vga_beam at;
    at.frame = v->frames + elapsed / t.frame_cycles;
    at.line = in_frame / t.line_cycles;
    at.cycle = in_frame % t.line_cycles;
    return at;
}

void vga_beam_resume(struct vga *v, const struct vga_beam *at)
{
    struct vga_timing t = vga_timing(v);
    uint32_t cycle = at->cycle < t.line_cycles ? at->cycle : t.line_cycles - 1;
    uint32_t in_frame = at->line % t.lines_total * t.line_cycles + cycle;
    v->frames = at->frame;
    v->epoch = clock_cycles(&v->dev.board->clock, t.hz) - in_frame;
}

/* ---- status */

uint64_t vga_retraces(const struct vga *v)
{
    struct vga_beam at = vga_beam(v);
    return at.frame + (at.line >= vga_timing(v).retrace_start);
}

static bool interrupt_pending(const struct vga *v)
{
    struct vga_timing t = vga_timing(v);
    return v->crtc[CR_VRETRACE_END] & CR_VRETRACE_END_CLEAR &&
           t.retrace_start < t.lines_total && vga_retraces(v) > v->vint_mark;
}

uint8_t vga_status0(const struct vga *v)
{
    /* Sense: the monitor's 75 ohms pull each DAC output below the comparator, always. */
    return (uint8_t)(STATUS0_SENSE | (interrupt_pending(v) ? STATUS0_INTERRUPT : 0));
}

static bool in_retrace(const struct vga_timing *t, uint32_t line)
{
    if (t->retrace_start >= t->lines_total) {
        return false;
    }
    uint32_t since = line + t->lines_total - t->retrace_start;
    return since % t->lines_total < t->retrace_lines;
}

uint8_t vga_status1(const struct vga *v)
{
    struct vga_timing t = vga_timing(v);
    struct vga_beam at = vga_beam(v);
    uint32_t shown_cycles = t.chars_shown * t.char_dots * t.dot_cycles;
    uint8_t status = 0;
    if (at.line >= t.lines_shown || at.cycle >= shown_cycles) {
        status |= STATUS1_NO_DISPLAY;
    }
    if (in_retrace(&t, at.line)) {
        status |= STATUS1_RETRACE;
    }
    return status;
}

bool vga_is_dark(const struct vga *v)
{
    return v->seq[SEQ_CLOCKING] & SEQ_CLOCKING_OFF || !(v->attr_index & AR_PAS);
}
