// One list of flags for each thing that they need.
#include "jobs/without_effect.h"

#include <fmt/format.h>

#include <algorithm>

namespace relatum::jobs {
namespace {

using Flags = std::vector<std::string>;

void add(Flags& flags, bool given, const char* flag) {
  if (given) flags.emplace_back(flag);
}

}  // namespace

std::string and_list(const std::vector<std::string>& names) {
  std::string list;
  for (size_t i = 0; i < names.size(); ++i) {
    list += (i == 0 ? "" : i + 1 < names.size() ? ", " : " and ") + names[i];
  }
  return list;
}

void warn_without_effect(const Flags& flags, const std::string& without, const Context& context) {
  if (flags.empty()) return;
  context.warn(fmt::format("{} {} no effect without {}.", and_list(flags),
                           flags.size() == 1 ? "has" : "have", without));
}

Flags finding_flags(const ExtractOptions& o) {
  Flags flags;
  add(flags, o.entity_threshold.has_value(), "--entity-threshold");
  add(flags, !o.entity_types.empty(), "--entity-types");
  return flags;
}

void tell_without_effect(const FinetuneOptions& o, const Context& context) {
  Flags index, dev;
  add(index, o.neighbours_given, "--neighbours");
  add(index, o.examples_given, "--examples");
  add(index, !o.embedder.empty(), "--embedder");
  if (o.index.empty()) warn_without_effect(index, "--index", context);
  if (!o.dev.empty() || o.holdout > 0) return;
  const bool evaluates = o.training.eval_every > 0, saves = o.training.save_every > 0;
  add(dev, evaluates && saves, "--eval-every");
  add(dev, o.training.patience > 0, "--patience");
  warn_without_effect(dev, "--dev or --holdout", context);
  if (!evaluates || saves) return;
  context.info(
      "--eval-every: without --dev or --holdout it decides only how often the state is saved.");
}

void tell_without_effect(const ExtractOptions& o, std::span<const NamedSetup> setups,
                         const Context& context) {
  static const ExtractOptions usual{};
  Flags negative, free, scored, index;
  const bool uses_negative = o.skip_negative || !o.threshold.empty() || o.multi_label;
  add(negative, o.negative && !uses_negative, "--negative");
  warn_without_effect(negative, "--skip-negative, --threshold or --multi-label", context);
  const bool all_labels = o.answer == "scored" || o.answer == "shares";
  add(free, o.max_new_tokens != usual.max_new_tokens && o.answer != "free", "--max-new-tokens");
  warn_without_effect(free, "--answer free", context);
  add(scored, o.negligible > 0, "--negligible");
  add(scored, o.scores, "--scores");
  if (!all_labels) warn_without_effect(scored, "--answer scored or shares", context);
  warn_without_effect(finding_flags(o), "a run that finds entities in documents", context);
  const bool none = std::ranges::all_of(
      setups, [](const NamedSetup& each) { return each.setup.index.empty(); });
  add(index, !o.embedder.empty(), "--embedder");
  if (none) warn_without_effect(index, "--index", context);
}

}  // namespace relatum::jobs
