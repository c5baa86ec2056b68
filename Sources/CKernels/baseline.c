// What every processor of its kind has.
#define LANES 4
#define ROWS 4
#define TARGET

#if defined(__aarch64__)

#include <arm_neon.h>

#define ISA neon
#define VECTORS 4
#define FUSED 1
#define MULTIPLY_ADD(a, b, c) \
  ((Lanes)vfmaq_f32((float32x4_t)(c), (float32x4_t)(a), (float32x4_t)(b)))

#else

#define ISA sse2
#define VECTORS 2
#define FUSED 0
#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))

#endif

#include "kernels.inc"
