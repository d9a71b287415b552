// Compares contents, and names the options that they came by.
#include "jobs/finetune_inputs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "io/json.h"
#include "jobs/finetune_folder.h"
#include "task/labels.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;

class Record {
 public:
  explicit Record(const fs::path& file) : place_(file.string()), record_(io::load_json(file)) {}
  std::string text(const char* key) const { return io::get_string(record_, key, "", place_); }

 private:
  std::string place_;
  nlohmann::json record_;
};

const std::string& shown(const std::string& value) {
  static const std::string kNothing = "nothing";
  return value.empty() ? kNothing : value;
}

// "--train was a.jsonl and is now b.jsonl", or that what it names has changed.
std::string changed(const char* flag, const std::string& then, const std::string& now) {
  if (then == now) return fmt::format("{} {} has other content than it had", flag, shown(now));
  return fmt::format("{} was {} and is now {}", flag, shown(then), shown(now));
}

// Which of the options that labels come from is another; the training data where none is.
std::string label_source(const FinetuneOptions& o, const Record& record) {
  const std::string labels = record.text("labels_file"), relabel = record.text("relabel");
  const std::string train = record.text("train"), dev = record.text("dev");
  if (!labels.empty() || !o.data.labels.empty()) return changed("--labels", labels, o.data.labels);
  const std::string usual = FinetuneOptions{}.pairs, kept = record.text("pairs");
  const std::string& pairs = kept.empty() ? usual : kept;
  if (pairs != o.pairs) return changed("--pairs", pairs, o.pairs);
  if (relabel != o.data.relabel) return changed("--relabel", relabel, o.data.relabel);
  if (train == o.train && dev != o.dev) return changed("--dev", dev, o.dev);
  return changed("--train", train, o.train);
}

// Labels that were collected from rows stand in another order where the rows do: those are told.
std::string label_difference(const task::Labels& now, const task::Labels& then, bool collected) {
  if (now.size() != then.size()) {
    return fmt::format("{} labels then, {} now", then.size(), now.size());
  }
  const auto& names = now.names();
  if (std::ranges::all_of(names, [&](const auto& name) { return then.find(name).has_value(); })) {
    if (!collected && names != then.names()) return "the same labels in another order";
    const bool same = task::descriptions_hash(now) == task::descriptions_hash(then);
    return collected || same ? "" : "other descriptions of the labels";
  }
  for (int64_t i = 0; i < now.size(); ++i) {
    if (now.name(i) == then.name(i)) continue;
    return fmt::format("label {} was {} and is now {}", i + 1, then.name(i), now.name(i));
  }
  return "";
}

}  // namespace

void check_same_inputs(const FinetuneOptions& o, const engine::Session& session,
                       const FinetuneData& data) {
  const fs::path run(o.out);
  if (!o.resume || !fs::exists(run / "run.json")) return;
  const Record record(run / "run.json");
  std::vector<std::string> all;
  if (record.text("base_hash") != session.weights_hash()) {
    all.push_back(changed("--model", record.text("model"), o.model.model) + " (other weights)");
  }
  if (record.text("init_adapter_hash") != o.start_hash) {
    all.push_back(changed("--init-adapter", record.text("init_adapter"), o.init_adapter));
  }
  if (fs::exists(run / "labels.json")) {
    const auto then = task::load_labels(run / "labels.json");
    const bool collected = o.data.labels.empty() && record.text("labels_file").empty();
    const std::string labels = label_difference(data.train.labels, then, collected);
    if (!labels.empty()) all.push_back(fmt::format("{} ({})", label_source(o, record), labels));
  }
  if (all.empty()) return;
  fail("jobs.finetune", fmt::format("{} is of a run that was started with something else: {}. "
                                    "Resume with what that run had, or start over with "
                                    "--overwrite.",
                                    finetune_state(run).string(), fmt::join(all, "; ")));
}

}  // namespace relatum::jobs
