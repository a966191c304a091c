/* frontend/report.c -- see the header. */
#include "frontend/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HELD_MOST = 1 << 20 };

/* What waits for the terminal, for stdout and stderr. */
struct held {
    char *s;
    size_t len;
};

static bool holding, diverted;
static struct held held_out, held_err;
static report_shown_fn *shown_fn;
static void *shown_ctx;
static report_shown_fn *redirect_fn;
static void *redirect_ctx;
static report_prompt_fn *prompt_fn;
static void *prompt_ctx;

static void hold(struct held *h, const char *text)
{
    size_t n = strlen(text);
    char *s = h->len + n < HELD_MOST ? realloc(h->s, h->len + n + 1) : NULL;
    if (s) {
        memcpy(s + h->len, text, n + 1);
        h->s = s;
        h->len += n;
    }
}

static bool is_control(char c)
{
    unsigned char u = (unsigned char)c;
    return (u < 0x20 && c != '\n' && c != '\t') || u == 0x7F;
}

static void put(FILE *f, struct held *h, char *text)
{
    for (char *p = text; *p; p++) {
        *p = is_control(*p) ? '?' : *p;
    }
    if (redirect_fn) {
        redirect_fn(redirect_ctx, text);
        return;
    }
    if (!holding) {
        if (prompt_fn) {
            prompt_fn(prompt_ctx, true);
        }
        fputs(text, f);
        if (prompt_fn) {
            fflush(f);
            prompt_fn(prompt_ctx, false);
        }
    }
    if (holding && !diverted) {
        hold(h, text);
    }
    if (shown_fn) {
        shown_fn(shown_ctx, text);
    }
}

static void put_format(FILE *f, struct held *h, const char *format, va_list args)
    PRINTF_LIKE(3, 0);
static void put_format(FILE *f, struct held *h, const char *format, va_list args)
{
    char text[1024];
    vsnprintf(text, sizeof text, format, args);
    put(f, h, text);
}

void report(const char *format, ...)
{
    char line[1024], text[1040];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    for (char *p = line; *p; p++) {
        *p = *p == '\n' || *p == '\t' ? '?' : *p;
    }
    snprintf(text, sizeof text, "%s%s\n", redirect_fn ? "" : "terrapin: ", line);
    put(stderr, &held_err, text);
}

void complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put_format(stderr, &held_err, format, args);
    va_end(args);
}

void say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put_format(stdout, &held_out, format, args);
    va_end(args);
}

void say_text(const char *text)
{
    char piece[1024];
    for (size_t n; *text; text += n) {
        n = strlen(text);
        n = n < sizeof piece ? n : sizeof piece - 1;
        memcpy(piece, text, n);
        piece[n] = '\0';
        put(stdout, &held_out, piece);
    }
}

void say_flush(void)
{
    fflush(stdout);
}

bool say_failed(void)
{
    return ferror(stdout) != 0;
}

void report_hold(report_shown_fn *shown, void *ctx)
{
    holding = true;
    shown_fn = shown;
    shown_ctx = ctx;
}

void report_watch(report_shown_fn *shown, void *ctx)
{
    shown_fn = shown;
    shown_ctx = ctx;
}

void report_divert(bool on)
{
    diverted = on;
}

void report_redirect(report_shown_fn *to, void *ctx)
{
    redirect_fn = to;
    redirect_ctx = ctx;
}

void report_prompt(report_prompt_fn *fn, void *ctx)
{
    prompt_fn = fn;
    prompt_ctx = ctx;
}

static void release(FILE *f, struct held *h)
{
    if (h->s) {
        fputs(h->s, f);
    }
    fflush(f);
    free(h->s);
    *h = (struct held){NULL, 0};
}

void report_release(void)
{
    holding = diverted = false;
    shown_fn = NULL;
    release(stdout, &held_out);
    release(stderr, &held_err);
}

const char *short_path(const char *path)
{
    enum { LONGEST = 130 };
    size_t n = strlen(path);
    return n > LONGEST ? path + (n - LONGEST) : path;
}
