// What Headway needs of the operating system and cannot reach from Swift: a monotonic clock as one
// number, named threads, a parking place with a deadline, and the process's memory.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>

/// Nanoseconds on the monotonic clock.
static inline uint64_t headway_monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/// Sends what a socket takes without waiting: how many bytes, or -1 when it takes none or is broken.
static inline ptrdiff_t headway_send_now(int socket, const void *bytes, size_t count) {
    return send(socket, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/// Where `byte` first stands in `count` bytes; -1 when it does not.
static inline ptrdiff_t headway_find_byte(const void *bytes, size_t count, uint8_t byte) {
    const void *found = memchr(bytes, byte, count);
    return found ? (const char *)found - (const char *)bytes : -1;
}

/// Whether two pieces of memory hold the same `count` bytes.
static inline bool headway_same_bytes(const void *one, const void *other, size_t count) {
    return memcmp(one, other, count) == 0;
}

/// Whether `needle` stands anywhere in `count` bytes.
bool headway_holds(const void *bytes, size_t count, const void *needle, size_t needle_count);

/// Marks the calling thread as one that gathers: woken on a core where a thread of the same kind runs, it
/// waits for that thread's turn to end, so that it finds more to do at once. Changes nothing on a core of
/// its own.
void headway_thread_gathers(void);

/// Marks the calling thread as one that computes. Where it shares a core with threads that handle
/// events it does not interrupt them when it is woken, and yields them the larger part of the core when
/// both have work without end: a server that computes but no longer reads cannot even refuse. On a core
/// of its own this changes nothing.
void headway_thread_computes(void);

/// Lets threads that wait for this core go first.
void headway_thread_yield(void);

/// Cores that the calling thread may run on: what `taskset`, a CPU set or a container's pinning leave.
int headway_allowed_cores(void);

/// Starts a detached thread; answers 0 or an errno. `name` is cut to 15 bytes.
int headway_thread_start(const char *name, void (*body)(void *), void *context);

/// A binary semaphore that one thread waits on: an unpark before a park is remembered.
void *headway_parker_create(void);
void headway_parker_destroy(void *parker);

/// Waits for an unpark; answers false when `deadline_ns` (monotonic, UINT64_MAX for none) passed first.
bool headway_parker_park(void *parker, uint64_t deadline_ns);
void headway_parker_unpark(void *parker);

/// Resident bytes of this process; 0 where the system does not tell.
uint64_t headway_resident_bytes(void);

/// Moves what lies in this process's large, full mappings of memory to large pages, once. An engine that
/// reads all weights with every batch then needs 512 times fewer entries of the address tables. Takes time
/// like copying that memory. Changes nothing where the system cannot do it (Linux before 6.1), nor how
/// memory is handed out later.
void headway_collapse_pages(void);

/// Gives memory that was freed back to the system, where the C library can.
void headway_return_memory(void);

/// CPU nanoseconds that this process has used, user and system.
uint64_t headway_cpu_ns(void);
