#include <string.h>

#include "include/CKerasKernels.h"

#if defined(__x86_64__)
extern const HornbillKernels hornbill_kernels_avx512, hornbill_kernels_avx2, hornbill_kernels_sse2;
#else
extern const HornbillKernels hornbill_kernels_neon;
#endif

const HornbillKernels *hornbill_kernels_named(const char *name) {
#if defined(__x86_64__)
  // Asks the processor, and whether the system keeps its wide registers.
  __builtin_cpu_init();
  int hasAVX2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  int hasAVX512 = hasAVX2 && __builtin_cpu_supports("avx512f") &&
                  __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                  __builtin_cpu_supports("avx512bw");
  if (!strcmp(name, "avx512")) return hasAVX512 ? &hornbill_kernels_avx512 : NULL;
  if (!strcmp(name, "avx2")) return hasAVX2 ? &hornbill_kernels_avx2 : NULL;
  return strcmp(name, "sse2") ? NULL : &hornbill_kernels_sse2;
#else
  return strcmp(name, "neon") ? NULL : &hornbill_kernels_neon;
#endif
}

const HornbillKernels *hornbill_kernels_widest(void) {
#if defined(__x86_64__)
  const HornbillKernels *kernels = hornbill_kernels_named("avx512");
  if (!kernels) kernels = hornbill_kernels_named("avx2");
  return kernels ? kernels : &hornbill_kernels_sse2;
#else
  return &hornbill_kernels_neon;
#endif
}
