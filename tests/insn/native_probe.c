/* tests/insn/native_probe.c -- does this host's kernel run 32-bit code? At configuration; exit
 * code 42 says yes. Some virtual machines that offer x86-64 do not.
 *
 * A far return to the kernel's 32-bit code segment, where a far jump goes back to 64-bit code
 * that exits. Nothing of it uses the stack, whose upper half may be lost. */
#define _GNU_SOURCE
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

int main(void)
{
    static const uint8_t code[] = {
        0x90, 0xEA, 0, 0, 0, 0,    0x33, 0, /* nop; ljmp $0x33, $exit */
        0xB8, 60,   0, 0, 0,                /* exit: mov $SYS_exit, %eax */
        0xBF, 42,   0, 0, 0, 0x0F, 0x05,    /* mov $42, %edi; syscall */
    };
    uint8_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (page == MAP_FAILED) {
        return 1;
    }
    uint32_t leave = (uint32_t)(uintptr_t)page + 8;
    memcpy(page, code, sizeof code);
    memcpy(page + 2, &leave, sizeof leave);
    __asm__ volatile("pushq $0x23\n\tpushq %0\n\tlretq" : : "r"((uintptr_t)page) : "memory");
    return 1;
}
