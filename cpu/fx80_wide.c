/* cpu/fx80_wide.c -- see fx80_wide.h. */
#include "cpu/fx80_wide.h"

const struct wide wide_pi = {1, 0, {0xC90FDAA22168C234u, 0xC4C6628B80DC1CD1u}};

const struct u128 wide_odd[26] = {
    {0x8000000000000000u, 0x0000000000000000u}, {0x2AAAAAAAAAAAAAAAu, 0xAAAAAAAAAAAAAAABu},
    {0x1999999999999999u, 0x999999999999999Au}, {0x1249249249249249u, 0x2492492492492492u},
    {0x0E38E38E38E38E38u, 0xE38E38E38E38E38Eu}, {0x0BA2E8BA2E8BA2E8u, 0xBA2E8BA2E8BA2E8Cu},
    {0x09D89D89D89D89D8u, 0x9D89D89D89D89D8Au}, {0x0888888888888888u, 0x8888888888888889u},
    {0x0787878787878787u, 0x8787878787878788u}, {0x06BCA1AF286BCA1Au, 0xF286BCA1AF286BCAu},
    {0x0618618618618618u, 0x6186186186186186u}, {0x0590B21642C8590Bu, 0x21642C8590B21643u},
    {0x051EB851EB851EB8u, 0x51EB851EB851EB85u}, {0x04BDA12F684BDA12u, 0xF684BDA12F684BDAu},
    {0x0469EE58469EE584u, 0x69EE58469EE5846Au}, {0x0421084210842108u, 0x4210842108421084u},
    {0x03E0F83E0F83E0F8u, 0x3E0F83E0F83E0F84u}, {0x03A83A83A83A83A8u, 0x3A83A83A83A83A84u},
    {0x03759F22983759F2u, 0x2983759F2298375Au}, {0x0348348348348348u, 0x3483483483483483u},
    {0x031F3831F3831F38u, 0x31F3831F3831F383u}, {0x02FA0BE82FA0BE82u, 0xFA0BE82FA0BE82FAu},
    {0x02D82D82D82D82D8u, 0x2D82D82D82D82D83u}, {0x02B9310572620AE4u, 0xC415C9882B931057u},
    {0x029CBC14E5E0A72Fu, 0x05397829CBC14E5Eu}, {0x0282828282828282u, 0x8282828282828283u},
};

const struct u128 wide_inverse[36] = {
    {0x8000000000000000u, 0x0000000000000000u}, {0x8000000000000000u, 0x0000000000000000u},
    {0x4000000000000000u, 0x0000000000000000u}, {0x1555555555555555u, 0x5555555555555555u},
    {0x0555555555555555u, 0x5555555555555555u}, {0x0111111111111111u, 0x1111111111111111u},
    {0x002D82D82D82D82Du, 0x82D82D82D82D82D8u}, {0x0006806806806806u, 0x8068068068068068u},
    {0x0000D00D00D00D00u, 0xD00D00D00D00D00Du}, {0x0000171DE3A556C7u, 0x338FAAC1C88E5001u},
    {0x0000024FC9F6EF13u, 0xEB8E5DE02DA7D4CDu}, {0x00000035CC8ACFEAu, 0x89C71FCE8FC97070u},
    {0x000000047BB63BFEu, 0x3625ED5136A61EB4u}, {0x000000005849184Eu, 0xA1B425F28E0CC749u},
    {0x00000000064E5D2Au, 0x301F27482EB7C517u}, {0x00000000006B9FCFu, 0x9CCEE07C476195ACu},
    {0x000000000006B9FCu, 0xF9CCEE07C476195Bu}, {0x000000000000654Bu, 0x1DC0C2B529AC9814u},
    {0x00000000000005A0u, 0x9E18EE5F65DEEC01u}, {0x000000000000004Bu, 0xD26D1A05055C9328u},
    {0x0000000000000003u, 0xCA8574804044A0F5u}, {0x0000000000000000u, 0x2E371DEDB9EAE318u},
    {0x0000000000000000u, 0x0219C72DB6FF0A53u}, {0x0000000000000000u, 0x001761B41316381Au},
    {0x0000000000000000u, 0x0000F96780CB97ACu}, {0x0000000000000000u, 0x000009F9E66E8B30u},
    {0x0000000000000000u, 0x000000623A17F1A9u}, {0x0000000000000000u, 0x00000003A356385Cu},
    {0x0000000000000000u, 0x000000002143144Cu}, {0x0000000000000000u, 0x0000000001259F99u},
    {0x0000000000000000u, 0x000000000009C996u}, {0x0000000000000000u, 0x00000000000050D3u},
    {0x0000000000000000u, 0x0000000000000287u}, {0x0000000000000000u, 0x0000000000000014u},
    {0x0000000000000000u, 0x0000000000000001u}, {0x0000000000000000u, 0x0000000000000000u},
};

static bool below(struct u128 a, struct u128 b)
{
    return a.hi < b.hi || (a.hi == b.hi && a.lo < b.lo);
}

struct wide wide_add(struct wide a, struct wide b)
{
    if (b.m.hi == 0 || (a.m.hi && a.exp < b.exp) ||
        (a.m.hi && a.exp == b.exp && below(a.m, b.m))) {
        struct wide t = a;
        a = b;
        b = t;
    }
    if (a.m.hi == 0) {
        return b;
    }
    int32_t gap = a.exp - b.exp;
    struct u128 small = shr_128(b.m, gap > 128 ? 128 : (unsigned)gap);
    if (a.sign != b.sign) {
        return wide_normalized(a.exp, a.sign, sub_128(a.m, small));
    }
    struct u128 s = add_128(a.m, small);
    if (below(s, small)) {
        s = shr_128(s, 1);
        s.hi |= FX_INTEGER_BIT;
        a.exp++;
    }
    return (struct wide){a.exp, a.sign, s};
}

struct wide wide_mul(struct wide a, struct wide b)
{
    return wide_normalized(a.exp + b.exp + 1, a.sign ^ b.sign, mul_hi_128(a.m, b.m));
}

/* 64 bits of *r / b, where *r < b and b is normalized; *r becomes the rest. */
static uint64_t wide_digit(struct u128 *r, struct u128 b)
{
    uint64_t q = UINT64_MAX, first = r->lo + b.hi;
    bool over = first < b.hi;
    if (r->hi < b.hi) {
        q = div_128_64(r->hi, r->lo, b.hi, &first);
        over = false;
    }
    struct u128 rest = {first, 0}, product = mul_64x64(q, b.lo);
    while (!over && below(rest, product)) { /* at most twice (Knuth, TAOCP 2, 4.3.1) */
        q--;
        rest = add_128(rest, b);
        over = below(rest, b);
    }
    *r = sub_128(rest, product);
    return q;
}

struct wide wide_div(struct wide a, struct wide b)
{
    struct u128 rest = a.m;
    int32_t exp = a.exp - b.exp - 1;
    if (!below(rest, b.m)) {
        rest = shr_128(rest, 1);
        exp++;
    }
    struct u128 q;
    q.hi = wide_digit(&rest, b.m);
    q.lo = wide_digit(&rest, b.m);
    return wide_normalized(exp, a.sign ^ b.sign, q);
}

/* What is computed first is multiplied by z most often: of the last terms as many as are below
 * 2^-127 are left out, and 64 bits do for as long as the rest is going to be below 2^-62. */
struct u128 wide_series(struct u128 z, const struct u128 *c, unsigned n, unsigned step,
                        bool alternating)
{
    enum { ENOUGH = 127, HALF = 62 };
    unsigned zeros = z.hi ? clz_64(z.hi) : 64, k = n - 1;
    if (k * zeros > ENOUGH + zeros) {
        k = ENOUGH / zeros + 1;
    }
    struct u128 s = c[k * step];
    while (k * zeros >= HALF + zeros) {
        uint64_t p = mul_64x64(z.hi, s.hi).hi;
        k--;
        s = (struct u128){alternating ? c[k * step].hi - p : c[k * step].hi + p, 0};
    }
    while (k-- > 0) {
        struct u128 p = mul_hi_128(z, s);
        s = alternating ? sub_128(c[k * step], p) : add_128(c[k * step], p);
    }
    return s;
}

struct fx80 wide_result(struct fx_ctx *c, struct wide a, bool exact)
{
    if (!exact || a.m.lo) {
        return fx_round_bits(c, a.sign, a.exp + FX_BIAS, a.m.hi, a.m.lo | 1, 64);
    }
    c->raised |= (uint16_t)(FX_PE | (a.exp + FX_BIAS < 1 ? FX_UE : 0));
    return fx_round_bits(c, a.sign, a.exp + FX_BIAS, a.m.hi, 0, 64);
}
