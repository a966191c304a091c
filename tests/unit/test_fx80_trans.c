/* tests/unit/test_fx80_trans.c -- the transcendental operations: values rounded from 800-bit
 * arithmetic (of mpmath; trigonometry with the 66-bit pi), and special operands as Intel's
 * silicon answers them. */
#include <check.h>

#include "cpu/fx80_wide.h"
#include "tests/support/board_fixture.h"

typedef struct fx80 (*function)(struct fx_ctx *, struct fx80, struct fx80);

static struct fx80 f2xm1(struct fx_ctx *c, struct fx80 a, struct fx80 b)
{
    (void)b;
    return fx_2xm1(c, a);
}

static struct fx80 patan(struct fx_ctx *c, struct fx80 a, struct fx80 b)
{
    return fx_patan(c, b, a);
}

static bool out;

static struct fx80 sine(struct fx_ctx *c, struct fx80 a, struct fx80 b)
{
    fx_sincos(c, a, &b, NULL, &out);
    return b;
}

static struct fx80 cosine(struct fx_ctx *c, struct fx80 a, struct fx80 b)
{
    fx_sincos(c, a, NULL, &b, &out);
    return b;
}

static struct fx80 tangent(struct fx_ctx *c, struct fx80 a, struct fx80 b)
{
    (void)b;
    return fx_ptan(c, a, &out);
}

enum { CW = 0x37F };
#define N(se, m)                                                                               \
    {                                                                                          \
        0x##m, 0x##se                                                                          \
    }
#define ZERO     N(0000, 0000000000000000)
#define NEG_ZERO N(8000, 0000000000000000)
#define ONE      N(3FFF, 8000000000000000)
#define NEG_ONE  N(BFFF, 8000000000000000)
#define TWO      N(4000, 8000000000000000)
#define LEAST    N(0000, 0000000000000001)
#define INF      N(7FFF, 8000000000000000)
#define NEG_INF  N(FFFF, 8000000000000000)
#define INDEF    N(FFFF, C000000000000000)
#define PI       N(4000, C90FDAA22168C235)
#define HALF_PI  N(3FFF, C90FDAA22168C235)

/* a is ST(0) */
static const struct row {
    function op;
    struct fx80 a, b, want;
} rows[] = {
    {f2xm1, N(3FFE, 800032833106A6DD), ZERO, N(3FFD, D4142FD7BE01A754)},
    {f2xm1, N(BFFE, F846D90000000000), ZERO, N(BFFD, FA971CE355A96ED8)},
    {f2xm1, N(3FFE, B504F333F9DE6483), ZERO, N(3FFE, A1ED48C0D3950E50)},
    {f2xm1, N(BFFE, 929ECF183CE1268C), ZERO, N(BFFD, A7C2F79FFFBD70AC)},
    {f2xm1, N(3FFD, D49F9954A1725102), ZERO, N(3FFD, AAC80FE7BF202CD2)},
    {f2xm1, N(BFFD, ECF17646009F0016), ZERO, N(BFFD, 8C7FE018689DB8B6)},
    {f2xm1, N(3FFA, 8000000000000003), ZERO, N(3FF9, B361A62B0AE875D4)},
    {f2xm1, N(BFFA, E56EA0742C34BF1C), ZERO, N(BFFA, 9BFB8A00760C06E6)},
    {f2xm1, N(3FE8, FFB57C0000000000), ZERO, N(3FE8, B13E72737EA24510)},
    {f2xm1, N(BFE8, AA6E3BD32ED0D50A), ZERO, N(BFE7, EC4457F707909FD4)},
    {f2xm1, N(3FAC, 8000000001651953), ZERO, N(3FAB, B17217F7D3BE84FE)},
    {f2xm1, N(BFAC, 8001E0EFA9744591), ZERO, N(BFAB, B174B2AFE9A360AB)},
    {fx_yl2x, N(3FFE, 8933770000000000), N(3FFF, F358F03E8F62FCD6), N(BFFF, DAFA0D7E663BD999)},
    {fx_yl2x, N(3FFE, DA2539269866F058), N(3FFF, ECC46BE354313A3B), N(BFFD, DAA26A7277E18D1D)},
    {fx_yl2x, N(3FFF, B504F333F9DE6484), N(3FFF, 8000000000002821), N(3FFE, 8000000000002820)},
    {fx_yl2x, N(3FFF, 8F8CA86CF9A5A4FB), N(BFFF, CA8FEA4EC045596E), N(BFFD, 8604B0F584FB5318)},
    {fx_yl2x, N(4000, 9FB8153F87ED8C02), N(4004, 91B53889BCF75D50), N(4004, C03EF65F7C1C4CD1)},
    {fx_yl2x, N(4006, F93F3BB003465DE3), N(3FF3, DF7794720A19DEAC), N(3FF6, DE63C8E00156F3B3)},
    {fx_yl2x, N(0001, 8000000FD42CBF98), N(3FFA, 8000000000000001), N(C007, FFF7FFFFFF494F97)},
    {fx_yl2x, N(7FFE, C3FD8D0000000000), N(3FF2, 800000000000685B), N(3FFF, FFFE7564094CE624)},
    {fx_yl2x, N(3FFF, 8000000000000001), N(BFFF, 8000000000000002), N(BFC0, B8AA3B295C17F0BE)},
    {fx_yl2x, N(3FFE, FFFFFFFFFFFFFFFF), N(3FFF, D551BE0000000000), N(BFC0, 99E09A24799EC139)},
    {fx_yl2x, N(3FFF, B504F333F9DE6484), N(BFF5, F11EFC031A658833), N(BFF4, F11EFC031A658832)},
    {fx_yl2x, N(3FFF, B504F333F9DE6485), N(3FF9, EB372A0000000000), N(3FF8, EB372A0000000002)},
    {fx_yl2xp1, N(3FFC, 8000000000000002), N(3FFF, E282DF5E80631136),
     N(3FFD, 99F5AD77007F119F)},
    {fx_yl2xp1, N(BFFC, FDA342CBF788956E), N(C001, F153BD3CD6D66E3A),
     N(4000, C62E5C0584589FFA)},
    {fx_yl2xp1, N(3FFC, FFFFFFFFFFFFFFFE), N(C003, 8006FDBD0E174282),
     N(C001, A4DCC3098649F9E3)},
    {fx_yl2xp1, N(BFFC, 8000000000000001), N(3FFF, 8000000000000001),
     N(BFFC, C544C055FDE99337)},
    {fx_yl2xp1, N(3FFB, D6E0CB83343B34C4), N(400A, F9C5B40000000000),
     N(4008, 8FCFE1F1DA14CCEA)},
    {fx_yl2xp1, N(BFFB, A45388F06261A75D), N(C00E, E8B0B9F8B1FD721B),
     N(400B, E09FAAE8A6817195)},
    {fx_yl2xp1, N(3FF7, F04AD9AF31A99BB9), N(C00D, 80000000000000E6),
     N(C006, ACB3AD4A21434B93)},
    {fx_yl2xp1, N(BFF7, FFFFFFFFFFFFFFFF), N(BFFF, 8000000000002F20),
     N(3FF8, B963DD107B997F1B)},
    {fx_yl2xp1, N(3FD4, D72FF9E1FFF2776C), N(C009, B340B17788D42688),
     N(BFDF, D960F7D6F8718BE1)},
    {fx_yl2xp1, N(BFD4, 800000000000F86E), N(BFFF, 8006996B4DD66AEF),
     N(3FD4, B8B3C07A6B65D6B1)},
    {fx_yl2xp1, N(3E80, F6F9E60000000000), N(3FFF, ED92289B05A94919),
     N(3E82, A5549A43518DAF48)},
    {fx_yl2xp1, N(BE80, CB131A4FF6123A4F), N(3FFF, 80000000000A4CF3),
     N(BE81, 927CC487282FCB7B)},
    {fx_yl2xp1, N(3FFD, D413CCCFE7799211), N(BFF3, C000000000000000),
     N(BFF2, C000000000000000)},
    {fx_yl2xp1, N(BFFD, 95F619980C4336F7), N(3FFD, DE5118149EC3F830),
     N(BFFC, DE5118149EC3F82F)},
    {patan, N(3FFF, 8000000000000002), N(BFFF, FD984E5DC9CCDE21), N(BFFF, 8D3AFA7F71A55738)},
    {patan, N(3FFF, 8E066743012C3591), N(3FFF, 903535BBC7E6C596), N(3FFE, CB03A0BCB8CAD18C)},
    {patan, N(3FFF, A17E6230CEB0BC68), N(C000, E9995D56E80B3D6E), N(BFFF, 9E766F35A6449722)},
    {patan, N(3FFF, D58FF86AE43C4C93), N(3FFE, FFFFFFFFFFFFFFFE), N(3FFE, 8A39E9E961E084B1)},
    {patan, N(3FFF, BDA66B0000000000), N(4002, E27D0D0E915BB390), N(3FFF, BBB6834AA440484E)},
    {patan, N(BFFF, 8001D65089B78013), N(BFFC, F84B33336FA8FE3F), N(C000, B9D695BE437BD602)},
    {patan, N(BFFF, EF862D97A8C99E40), N(4003, 8C578156B24555E9), N(3FFF, D6AA0C5CF333BF04)},
    {patan, N(3FFF, FF3DD485A7F1F60A), N(C004, AA54D9B2AB2B7988), N(BFFF, C31282D675D03D61)},
    {patan, N(BFFF, 987D3C3C6DE7E8A4), N(BFFA, A08A290436938222), N(C000, C6F50498A3CFBE1B)},
    {patan, N(BFFF, 943CA80000000000), N(C01D, EA6828C825413B32), N(BFFF, C90FDAA36531975B)},
    {patan, N(BFFF, B935E9B6F46FF3C1), N(BFE1, 800000000001EA1F), N(C000, C90FDAA1707C7D9F)},
    {patan, N(3FFF, D74406A7967003CF), N(4045, 8000000000000000), N(3FFF, C90FDAA22168C235)},
    {patan, N(3FFF, 80000006B45893B2), N(BFB9, F032FE36666AA18E), N(BFB9, F032FE29D198C9F6)},
    {patan, N(3FFF, E702E5C270B88A5A), N(C257, F52544627D79F3C4), N(BFFF, C90FDAA22168C235)},
    {patan, N(4002, 9000000000000000), N(4001, 8000000000000000), N(3FFD, D6217FD3DE5E7606)},
    {patan, N(C002, 9000000000000000), N(4002, 9000000000000000), N(4000, 96CBE3F9990E91A8)},
    {sine, N(BFFE, B1B33D0000000000), ZERO, N(BFFE, A3C50EABFB4AE526)},
    {sine, N(BFFE, A16C885FC071D701), ZERO, N(BFFE, 96EFF67717C148A9)},
    {sine, N(3FFD, F930EA4C4E1C8B78), ZERO, N(3FFD, EF780D45F9FA256E)},
    {sine, N(BFF2, EF72C6DF82DE0143), ZERO, N(BFF2, EF72C6BC98C91FFD)},
    {sine, N(BFD4, 829D832A9140EE5A), ZERO, N(BFD4, 829D832A9140EE5A)},
    {sine, N(3FFF, F4060AB154A25EF4), ZERO, N(3FFE, F1B71D233E0AF317)},
    {sine, N(C000, CC831008440E46B2), ZERO, N(3FFA, DCB1FA27D44B243A)},
    {sine, N(4001, 80256A75DAB6684D), ZERO, N(BFFE, C280F1851C07B09A)},
    {sine, N(C006, 92670C9DE87576E3), ZERO, N(BFFE, F32066481B21C7CA)},
    {sine, N(4010, C000000000000000), ZERO, N(3FFE, C01546C2516E583B)},
    {sine, N(C024, 800000000000000B), ZERO, N(BFFD, AAFA25ECF73581F7)},
    {sine, N(C03D, AA22050000000000), ZERO, N(BFF9, C93AF663385E8759)},
    {sine, N(C03D, BC90E68A063F9962), ZERO, N(3FFD, B1CB1736C5D47064)},
    {sine, N(4000, C90FDAA22168C235), ZERO, N(BFBF, 8000000000000000)},
    {sine, N(3FFF, C90FDAA22168C234), ZERO, N(3FFF, 8000000000000000)},
    {sine, N(403D, FFFFFFFFFFFFFFFF), ZERO, N(3FFE, E0AB9300DA6D2684)},
    {sine, N(3FFE, C90FDAA22168C235), ZERO, N(3FFE, B504F333F9DE6485)},
    {cosine, N(3FFE, B7408D96A20FB328), ZERO, N(3FFE, C12A2A41B229FA28)},
    {cosine, N(3FFE, D1B2070000000000), ZERO, N(3FFE, AED0113DA49B3E94)},
    {cosine, N(3FFD, CE34C6C61B6F20CC), ZERO, N(3FFE, EB8455C419B9AA18)},
    {cosine, N(BFF2, 8000000000000000), ZERO, N(3FFE, FFFFFFE0000000AB)},
    {cosine, N(BFD4, A3914E9877BBC220), ZERO, N(3FFF, 8000000000000000)},
    {cosine, N(BFFF, EF7F2F3B13AE417C), ZERO, N(BFFD, 97708CA97BC0091A)},
    {cosine, N(4000, C2580E2B5CDA0E41), ZERO, N(BFFE, FE974879CD3A00A0)},
    {cosine, N(4001, EFD1AC89E1650155), ZERO, N(3FFD, B430B7111700FCA3)},
    {cosine, N(4006, E5986A78A9CD1D18), ZERO, N(BFFE, F77449B7CE3ABB18)},
    {cosine, N(4010, C7B2680000000000), ZERO, N(BFFE, F9F6C3E031EFB118)},
    {cosine, N(4024, 80000F2B52A62B38), ZERO, N(BFFE, 99AABB2E493CAAFF)},
    {cosine, N(403D, C48049998B9F6A40), ZERO, N(3FFD, C7A06C224C5DE2C9)},
    {cosine, N(403D, AEDC486D3044BFAF), ZERO, N(BFFD, 9298E27D55ECBB0F)},
    {cosine, N(4000, C90FDAA22168C235), ZERO, N(BFFF, 8000000000000000)},
    {cosine, N(3FFF, C90FDAA22168C234), ZERO, N(3FBF, C000000000000000)},
    {cosine, N(403D, FFFFFFFFFFFFFFFF), ZERO, N(3FFD, F56EC1E0A37C4176)},
    {cosine, N(3FFE, C90FDAA22168C235), ZERO, N(3FFE, B504F333F9DE6484)},
    {tangent, N(BFFE, BD5872C1A89390D8), ZERO, N(BFFE, E993E3B1CC38CB65)},
    {tangent, N(3FFE, B504F333F9DE6484), ZERO, N(3FFE, DAC1321792734A3F)},
    {tangent, N(BFFD, CB9B5FC9690B8CC1), ZERO, N(BFFD, D710AF3BC16750CF)},
    {tangent, N(BFF2, 8000000000000001), ZERO, N(BFF2, 8000000AAAAAABBD)},
    {tangent, N(BFD4, E734A70000000000), ZERO, N(BFD4, E734A70000000000)},
    {tangent, N(BFFF, AA371A1A436A1AB4), ZERO, N(C001, 823485C61F29D53E)},
    {tangent, N(C000, 8000A118096AF4C7), ZERO, N(4000, 8BD40F4BD6B80BC3)},
    {tangent, N(4001, B504F333F9DE6483), ZERO, N(BFFE, B937F8D0810D71E5)},
    {tangent, N(4006, ECAF2147D3715D84), ZERO, N(3FFF, E6EB466662A6E2A9)},
    {tangent, N(4010, 8BA6D3EEDCBC86CC), ZERO, N(4000, 912041F5C50AC9E7)},
    {tangent, N(4024, D66B0B6FBEFCE025), ZERO, N(3FFD, C8AFC6B402B3E199)},
    {tangent, N(C03D, BE508E0000000000), ZERO, N(C000, AD9D5B588EB440F6)},
    {tangent, N(403D, 8000000000000003), ZERO, N(BFFF, 9387626F16473AC9)},
    {tangent, N(4000, C90FDAA22168C235), ZERO, N(3FBF, 8000000000000000)},
    {tangent, N(3FFF, C90FDAA22168C234), ZERO, N(403E, AAAAAAAAAAAAAAAB)},
    {tangent, N(403D, FFFFFFFFFFFFFFFF), ZERO, N(3FFF, EA57F75B8BFEBB70)},
    {tangent, N(3FFE, C90FDAA22168C235), ZERO, N(3FFF, 8000000000000000)},
    /* next to the middle of two numbers: 2^n units from it */
    {f2xm1, N(BFFD, BF44800F9965A9D4), ZERO, N(BFFC, E99ACF59DDA2F9AC)}, /* 2^-17 */
    {f2xm1, N(3FFE, F882FE3E81024396), ZERO, N(3FFE, F5B9396D5FA1D27F)}, /* 2^-17 */
    {f2xm1, N(3FFD, 87C2F9AD03FDF7B3), ZERO, N(3FFC, CE9C7D8594A377A7)}, /* 2^-16 */
    {f2xm1, N(3FFD, 81AAEC8194912B91), ZERO, N(3FFC, C48020C04C07C95D)}, /* 2^-15 */
    {fx_yl2x, N(3FFE, DDEA5A56A00FBFF2), N(3FFF, 8000000000000000),
     N(BFFC, D314BA31FA9D9FDF)}, /* 2^-18 */
    {fx_yl2x, N(3FFE, 9F39929F3F4D3567), N(3FFF, 8000000000000000),
     N(BFFE, AF6143F49AF08807)}, /* 2^-18 */
    {fx_yl2x, N(3FFF, C47DD1C76A890D41), N(3FFF, 8000000000000000),
     N(3FFE, 9E4A69EB95C52701)}, /* 2^-16 */
    {fx_yl2x, N(3FFF, B5267EEB52F29392), N(3FFF, 8000000000000000),
     N(3FFE, 80446AFF55F71D5A)}, /* 2^-16 */
    {fx_yl2xp1, N(3FFD, CB0C45C0A6DE9FCA), N(3FFF, 8000000000000000),
     N(3FFD, F6BB17DFC1746435)}, /* 2^-17 */
    {fx_yl2xp1, N(3FFC, F17ABFCF1EACC186), N(3FFF, 8000000000000000),
     N(3FFD, 9C665AF7B42ACA41)}, /* 2^-17 */
    {fx_yl2xp1, N(3FFD, C81BBDBF112CF8CE), N(3FFF, 8000000000000000),
     N(3FFD, F3B01C290D6F9C75)}, /* 2^-16 */
    {fx_yl2xp1, N(3FFC, DC349F6F749E73CA), N(3FFF, 8000000000000000),
     N(3FFD, 8FE06E186BDA6209)}, /* 2^-16 */
    {patan, N(3FFF, 8000000000000000), N(BFFD, 809A40DB13FC5F04),
     N(BFFC, FBFDF72487663486)}, /* 2^-17 */
    {patan, N(3FFF, 8000000000000000), N(3FFE, 834CB63A9EA0785E),
     N(3FFD, F2A3C75D71393F8D)}, /* 2^-17 */
    {patan, N(3FFF, 8000000000000000), N(3FFD, AF43D3AA6645A002),
     N(3FFD, A8DD1028AA1D44E9)}, /* 2^-17 */
    {patan, N(3FFF, 8000000000000000), N(BFFE, 835B91D5866455A9),
     N(BFFD, F2BB4DAC85104A0A)},                                           /* 2^-17 */
    {sine, N(3FFD, B1D1C63BD055AD89), ZERO, N(3FFD, AE4423D8726CDA7E)},    /* 2^-19 */
    {sine, N(3FFD, 802E71F0C2729DE8), ZERO, N(3FFC, FDB1763BDE2CEBDC)},    /* 2^-18 */
    {sine, N(BFFD, A08ED1136C9F1D11), ZERO, N(BFFD, 9DF074F2F1B7DAA8)},    /* 2^-17 */
    {sine, N(3FFD, 8BCB2FC63A973902), ZERO, N(3FFD, 8A1032AB41048693)},    /* 2^-17 */
    {cosine, N(3FFD, A503B438C7B2F2B4), ZERO, N(3FFE, F2D1A3AA043FC311)},  /* 2^-17 */
    {cosine, N(3FFE, B764B82A746880CB), ZERO, N(3FFE, C1126C73F0183D10)},  /* 2^-16 */
    {cosine, N(BFFD, BD302B7F6EACF94C), ZERO, N(3FFE, EEB8A77AE74659CD)},  /* 2^-16 */
    {cosine, N(3FFD, 898F52B6097EB6E5), ZERO, N(3FFE, F6D0DADE4DC5E615)},  /* 2^-16 */
    {tangent, N(BFFD, B37A0BAD7C5A303F), ZERO, N(BFFD, BB3550F3F77E8CC0)}, /* 2^-20 */
    {tangent, N(3FFD, A31C4A8D7A7B50F8), ZERO, N(3FFD, A8DCB663E93B8E74)}, /* 2^-16 */
    {tangent, N(3FFE, 893EE4F4950D5B02), ZERO, N(3FFE, 981B038A5CD91425)}, /* 2^-16 */
    {tangent, N(3FFE, B0878BC7BA719871), ZERO, N(3FFE, D319AD39E659498A)}, /* 2^-16 */
};

/* Nearest: the exact value's rounding; and the directions enclose it. */
START_TEST(test_values)
{
    const struct row *t = &rows[_i];
    struct fx_ctx c = {.control = CW}, down = {.control = 0x77F}, up = {.control = 0xB7F};
    struct fx80 r = t->op(&c, t->a, t->b);
    ck_assert_msg(r.m == t->want.m && r.se == t->want.se,
                  "row %d: %04X.%016llX, not %04X.%016llX", _i, r.se, (unsigned long long)r.m,
                  t->want.se, (unsigned long long)t->want.m);
    ck_assert_int_eq(c.raised & ~FX_C1, FX_PE);
    struct fx80 lower = t->op(&down, t->a, t->b), upper = t->op(&up, t->a, t->b);
    ck_assert_int_ne(fx_compare(&c, lower, r, false), FX_GREATER);
    ck_assert_int_ne(fx_compare(&c, upper, r, false), FX_LESS);
    /* Of an angle below 2^-60 (next to a multiple of pi/2, too), sin and tan are the angle. */
    bool tiny_angle = fx_exp(r) < FX_BIAS - 60 || r.m == FX_INTEGER_BIT;
    uint64_t apart = (lower.m - upper.m) & INT64_MAX;
    ck_assert(apart == 1 || apart == INT64_MAX || (apart == 0 && tiny_angle));
}
END_TEST

static const struct special {
    function op;
    struct fx80 a, b, want;
    uint16_t raised;
} specials[] = {
    {f2xm1, ONE, ZERO, ONE, FX_PE},
    {f2xm1, NEG_ONE, ZERO, N(BFFE, 8000000000000000), FX_PE},
    {f2xm1, N(C000, C000000000000001), ZERO, N(C000, C000000000000001), FX_PE},
    {f2xm1, NEG_ZERO, ZERO, NEG_ZERO, 0},
    {f2xm1, INF, ZERO, INF, 0},
    {f2xm1, NEG_INF, ZERO, NEG_ONE, 0},
    {f2xm1, LEAST, ZERO, LEAST, FX_DE | FX_UE | FX_PE},
    {f2xm1, N(7FFF, 8000000000000001), ZERO, N(7FFF, C000000000000001), FX_IE},
    {fx_yl2x, TWO, ONE, ONE, FX_PE},
    {fx_yl2x, ONE, ONE, ZERO, 0},
    {fx_yl2x, ONE, NEG_ONE, NEG_ZERO, 0},
    {fx_yl2x, ONE, INF, INDEF, FX_IE},
    {fx_yl2x, ZERO, ZERO, INDEF, FX_IE},
    {fx_yl2x, ZERO, ONE, NEG_INF, FX_ZE},
    {fx_yl2x, NEG_ZERO, NEG_ONE, INF, FX_ZE},
    {fx_yl2x, ZERO, INF, NEG_INF, 0},
    {fx_yl2x, ZERO, LEAST, NEG_INF, FX_ZE},
    {fx_yl2x, INF, ZERO, INDEF, FX_IE},
    {fx_yl2x, INF, LEAST, INF, FX_DE},
    {fx_yl2x, NEG_ONE, ONE, INDEF, FX_IE},
    {fx_yl2x, LEAST, ZERO, NEG_ZERO, FX_DE},
    {fx_yl2x, LEAST, INF, NEG_INF, FX_DE},
    {fx_yl2x, N(4001, 8000000000000000), LEAST, N(0000, 0000000000000002),
     FX_DE | FX_UE | FX_PE},
    {fx_yl2x, N(4001, 8000000000000001), N(7FFE, C000000000000001), INF, FX_OE | FX_PE},
    {fx_yl2xp1, NEG_INF, ONE, INDEF, FX_IE},
    {fx_yl2xp1, INF, ONE, INF, 0},
    {fx_yl2xp1, INF, ZERO, INDEF, FX_IE},
    {fx_yl2xp1, NEG_ZERO, NEG_ONE, ZERO, 0},
    {fx_yl2xp1, ZERO, INF, INDEF, FX_IE},
    {fx_yl2xp1, LEAST, INF, INF, FX_DE},
    {fx_yl2xp1, LEAST, ONE, LEAST, FX_DE | FX_UE | FX_PE},
    {patan, ZERO, ZERO, ZERO, 0},
    {patan, NEG_ZERO, ZERO, PI, FX_PE},
    {patan, ZERO, NEG_ONE, N(BFFF, C90FDAA22168C235), FX_PE},
    {patan, INF, INF, N(3FFE, C90FDAA22168C235), FX_PE},
    {patan, NEG_INF, INF, N(4000, 96CBE3F9990E91A8), FX_PE},
    {patan, INF, LEAST, ZERO, FX_DE},
    {patan, NEG_INF, ONE, PI, FX_PE},
    {patan, LEAST, INF, HALF_PI, FX_DE | FX_PE},
    {patan, LEAST, LEAST, N(3FFE, C90FDAA22168C235), FX_DE | FX_PE},
    {patan, ONE, LEAST, LEAST, FX_DE | FX_UE | FX_PE},
    {patan, N(7FFE, 8000000000000001), N(0001, 8000000000000000), ZERO, FX_UE | FX_PE},
    {sine, NEG_ZERO, ZERO, NEG_ZERO, 0},
    {sine, LEAST, ZERO, LEAST, FX_DE | FX_UE | FX_PE},
    {sine, N(0001, 8000000000000001), ZERO, N(0001, 8000000000000001), FX_PE},
    {sine, INF, ZERO, INDEF, FX_IE},
    {cosine, NEG_ZERO, ZERO, ONE, 0},
    {cosine, LEAST, ZERO, ONE, FX_DE | FX_PE},
    {cosine, NEG_INF, ZERO, INDEF, FX_IE},
    {tangent, NEG_ZERO, ZERO, NEG_ZERO, 0},
    {tangent, LEAST, ZERO, LEAST, FX_DE | FX_UE | FX_PE},
    {tangent, INF, ZERO, INDEF, FX_IE},
};

START_TEST(test_special)
{
    const struct special *t = &specials[_i];
    struct fx_ctx c = {.control = CW};
    struct fx80 r = t->op(&c, t->a, t->b);
    ck_assert_msg(r.m == t->want.m && r.se == t->want.se && (c.raised & ~FX_C1) == t->raised,
                  "special %d: %04X.%016llX flags %03X", _i, r.se, (unsigned long long)r.m,
                  c.raised);
}
END_TEST

START_TEST(test_range)
{
    static const struct fx80 large = N(403E, 8000000000000000);
    struct fx_ctx c = {.control = CW};
    struct fx80 r = sine(&c, large, large);
    ck_assert(out && r.m == large.m && r.se == large.se && c.raised == 0);
    r = tangent(&c, large, large);
    ck_assert(out && r.m == large.m && r.se == large.se && c.raised == 0);
    sine(&c, (struct fx80)N(C03D, FFFFFFFFFFFFFFFF), large);
    ck_assert(!out);
}
END_TEST

/* |c * by - want| <= by, in units of 2^-127: c is rounded to half of one. */
static void ck_product(struct u128 c, uint64_t by, struct u128 want)
{
    struct u128 p = mul_64x64(c.lo, by);
    p.hi += c.hi * by;
    struct u128 over = sub_128(p, want), under = sub_128(want, p);
    ck_assert((over.hi == 0 && over.lo <= by) || (under.hi == 0 && under.lo <= by));
}

START_TEST(test_wide_division)
{
    uint64_t seed = 3;
    for (unsigned k = 0; k < 100000; k++) {
        uint64_t w[4];
        for (unsigned n = 0; n < 4; n++) {
            w[n] = (uint64_t)test_random(&seed) << 32;
            w[n] |= test_random(&seed);
            w[n] |= k & 4 ? 0 : UINT64_MAX << (k >> (4 + n) & 63);
        }
        struct wide a = {0, 0, {w[0] | FX_INTEGER_BIT, w[1]}};
        struct wide b = {0, 0, {(k & 3 ? a.m.hi : w[2]) | FX_INTEGER_BIT, w[3]}};
        struct wide r = wide_mul(wide_div(a, b), b), less_a = a;
        less_a.sign = 1;
        struct wide off = wide_add(r, less_a); /* truncation: from -8 to 0 units of 2^-127 */
        ck_assert(off.m.hi == 0 || (off.sign && off.exp <= 3 - 127 + a.exp));
    }
}
END_TEST

START_TEST(test_coefficients)
{
    struct u128 whole = {FX_INTEGER_BIT, 0};
    for (unsigned k = 0; k < ARRAY_LEN(wide_odd); k++) {
        ck_product(wide_odd[k], 2 * k + 1, whole);
    }
    ck_product(wide_inverse[0], 1, whole);
    for (unsigned k = 1; k < ARRAY_LEN(wide_inverse); k++) {
        ck_product(wide_inverse[k], k, wide_inverse[k - 1]);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("fx80_trans");
    TCase *c = tcase_create("fx80_trans");
    tcase_add_loop_test(c, test_values, 0, (int)ARRAY_LEN(rows));
    tcase_add_loop_test(c, test_special, 0, (int)ARRAY_LEN(specials));
    tcase_add_test(c, test_range);
    tcase_add_test(c, test_coefficients);
    tcase_add_test(c, test_wide_division);
    suite_add_tcase(s, c);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
