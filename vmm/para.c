/* vmm/para.c -- see the header. */
#include "vmm/para.h"

#include "vmm/emulate.h"

enum { SERIAL = 0x3F8, SERIAL_LINE = 0x3FD, EXIT_PORT = 0xF4 };

const char *const hypercall_names[HYPERCALLS] = {
    "events", "shared", "set_gdt",       "set_descriptor", "set_traps", "mmu_update", "switch",
    "iret",   "block",  "console_write", "console_read",   "timer",     "exit",
};

/* ---- the shared page */

static void shared_store(struct vmm *vmm, enum shared_at at, uint32_t v)
{
    gp_store32(vmm, vmm->para.shared + at, v);
}

void para_enter(struct vmm *vmm)
{
    uint32_t any = 0;
    if (!vmm->para.has_shared) {
        return;
    }
    for (unsigned n = 0; n < ARRAY_LEN(vmm->v.pending); n++) {
        any |= vmm->v.pending[n];
    }
    shared_store(vmm, SHARED_IF, vmm->v.interrupts);
    shared_store(vmm, SHARED_PENDING, any != 0);
    shared_store(vmm, SHARED_CR2, vmm->v.cr2);
}

void para_left(struct vmm *vmm)
{
    if (vmm->para.has_shared) {
        vmm->v.interrupts = gp_load32(vmm, vmm->para.shared + SHARED_IF) & 1;
    }
}

void para_interrupt(struct vmm *vmm)
{
    if (vmm->para.timer) {
        hw_out(vmm->hw, 0x20, 0x20, 1);
    }
}

/* ---- the calls */

/* EAX is on top of IRET's frame: it has carried the call's number. */
static enum emu hyper_iret(struct vmm *vmm)
{
    const struct vinsn in = {.size = 4};
    uint32_t eax, esp = vmm->frame.gpr[HW_ESP];
    if (!vstack_peek(vmm, 0, 4, &eax)) {
        return EMU_FAULT;
    }
    vstack_drop(vmm, 4);
    enum emu result = emulate_iret(vmm, &in);
    if (result == EMU_JUMPED) {
        vmm->frame.gpr[HW_EAX] = eax;
    } else {
        vmm->frame.gpr[HW_ESP] = esp;
    }
    return result;
}

static bool set_shared(struct vmm *vmm, gaddr page)
{
    bool ok = !(page & PAGE_MASK) && page >> PAGE_SHIFT < vmm->guest_frames;
    if (ok) {
        vmm->para.shared = page;
        vmm->para.has_shared = true;
    }
    return ok;
}

static bool set_gdt(struct vmm *vmm, laddr base, uint32_t limit)
{
    vmm->v.gdt = (struct vtable){base, limit & 0xFFFF};
    vmm->para.promised = true;
    desc_sync(vmm);
    return true;
}

static bool set_descriptor(struct vmm *vmm, uint32_t sel, uint32_t lo, uint32_t hi)
{
    uint8_t bytes[8];
    struct vdesc old;
    store_le32(bytes, lo);
    store_le32(bytes + 4, hi);
    bool ok = desc_fetch(vmm, (uint16_t)sel, &old) && gl_write(vmm, old.la, bytes, 8, 0);
    if (ok) {
        desc_sync(vmm);
    }
    return ok;
}

/* Entries of page tables, in the order given; then the shadows are looked at once for each run
 * of entries in one table. */
static uint32_t mmu_update(struct vmm *vmm, laddr la, uint32_t count)
{
    uint32_t done = 0, last = UINT32_MAX;
    count = count < MMU_UPDATES_MOST ? count : MMU_UPDATES_MOST;
    for (; done < count; done++) {
        uint8_t pair[8];
        if (!gl_read(vmm, la + 8 * done, pair, 8, 0)) {
            break;
        }
        gaddr at = load_le32(pair);
        uint32_t gfn = at >> PAGE_SHIFT;
        if ((at & 3) || gfn >= vmm->guest_frames) {
            break;
        }
        if (last != gfn && last != UINT32_MAX) {
            shadow_written(vmm, last);
        }
        gp_store32(vmm, at, load_le32(pair + 4));
        last = gfn;
    }
    if (last != UINT32_MAX) {
        shadow_written(vmm, last);
    }
    return done;
}

static bool switch_to(struct vmm *vmm, uint32_t cr3, uint32_t esp, uint32_t ss)
{
    vmm->v.cr3 = cr3;
    vmm->count.cr3_loads++;
    vmm->para.esp0 = esp;
    vmm->para.ss0 = (uint16_t)ss;
    if (!vmm->para.promised) {
        desc_sync(vmm);
    }
    return true;
}

static bool console_write(struct vmm *vmm, laddr la, uint32_t len)
{
    len = len < CONSOLE_MOST ? len : CONSOLE_MOST;
    for (uint32_t n = 0; n < len; n++) {
        uint8_t c;
        if (!gl_read(vmm, la + n, &c, 1, 0)) {
            return false;
        }
        hw_out(vmm->hw, SERIAL, c, 1);
    }
    charge(vmm->meter, COST_DEVICE);
    return true;
}

static uint32_t console_read(struct vmm *vmm)
{
    charge(vmm->meter, COST_DEVICE);
    return hw_in(vmm->hw, SERIAL_LINE, 1) & 1 ? hw_in(vmm->hw, SERIAL, 1) : UINT32_MAX;
}

static bool start_timer(struct vmm *vmm, uint32_t count, uint32_t vector)
{
    const struct {
        uint16_t port;
        uint32_t v;
    } words[] = {{0x20, 0x11},
                 {0x21, vector & 0xF8},
                 {0x21, 4},
                 {0x21, 1},
                 {0x21, 0xFE},
                 {0x43, 0x34},
                 {0x40, count & 0xFF},
                 {0x40, count >> 8 & 0xFF}};
    if (vector < 32 || vector > 0xF8) {
        return false;
    }
    for (unsigned n = 0; n < ARRAY_LEN(words); n++) {
        hw_out(vmm->hw, words[n].port, words[n].v, 1);
    }
    vmm->para.timer = true;
    charge(vmm->meter, COST_DEVICE);
    return true;
}

static uint32_t answer(bool ok)
{
    return ok ? 0 : UINT32_MAX;
}

enum emu hypercall(struct vmm *vmm)
{
    uint32_t *eax = &vmm->frame.gpr[HW_EAX];
    uint32_t number = *eax, b = vmm->frame.gpr[HW_EBX], c = vmm->frame.gpr[HW_ECX],
             d = vmm->frame.gpr[HW_EDX];
    charge(vmm->meter, COST_HYPERCALL);
    if (number >= HYPERCALLS) {
        *eax = UINT32_MAX;
        return EMU_DONE;
    }
    vmm->count.hypercalls[number]++;
    switch ((enum hypercall)number) {
    case HYPER_EVENTS: *eax = 0; break;
    case HYPER_SHARED: *eax = answer(set_shared(vmm, b)); break;
    case HYPER_SET_GDT: *eax = answer(set_gdt(vmm, b, c)); break;
    case HYPER_SET_DESCRIPTOR: *eax = answer(set_descriptor(vmm, b, c, d)); break;
    case HYPER_SET_TRAPS:
        vmm->v.idt = (struct vtable){b, c & 0xFFFF};
        *eax = 0;
        break;
    case HYPER_MMU_UPDATE: *eax = mmu_update(vmm, b, c); break;
    case HYPER_SWITCH: *eax = answer(switch_to(vmm, b, c, d)); break;
    case HYPER_IRET: return hyper_iret(vmm);
    case HYPER_BLOCK:
        *eax = 0;
        vmm->v.interrupts = vmm->v.halted = true;
        break;
    case HYPER_CONSOLE_WRITE: *eax = answer(console_write(vmm, b, c)); break;
    case HYPER_CONSOLE_READ: *eax = console_read(vmm); break;
    case HYPER_TIMER: *eax = answer(start_timer(vmm, b, c)); break;
    case HYPER_EXIT: hw_out(vmm->hw, EXIT_PORT, b, 1); break;
    case HYPERCALLS: break;
    }
    return EMU_DONE;
}
