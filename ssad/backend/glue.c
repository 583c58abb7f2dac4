/* The fixed part of an exported library: the code written behind it packs arguments and calls native entries. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define SSAD_API __attribute__((visibility("default")))
#include HEADER

/* The last failure of this thread, for the error functions. */
static _Thread_local int ssad_failed;
static _Thread_local const char *ssad_argument = "";
static _Thread_local int64_t ssad_payload[8];
static _Thread_local char ssad_text[1024];

static inline int ssad_bad(const char *what) {
  ssad_argument = what;
  return ssad_failed = -1;
}

static inline double ssad_number(int64_t word) {
  double x;
  memcpy(&x, &word, 8);
  return x;
}

static inline int64_t ssad_count(int rank, const int64_t *shape) {
  int64_t n = 1;
  for (int k = 0; k < rank; k++) n *= shape[k];
  return n;
}

static inline void ssad_contiguous(int rank, const int64_t *shape, int64_t *strides, int fortran) {
  int64_t step = 1;
  for (int k = 0; k < rank; k++) {
    int axis = fortran ? k : rank - 1 - k;
    strides[axis] = step;
    step *= shape[axis];
  }
}

/* Axes of length 1 do not matter, nor do empty arrays. */
static inline int ssad_is_contiguous(int rank, const int64_t *shape, const int64_t *strides, int fortran) {
  int64_t step = 1;
  if (ssad_count(rank, shape) == 0) return 1;
  for (int k = 0; k < rank; k++) {
    int axis = fortran ? k : rank - 1 - k;
    if (shape[axis] != 1 && strides[axis] != step) return 0;
    step *= shape[axis];
  }
  return 1;
}

/* Copy an array, or zero it where there is no source; `size` is that of an element in bytes. */
static inline void ssad_sweep(int rank, const int64_t *shape, char *to, const int64_t *to_strides,
                              const char *from, const int64_t *from_strides, int64_t size) {
  if (rank == 1 && to_strides[0] == 1 && (!from || from_strides[0] == 1)) {
    if (shape[0] <= 0) return;
    if (from) memcpy(to, from, (size_t)(shape[0] * size));
    else memset(to, 0, (size_t)(shape[0] * size));
    return;
  }
  if (rank == 0) {
    if (from) memcpy(to, from, (size_t)size);
    else memset(to, 0, (size_t)size);
    return;
  }
  for (int64_t k = 0; k < shape[0]; k++)
    ssad_sweep(rank - 1, shape + 1, to + k * to_strides[0] * size, to_strides + 1,
               from ? from + k * from_strides[0] * size : 0, from ? from_strides + 1 : 0, size);
}
