#include "include/CPeak.h"

// More chains than latency times issue width asks for, and few enough for the registers.
#define CHAINS 14

typedef float V16 __attribute__((vector_size(64)));
typedef float V8 __attribute__((vector_size(32)));
typedef float V4 __attribute__((vector_size(16)));

static volatile float factor = 0.9999999f, term = 1e-9f;
static volatile float sink;

#define FMA_CHAINS(name, Vector, lanes, attributes)                            \
  attributes static double name(size_t rounds) {                               \
    Vector a = factor - (Vector){0}, b = term - (Vector){0}, sums[CHAINS];     \
    for (int i = 0; i < CHAINS; i++) sums[i] = b * (float)i;                   \
    for (size_t r = 0; r < rounds; r++) {                                      \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++)      \
          sums[i] = sums[i] * a + b;                                           \
    }                                                                          \
    for (int i = 1; i < CHAINS; i++) sums[0] += sums[i];                       \
    sink = sums[0][0];                                                         \
    return 2.0 * lanes * CHAINS * (double)rounds;                              \
  }

#pragma STDC FP_CONTRACT ON

#if defined(__x86_64__)

FMA_CHAINS(chains_avx512, V16, 16, __attribute__((target("avx512f,fma"))))
FMA_CHAINS(chains_avx2, V8, 8, __attribute__((target("avx2,fma"))))
FMA_CHAINS(chains_sse2, V4, 4, )

const char *bench_peak_name(void) {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return "avx512";
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? "avx2" : "sse2";
}

double bench_peak_run(size_t rounds) {
  switch (bench_peak_name()[3]) {
    case '5': return chains_avx512(rounds);
    case '2': return bench_peak_name()[0] == 'a' ? chains_avx2(rounds) : chains_sse2(rounds);
    default: return chains_sse2(rounds);
  }
}

#else

FMA_CHAINS(chains_neon, V4, 4, )

const char *bench_peak_name(void) { return "neon"; }
double bench_peak_run(size_t rounds) { return chains_neon(rounds); }

#endif
