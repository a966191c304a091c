/* frontend/big_pages.c -- see big_pages.h. Linux gives large pages to memory that asks for them
 * and is aligned to their size (transparent huge pages, madvise(2)); without them, or
 * elsewhere, the same memory has usual pages. */
#include "frontend/posix.h"

#include "frontend/big_pages.h"

#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

/* A sanitizer sees the C library's memory alone. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#endif

#if defined(MADV_HUGEPAGE) && !defined(SANITIZED)
enum { BIG_PAGE = 2 << 20 };

/* In whole pages of the usual size. */
static size_t length(uint64_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return ((size_t)size + page - 1) / page * page;
}

static uint8_t *get(uint64_t size)
{
    if (size > SIZE_MAX - 2 * (uint64_t)BIG_PAGE) {
        return NULL;
    }
    size_t n = length(size), all = n + BIG_PAGE;
    uint8_t *p = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        return NULL;
    }
    size_t before = -(uintptr_t)p % BIG_PAGE;
    if (before) {
        munmap(p, before);
    }
    munmap(p + before + n, BIG_PAGE - before);
    p += before;
    (void)madvise(p, n, MADV_HUGEPAGE); /* an advice: refused, all is as before */
    return p;
}

static void release(uint8_t *bytes, uint64_t size)
{
    munmap(bytes, length(size));
}

const struct big_memory *big_pages(void)
{
    static const struct big_memory big = {get, release};
    return &big;
}
#else
const struct big_memory *big_pages(void)
{
    return NULL;
}
#endif
