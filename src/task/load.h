// From a SPEC to examples: read, relabel, check labels, cut and sample.
#pragma once

#include <functional>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "task/data_warnings.h"
#include "task/labels.h"
#include "task/row_sink.h"
#include "task/spec.h"

namespace relatum::task {

struct LoadOptions {
  std::string relabel;           ///< "", "tacrev:PATCH" or "retacred:PATCH"
  bool skip_bad_rows = false;    ///< list malformed rows instead of stopping at the first
  std::optional<int64_t> limit;  ///< the command's --limit; acts after the SPEC's own parts
  std::optional<Labels> labels;  ///< the inventory to hold the data to, instead of the format's
  /// Keep rows whose gold label a closed inventory lacks instead of calling them malformed: for
  /// what needs no known gold label, such as answering and scoring.
  bool keep_unknown_labels = false;
  bool may_be_empty = false;      ///< no row at all is no error
  std::istream* input = nullptr;  ///< read for "-"; an error where it is nullptr
  /// Each row has to name one of these adapters. Empty: rows name none, and a field of that name is
  /// one that is not read.
  std::vector<std::string> adapters{};
  /// A row of JSON lines or of a table that names and marks no entity is a document without
  /// entities, for what looks for them; else it is malformed.
  bool texts = false;
};

/// Examples in file order. Every label that occurs is in `labels`, unless unknown ones were to be
/// kept.
struct Dataset {
  std::string name;    ///< the SPEC as written
  std::string file;    ///< its file, or "standard input": what stands before a line's number
  std::string format;  ///< name of the DatasetFormat
  std::vector<Example> examples;  ///< none where they were handed on
  int64_t count = 0;              ///< of all examples
  Labels labels;  ///< given, or the format's own, or (jsonl, csv) in order of first appearance
  bool open_labels = false;  ///< labels were only collected from the data: others may exist
  std::vector<BadRow> bad_rows;
  std::vector<std::string> warnings;  ///< what looks wrong in rows that are read; whole sentences
  OddKinds odd;                       ///< the same of single rows, by its kind
  int64_t relabelled = 0;             ///< labels that the patch changed
  int64_t dropped = 0;                ///< examples whose id Re-TACRED's patch lacks
  int64_t left_out = 0;               ///< rows with a label of the SPEC's without=
  /// Documents have pairs without a relation, which are no examples, as no label means that.
  bool unrelated_left_out = false;
};

/// Throws Error with file and line for a malformed row or an unknown label (both are bad rows), a
/// repeated id, and with the file where nothing is left.
Dataset load_dataset(const Spec& spec, const LoadOptions& options = {});
Dataset load_dataset(std::string_view spec, const LoadOptions& options = {});

/// Takes one example of a data set.
using TakeExample = std::function<void(Example&& example)>;

/// The same, but each example is handed on once it is read and checked, and none is kept: memory
/// is some 100 bytes a row, for ids and warnings (a file whose lines end with carriage returns is
/// kept besides, but for JSON). From standard input, JSON lines are handed on as they come, and no
/// further than a limit; a `sample` is drawn once all is read. What is wrong with a row is thrown
/// when its turn comes, after the rows before.
Dataset read_dataset(const Spec& spec, const LoadOptions& options, const TakeExample& take);
Dataset read_dataset(std::string_view spec, const LoadOptions& options, const TakeExample& take);

/// Takes one document of a data set.
using TakeDocumentOf = std::function<void(Document&& document)>;

/// The same for documents: of formats that have them each as a whole, of others each pair as a
/// document of its own (Document::pair), or with the SPEC's entities=marked as MarkedDocuments
/// makes them of pairs. A limit counts documents, or rows of which they are made; `count` is
/// theirs.
Dataset read_documents(const Spec& spec, const LoadOptions& options, const TakeDocumentOf& take);

}  // namespace relatum::task
