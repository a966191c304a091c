/* cpu/fx80.h -- arithmetic on the x87's 80-bit numbers, in integers (and by the host's x87
 * where it cannot differ: host_fp.h): the same bits on every host.
 *
 * Owner of: nothing; functions of their operands and of the control word. The x87's registers,
 * stack, tags and pointers are the business of cpu/exec/x87*.c.
 *
 * A result is the one that the processor would store. Masked exceptions give the manual's
 * masked response; an unmasked overflow or underflow of a register result gives the result with
 * its exponent wrapped by 24576 (SDM 1 8.5.4, 8.5.5). An unmasked invalid, denormal or
 * zero-divide exception lets nothing be stored: then the caller throws the result away. (SDM 1
 * chapters 4 and 8; SDM 2 for each instruction.)
 */
#ifndef TERRAPIN_CPU_FX80_H
#define TERRAPIN_CPU_FX80_H

#include "mem/types.h"

struct fx80 {
    uint64_t m;  /* significand, bit 63 the integer bit */
    uint16_t se; /* bit 15 sign, 14..0 biased exponent (16383) */
};

/* Exception flags, at their places in the status and control words; C1 is set in `raised` when
 * the magnitude was rounded up. */
enum fx_flags {
    FX_IE = 0x01,
    FX_DE = 0x02,
    FX_ZE = 0x04,
    FX_OE = 0x08,
    FX_UE = 0x10,
    FX_PE = 0x20,
    FX_C1 = 0x200,
};
enum fx_round { FX_NEAREST, FX_DOWN, FX_UP, FX_CHOP };

struct fx_ctx {
    uint16_t control; /* the x87 control word: masks 0..5, precision 8..9, rounding 10..11 */
    uint16_t raised;  /* out: enum fx_flags, ORed in */
    /* An operand of the coming operation was denormal in memory, though it is normal now. Set
     * by fx_operand_f32 and fx_operand_f64; the operation raises DE if it gets that far. */
    bool denormal_source;
    /* The host's x87 may be asked, for results whose only exception is precision: of those PE
     * need not be raised, C1 has to. */
    bool native;
};
static inline enum fx_round fx_rounding(const struct fx_ctx *c)
{
    return (enum fx_round)(c->control >> 10 & 3);
}

enum fx_class {
    FX_ZERO,
    FX_DENORMAL, /* also pseudo-denormals */
    FX_NORMAL,
    FX_INFINITY,
    FX_QNAN,
    FX_SNAN,
    FX_UNSUPPORTED, /* unnormals, pseudo-infinities, pseudo-NaNs */
};
enum fx_class fx_classify(struct fx80 a);
static inline bool fx_negative(struct fx80 a)
{
    return a.se >> 15;
}
extern const struct fx80 fx_indefinite; /* the QNaN of an invalid operation */

/* Rounded to the control word's precision and direction. */
struct fx80 fx_add(struct fx_ctx *c, struct fx80 a, struct fx80 b);
struct fx80 fx_sub(struct fx_ctx *c, struct fx80 a, struct fx80 b);
struct fx80 fx_mul(struct fx_ctx *c, struct fx80 a, struct fx80 b);
struct fx80 fx_div(struct fx_ctx *c, struct fx80 a, struct fx80 b);
struct fx80 fx_sqrt(struct fx_ctx *c, struct fx80 a);

enum fx_order { FX_LESS = -1, FX_EQUAL = 0, FX_GREATER = 1, FX_UNORDERED = 2 };
/* quiet: only signalling NaNs and unsupported formats are invalid (FUCOM). The order is right
 * even after an unmasked exception: processors set the condition codes then, too (SDM 2 FCOM
 * says that they do not). */
enum fx_order fx_compare(struct fx_ctx *c, struct fx80 a, struct fx80 b, bool quiet);

/* Always to the full 64 bits of precision. */
struct fx80 fx_round_to_int(struct fx_ctx *c, struct fx80 a);         /* FRNDINT */
struct fx80 fx_scale(struct fx_ctx *c, struct fx80 a, struct fx80 b); /* FSCALE */
void fx_extract(struct fx_ctx *c, struct fx80 a, struct fx80 *exponent,
                struct fx80 *significand);
/* FPREM (nearest: FPREM1). *quotient: its low bits; *partial: the reduction is not complete,
 * and *quotient 0, as processors have C0, C3 and C1 then. */
struct fx80 fx_remainder(struct fx_ctx *c, struct fx80 a, struct fx80 b, bool nearest,
                         unsigned *quotient, bool *partial);

/* Memory formats. From f32, f64: processors push the number even after an unmasked DE, but not
 * after an unmasked IE. To f32, f64: rounded by direction; an unmasked overflow or underflow
 * stores nothing, and raises no PE. To integers: out of range is invalid, with the integer
 * indefinite (8000…). */
struct fx80 fx_from_f32(struct fx_ctx *c, uint32_t bits);
struct fx80 fx_from_f64(struct fx_ctx *c, uint64_t bits);
/* As the memory operand of an arithmetic instruction: nothing is raised and a signalling NaN
 * stays one; both are the operation's business (a NaN register comes before a denormal). */
struct fx80 fx_operand_f32(struct fx_ctx *c, uint32_t bits);
struct fx80 fx_operand_f64(struct fx_ctx *c, uint64_t bits);
struct fx80 fx_from_i64(int64_t v);
struct fx80 fx_from_bcd(const uint8_t bcd[10]);
uint32_t fx_to_f32(struct fx_ctx *c, struct fx80 a);
uint64_t fx_to_f64(struct fx_ctx *c, struct fx80 a);
int16_t fx_to_i16(struct fx_ctx *c, struct fx80 a);
int32_t fx_to_i32(struct fx_ctx *c, struct fx80 a);
int64_t fx_to_i64(struct fx_ctx *c, struct fx80 a);
void fx_to_bcd(struct fx_ctx *c, struct fx80 a, uint8_t bcd[10]);

/* FLD1 FLDL2T FLDL2E FLDPI FLDLG2 FLDLN2 FLDZ by ModRM.rm 0..6; rounded by direction. */
struct fx80 fx_constant(const struct fx_ctx *c, unsigned n);

/* Transcendental, full precision whatever PC says: the true value (of the 66-bit pi, SDM 1
 * 8.3.8) rounded correctly, as far as 113 bits can tell (tests/insn/test_fx80_ulp.c). PE is
 * raised by every result that is computed, exact or not, as on Intel's processors.
 * *out_of_range: |a| >= 2^63: C2 is set and the operand stays (the results are meaningless). */
struct fx80 fx_2xm1(struct fx_ctx *c, struct fx80 a);
struct fx80 fx_yl2x(struct fx_ctx *c, struct fx80 x, struct fx80 y);
struct fx80 fx_yl2xp1(struct fx_ctx *c, struct fx80 x, struct fx80 y);
struct fx80 fx_patan(struct fx_ctx *c, struct fx80 y, struct fx80 x); /* arctan(y / x) */
void fx_sincos(struct fx_ctx *c, struct fx80 a, struct fx80 *sin, struct fx80 *cos,
               bool *out_of_range); /* sin or cos may be NULL */
/* FPTAN pushes 1.0 on it; on a NaN, the NaN once more. */
struct fx80 fx_ptan(struct fx_ctx *c, struct fx80 a, bool *out_of_range);

#endif
