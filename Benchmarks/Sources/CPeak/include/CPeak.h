#ifndef HORNBILL_CPEAK_H
#define HORNBILL_CPEAK_H

#include <stddef.h>

/// Runs `rounds` rounds of independent float32 multiply-adds in the widest vectors of the processor.
///
/// - Returns: the floating-point operations that were done, two for each multiply-add.
double bench_peak_run(size_t rounds);

/// The vectors that ``bench_peak_run`` uses: `avx512`, `avx2`, `sse2` or `neon`.
const char *_Nonnull bench_peak_name(void);

#endif
