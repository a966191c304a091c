/* device.c -- the board's bookkeeping: chips come, are reset together, and go; firmware files;
 * the text sink of `info`.
 */
#include "devices/device.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/pci.h"

static bool text_grow(struct text *t, size_t room)
{
    if (t->len + room <= t->cap) {
        return true;
    }
    size_t cap = t->cap ? t->cap * 2 : 256;
    while (cap < t->len + room) {
        cap *= 2;
    }
    char *s = realloc(t->s, cap);
    if (!s) {
        return false; /* the text stays as it was, shorter than it should be */
    }
    t->s = s;
    t->cap = cap;
    return true;
}

void text_add(struct text *t, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    if (n < 0 || !text_grow(t, (size_t)n + 1)) {
        return;
    }
    va_start(ap, format);
    (void)vsnprintf(t->s + t->len, t->cap - t->len, format, ap);
    va_end(ap);
    t->len += (size_t)n;
}

void board_init(struct board *b, struct phys *ph, const struct host *host, uint32_t mips)
{
    memset(b, 0, sizeof *b);
    clock_init(&b->clock, mips);
    bus_init(&b->bus);
    b->phys = ph;
    b->host = host;
    b->notes.tell = host->note;
    b->notes.ctx = host->ctx;
    for (unsigned i = 0; i < DRIVE_COUNT; i++) {
        drive_init(&b->drive[i], i, host);
    }
}

static void device_free(struct device *d)
{
    if (d->cls->fini) {
        d->cls->fini(d);
    }
    free(d);
}

/* 0, or -1 with nothing left mapped. */
static int map_ports(struct device *d, struct error *err)
{
    const struct device_class *cls = d->cls;
    for (const struct ports *p = cls->ports; p && p->count; p++) {
        if (bus_map(&d->board->bus, cls->name, d, d->slot->base, p, err) != 0) {
            for (const struct ports *q = cls->ports; q != p; q++) {
                bus_unmap(&d->board->bus, d, q);
            }
            return -1;
        }
    }
    return 0;
}

static void unmap_ports(struct device *d)
{
    for (const struct ports *p = d->cls->ports; p && p->count; p++) {
        bus_unmap(&d->board->bus, d, p);
    }
}

struct wire board_irq(struct board *b, unsigned irq)
{
    struct wire w = b->irq_line[irq & 15];
    w.n |= (b->irq_sources++ & (IRQ_SOURCES - 1)) << IRQ_SOURCE_SHIFT;
    return w;
}

struct device *device_attach(struct board *b, const struct slot *slot, struct error *err)
{
    const struct device_class *cls = slot->cls;
    if (b->devices == BOARD_DEVICES) {
        (void)error_set(err, "%s: the board has no free slot", cls->name);
        return NULL;
    }
    struct device *d = calloc(1, cls->size);
    if (!d) {
        (void)error_set(err, "%s: out of memory", cls->name);
        return NULL;
    }
    d->cls = cls;
    d->slot = slot;
    d->board = b;
    if (slot->irq >= 0) {
        d->irq = board_irq(b, (unsigned)slot->irq & 15);
    }
    if (map_ports(d, err) != 0) {
        free(d);
        return NULL;
    }
    if (cls->init && cls->init(d, err) != 0) {
        unmap_ports(d);
        free(d);
        return NULL;
    }
    b->device[b->devices++] = d;
    return d;
}

void board_reset(struct board *b, enum reset how)
{
    for (unsigned i = 0; i < b->devices; i++) {
        if (b->device[i]->cls->reset) {
            b->device[i]->cls->reset(b->device[i], how);
        }
    }
    if (b->pci) {
        pci_map(b);
    }
}

static void give_back(uint8_t *bytes, uint32_t size, big_release_fn *release)
{
    if (release) {
        release(bytes, size);
    } else {
        free(bytes);
    }
}

void board_free(struct board *b)
{
    while (b->devices > 0) {
        device_free(b->device[--b->devices]);
    }
    while (b->firmware_files > 0) {
        struct firmware_file *f = &b->firmware[--b->firmware_files];
        free((char *)(uintptr_t)f->name); /* our own copy, const for everybody else */
        give_back(f->bytes, f->size, f->release);
    }
}

struct device *board_find(const struct board *b, const char *class_name)
{
    for (unsigned i = 0; i < b->devices; i++) {
        if (strcmp(b->device[i]->cls->name, class_name) == 0) {
            return b->device[i];
        }
    }
    return NULL;
}

void board_power(struct board *b, enum power_event what, uint32_t code)
{
    if (b->power) {
        b->power(b->power_ctx, what, code);
    }
}

int board_add_mapped(struct board *b, const char *name, uint8_t *bytes, uint32_t size,
                     big_release_fn *release)
{
    size_t n = strlen(name) + 1;
    char *copy = b->firmware_files < FIRMWARE_FILES ? malloc(n) : NULL;
    if (!copy) {
        give_back(bytes, size, release);
        return -1;
    }
    memcpy(copy, name, n);
    b->firmware[b->firmware_files++] = (struct firmware_file){copy, bytes, size, release};
    return 0;
}

int board_add_firmware(struct board *b, const char *name, uint8_t *bytes, uint32_t size)
{
    return board_add_mapped(b, name, bytes, size, NULL);
}
