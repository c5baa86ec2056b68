// swift-tools-version: 6.1
// A package of its own: nothing of this reaches those who depend on Hornbill.
import PackageDescription

let package = Package(
  name: "HornbillBenchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "hornbill", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
  ],
  targets: [
    // What the machine can do at best: chains of fused multiply-adds, with nothing else in the loop.
    .target(name: "CPeak"),
    .executableTarget(
      name: "hornbill-bench",
      dependencies: [
        "CPeak",
        .product(name: "Hornbill", package: "hornbill"),
        .product(name: "HornbillPlot", package: "hornbill"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
