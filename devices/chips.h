/* devices/chips.h -- the chips that a board can be made of, and the board's own odds and ends.
 * A class has the name of its file; the slot table is in devices/pc.c.
 */
#ifndef TERRAPIN_DEVICES_CHIPS_H
#define TERRAPIN_DEVICES_CHIPS_H

#include "devices/device.h"

extern const struct device_class i8259_class;    /* interrupt controllers, both */
extern const struct device_class lapic_class;    /* local APIC, inside the processor */
extern const struct device_class ioapic_class;   /* I/O APIC */
extern const struct device_class i440fx_class;   /* host bridge, PAM, CF9h */
extern const struct device_class piix3_class;    /* PCI to ISA bridge: interrupt routing */
extern const struct device_class piix4_pm_class; /* power management: PM timer, SCI, S5 */
extern const struct device_class i8237_class;    /* DMA controllers, both, and page registers */
extern const struct device_class i8254_class;    /* interval timer */
extern const struct device_class i8042_class;    /* keyboard controller, keyboard, mouse */
extern const struct device_class speaker_class;  /* port 61h */
extern const struct device_class mc146818_class; /* clock and CMOS RAM */
extern const struct device_class npx_class;      /* coprocessor errors */
extern const struct device_class port92_class;   /* fast A20, fast INIT# */
extern const struct device_class i82077_class;   /* floppy controller */
extern const struct device_class ns16550a_class; /* serial port */
extern const struct device_class piix3_ide_class; /* two ATA channels, bus master */
extern const struct device_class lpt_class;       /* printer port */
extern const struct device_class vga_class;
extern const struct device_class fw_cfg_class;     /* configuration for the firmware */
extern const struct device_class post_class;       /* port 80h */
extern const struct device_class dbgport_class;    /* port E9h */
extern const struct device_class fwlog_class;      /* port 402h */
extern const struct device_class debug_exit_class; /* isa-debug-exit */

/* npx.c: FERR# from the processor, IGNNE# to it. */
void npx_set_ferr(struct device *dev, bool level);
void npx_connect_ignne(struct device *dev, struct wire ignne);

/* port92.c: its A20 output, and what others do to the gate. */
void port92_connect_a20(struct device *dev, struct wire a20);
void port92_show_a20(struct device *dev, bool open);

#endif
