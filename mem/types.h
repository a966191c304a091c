/* mem/types.h -- scalar vocabulary of the whole machine.
 *
 * x86 has three address spaces and Terrapin never mixes them: an *effective* address is an
 * offset inside a segment, a *linear* address is what segmentation makes of it, a *physical*
 * (guest-physical) address is what paging and the A20 gate make of that (SDM 3A 3.1). Host
 * pointers into guest memory are called hp. Variables are named ea, la, pa accordingly.
 */
#ifndef TERRAPIN_MEM_TYPES_H
#define TERRAPIN_MEM_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t eaddr; /* effective address: offset in a segment */
typedef uint32_t laddr; /* linear address: after segmentation */
typedef uint64_t paddr; /* guest-physical address: after paging and A20 (64-bit for PAE) */
typedef uint32_t ureg;  /* a general register's width */

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#if defined(__GNUC__) || defined(__clang__)
#define LIKELY(x)              __builtin_expect(!!(x), 1)
#define UNLIKELY(x)            __builtin_expect(!!(x), 0)
#define COLD                   __attribute__((cold, noinline))
#define HOT_CODE               __attribute__((hot))
#define NOINLINE               __attribute__((noinline)) /* keeps its registers from its callers */
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define LIKELY(x)   (x)
#define UNLIKELY(x) (x)
#define COLD
#define HOT_CODE
#define NOINLINE
#define PRINTF_LIKE(fmt, args)
#endif

/* A microsecond, and a second, of virtual time are `mips` and `mips * 1000000` ticks. */
enum { PAGE_SHIFT = 12, PAGE_SIZE = 1 << PAGE_SHIFT, PAGE_MASK = PAGE_SIZE - 1 };

/* Little-endian access at any alignment. gcc and clang turn each into one host instruction. */
static inline uint16_t load_le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t load_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t load_le64(const uint8_t *p)
{
    return load_le32(p) | (uint64_t)load_le32(p + 4) << 32;
}

static inline void store_le16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static inline void store_le32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
    p[3] = (uint8_t)(v >> 24);
}

static inline void store_le64(uint8_t *p, uint64_t v)
{
    store_le32(p, (uint32_t)v);
    store_le32(p + 4, (uint32_t)(v >> 32));
}

/* Load or store 1, 2 or 4 bytes. */
static inline uint32_t load_le(const uint8_t *p, unsigned size)
{
    return size == 1 ? p[0] : size == 2 ? load_le16(p) : load_le32(p);
}

static inline void store_le(uint8_t *p, uint32_t v, unsigned size)
{
    if (size == 1) {
        p[0] = (uint8_t)v;
    } else if (size == 2) {
        store_le16(p, (uint16_t)v);
    } else {
        store_le32(p, v);
    }
}

#endif
