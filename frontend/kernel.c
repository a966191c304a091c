/* frontend/kernel.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/kernel.h"
#include "frontend/parse.h"
#include "frontend/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is left of f, malloc'ed, one byte more than *size at most; NULL with errno. Files larger
 * than `most` end there. */
static uint8_t *read_all(FILE *f, uint64_t most, uint64_t *size)
{
    uint64_t cap = 1 << 20, n = 0;
    uint8_t *bytes = NULL;
    while (n <= most) {
        if (n == cap || !bytes) {
            cap = n == cap ? cap * 2 : cap;
            uint8_t *more = cap <= SIZE_MAX ? realloc(bytes, (size_t)cap) : NULL;
            if (!more) {
                break;
            }
            bytes = more;
        }
        size_t got = fread(bytes + n, 1, (size_t)(cap - n), f);
        n += got;
        if (got == 0) {
            if (ferror(f)) {
                break;
            }
            *size = n;
            return bytes;
        }
    }
    *size = n;
    if (n > most) {
        return bytes;
    }
    free(bytes);
    return NULL;
}

/* What a file must fit into. A state tells its own memory, later: then the files are compared.
 */
static uint64_t room(const struct options *o)
{
    return o->loadvm && !o->ram_given ? UINT64_C(3) << 30 : o->ram_bytes;
}

/* A file that has to fit into the guest's memory. NULL with err. */
static uint8_t *load(const char *option, const char *path, uint64_t ram, uint32_t *size,
                     struct error *err)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        error_set(err, "%s %s: %s; check the name", option, short_path(path), strerror(errno));
        return NULL;
    }
    uint64_t n = 0;
    uint8_t *bytes = read_all(f, ram, &n);
    int why = errno;
    fclose(f);
    if (!bytes) {
        error_set(err, "%s %s: %s; give a file", option, short_path(path), strerror(why));
        return NULL;
    }
    if (n == 0 || n > ram) {
        error_set(err, "%s %s: %s", option, short_path(path),
                  n == 0 ? "is empty; give another file"
                         : "does not fit into the memory; use a larger -m");
        free(bytes);
        return NULL;
    }
    *size = (uint32_t)n;
    return bytes;
}

static int load_module(struct kernel *k, const char *path, const struct options *o,
                       struct error *err)
{
    unsigned n = k->modules;
    k->module_bytes[n] = load("-initrd", path, room(o), &k->module[n].size, err);
    if (!k->module_bytes[n]) {
        return -1;
    }
    k->module[n].bytes = k->module_bytes[n];
    k->modules++;
    return 0;
}

/* "FILE ARGS,FILE ARGS": multiboot's modules; each is given its file's name and arguments. */
static int load_modules(struct kernel *k, const struct options *o, struct error *err)
{
    k->module_list = strdup(o->initrd);
    if (!k->module_list) {
        return error_set(err, "-initrd: out of memory");
    }
    char *rest = k->module_list;
    for (char *item; (item = list_next(&rest)) != NULL;) {
        item += strspn(item, " ");
        if (k->modules == BOOT_MODULES) {
            return error_set(err, "-initrd: too many modules; at most %d", BOOT_MODULES);
        }
        size_t n = strcspn(item, " ");
        char *path = strndup(item, n);
        int rc = path ? load_module(k, path, o, err) : error_set(err, "-initrd: out of memory");
        free(path);
        if (rc < 0) {
            return -1;
        }
        k->module[k->modules - 1].cmdline = item;
    }
    return 0;
}

int kernel_load(struct kernel *k, const struct options *o, struct error *err)
{
    *k = (struct kernel){.name = o->kernel, .append = o->append};
    if (!o->kernel) {
        return 0;
    }
    k->bytes = load("-kernel", o->kernel, room(o), &k->size, err);
    if (!k->bytes) {
        return -1;
    }
    enum machine_kernel kind = machine_kernel_kind(k->bytes, k->size);
    if (kind == KERNEL_UNKNOWN) {
        return error_set(err,
                         "-kernel %s: is no Linux (bzImage) or multiboot kernel; give "
                         "another",
                         short_path(o->kernel));
    }
    if (o->initrd && kind == KERNEL_LINUX) {
        return load_module(k, o->initrd, o, err);
    }
    return o->initrd ? load_modules(k, o, err) : 0;
}

void kernel_configure(const struct kernel *k, struct machine_config *m)
{
    m->kernel = k->bytes;
    m->kernel_size = k->size;
    m->kernel_name = k->name;
    m->append = k->append;
    m->module = k->module;
    m->modules = k->modules;
}

void kernel_free(struct kernel *k)
{
    free(k->bytes);
    for (unsigned i = 0; i < ARRAY_LEN(k->module_bytes); i++) {
        free(k->module_bytes[i]);
    }
    free(k->module_list);
    *k = (struct kernel){0};
}
