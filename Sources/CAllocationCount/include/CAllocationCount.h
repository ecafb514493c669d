#ifndef HEADWAY_ALLOCATION_COUNT_H
#define HEADWAY_ALLOCATION_COUNT_H

#include <stdbool.h>

/// Blocks of memory that this thread has allocated since it started. An executable that links this
/// target replaces malloc and its relatives by ones that count; sanitizers bring their own, and then nothing
/// is counted.
long headway_allocation_count(void);

/// Whether allocations are counted in this process.
bool headway_allocations_are_counted(void);

#endif
