// The run's parts, in the order in which they can be refused.
#include "jobs/entity_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/hash.h"
#include "base/known_names.h"
#include "base/printable.h"
#include "jobs/finetune_classifier.h"
#include "jobs/models_folder.h"
#include "jobs/trained_with.h"
#include "train/peft.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;

std::string hash_of(const fs::path& file) {
  return fs::exists(file) ? sha256_file(file).substr(0, 16) : "none";
}

}  // namespace

std::optional<RunInfo> entity_run(const std::string& folder) {
  std::error_code ignored;
  const fs::path run(folder);
  if (folder.empty() || !fs::exists(run / "run.json", ignored)) return std::nullopt;
  RunInfo info = read_run(run);
  if (!info.entities) return std::nullopt;
  return info;
}

void check_entity_run(const std::string& folder) {
  if (entity_run(folder)) return;
  fail("jobs.entities", fmt::format("{} holds no run that finds entities. Name one of `relatum "
                                    "finetune --task entities` or `--task joint`.",
                                    folder));
}

std::vector<int32_t> asked_classes(const ExtractOptions& o, const RunEntities& form) {
  std::vector<int32_t> classes;
  for (const std::string& each : o.entity_types) {
    const auto at = std::ranges::find(form.types, each);
    if (at == form.types.end()) {
      fail("jobs.entities",
           fmt::format("--entity-types: {} finds no type '{}'.{} Its types are {}.", o.adapter,
                       printable_start(each), did_you_mean(each, form.types),
                       first_names(form.types)));
    }
    classes.push_back(int32_t(1 + (at - form.types.begin())));
  }
  std::ranges::sort(classes);
  classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
  return classes;
}

ExtractSetup settle_entities(const ExtractOptions& options, const Host& host) {
  ExtractSetup setup;
  setup.run = read_trained(options, host);
  RELATUM_CHECK(setup.run && setup.run->entities);
  asked_classes(options, *setup.run->entities);
  settle_model(options, host.context, setup);
  return setup;
}

EntityModel::EntityModel(const ExtractOptions& options, const ExtractSetup& setup, const Host& host)
    : folder_(options.adapter), form_(*setup.run->entities) {
  engine::SessionOptions how = options.model.session();
  how.base = setup.base;
  own_ = open_classified_model(find_model(setup.model, setup.models, host), how);
  session_ = own_.get();
  check_base(options, *setup.run, *session_, false, host);
  if (!has_own_model(*setup.run)) {
    adapter_ = train::load_peft(folder_, session_->model(), session_->compute());
  }
  const nn::LoraSet* set = adapter_ ? &adapter_->set() : nullptr;
  if (session_->products() == DType::kI8) {
    own_->quantise(set);
    set = adapter_ ? adapter_->set_beside_integers() : nullptr;
  }
  open(options, set);
}

EntityModel::EntityModel(const ExtractOptions& options, const RunInfo& run,
                         const engine::Session& session, const nn::LoraSet* adapter)
    : folder_(options.adapter), form_(*run.entities), session_(&session) {
  open(options, adapter);
}

void EntityModel::open(const ExtractOptions& options, const nn::LoraSet* adapter) {
  train::SpanForm sizes;
  sizes.classes = 1 + int64_t(form_.types.size());
  sizes.width = session_->model().info().width;
  sizes.widest = form_.widest;
  sizes.lengths = form_.lengths;
  sizes.hidden = form_.hidden;
  head_ = train::load_span_head(folder_, sizes, session_->compute());
  worker_.emplace(*session_, adapter);
  search_.emplace(EntitySearch{
      *worker_,
      head_.head,
      form_.overlap,
      {options.batch_tokens, options.entity_threshold, asked_classes(options, form_)}});
}

std::string EntityModel::identity() const {
  const fs::path run(folder_);
  return fmt::format(
      "entities {} types {} overlap {} adapter {} {} model {} base {} products {} tokenizer {} "
      "tokens {}{}{}",
      hash_of(train::span_file(run)), sha256_lines(form_.types).substr(0, 16), form_.overlap,
      hash_of(run / "adapter_model.safetensors"), hash_of(run / "adapter_config.json"),
      session_->weights_hash().substr(0, 16), session_->base(), name_of(session_->products()),
      session_->tokenizer_hash().substr(0, 16), search_->spans.batch_tokens,
      search_->spans.from ? fmt::format(" threshold {}", *search_->spans.from) : "",
      search_->spans.classes.empty()
          ? ""
          : fmt::format(" classes {}", fmt::join(search_->spans.classes, ",")));
}

}  // namespace relatum::jobs
