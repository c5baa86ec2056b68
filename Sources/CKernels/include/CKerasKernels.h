#ifndef HORNBILL_CKERASKERNELS_H
#define HORNBILL_CKERASKERNELS_H

#include <stddef.h>
#include <stdint.h>

/// What a gate is computed with; Keras's names are in ``Activation``.
typedef enum {
  HornbillGateSigmoid,
  HornbillGateLegacyHardSigmoid,
  HornbillGateHardSigmoid,
} HornbillGate;

/// Rows of numbers: those of `base`, `stride` elements apart (0: the same for all), from its first one
/// on or at these numbers.
typedef struct {
  const float *_Nonnull base;
  size_t stride;
  const int32_t *_Nullable numbers;
} HornbillRows;

/// Steps of a recurrent cell, one after another, of rows that take all of them. What the rows of a
/// step have in each array lies together, and `stride` rows further what they have of the next step.
typedef struct {
  size_t steps;
  size_t rows;
  size_t units;
  size_t stride;
  /// x·W + b, rows of `G·units`; may be `gates`.
  HornbillRows x;
  /// `[units × G·units]`
  const float *_Nonnull recurrentKernel;
  /// The same packed, for large ones: of a GRU that resets before the product z's and r's part, then
  /// g's; or null.
  const float *_Nullable packedKernel;
  /// `[3·units]`, of a GRU that resets after the product alone.
  const float *_Nullable recurrentBias;
  /// Rows of `G·units`: what comes of the gates.
  float *_Nonnull gates;
  /// Rows of `units`: what a way back needs beside; null for a simple cell.
  float *_Nullable saved;
  /// The states before each step, rows of `units`; `c` only where the cell has two. Those of the
  /// first step are read, those of later ones written.
  float *_Nonnull h;
  float *_Nullable c;
  /// The states after the last step, `[rows × units]`.
  float *_Nonnull lastH;
  float *_Nullable lastC;
  /// Room for `[rows × 3·units]`, of a GRU that resets after the product alone.
  float *_Nullable inner;
} HornbillSteps;

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

  /// `c[m × n] = start + a[m × k] · b[k × n]`. Element (i, p) of a is `a[i·rowA + p·columnA]`; rows
  /// of b and c are contiguous, `strideB` and `strideC` elements apart. `start` may be c.
  void (*_Nonnull addProduct)(
      size_t m, size_t n, size_t k, const float *_Nonnull a, size_t rowA, size_t columnA,
      const float *_Nonnull b, size_t strideB, HornbillRows start, float *_Nonnull c,
      size_t strideC);

  /// b for ``addPackedProduct``, `k·n` numbers: an order of this instruction set's own, in which the
  /// inner loop walks through memory.
  void (*_Nonnull pack)(
      size_t n, size_t k, const float *_Nonnull b, size_t strideB, float *_Nonnull to);
  /// The same as ``addProduct`` to the bit, of a b that was packed once for many products.
  void (*_Nonnull addPackedProduct)(
      size_t m, size_t n, size_t k, const float *_Nonnull a, size_t rowA, size_t columnA,
      const float *_Nonnull packed, HornbillRows start, float *_Nonnull c, size_t strideC);

  /// `y = e^x`; results below the smallest normal number are zero. Here and below at most 2 units
  /// in the last place off; NaN stays NaN; `y` may be `x`.
  void (*_Nonnull exponential)(const float *_Nonnull x, float *_Nonnull y, size_t count);
  /// `y = 1 / (1 + e^-x)`
  void (*_Nonnull sigmoid)(const float *_Nonnull x, float *_Nonnull y, size_t count);
  /// `y = tanh x`
  void (*_Nonnull tanh)(const float *_Nonnull x, float *_Nonnull y, size_t count);

  // What stands between the products of a cell's step. States are `[rows × units]`, `gates` and `inner`
  // `[rows × 3·units]` (z r g) or `[rows × 4·units]` (i f g o). Each equals its plain body in
  // Swift, `GRUGates` or `LSTMGates`, to the bit.

  /// `z, r = σ(z), σ(r)`, `reset = r·h`
  void (*_Nonnull gruResetBefore)(
      HornbillGate gate, size_t rows, size_t units, float *_Nonnull gates, const float *_Nonnull h,
      float *_Nonnull reset);
  /// `z, r = σ(x_z + inner), σ(x_r + inner)`, `g = x_g + r·inner`, `kept` = inner's part of g; x may
  /// be `gates`.
  void (*_Nonnull gruResetAfter)(
      HornbillGate gate, size_t rows, size_t units, HornbillRows x, float *_Nonnull gates,
      const float *_Nonnull inner, float *_Nonnull kept);
  /// `g = tanh g`, `newH = z·h + (1 - z)·g`
  void (*_Nonnull gruOutput)(
      size_t rows, size_t units, float *_Nonnull gates, const float *_Nonnull h,
      float *_Nonnull newH);
  /// From `dNewH` to the gradients of z's and g's inputs and z's part of `dH`.
  void (*_Nonnull gruOutputBack)(
      HornbillGate gate, size_t rows, size_t units, const float *_Nonnull gates,
      const float *_Nonnull h, const float *_Nonnull dNewH, float *_Nonnull dGates,
      float *_Nonnull dH);
  /// From that of r·h to that of r's input; r's part is added to `dH`.
  void (*_Nonnull gruResetBeforeBack)(
      HornbillGate gate, size_t rows, size_t units, const float *_Nonnull gates,
      const float *_Nonnull h, const float *_Nonnull dReset, float *_Nonnull dGates,
      float *_Nonnull dH);
  /// From that of g's input to that of r's, and to those of `inner`.
  void (*_Nonnull gruResetAfterBack)(
      HornbillGate gate, size_t rows, size_t units, const float *_Nonnull gates,
      const float *_Nonnull kept, float *_Nonnull dGates, float *_Nonnull dInner);
  /// `i, f, o = σ`, `g = tanh`, `newC = f·c + i·g`, `kept = tanh newC`, `newH = o·kept`
  void (*_Nonnull lstmOutput)(
      HornbillGate gate, size_t rows, size_t units, float *_Nonnull gates, const float *_Nonnull c,
      float *_Nonnull newC, float *_Nonnull newH, float *_Nonnull kept);
  /// From `dNewH` and `dNewC` to the gradients of the gates' inputs and to `dC`.
  void (*_Nonnull lstmOutputBack)(
      HornbillGate gate, size_t rows, size_t units, const float *_Nonnull gates,
      const float *_Nonnull c, const float *_Nonnull kept, const float *_Nonnull dNewH,
      const float *_Nonnull dNewC, float *_Nonnull dGates, float *_Nonnull dC);

  // Whole steps: the products and what stands between them. Each equals its cell's plain step in Swift,
  // `GRU`, `LSTM` or `SimpleRNN`, to the bit.

  /// With tanh; `resetsAfter` is Keras's `reset_after`.
  void (*_Nonnull gruSteps)(
      HornbillGate gate, int resetsAfter, const HornbillSteps *_Nonnull steps);
  /// With tanh.
  void (*_Nonnull lstmSteps)(HornbillGate gate, const HornbillSteps *_Nonnull steps);
  /// With tanh.
  void (*_Nonnull simpleRNNSteps)(const HornbillSteps *_Nonnull steps);

  /// `y += x`
  void (*_Nonnull add)(const float *_Nonnull x, float *_Nonnull y, size_t count);
  /// Adds `count` rows of `source`, `stride` elements apart, to the rows of `to` with these
  /// numbers, or all of them to its first row; from the first to the last.
  void (*_Nonnull addRows)(
      size_t count, size_t columns, const float *_Nonnull source, size_t stride,
      const int32_t *_Nullable rows, float *_Nonnull to, size_t strideTo);
  /// The largest number of each column over `steps` rows of `base`, `stride` elements apart, or
  /// over the rows with these numbers; a NaN is the largest.
  void (*_Nonnull largest)(
      size_t steps, size_t columns, const float *_Nonnull base, size_t stride,
      const int32_t *_Nullable rows, float *_Nonnull y);
  /// Adds `dy`, shared equally among the steps that equal `y`, to the rows of `to` at those steps.
  void (*_Nonnull largestBack)(
      size_t steps, size_t columns, const float *_Nonnull base, size_t stride,
      const int32_t *_Nullable rows, const float *_Nonnull y, const float *_Nonnull dy,
      float *_Nonnull to, size_t strideTo);

  // The updates of optimizers; each equals its formula in Swift to the bit, but that RMSprop leaves
  // a weight alone where the gradient is zero, whatever the average is. The gradient is zero
  // afterwards, while it is in the caches: most rows of a table have none, and are not written.

  /// `a = rho·a + fresh·g²`, `p -= rate·g / (√a + epsilon)`, or `/ √(a + epsilon)`.
  void (*_Nonnull rmsprop)(
      size_t count, float *_Nonnull p, float *_Nonnull g, float *_Nonnull a, float rho,
      float fresh, float epsilon, float rate, int addsEpsilonToRoot);
  /// Means of g and g² as `m = beta·m + fresh·g`, or `m += (g - m)·fresh`; `p -= rate·m / (√v +
  /// epsilon)`.
  void (*_Nonnull adam)(
      size_t count, float *_Nonnull p, float *_Nonnull g, float *_Nonnull m,
      float *_Nonnull v, float beta1, float fresh1, float beta2, float fresh2, float epsilon,
      float rate, int movesByDifference);
} HornbillKernels;

/// The table of an instruction set by its name; null when the processor does not have it.
const HornbillKernels *_Nullable hornbill_kernels_named(const char *_Nonnull name);

/// The widest table that this processor has.
const HornbillKernels *_Nonnull hornbill_kernels_widest(void);

#endif
