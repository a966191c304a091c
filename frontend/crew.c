/* frontend/crew.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/crew.h"

#include <pthread.h>
#include <stdlib.h>

enum { TASKS = 16 }; /* a writer gives fewer before it waits */

struct task {
    void (*work)(void *job);
    void *job;
    bool done;
};

struct crew {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread[CREW_MOST];
    unsigned threads;
    struct task task[TASKS]; /* a ring: those given, of which some are taken */
    unsigned given, taken;   /* so many in all */
    bool over;
    struct state_crew face;
};

static void *serve(void *ctx)
{
    struct crew *c = ctx;
    pthread_mutex_lock(&c->lock);
    while (!c->over) {
        if (c->taken == c->given) {
            pthread_cond_wait(&c->changed, &c->lock);
            continue;
        }
        struct task *t = &c->task[c->taken++ % TASKS];
        pthread_mutex_unlock(&c->lock);
        t->work(t->job);
        pthread_mutex_lock(&c->lock);
        t->done = true;
        pthread_cond_broadcast(&c->changed);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

static void give(void *ctx, void (*work)(void *job), void *job)
{
    struct crew *c = ctx;
    pthread_mutex_lock(&c->lock);
    struct task *t = &c->task[c->given % TASKS];
    while (t->work && !t->done) { /* its former one */
        pthread_cond_wait(&c->changed, &c->lock);
    }
    *t = (struct task){work, job, false};
    c->given++;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

/* The youngest task of the job is meant: it may have been given before. */
static bool is_done(const struct crew *c, const void *job)
{
    for (unsigned i = 0; i < TASKS && i < c->given; i++) {
        const struct task *t = &c->task[(c->given - 1 - i) % TASKS];
        if (t->job == job) {
            return t->done;
        }
    }
    return true;
}

static void await(void *ctx, void *job)
{
    struct crew *c = ctx;
    pthread_mutex_lock(&c->lock);
    while (!is_done(c, job)) {
        pthread_cond_wait(&c->changed, &c->lock);
    }
    pthread_mutex_unlock(&c->lock);
}

struct crew *crew_new(unsigned n)
{
    struct crew *c = calloc(1, sizeof *c);
    if (!c) {
        return NULL;
    }
    c->face = (struct state_crew){c, give, await};
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    while (c->threads < n && c->threads < CREW_MOST &&
           pthread_create(&c->thread[c->threads], NULL, serve, c) == 0) {
        c->threads++;
    }
    if (c->threads == 0) {
        crew_free(c);
        return NULL;
    }
    return c;
}

void crew_free(struct crew *c)
{
    if (!c) {
        return;
    }
    pthread_mutex_lock(&c->lock);
    c->over = true;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    while (c->threads > 0) {
        pthread_join(c->thread[--c->threads], NULL);
    }
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

const struct state_crew *crew_for_states(struct crew *c)
{
    return c ? &c->face : NULL;
}
