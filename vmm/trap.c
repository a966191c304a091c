/* vmm/trap.c -- the strategy trap-and-emulate, and the loop at the heart of every monitor:
 * enter the guest, see why it came out, do something about it, enter again.
 *
 * The guest runs at the hardware's own speed until the processor wants to enter ring 0. Nothing
 * else stops it; what does not trap, this monitor never hears of.
 */
#include "vmm/emulate.h"
#include "vmm/para.h"
#include "vmm/rewrite.h"

#include <stdarg.h>
#include <stdio.h>

const char *const exit_names[EXIT_CAUSES] = {
    [EXIT_EMULATED] = "sensitive instruction",
    [EXIT_HIDDEN_PF] = "hidden page fault",
    [EXIT_TRUE_PF] = "true page fault",
    [EXIT_TRACE] = "traced store",
    [EXIT_STEP] = "step after it",
    [EXIT_INTERRUPT] = "interrupt",
    [EXIT_EXCEPTION] = "exception reflected",
    [EXIT_FPU] = "first use of the x87",
    [EXIT_VMM_MEMORY] = "reach for the monitor",
    [EXIT_HYPERCALL] = "hypercall",
    [EXIT_WRAP] = "segment turned over",
};

void vmm_lost(struct vmm *vmm, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(vmm->why, sizeof vmm->why, format, args);
    va_end(args);
    vmm->end = VMM_LOST;
}

static void count(struct vmm *vmm, enum exit_cause cause)
{
    vmm->count.exits[cause]++;
}

/* ---- why it came out */

static void reflect(struct vmm *vmm, const struct hw_trap *t)
{
    count(vmm, EXIT_EXCEPTION);
    vmm->fault = (struct vfault){
        .vector = t->vector, .has_code = t->has_code, .code = t->code, .cr2 = t->cr2};
    inject_fault(vmm);
}

static void page_fault(struct vmm *vmm, const struct hw_trap *t)
{
    switch (shadow_fault(vmm, t->cr2, t->code & 2)) {
    case SHADOW_FILLED: count(vmm, EXIT_HIDDEN_PF); break;
    case SHADOW_TRUE_FAULT:
        count(vmm, t->cr2 >= VMM_LINEAR ? EXIT_VMM_MEMORY : EXIT_TRUE_PF);
        inject_fault(vmm);
        break;
    case SHADOW_TRACED:
        count(vmm, EXIT_TRACE);
        if (!rewrite_store(vmm)) {
            shadow_open(vmm, t->cr2, t->code & 2);
        }
        break;
    }
}

/* The guest's own single step, behind an instruction that was emulated. */
static void step_emulated(struct vmm *vmm, bool stepping)
{
    enum { BS = 1 << 14 };
    if (stepping && vmm->end == VMM_RUNNING) {
        hw_load_dr(vmm->hw, 6, hw_read_dr(vmm->hw, 6) | BS);
        vmm->fault = (struct vfault){.vector = 1};
        inject_fault(vmm);
    }
}

static bool is_hypercall(const struct vmm *vmm, const struct hw_trap *t)
{
    enum { IDT_BIT = 2 };
    return vmm->para.on && vmm->v.cpl == 0 && t->vector == 13 &&
           t->code == HYPERCALL_VECTOR * 8 + IDT_BIT;
}

static void asked(struct vmm *vmm)
{
    enum { INT_N = 2 }; /* bytes */
    count(vmm, EXIT_HYPERCALL);
    enum emu result = hypercall(vmm);
    if (result == EMU_DONE) {
        vmm->frame.eip += INT_N;
    } else if (result == EMU_FAULT) {
        inject_fault(vmm);
    }
}

/* #GP, or one of its kin: somebody's privilege was not enough. Whose? */
static void refused(struct vmm *vmm, const struct hw_trap *t)
{
    if (is_hypercall(vmm, t)) {
        asked(vmm);
        return;
    }
    bool stepping = vmm->frame.eflags & HW_TF;
    switch (emulate(vmm)) {
    case EMU_DONE:
    case EMU_JUMPED:
        count(vmm, EXIT_EMULATED);
        step_emulated(vmm, stepping);
        break;
    case EMU_LEFT:
    case EMU_LOST: count(vmm, EXIT_EMULATED); break;
    case EMU_FAULT: /* the virtual processor refuses, too */
        count(vmm, EXIT_EXCEPTION);
        inject_fault(vmm);
        break;
    case EMU_UNKNOWN:
        if (turn_segment(vmm)) {
            count(vmm, EXIT_WRAP);
            break;
        }
        if (reaches_for_vmm(vmm)) {
            count(vmm, EXIT_VMM_MEMORY);
        }
        reflect(vmm, t);
        break;
    }
}

/* #NM: TS was the monitor's, or the guest's. */
static void no_math(struct vmm *vmm, const struct hw_trap *t)
{
    if (vmm->fpu_open || (vmm->v.cr0 & (HW_TS | HW_EM))) {
        reflect(vmm, t);
        return;
    }
    count(vmm, EXIT_FPU);
    vmm->fpu_open = true;
    fpu_update(vmm);
}

/* stepped: the monitor had set TF. */
static void handle(struct vmm *vmm, const struct hw_trap *t, bool stepped)
{
    bool own_step = t->vector == 1 && !t->external && stepped;
    if (t->external) {
        count(vmm, EXIT_INTERRUPT);
        interrupt_arrived(vmm, t->vector);
        para_interrupt(vmm);
    } else if (own_step && !(vmm->frame.eflags & HW_TF)) {
        count(vmm, EXIT_STEP);
    } else {
        switch (t->vector) {
        case 7: no_math(vmm, t); break;
        case 10:
        case 11:
        case 12:
        case 13: refused(vmm, t); break;
        case 14: page_fault(vmm, t); break;
        default: reflect(vmm, t); break;
        }
    }
}

/* ---- the loop */

static bool any_pending(const struct vmm *vmm)
{
    uint32_t any = 0;
    for (unsigned n = 0; n < ARRAY_LEN(vmm->v.pending); n++) {
        any |= vmm->v.pending[n];
    }
    return any != 0;
}

static void ended(struct vmm *vmm, enum hw_stop why)
{
    vmm->end = why == HW_EXIT     ? VMM_EXITED
               : why == HW_ASLEEP ? VMM_ASLEEP
               : why == HW_LIMIT  ? VMM_LIMIT
                                  : VMM_SHUTDOWN;
}

/* The guest has halted: so has the monitor, until the board has something. */
static void sleep_on(struct vmm *vmm, uint64_t until)
{
    struct hw_trap t;
    enum hw_stop why = !any_pending(vmm)   ? hw_wait(vmm->hw, until, &t)
                       : vmm->v.interrupts ? HW_LIMIT
                                           : HW_ASLEEP;
    if (why == HW_TRAP) {
        interrupt_arrived(vmm, t.vector);
        para_interrupt(vmm);
        if (!vmm->v.interrupts) {
            why = HW_ASLEEP; /* HLT with interrupts off, for ever */
        }
    }
    if (why != HW_TRAP) {
        ended(vmm, why);
    }
}

/* What ring 0 knows of its guest's level is the RPL of the CS it was interrupted in. */
static void level_update(struct vmm *vmm)
{
    unsigned rpl = vmm->frame.seg[HW_CS] & 3;
    if (rpl > vmm->ring) {
        vmm->v.cpl = rpl;
    }
}

static void run_guest(struct vmm *vmm, uint64_t until)
{
    struct hw_trap t;
    uint32_t eip = vmm->frame.eip;
    bool guest_tf = vmm->frame.eflags & HW_TF;
    rewrite_enter(vmm);
    bool step = vmm->open > 0 || (vmm->v.shadow && any_pending(vmm));
    shadow_load(vmm);
    desc_load(vmm);
    para_enter(vmm);
    vmm->frame.eflags |= HW_IF | (step ? HW_TF : 0u);
    charge(vmm->meter, COST_ENTRY);
    vseg_enter(vmm);
    enum hw_stop why = hw_enter(vmm->hw, &vmm->frame, until, &t);
    vseg_left(vmm);
    if (step && !guest_tf) {
        vmm->frame.eflags &= ~(uint32_t)HW_TF;
    }
    vmm->v.shadow = vmm->v.shadow && vmm->frame.eip == eip;
    para_left(vmm);
    level_update(vmm);
    if (why != HW_TRAP) {
        if (vmm->end == VMM_RUNNING) {
            ended(vmm, why);
        }
        return;
    }
    charge(vmm->meter, COST_EXIT);
    bool again = step && t.vector == 14 && !t.external; /* a second page of the same store */
    if (!again) {
        shadow_close(vmm);
    }
    handle(vmm, &t, step);
}

void vmm_run(struct vmm *vmm, uint64_t until)
{
    while (vmm->end == VMM_RUNNING) {
        inject_pending(vmm);
        if (vmm->end != VMM_RUNNING) {
            break;
        }
        if (vmm->v.halted) {
            sleep_on(vmm, until);
        } else {
            run_guest(vmm, until);
        }
    }
}
