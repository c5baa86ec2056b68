#if defined(__x86_64__)

#include <immintrin.h>
#include <stddef.h>

#define ISA avx512
#define LANES 16
#define ROWS 8
#define VECTORS 3
#define TARGET __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,fma")))
#define FUSED 1
#define MULTIPLY_ADD(a, b, c) ((Lanes)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define HAS_PARTS

typedef float Lanes512 __attribute__((vector_size(64), aligned(4), may_alias));

TARGET static inline __attribute__((always_inline)) Lanes512 load_part(
    const float *p, size_t count) {
  return (Lanes512)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
}

TARGET static inline __attribute__((always_inline)) void store_part(
    float *p, Lanes512 v, size_t count) {
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), (__m512)v);
}

#include "kernels.inc"

#endif
