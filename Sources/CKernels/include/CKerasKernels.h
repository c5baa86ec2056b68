#ifndef HORNBILL_CKERASKERNELS_H
#define HORNBILL_CKERASKERNELS_H

#include <stddef.h>

/// The arithmetic inner loops, and nothing else: one table of functions for each instruction set.
///
/// Swift has no target attribute for a function, so a package that must build without unsafe flags
/// is compiled for the oldest processor of its kind. These loops are compiled once for each
/// instruction set, by target attributes, and chosen when a process starts.
///
/// The order of every sum is part of the contract: an element of a product adds its terms in
/// ascending order to what stood there, whatever the sizes around it. Instruction sets with fused
/// multiply-add round once where SSE2 rounds twice; beyond that they agree.
typedef struct {
  /// `avx512`, `avx2`, `sse2` or `neon`.
  const char *_Nonnull name;
  /// Whether a multiplication and the addition after it round once.
  int fusesMultiplyAdd;

  /// `c[m × n] += a[m × k] · b[k × n]`. Element (i, p) of a is `a[i·rowA + p·columnA]`; rows of b
  /// and c are contiguous, `strideB` and `strideC` elements apart.
  void (*_Nonnull addProduct)(
      size_t m, size_t n, size_t k, const float *_Nonnull a, size_t rowA, size_t columnA,
      const float *_Nonnull b, size_t strideB, float *_Nonnull c, size_t strideC);

  /// `y = e^x`; results below the smallest normal number are zero. Here and below at most 2 units in
  /// the last place off; NaN stays NaN; `y` may be `x`.
  void (*_Nonnull exponential)(const float *_Nonnull x, float *_Nonnull y, size_t count);
  /// `y = 1 / (1 + e^-x)`
  void (*_Nonnull sigmoid)(const float *_Nonnull x, float *_Nonnull y, size_t count);
  /// `y = tanh x`
  void (*_Nonnull tanh)(const float *_Nonnull x, float *_Nonnull y, size_t count);
} HornbillKernels;

/// The table of an instruction set by its name; null when the processor does not have it.
const HornbillKernels *_Nullable hornbill_kernels_named(const char *_Nonnull name);

/// The widest table that this processor has.
const HornbillKernels *_Nonnull hornbill_kernels_widest(void);

#endif
