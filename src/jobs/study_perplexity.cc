// A base is read once for all cells that begin with it.
#include "jobs/study_perplexity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/counted.h"
#include "base/error.h"
#include "base/hash.h"
#include "engine/session.h"
#include "engine/worker.h"
#include "io/json.h"
#include "io/text_file.h"
#include "jobs/extract_setup.h"
#include "jobs/markdown_text.h"
#include "jobs/models_folder.h"
#include "jobs/study_results.h"
#include "jobs/study_text.h"
#include "task/load.h"
#include "text/unicode.h"
#include "train/peft.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Losses = std::vector<nn::LossSum>;

constexpr double kWithin = 1.96;  // standard errors on each side of an interval of 95 %

constexpr const char* kSection =
    "## What is forgotten\n\n| arm | cells | tokens | perplexity before | after | times |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: |\n{}\n{}";
constexpr const char* kLegend =
    "Perplexity on a plain text, {} (SHA-256 {}), before and after fine-tuning, the base in the "
    "arm's form and number format. Geometric means over cells; behind the factor, where the text "
    "is long enough, the interval of 95 % over stretches of the text, models held fixed. Models "
    "whose tokens are others have factors to compare, no perplexities.";
// Of a shorter text a perplexity says nothing.
constexpr size_t kFewestBytes = 200;

struct Asked {
  fs::path model, base_model;
  std::string adapter;  // empty: the model alone
  std::string base, compute;
};

// What the cell answers with, and what that was before.
Asked asked_of(const StudyCell& cell, const Host& host) {
  Host silent = host;
  silent.context.log = {};  // told when the rows were answered
  Asked asked;
  asked.compute = cell.extract.model.compute;
  if (!cell.finetune) {
    asked.model = asked.base_model = cell.extract.model.path(silent);
    asked.base = cell.extract.model.base;
    return asked;
  }
  const ExtractSetup setup = settle_extract(cell.extract, silent);
  asked.model = find_model(setup.model, setup.models, silent);
  asked.base_model = cell.finetune->model.path(silent);
  asked.base = setup.base;
  if (!has_own_model(setup.run.value())) asked.adapter = cell.extract.adapter;
  return asked;
}

// Nothing where the host stopped it.
std::optional<Losses> losses_of(engine::Session& session, const std::string& adapter,
                                const std::string& text, const Context& context) {
  std::unique_ptr<train::Adapter> pairs;
  if (!adapter.empty()) pairs = train::load_peft(adapter, session.model(), session.compute());
  const nn::LoraSet* set = pairs ? &pairs->set() : nullptr;
  if (session.products() == DType::kI8) {
    session.quantise(set);
    set = pairs ? pairs->set_beside_integers() : nullptr;
  }
  engine::Worker worker(session, set);
  return text_losses(worker, text, context);
}

// What a record tells of this text; nullptr where that is nothing.
const json* text_of(const json& record, const std::string& hash) {
  const json* text = has_text(record, hash) ? io::find(record, "text") : nullptr;
  return text && io::find(*text, "perplexity") ? text : nullptr;
}

// Of JSON lines the texts of the documents, a blank line between two; else the file as it is.
std::string text_in(const fs::path& file) {
  if (file.extension() != ".jsonl") return io::read_text(file);
  task::LoadOptions options;
  options.keep_unknown_labels = options.texts = true;
  std::string text;
  std::set<std::string> seen;  // pairs of one text are rows of their own
  task::read_documents(task::parse_spec("jsonl:" + file.string()), options,
                       [&](task::Document&& document) {
    if (seen.insert(document.text).second) text += document.text + "\n\n";
  });
  return text;
}

// A factor, and its interval where the error of its logarithm is known.
std::string factor_text(double change, const std::optional<double>& error) {
  if (!error) return fmt::format("{:.2f}", std::exp(change));
  return fmt::format("{:.2f} ({:.2f} to {:.2f})", std::exp(change),
                     std::exp(change - kWithin * *error), std::exp(change + kWithin * *error));
}

// Means over an arm's records: of logarithms, as what is compared are factors.
struct Means {
  double base = 0, own = 0, change = 0, error = 0;
  bool errors = true;
};

Means means_of(const std::vector<const json*>& texts) {
  Means means;
  const double share = 1 / double(texts.size());
  for (const json* text : texts) {
    means.base += share * std::log(text->at("base_perplexity").get<double>());
    means.own += share * std::log(text->at("perplexity").get<double>());
    means.change += share * text->at("change").get<double>();
    const json* error = io::find(*text, "error");
    means.errors = means.errors && error && error->is_number();
    if (means.errors) means.error += share * error->get<double>();
  }
  return means;
}

}  // namespace

StudyPerplexity::StudyPerplexity(const fs::path& file) {
  if (file.empty()) return;
  text_ = text_in(file);
  if (text::without_white_space(text_).size() < kFewestBytes) {
    fail("jobs.study", fmt::format("{} is too short a text for 'text' of [study]: models are asked "
                                   "how well they go on with it. Name one of a page or more.",
                                   file.string()));
  }
  hash_ = sha256(std::as_bytes(std::span(text_)));
}

std::optional<json> StudyPerplexity::of(const StudyCell& cell, const Host& host) {
  if (hash_.empty()) return json();
  json record = {{"sha256", hash_}};
  const Asked asked = asked_of(cell, host);
  const auto open = [&](const fs::path& model, const std::string& base) {
    return engine::Session(model, {.compute = asked.compute, .base = base, .resident = true});
  };
  std::optional<Losses> own;
  {
    engine::Session session = open(asked.model, asked.base);
    if (!has_perplexity(session.model())) return record;
    own = losses_of(session, asked.adapter, text_, host.context);
  }
  if (!own) return std::nullopt;
  const std::string known = asked.base_model.string() + '\n' + asked.base + '\n' + asked.compute;
  if (!bases_.contains(known)) {
    engine::Session base = open(asked.base_model, asked.base);
    auto before = losses_of(base, "", text_, host.context);
    if (!before) return std::nullopt;
    bases_[known] = std::move(*before);
  }
  const TextComparison comparison = compare(bases_.at(known), *own);
  record["rows"] = comparison.rows;
  record["tokens"] = comparison.tokens;
  record["base_perplexity"] = comparison.before;
  record["perplexity"] = comparison.after;
  record["change"] = comparison.change;
  if (comparison.error) record["error"] = *comparison.error;
  return record;
}

bool has_text(const json& record, const std::string& hash) {
  if (hash.empty()) return true;
  const json* text = io::find(record, "text");
  return text && text->is_object() && text->value("sha256", "") == hash;
}

std::string study_perplexity_text(const json& all, std::span<const std::string> arms) {
  const json* study = io::find(all, "study");
  const json* asked = study ? io::find(*study, "text") : nullptr;
  if (!asked) return "";
  const std::string hash = asked->value("sha256", "");
  std::string lines;
  for (const std::string& arm : arms) {
    std::vector<const json*> texts;
    for (const json* record : arm_records(all, arm)) {
      if (const json* text = text_of(*record, hash)) texts.push_back(text);
    }
    if (texts.empty()) continue;
    const Means means = means_of(texts);
    const std::optional<double> error = means.errors ? std::optional(means.error) : std::nullopt;
    lines += fmt::format("| {} | {} | {} | {:.1f} | {:.1f} | {} |\n", markdown_text(arm),
                         texts.size(), grouped(texts[0]->at("tokens").get<uint64_t>()),
                         std::exp(means.base), std::exp(means.own),
                         factor_text(means.change, error));
  }
  if (lines.empty()) return "";
  const std::string name = markdown_text(asked->value("name", ""));
  return fmt::format(kSection, lines, wrapped(fmt::format(kLegend, name, hash.substr(0, 12))));
}

}  // namespace relatum::jobs
