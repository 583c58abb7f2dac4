/* The calling convention of exported functions, so that one timer serves them and the functions written by hand:
   arrays as descriptors by pointer, scalars by value, results through the pointers at the end, 0 if all went well. */
#ifndef SSAD_BENCHMARK_CONVENTION_H
#define SSAD_BENCHMARK_CONVENTION_H

#include <stdint.h>
#include <stdlib.h>

typedef struct { double *data; int64_t shape[1]; int64_t strides[1]; } ssad_f64_1d;
typedef struct { double *data; int64_t shape[2]; int64_t strides[2]; } ssad_f64_2d;

enum { OK = 0, OUT_OF_MEMORY = 1 };

/* Memory that is kept from call to call and grows by doubling, with the old content. */
static inline double *workspace(int64_t wanted)
{
    static _Thread_local double *kept;
    static _Thread_local int64_t size;
    if (wanted > size) {
        int64_t larger = wanted > 2 * size ? wanted : 2 * size;
        double *moved = realloc(kept, (size_t)larger * sizeof(double));
        if (!moved)
            return NULL;
        kept = moved;
        size = larger;
    }
    return kept;
}

#endif
