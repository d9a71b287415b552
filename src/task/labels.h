// The ordered, closed set of relation labels.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace relatum::task {

/// Labels are distinct and not empty; an index is a label's place in the inventory.
class Labels {
 public:
  Labels() = default;
  /// Throws Error for an empty or repeated label; `place` (a file, say) stands in the sentence.
  explicit Labels(std::vector<std::string> names, std::string_view place = "");

  int64_t size() const { return int64_t(names_.size()); }
  bool empty() const { return names_.empty(); }
  const std::string& name(int64_t index) const { return names_.at(size_t(index)); }
  const std::vector<std::string>& names() const { return names_; }
  /// The label's index, or nothing.
  std::optional<int64_t> find(std::string_view label) const;
  /// The label's index; throws Error that names the label, the place and the nearest known label.
  int64_t index(std::string_view label, std::string_view place) const;
  /// Adds a label unless it is there; gives its index.
  int64_t add(const std::string& label);
  /// These labels but for `names`, in their order.
  Labels less(std::span<const std::string> names) const;
  /// What a label means, in words that prompts list beside it; empty where nothing says so.
  const std::string& description(int64_t index) const;
  void describe(int64_t index, const std::string& description);
  bool described() const { return !descriptions_.empty(); }
  /// Labels of a file that were not in their plain form (task/forms.h), as they were written.
  const std::vector<std::string>& rewritten() const { return rewritten_; }
  void set_rewritten(std::vector<std::string> written) { rewritten_ = std::move(written); }
  bool operator==(const Labels& other) const {
    return names_ == other.names_ && descriptions_ == other.descriptions_;
  }

 private:
  std::vector<std::string> names_, rewritten_;
  std::map<std::string, int64_t, std::less<>> index_;
  std::map<std::string, std::string, std::less<>> descriptions_;  // not empty, by label
};

/// "no_relation" or "Other", whichever the inventory has (in this order), or nothing.
std::optional<std::string> negative_label(const Labels& labels);
/// The sentence for a label that an inventory lacks; names the nearest known one and says what to
/// do.
std::string unknown_label(const Labels& labels, std::string_view label);
/// The same without what to do.
std::string unlisted_label(const Labels& labels, std::string_view label);

/// `labels`, each of which that has no description with the one that it has in `more`.
Labels with_descriptions(Labels labels, const Labels& more);
/// What the descriptions are known by where a prompt is to be the same: empty without any, else a
/// hash.
std::string descriptions_hash(const Labels& labels);

/// labels.json: a JSON list of strings, read in their seen_form (task/forms.h), or an object from
/// label to description, in its order. Reading throws Error with the path, also where two labels
/// differ by nothing that can be seen; writing is atomic, and writes a list where no label has a
/// description, as versions read it that know none.
Labels load_labels(const std::filesystem::path& path);
void save_labels(const std::filesystem::path& path, const Labels& labels);

}  // namespace relatum::task
