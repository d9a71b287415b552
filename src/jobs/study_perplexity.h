// What fine-tuning takes from a model besides: how well it still goes on with a plain text.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "jobs/host.h"
#include "jobs/perplexity.h"
#include "jobs/study.h"

namespace relatum::jobs {

/// A study's plain text, asked of its cells' models.
class StudyPerplexity {
 public:
  /// `file`: a plain text, or JSON lines, whose documents' texts are read; empty: there is none.
  /// Throws Error for one that cannot be read or is blank.
  explicit StudyPerplexity(const std::filesystem::path& file);

  /// What a cell's record keeps below "text": the text's "sha256", and where the model is one that
  /// goes on with texts its "perplexity" as the cell uses it, "base_perplexity" of the same model
  /// before fine-tuning, in the same form, "change" (of a token's mean loss, in nats), its "error"
  /// over rows where there are enough, "rows" and "tokens". Null without a text; nothing where the
  /// host stopped it. The cell's run is there.
  std::optional<nlohmann::json> of(const StudyCell& cell, const Host& host);

  /// SHA-256 of the text; empty without one.
  const std::string& hash() const { return hash_; }

 private:
  using Losses = std::vector<nn::LossSum>;

  std::string text_, hash_;
  std::map<std::string, Losses> bases_;  // by model and number format
};

/// Whether the record has what a cell of a study with this text (its hash, or "") is to have.
bool has_text(const nlohmann::json& record, const std::string& hash);

/// A section of a study's page: of each arm's records (arms in their order) the perplexities.
/// Empty where no record has one.
std::string study_perplexity_text(const nlohmann::json& all, std::span<const std::string> arms);

}  // namespace relatum::jobs
