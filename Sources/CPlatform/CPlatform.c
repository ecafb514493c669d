#define _GNU_SOURCE
#include "CPlatform.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#if defined(__linux__)
#include <sys/mman.h>
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

int headway_allowed_cores(void) {
#if defined(__linux__)
    cpu_set_t allowed;
    if (!sched_getaffinity(0, sizeof allowed, &allowed)) return CPU_COUNT(&allowed);
#endif
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

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

#if defined(__linux__)
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

// Memory worth moving: with this size, at least one large page lies in it wherever it begins.
static const size_t large_mapping = 4u << 20;

// The next private, writable mapping without a file that is large and nearly all resident; false at the
// end of the list.
static bool next_full_mapping(FILE *maps, uintptr_t *start, uintptr_t *end) {
    char line[512];
    bool is_candidate = false;
    while (fgets(line, sizeof line, maps)) {
        uintptr_t from, to;
        char access[5];
        unsigned long inode, resident;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %lu", &from, &to, access, &inode) == 4) {
            is_candidate = to - from >= large_mapping && inode == 0 && !strcmp(access, "rw-p");
            *start = from;
            *end = to;
        } else if (is_candidate && sscanf(line, "Rss: %lu kB", &resident) == 1) {
            if (resident * 1024 >= (*end - *start) / 8 * 7) return true;
        }
    }
    return false;
}
#endif

void headway_collapse_pages(void) {
#if defined(__linux__)
    struct { uintptr_t start, end; } found[256];
    size_t count = 0;
    FILE *maps = fopen("/proc/self/smaps", "re");
    if (!maps) return;
    while (count < 256 && next_full_mapping(maps, &found[count].start, &found[count].end)) count++;
    fclose(maps);
    // The list is read whole before it is changed. Failing only means that small pages stay.
    for (size_t index = 0; index < count; index++) {
        madvise((void *)found[index].start, found[index].end - found[index].start, MADV_COLLAPSE);
    }
#endif
}

void headway_return_memory(void) {
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
}

uint64_t headway_cpu_ns(void) {
    struct timespec used;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used)) return 0;
    return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}
