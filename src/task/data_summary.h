// What a data set holds, and what is wrong with it: counts for people and programs.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "task/load.h"

namespace relatum::task {

/// How long something is, over all rows.
class Lengths {
 public:
  void add(int64_t length) { ++counts_[length]; }
  bool empty() const { return counts_.empty(); }
  /// The smallest length that at least this share of the rows does not exceed; 0 gives the least.
  int64_t at(double share) const;
  /// {"min","median","p95","max"}; null where nothing was counted.
  nlohmann::ordered_json json() const;
  /// "12, half of them up to 80, 95 % up to 210, at most 400"
  std::string text() const;

 private:
  std::map<int64_t, int64_t> counts_;
};

/// One label's rows.
struct LabelSummary {
  int64_t count = 0;
  int64_t head_first = 0;  ///< rows whose head begins before its tail
  std::map<std::pair<std::string, std::string>, int64_t> types;  ///< of head and tail
};

/// Looks at a data set's pairs and documents as they pass; keeps hashes of ids and texts.
class DataSummary {
 public:
  void add(const Example& example);
  void add(const Document& document);
  /// Tokens of a row's text, where a model's tokenizer counts them.
  void add_tokens(int64_t tokens) { tokens_.add(tokens); }
  /// What read_dataset() says once all examples have passed.
  void finish(const Dataset& data, bool told);
  /// Ids, documents and texts that both have. `other` was read by itself.
  void compare(const DataSummary& other, const std::string& name);

  nlohmann::ordered_json json() const;
  std::string text() const;

 private:
  struct Overlap {
    std::string name;
    int64_t ids = 0, documents = 0, texts = 0;
  };
  std::string types_text() const;
  std::string labels_text() const;
  std::string faults_text() const;
  nlohmann::ordered_json labels_json() const;
  std::vector<std::vector<std::string>> alike_labels() const;

  std::string name_, format_;
  bool told_ = false;  // nobody named the format
  int64_t examples_ = 0, unlabelled_ = 0, several_ = 0;
  int64_t documents_ = 0, pairs_alone_ = 0, entities_ = 0, relations_ = 0, gaps_ = 0;
  std::map<std::string, int64_t> types_;  // of documents' entities
  Lengths characters_, tokens_;
  std::map<std::string, LabelSummary> labels_;
  std::unordered_set<uint64_t> ids_, document_ids_, texts_;
  OddKinds odd_;
  std::vector<Overlap> overlaps_;
  std::vector<BadRow> bad_rows_;
  std::vector<std::string> warnings_;
};

}  // namespace relatum::task
