import CKerasKernels
import KerasFormat

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The instruction set that the arithmetic loops run in. All of them are in the program; the widest
/// that the processor has is taken when the first loop runs, or the one that the environment
/// variable `HORNBILL_ISA` names.
public struct InstructionSet: Sendable, CustomStringConvertible {
  // SAFETY: points to a constant of the program; nothing writes to it.
  package nonisolated(unsafe) let kernels: UnsafePointer<HornbillKernels>

  /// All names that there are, the widest first.
  public static let names = ["avx512", "avx2", "sse2", "neon"]

  /// Those that this processor has, the widest first.
  public static var available: [InstructionSet] { names.compactMap { InstructionSet(named: $0) } }

  /// The one in use.
  public static let current = requested.flatMap { InstructionSet(named: $0) } ?? widest

  /// - Returns: `nil` for a name that is unknown or that this processor does not have.
  public init?(named name: String) {
    guard let kernels = hornbill_kernels_named(name) else { return nil }
    self.kernels = kernels
  }

  /// Whether what the environment asks for is there.
  ///
  /// - Throws: ``KerasError/Code/invalidArgument`` naming the variable, what it holds and what may
  ///   stand there. Without this check such a value has no effect.
  public static func checkEnvironment() throws(KerasError) {
    guard let requested, InstructionSet(named: requested) == nil else { return }
    throw KerasError(
      .invalidArgument,
      "'\(requested)' but this processor has \(available.map(\.name).joined(separator: ", "))",
      at: .init(path: ["HORNBILL_ISA"]))
  }

  public var name: String { String(cString: kernels.pointee.name) }
  /// Whether a multiplication and the addition after it round once.
  public var fusesMultiplyAdd: Bool { kernels.pointee.fusesMultiplyAdd != 0 }
  public var description: String { name }

  /// The functions that it has loops for.
  package enum Function: CaseIterable, Sendable {
    case exponential, sigmoid, tanh
  }

  /// `y = f(x)` of `count` numbers; `y` may be `x`. At most 2 units in the last place off, and
  /// results of `exponential` below the smallest normal number are zero.
  package func apply(
    _ function: Function, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int
  ) {
    switch function {
    case .exponential: kernels.pointee.exponential(x, y, count)
    case .sigmoid: kernels.pointee.sigmoid(x, y, count)
    case .tanh: kernels.pointee.tanh(x, y, count)
    }
  }

  private static let widest = InstructionSet(kernels: hornbill_kernels_widest())
  private static let requested = getenv("HORNBILL_ISA").map { String(cString: $0) }

  private init(kernels: UnsafePointer<HornbillKernels>) { self.kernels = kernels }
}
