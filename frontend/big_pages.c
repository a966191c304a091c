/* frontend/big_pages.c -- see big_pages.h. Linux gives large pages to memory that asks for them
 * and is aligned to their size (transparent huge pages, madvise(2)), or to all (some
 * distributions' setting), but for what asks for none; without them, or elsewhere, the same
 * memory has usual pages. */
#include "frontend/posix.h"

#include "frontend/big_pages.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/mman.h> /* MADV_COLLAPSE, which the C library may not know */
#endif

/* A sanitizer sees the edges of the C library's memory alone; but it writes an eighth of the
 * size whenever such memory comes or goes. So here the full arrays are its, and the sparse ones
 * not. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#endif

/* In whole pages of the usual size. */
static size_t length(uint64_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return ((size_t)size + page - 1) / page * page;
}

static uint8_t *map(uint8_t *at, size_t n)
{
    int how = MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED : 0);
    uint8_t *p = mmap(at, n, PROT_READ | PROT_WRITE, how, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void release(uint8_t *bytes, uint64_t size)
{
    munmap(bytes, length(size));
}

/* ---- sparse */

/* An advice: refused, all is as before. */
static uint8_t *advise(uint8_t *p, size_t n, int what)
{
    if (p) {
        (void)madvise(p, n, what);
    }
    return p;
}

static uint8_t *small_only(uint8_t *p, size_t n)
{
#ifdef MADV_NOHUGEPAGE
    advise(p, n, MADV_NOHUGEPAGE);
#endif
    (void)n;
    return p;
}

static uint8_t *sparse_get(uint64_t size)
{
    return size > SIZE_MAX / 2 ? NULL : small_only(map(NULL, length(size)), length(size));
}

/* New pages in the place of the old ones. (MADV_DONTNEED is no more than an advice.) If the
 * host has no memory for its own notes about that, the old ones may be gone, too. */
static void sparse_empty(uint8_t *bytes, uint64_t size)
{
    if (!small_only(map(bytes, length(size)), length(size))) {
        abort();
    }
}

const struct big_memory *sparse_pages(void)
{
    static const struct big_memory sparse = {sparse_get, NULL, sparse_empty, release};
    return &sparse;
}

/* ---- full */

#if defined(MADV_HUGEPAGE) && !defined(SANITIZED)
enum { BIG_PAGE = 2 << 20 };

static uint8_t *get(uint64_t size)
{
    if (size > SIZE_MAX - 2 * (uint64_t)BIG_PAGE) {
        return NULL;
    }
    size_t n = length(size);
    uint8_t *p = map(NULL, n + BIG_PAGE);
    if (p == NULL) {
        return NULL;
    }
    size_t before = -(uintptr_t)p % BIG_PAGE;
    if (before) {
        munmap(p, before);
    }
    munmap(p + before + n, BIG_PAGE - before);
    return advise(p + before, n, MADV_HUGEPAGE);
}

/* What has usual pages by now is moved at once where the host knows how, or in the background.
 */
static void expect(uint8_t *bytes, uint64_t size, bool full)
{
    size_t n = length(size);
    advise(bytes, n, full ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
#ifdef MADV_COLLAPSE
    for (size_t at = 0; full && at < n; at += BIG_PAGE) { /* it stops where nothing is yet */
        advise(bytes + at, n - at < BIG_PAGE ? n - at : BIG_PAGE, MADV_COLLAPSE);
    }
#endif
}

static void empty(uint8_t *bytes, uint64_t size)
{
    memset(bytes, 0, (size_t)size);
}

const struct big_memory *big_pages(void)
{
    static const struct big_memory big = {get, expect, empty, release};
    return &big;
}
#else
const struct big_memory *big_pages(void)
{
    return NULL;
}
#endif
