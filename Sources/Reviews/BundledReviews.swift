/// The reviews that `demo` and `train` use when no data is given: written for this project, one
/// `text<TAB>label` a line, label 1 for a positive review and 0 for a negative one.
public enum BundledReviews {
  /// The file's bytes, UTF-8.
  public static var bytes: [UInt8] { PackageResources.reviews_tsv }
}
