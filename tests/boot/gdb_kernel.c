/* gdb_kernel.c -- a multiboot kernel with debug information, for gdb.sh. Paging is on: the
 * first 4 MiB are at 0 and at C0000000h. A timer interrupt comes every millisecond or so.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;

__asm__(".text\n"
        ".long 0x1BADB002, 0, -0x1BADB002\n"
        ".globl start\n"
        "start: mov $stack + 16384, %esp\n"
        "       xor %ebp, %ebp\n"
        "       fninit\n"
        "       push $0\n"
        "       call kernel_main\n"
        "stop:  hlt\n"
        "       jmp stop\n"
        ".globl timer_entry\n"
        "timer_entry: pusha\n"
        "       cld\n"
        "       call timer\n"
        "       popa\n"
        "       iret\n");

u8 stack[16384] __attribute__((aligned(16)));
static u32 directory[1024] __attribute__((aligned(4096)));
static struct {
    u32 lo, hi;
} idt[256], gdt[3] = {{0, 0}, {0x0000FFFF, 0x00CF9B00}, {0x0000FFFF, 0x00CF9300}};

volatile u32 ticks;  /* of the timer */
volatile u32 shared; /* what is watched */
double ratio;

static void out(u16 port, u8 v)
{
    __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

void timer_entry(void);
void timer(void)
{
    ticks++;
    out(0x20, 0x20);
}

static void load_tables(void)
{
    struct __attribute__((packed)) {
        u16 limit;
        void *base;
    } g = {sizeof gdt - 1, gdt}, i = {sizeof idt - 1, idt};
    u32 entry = (u32)timer_entry;
    idt[0x20].lo = 8u << 16 | (entry & 0xFFFF);
    idt[0x20].hi = (entry & 0xFFFF0000u) | 0x8E00;
    __asm__ volatile(
        "lgdt %0; ljmp $8, $1f; 1: mov %2, %%ds; mov %2, %%es; mov %2, %%ss; lidt %1"
        :
        : "m"(g), "m"(i), "r"(16));
}

static void enable_timer(void)
{
    static const u8 setup[][2] = {{0x20, 0x11}, {0x21, 0x20}, {0x21, 4},
                                  {0x21, 1},    {0x21, 0xFE}, {0xA1, 0xFF},
                                  {0x43, 0x34}, {0x40, 0xA9}, {0x40, 4}};
    for (u32 n = 0; n < sizeof setup / sizeof setup[0]; n++) {
        out(setup[n][0], setup[n][1]);
    }
    __asm__ volatile("sti");
}

static void enable_paging(void)
{
    directory[0] = directory[0x300] = 0x83; /* 4 MiB pages */
    __asm__ volatile("mov %%cr4, %%eax; or $0x10, %%eax; mov %%eax, %%cr4\n"
                     "mov %0, %%cr3; mov %%cr0, %%eax; or $0x80000000, %%eax; mov %%eax, %%cr0"
                     :
                     : "r"(directory)
                     : "eax");
}

static u32 weigh(u32 n)
{
    u32 sum = 0;
    for (u32 k = 1; k <= n; k++) {
        sum += k * k;
    }
    return sum;
}

static u32 __attribute__((noinline)) inner(u32 n)
{
    u32 w = weigh(n);
    shared = w;
    return w + 1;
}

static u32 __attribute__((noinline)) outer(u32 n)
{
    u32 result = inner(n + 1);
    return result * 2;
}

static void say(const char *s)
{
    while (*s) {
        out(0xE9, (u8)*s++);
    }
}

void kernel_main(void)
{
    load_tables();
    enable_paging();
    enable_timer();
    for (u32 round = 1; round <= 100; round++) {
        u32 got = outer(round);
        ratio = got / 3.0;
        if (shared != weigh(round + 1)) {
            say("wrong\n");
        }
    }
    say("all rounds\n");
    while (ticks < 50) {
        __asm__ volatile("hlt");
    }
    say("ticked\n");
    out(0xF4, 0);
    for (;;) {
        shared++;
    }
}
