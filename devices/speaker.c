/* devices/speaker.c -- the PC's system control port B, and the loudspeaker that hangs on it.
 *
 *   61h  bit 0  r/w  GATE2 of the timer
 *        bit 1  r/w  speaker data
 *        bit 2  r/w  parity check disable        bit 3  r/w  I/O channel check disable
 *        bit 4  r    refresh request: toggles every 15.085 us
 *        bit 5  r    OUT2 of the timer
 *        bit 6  r    I/O channel check: 0        bit 7  r    parity check: 0
 *
 * The speaker is (speaker data AND OUT2); each change of it goes to host->speaker with its
 * tick. A program plays a tone by timer 2 in mode 3, or samples by pulses of timer 2 or by bit
 * 1 alone: all three are the same edges. Whether a host listens changes nothing in the machine.
 *
 * Lines: OUT2 in, GATE2 out. Clock: bit 4 toggles every 18 pulses of the timer's clock, the
 * rate at which the PC/AT's timer 1 asks for refresh, whatever the program does to timer 1.
 *
 * NOT IMPLEMENTED: NMI from bits 6 and 7, there being no parity errors.
 *
 * References: IBM PC/AT technical reference 1-37 (port 61h).
 */
#include "devices/speaker.h"
#include "devices/i8254.h"

enum { GATE2 = 0x01, DATA = 0x02, STORED = 0x0F, REFRESH = 0x10, OUT2 = 0x20 };
enum { TIMER2 = 2, REFRESH_PULSES = 18 };

struct speaker {
    struct device dev;
    struct device *pit;
    uint8_t control; /* bits 3..0 */
    bool out2;       /* as the timer last said */
    bool level;      /* of the loudspeaker */
};

static const struct field speaker_fields[] = {
    DERIVED(struct speaker, dev),
    DERIVED(struct speaker, pit),
    FIELD_R(struct speaker, control, 0, STORED),
    FIELD(struct speaker, out2),
    FIELD(struct speaker, level),
    FIELDS_END,
};
static const struct schema speaker_schema = {"speaker", sizeof(struct speaker), 1,
                                             1,         speaker_fields,         NULL};

static void drive_speaker(struct speaker *s)
{
    const struct host *host = s->dev.board->host;
    bool level = (s->control & DATA) && s->out2;
    if (level == s->level) {
        return;
    }
    s->level = level;
    if (host && host->speaker) {
        host->speaker(host->ctx, clock_now(&s->dev.board->clock), level);
    }
}

static void timer_out(void *ctx, unsigned n, bool level)
{
    struct speaker *s = ctx;
    (void)n;
    s->out2 = level;
    drive_speaker(s);
}

static void set_control(struct speaker *s, uint8_t v)
{
    s->control = v & STORED;
    if (s->pit) {
        i8254_set_gate(s->pit, TIMER2, s->control & GATE2);
    }
    drive_speaker(s);
}

static uint32_t speaker_read(void *dev, uint32_t off, unsigned size)
{
    struct speaker *s = dev;
    uint64_t pulses = clock_cycles(&s->dev.board->clock, I8254_HZ);
    (void)off, (void)size;
    return (uint32_t)(s->control | (pulses / REFRESH_PULSES & 1 ? REFRESH : 0) |
                      (s->pit && i8254_out(s->pit, TIMER2) ? OUT2 : 0));
}

static void speaker_write(void *dev, uint32_t off, uint32_t val, unsigned size)
{
    (void)off, (void)size;
    set_control(dev, (uint8_t)val);
}

static const struct ports speaker_ports[] = {
    {0, 1, {speaker_read, speaker_write, 1}},
    {0, 0, {NULL, NULL, 0}},
};

static void speaker_reset(struct device *dev, enum reset how)
{
    struct speaker *s = (struct speaker *)dev;
    (void)how;
    set_control(s, 0);
}

void speaker_connect(struct device *dev, struct device *pit)
{
    struct speaker *s = (struct speaker *)dev;
    s->pit = pit;
    i8254_connect_out(pit, TIMER2, (struct wire){timer_out, s, 0});
    s->out2 = i8254_out(pit, TIMER2);
}

const struct device_class speaker_class = {
    .name = "speaker",
    .size = sizeof(struct speaker),
    .state = &speaker_schema,
    .ports = speaker_ports,
    .reset = speaker_reset,
};
