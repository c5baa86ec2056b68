#if defined(__x86_64__)

#include <immintrin.h>

#define ISA avx2
#define LANES 8
#define ROWS 6
#define VECTORS 2
#define TARGET __attribute__((target("avx2,fma")))
#define FUSED 1
#define MULTIPLY_ADD(a, b, c) ((Lanes)_mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c)))

#include "kernels.inc"

#endif
