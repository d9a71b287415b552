// Documents as JSON lines, probabilities as plain numbers.
#include "jobs/suggest_units.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/hash.h"
#include "base/printable.h"
#include "io/json.h"
#include "task/json_document.h"
#include "task/row_sink.h"

namespace relatum::jobs {
namespace {

constexpr uint64_t kMostText = 1ull << 31;  // bytes of one document

/// The entities' ids are their numbers, so that a pair's id says which they are.
task::Document numbered(task::Document document) {
  for (size_t i = 0; i < document.entities.size(); ++i) {
    document.entities[i].id = std::to_string(i);
  }
  return document;
}

/// The places of the two entities of a pair of a numbered() document, from DOCUMENT:HEAD:TAIL.
std::pair<size_t, size_t> ends_of(const task::Document& document, const task::Example& pair) {
  if (document.pair) return {0, 1};
  const size_t second = pair.id.rfind(':'), first = pair.id.rfind(':', second - 1);
  const auto number = [&](size_t begin, size_t end) {
    size_t value = 0;
    std::from_chars(pair.id.data() + begin, pair.id.data() + end, value);
    return value;
  };
  return {number(first + 1, second), number(second + 1, pair.id.size())};
}

/// A row that stands in the data twice is one pair.
void add_pair(std::vector<task::AskedPair>& pairs, task::AskedPair&& pair) {
  const bool known = std::ranges::any_of(pairs, [&](const task::AskedPair& each) {
    return each.head == pair.head && each.tail == pair.tail;
  });
  if (!known) pairs.push_back(std::move(pair));
}

std::string key_of(const std::string& text) { return sha256(std::as_bytes(std::span(text))); }

}  // namespace

SuggestUnits::SuggestUnits(const std::filesystem::path& folder, MakePairs make_pairs,
                           int64_t labels)
    : make_pairs_(std::move(make_pairs)), labels_(labels), documents_(folder),
      probabilities_(folder) {}

void SuggestUnits::pairs_of(const task::Document& document,
                            const std::function<void(task::Example&&)>& take) const {
  if (document.pair) task::make_pairs(document, {}, take);
  else make_pairs_(document, take);
}

void SuggestUnits::add(task::Document&& document) {
  document.relations.clear();
  document.unlabelled = true;
  has_documents_ = has_documents_ || !document.pair;
  Record record;
  record.place = written_;
  record.first_pair = pairs_;
  record.source = sources_.keep(task::place_of(document));
  pairs_of(document, [&](task::Example&&) { ++record.pairs; });
  if (record.pairs == 0) {
    ++without_pair_;
    return;
  }
  const std::string line = task::document_line(document);
  if (line.size() >= kMostText) {
    fail("jobs.suggest", fmt::format("document '{}' has {} bytes of text. Cut it into sentences.",
                                     printable_start(document.id, 40), line.size()));
  }
  documents_.write(written_, line);
  record.bytes = uint32_t(line.size());
  written_ += line.size();
  pairs_ += record.pairs;
  kept_.resize(size_t(pairs_));
  record.unit = uint32_t(units_.size());
  if (document.pair) {
    record.unit = by_text_.try_emplace(key_of(document.text), record.unit).first->second;
  }
  if (record.unit == units_.size()) units_.emplace_back();
  units_[record.unit].push_back(uint32_t(records_.size()));
  records_.push_back(record);
}

task::Document SuggestUnits::read(const Record& record) const {
  const std::string line = documents_.read(record.place, record.bytes);
  task::RowSink rows("jobs.suggest", "a temporary file", false, [](task::Example&&, bool) {});
  const task::Place source = sources_.of(record.source);
  task::Document document = task::parse_document(io::parse_json(line, "a temporary file"),
                                                 source.line, rows);
  document.file = source.file;
  document.row = source.row;
  return document;
}

void SuggestUnits::each_pair(const std::vector<bool>& wanted,
                             const std::function<void(Pair&&)>& take) const {
  for (const Record& record : records_) {
    if (!wanted[record.unit]) continue;
    const task::Document document = read(record);
    int64_t number = record.first_pair;
    pairs_of(document, [&](task::Example&& example) {
      take({record.unit, number++, std::move(example)});
    });
  }
}

int64_t SuggestUnits::count_pairs(const std::vector<bool>& wanted) const {
  int64_t pairs = 0;
  for (const Record& record : records_) pairs += wanted[record.unit] ? record.pairs : 0;
  return pairs;
}

void SuggestUnits::keep(int64_t pair, std::span<const double> probabilities) {
  RELATUM_CHECK(int64_t(probabilities.size()) == labels_ && pair < pairs_);
  kept_[size_t(pair)] = true;
  const auto bytes = std::as_bytes(probabilities);
  probabilities_.write(uint64_t(pair) * bytes.size(),
                       {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

bool SuggestUnits::answered(size_t unit) const {
  return std::ranges::any_of(units_[unit], [&](uint32_t number) {
    const Record& record = records_[number];
    const auto first = kept_.begin() + record.first_pair;
    return std::find(first, first + record.pairs, true) != first + record.pairs;
  });
}

std::optional<std::vector<double>> SuggestUnits::kept(int64_t pair) const {
  if (!kept_[size_t(pair)]) return std::nullopt;
  std::vector<double> probabilities(static_cast<size_t>(labels_));
  const size_t size = probabilities.size() * sizeof(double);
  const std::string bytes = probabilities_.read(uint64_t(pair) * size, size);
  std::memcpy(probabilities.data(), bytes.data(), size);
  return probabilities;
}

std::vector<double> SuggestUnits::values(task::Uncertainty by) const {
  std::vector<double> values(units_.size(), -1);
  for (const Record& record : records_) {
    for (uint32_t i = 0; i < record.pairs; ++i) {
      const auto probabilities = kept(record.first_pair + i);
      if (!probabilities) continue;
      double& value = values[record.unit];
      value = std::max(value, task::uncertainty(*probabilities, by));
    }
  }
  return values;
}

std::string SuggestUnits::text(size_t unit) const {
  return read(records_[units_[unit].front()]).text;
}

task::Suggestion SuggestUnits::suggestion(size_t unit) const {
  std::vector<task::Document> rows;
  for (const uint32_t record : units_[unit]) rows.push_back(read(records_[record]));
  task::Suggestion result;
  result.document = rows.size() == 1 ? rows[0] : task::merged_rows(rows);
  for (size_t row = 0; row < rows.size(); ++row) {
    int64_t number = records_[units_[unit][row]].first_pair;
    const auto& entities = rows[row].entities;
    const auto id_of = [&](size_t entity) {
      return rows.size() == 1 ? entities[entity].id
                              : task::merged_id(result.document, entities[entity]);
    };
    const task::Document document = numbered(rows[row]);
    pairs_of(document, [&](task::Example&& example) {
      auto probabilities = kept(number++);
      if (!probabilities) return;
      const auto [head, tail] = ends_of(document, example);
      add_pair(result.pairs, {id_of(head), id_of(tail), std::move(*probabilities)});
    });
  }
  return result;
}

}  // namespace relatum::jobs
