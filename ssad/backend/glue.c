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

/* A number as Python spells it: the shortest text that reads back the same. */
static inline const char *ssad_decimal(int word, double x) {
  static _Thread_local char texts[8][40];
  char *text = texts[word];
  if (isnan(x)) return "nan";
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(text, 32, "%.*g", digits, x);
    if (strtod(text, 0) == x) break;
  }
  return strpbrk(text, ".en") ? text : strcat(text, ".0");
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

/* Where an array lies: its first and last byte + 1, the common divisor of its strides and its element size in bytes,
   and what is wrong with it. */
typedef struct {
  int64_t low, high, step, size;
  int negative, null, repeats;
} ssad_span;

static inline int64_t ssad_divisor(int64_t a, int64_t b) {
  while (b) {
    int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a < 0 ? -a : a;
}

static inline ssad_span ssad_look(int rank, const void *data, const int64_t *shape, const int64_t *strides,
                                  int64_t size) {
  ssad_span span = {0, 0, 0, size, 0, 0, 0};
  int64_t first = (int64_t)(intptr_t)data, low = first, high = first + size;
  int empty = 0;
  for (int k = 0; k < rank; k++) {
    span.negative |= shape[k] < 0;
    empty |= shape[k] == 0;
  }
  if (span.negative || empty) return span;
  span.null = !data;
  for (int k = 0; k < rank; k++) {
    if (shape[k] == 1) continue;
    int64_t stride = strides[k] < 0 ? -strides[k] : strides[k], inner = 0;
    if (strides[k] < 0) low -= (shape[k] - 1) * stride * size;
    else high += (shape[k] - 1) * stride * size;
    span.step = ssad_divisor(span.step, stride * size);
    /* Elements are distinct if a step along an axis leads beyond all that smaller steps can reach. */
    for (int j = 0; j < rank; j++) {
      int64_t other = strides[j] < 0 ? -strides[j] : strides[j];
      if (j != k && (other < stride || (other == stride && j < k))) inner += (shape[j] - 1) * other;
    }
    span.repeats |= stride <= inner;
  }
  span.low = low;
  span.high = high;
  return span;
}

/* Whether two arrays may share a byte. Interleaved ones, such as the fields of an array of structs, do not. */
static inline int ssad_overlap(const ssad_span *a, const ssad_span *b) {
  if (a->low >= b->high || b->low >= a->high) return 0;
  int64_t step = ssad_divisor(a->step, b->step);
  if (step == 0) return 1;
  int64_t shift = (b->low - a->low) % step;
  if (shift < 0) shift += step;
  return shift < a->size || shift + b->size > step;
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
