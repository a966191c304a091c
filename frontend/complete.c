/* frontend/complete.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/complete.h"

#include "frontend/commands.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

struct found {
    const char *prefix; /* of the word, in the line */
    size_t len;
    char common[EDIT_LINE]; /* of all candidates */
    unsigned n;
    char *text; /* the candidates */
    size_t used;
};

static void offer(struct found *f, const char *word, size_t n)
{
    if (n < f->len || memcmp(word, f->prefix, f->len) != 0 || n >= sizeof f->common) {
        return;
    }
    if (f->n++ == 0) {
        memcpy(f->common, word, n);
        f->common[n] = '\0';
    }
    size_t same = 0;
    while (same < n && f->common[same] == word[same]) {
        same++;
    }
    f->common[same] = '\0';
    if (f->used + n + 2 < COMPLETE_TEXT) {
        memcpy(f->text + f->used, word, n);
        f->used += n;
        f->text[f->used++] = ' ';
        f->text[f->used] = '\0';
    }
}

/* Each of "a|b [c]"; capitals stand for something else. */
static void offer_words(struct found *f, const char *words)
{
    static const char between[] = "| []";
    for (words += strspn(words, between); *words; words += strspn(words, between)) {
        size_t n = strcspn(words, between);
        if (*words < 'A' || *words > 'Z') {
            offer(f, words, n);
        }
        words += n;
    }
}

typedef const char *name_fn(unsigned i);
static void offer_names(struct found *f, name_fn *name)
{
    for (unsigned i = 0; name(i); i++) {
        offer(f, name(i), strlen(name(i)));
    }
}

static void offer_files(struct found *f)
{
    char path[EDIT_LINE * 2], word[EDIT_LINE * 2];
    size_t dir = f->len;
    while (dir > 0 && f->prefix[dir - 1] != '/') {
        dir--;
    }
    memcpy(path, f->prefix, dir);
    memcpy(path + dir, dir ? "" : ".", dir ? 1 : 2);
    DIR *d = opendir(path);
    for (struct dirent *entry; d && (entry = readdir(d)) != NULL;) {
        size_t n = strlen(entry->d_name);
        bool hidden = entry->d_name[0] == '.' && dir == f->len;
        if (hidden || dir + n + 2 > sizeof word || strpbrk(entry->d_name, " \t\"\n")) {
            continue; /* names with blanks want quotes: typed by hand */
        }
        memcpy(word, f->prefix, dir);
        memcpy(word + dir, entry->d_name, n + 1);
        struct stat st;
        n += dir;
        if (stat(word, &st) == 0 && S_ISDIR(st.st_mode)) {
            word[n++] = '/';
            word[n] = '\0';
        }
        offer(f, word, n);
    }
    if (d) {
        closedir(d);
    }
}

/* The argument behind this one in a row's list; options in brackets, which may have arguments
 * of their own, are one. NULL: this was the last. */
static const char *next_argument(const char *arguments)
{
    const char *end = strchr(arguments, *arguments == '[' ? ']' : ' ');
    end = end ? strchr(end, ' ') : NULL;
    return end ? end + 1 : NULL;
}

/* The n-th argument of a command, by what its row calls it; F and what begins with "F." is a
 * file. */
static void offer_argument(struct found *f, const char *line, unsigned n)
{
    char words[128] = "";
    size_t len = strcspn(line, " ");
    if (len >= sizeof words) {
        return;
    }
    memcpy(words, line, len);
    words[len] = '\0';
    const char *arguments = command_arguments(words);
    bool optional = arguments && strncmp(arguments, "[-", 2) == 0;
    if (optional && line[len + strspn(line + len, " ")] != '-') {
        n++; /* an option that is not there */
    }
    for (; arguments && n > 1; n--) {
        const char *next = next_argument(arguments);
        arguments = next || !optional ? next : arguments; /* an option's own is a file, too */
    }
    len = arguments ? strcspn(arguments, " ") : sizeof words;
    if (len >= sizeof words) {
        return;
    }
    memcpy(words, arguments, len);
    words[len] = '\0';
    if (strcmp(words, "[SUBJECT]") == 0) {
        offer_names(f, info_subject);
    } else if (strcmp(words, "[COMMAND]") == 0) {
        offer_names(f, command_name);
    } else if (words[0] == 'F' && (words[1] == '\0' || words[1] == '.')) {
        offer_files(f);
    } else {
        offer_words(f, words);
    }
}

void complete_line(struct edit *e, char text[COMPLETE_TEXT])
{
    struct found f = {.text = text};
    size_t from = e->at, start = strspn(e->line, " ");
    unsigned words = 0;
    *text = '\0';
    while (from > start && e->line[from - 1] != ' ') {
        from--;
    }
    for (size_t i = start; i < from; i++) {
        words += e->line[i] == ' ' && e->line[i + 1] != ' ';
    }
    f.prefix = e->line + from;
    f.len = e->at - from;
    if (from <= start) {
        offer_names(&f, command_name);
    } else {
        offer_argument(&f, e->line + start, words);
    }
    size_t more = f.n ? strlen(f.common) - f.len : 0;
    bool directory = f.n == 1 && f.common[0] && f.common[strlen(f.common) - 1] == '/';
    edit_insert(e, f.common + f.len, more);
    if (f.n == 1 && !directory) {
        edit_insert(e, " ", 1);
    }
    if (f.n <= 1 || more > 0) {
        *text = '\0';
    }
}
