#define _GNU_SOURCE
#include "CPlatform.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#endif

struct thread {
    void (*body)(void *);
    void *context;
    char name[16];
};

static void *thread_main(void *argument) {
    struct thread thread = *(struct thread *)argument;
    free(argument);
#if defined(__linux__)
    prctl(PR_SET_NAME, thread.name, 0, 0, 0);
#endif
    thread.body(thread.context);
    return NULL;
}

int headway_thread_start(const char *name, void (*body)(void *), void *context) {
    struct thread *thread = calloc(1, sizeof *thread);
    if (!thread) return ENOMEM;
    thread->body = body;
    thread->context = context;
    strncpy(thread->name, name, sizeof thread->name - 1);
    pthread_t id;
    int error = pthread_create(&id, NULL, thread_main, thread);
    if (error) {
        free(thread);
        return error;
    }
    pthread_detach(id);
    return 0;
}

bool headway_holds(const void *bytes, size_t count, const void *needle, size_t needle_count) {
    return memmem(bytes, count, needle, needle_count) != NULL;
}

void headway_thread_gathers(void) {
#if defined(__linux__)
    struct sched_param parameter = {0};
    // Failing only means that the thread keeps what it has.
    pthread_setschedparam(pthread_self(), SCHED_BATCH, &parameter);
#endif
}

void headway_thread_computes(void) {
    headway_thread_gathers();
#if defined(__linux__)
    id_t thread = (id_t)syscall(SYS_gettid);
    errno = 0;
    int niceness = getpriority(PRIO_PROCESS, thread);
    if (errno == 0) setpriority(PRIO_PROCESS, thread, niceness + 2);
#endif
}

void headway_thread_yield(void) { sched_yield(); }

struct parker {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
    bool token;
};

void *headway_parker_create(void) {
    struct parker *parker = calloc(1, sizeof *parker);
    if (!parker) abort();
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&parker->mutex, NULL);
    pthread_cond_init(&parker->condition, &attributes);
    pthread_condattr_destroy(&attributes);
    return parker;
}

void headway_parker_destroy(void *handle) {
    struct parker *parker = handle;
    pthread_cond_destroy(&parker->condition);
    pthread_mutex_destroy(&parker->mutex);
    free(parker);
}

bool headway_parker_park(void *handle, uint64_t deadline_ns) {
    struct parker *parker = handle;
    struct timespec deadline = {.tv_sec = (time_t)(deadline_ns / 1000000000u),
                                .tv_nsec = (long)(deadline_ns % 1000000000u)};
    pthread_mutex_lock(&parker->mutex);
    while (!parker->token) {
        if (deadline_ns == UINT64_MAX) {
            pthread_cond_wait(&parker->condition, &parker->mutex);
        } else if (pthread_cond_timedwait(&parker->condition, &parker->mutex, &deadline) ==
                   ETIMEDOUT) {
            break;
        }
    }
    bool woken = parker->token;
    parker->token = false;
    pthread_mutex_unlock(&parker->mutex);
    return woken;
}

void headway_parker_unpark(void *handle) {
    struct parker *parker = handle;
    pthread_mutex_lock(&parker->mutex);
    parker->token = true;
    pthread_cond_signal(&parker->condition);
    pthread_mutex_unlock(&parker->mutex);
}

uint64_t headway_resident_bytes(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file) return 0;
    unsigned long long size = 0, resident = 0;
    int fields = fscanf(file, "%llu %llu", &size, &resident);
    fclose(file);
    return fields == 2 ? resident * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

uint64_t headway_cpu_ns(void) {
    struct timespec used;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used)) return 0;
    return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}
