// What is held against all rows of a data set: their ids, their labels, the patch of --relabel.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "task/dataset.h"
#include "task/load.h"
#include "task/relabel.h"

namespace relatum::task {

/// Keeps a few numbers of each row, not the rows.
class RowChecks {
 public:
  /// Settles the inventory of `data`: the one that is given, else the patch's, else `format`'s.
  RowChecks(const LoadOptions& options, const DatasetFormat& format, Dataset& data);

  /// Rows with one of these labels do not stay, and the labels are none of the data's. Throws Error
  /// for a label that a closed inventory lacks, and where none is left. Where gold labels need not
  /// be known, an inventory that was given stays as it is: it says what is answered.
  void leave_out(const Spec& spec);
  /// Whether the row stays; the patch may have given it another label. A row with a repeated id, an
  /// unknown label or, where rows are to name their adapter, none or an unknown one is reported to
  /// `rows`. Where labels are open, its own join `data`'s.
  bool keep(Example& example, bool numbered, RowSink& rows);
  /// The same for a document, whose id and labels are looked at.
  bool keep(const Document& document, bool numbered, RowSink& rows);
  /// What is to be said once all rows have passed.
  void tell();

 private:
  bool relabel(Example& example);
  bool leaves_out(const Example& example);
  std::string repeated_id(const std::string& id, const Place& place, bool numbered);
  bool labels_known(const std::vector<std::string>& labels, int64_t line, RowSink& rows);
  std::string unknown_adapter(const Example& example) const;

  const LoadOptions& options_;
  Dataset& data_;
  std::optional<Patch> patch_;
  std::vector<std::string> without_;
  std::set<std::string> met_;       // of these
  int64_t named_ = 0, passed_ = 0;  // rows that the patch names; rows behind it
  /// Where ids stand, by the hash of the form that people see. Two ids of equal hash are taken for
  /// one: of a million ids some are with a probability of 3e-8.
  std::unordered_map<uint64_t, Places::Kept> kept_;
  Places places_;
  std::unordered_map<uint64_t, std::string> odd_ids_;  // by that hash: those in another form
};

}  // namespace relatum::task
