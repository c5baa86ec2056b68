// swift-tools-version: 6.1
// Swift 6.3 or newer builds this package: layers are specialised with `@specialized` (SE-0460).
import PackageDescription

let package = Package(
  name: "Hornbill",
  platforms: [.macOS(.v15)],
  products: [
    .library(
      name: "Hornbill",
      targets: ["KerasFormat", "KerasRuntime", "KerasTrain", "KerasLaboratory"]),
    .executable(name: "hornbill", targets: ["hornbill"]),
    // Pictures of curves, for the benchmarks too.
    .library(name: "HornbillPlot", targets: ["HornbillPlot"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
  ],
  targets: [
    // System libraries. The module names carry `Keras` because two targets of one name cannot stand
    // in one package graph, and other packages declare a `CHDF5`.
    .systemLibrary(
      name: "CKerasHDF5", path: "Sources/CHDF5", pkgConfig: "hdf5",
      providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
    .systemLibrary(
      name: "CKerasZlib", path: "Sources/CZlib", pkgConfig: "zlib",
      providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),

    // The arithmetic inner loops, compiled once for each instruction set.
    .target(
      name: "CKerasKernels", path: "Sources/CKernels",
      exclude: [
        "kernels.inc", "products.inc", "functions.inc", "gates.inc", "steps.inc", "arrays.inc",
      ]),

    // File bytes ⇄ records, records → networks, networks → trained networks.
    .target(name: "KerasFormat", dependencies: ["CKerasHDF5", "CKerasZlib"]),
    .target(
      name: "KerasRuntime", dependencies: ["KerasFormat", "CKerasKernels"],
      path: "Sources/Runtime"),
    .target(name: "KerasTrain", dependencies: ["KerasRuntime"], path: "Sources/Train"),

    // The tool, with the reviews it trains on by default and the pictures it draws.
    .target(
      name: "HornbillReviews", path: "Sources/Reviews", resources: [.embedInCode("reviews.tsv")]),
    .target(name: "HornbillPlot", dependencies: ["CKerasZlib"], path: "Sources/Plot"),
    // Why a loss stands still: trainings compared, measured, explained.
    .target(
      name: "KerasLaboratory", dependencies: ["KerasTrain", "HornbillPlot"],
      path: "Sources/Laboratory"),
    .executableTarget(
      name: "hornbill",
      dependencies: [
        "KerasTrain", "KerasLaboratory", "HornbillReviews", "HornbillPlot",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    .target(name: "TestSupport", dependencies: ["KerasTrain"], path: "Tests/TestSupport"),
    .testTarget(name: "KerasFormatTests", dependencies: ["KerasFormat", "TestSupport"]),
    .testTarget(
      name: "KerasRuntimeTests",
      dependencies: ["KerasRuntime", "CKerasKernels", "TestSupport"]),
    .testTarget(
      name: "KerasTrainTests", dependencies: ["KerasTrain", "TestSupport", "HornbillReviews"]),
    .testTarget(
      name: "HornbillTests", dependencies: ["hornbill", "KerasTrain", "TestSupport"]),
    .testTarget(
      name: "LaboratoryTests", dependencies: ["KerasLaboratory", "TestSupport"]),
    .testTarget(name: "PlotTests", dependencies: ["HornbillPlot", "CKerasZlib", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)
