// Key by key. The Hub looks at licences, data sets and figures when a card is uploaded, so nothing
// is named there that is not known: no data set's id, as data are files of the user's.
#include "jobs/card_metadata.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "io/yaml.h"
#include "jobs/card_values.h"
#include "task/spec.h"

namespace relatum::jobs {
namespace {

using io::yaml_string;

void add(std::string& out, const char* key, const std::string& value) {
  if (!value.empty()) out += fmt::format("{}: {}\n", key, yaml_string(value));
}

std::vector<std::string> tags_of(const ModelCard& card) {
  std::vector<std::string> tags{"relation-extraction", "relatum"};
  const std::string method = card_method(card.record);
  if (card.of == CardOf::kAdapter) tags.emplace_back("lora");
  if (!method.empty() && method != tags.back()) tags.push_back(method);
  if (card_flag(card.record, "dora")) tags.emplace_back("dora");
  return tags;
}

void add_base(std::string& out, const ModelCard& card) {
  if (card.base.name.empty()) return;
  if (!card.base.repository) {
    out +=
        "# As the base was called where this was trained. The Hub wants its id there "
        "(ORGANISATION/NAME).\n";
  }
  add(out, "base_model", card.base.name);
  add(out, "base_model_relation", card.of == CardOf::kAdapter ? "adapter" : "finetune");
}

// What the dev sentences are: a file of their own, or part of the training data.
std::string dev_name(const nlohmann::json& record) {
  const std::string dev = card_file(record, "dev");
  if (!dev.empty()) return dev;
  return fmt::format("{} held out of {}", card_number(record, "dev_examples").value_or(0),
                     card_file(record, "train"));
}

std::string format_of(const std::string& spec) {
  const std::string format = task::parse_spec(spec).format;
  return format.empty() ? "custom" : format;
}

void add_figures(std::string& out, const ModelCard& card, const DevFigures& dev) {
  const bool entities = card_finds_entities(card.record);
  const std::string data = dev_name(card.record);
  const std::string file = card_file(card.record,
                                     card_text(card.record, "dev").empty() ? "train" : "dev");
  out += fmt::format(
      "model-index:\n- name: {}\n  results:\n  - task:\n      type: \"{}\"\n"
      "      name: \"{}\"\n    dataset:\n      name: {}\n      type: {}\n"
      "      split: \"validation\"\n    metrics:\n",
      yaml_string(card.title), entities ? "token-classification" : "text-classification",
      entities ? "Named entity recognition" : "Relation extraction", yaml_string(data),
      yaml_string(format_of(file)));
  const auto metric = [&](const char* type, double value, const std::string& name) {
    out += fmt::format("    - type: \"{}\"\n      value: {:.4f}\n      name: {}\n", type, value,
                       yaml_string(name));
  };
  metric("f1", dev.f1, fmt::format("F1 ({}) on the sentences that chose the step", dev.metric));
  if (!entities) metric("accuracy", dev.accuracy, "accuracy on the sentences that chose the step");
}

}  // namespace

std::string card_metadata(const ModelCard& card, const CardFacts& facts) {
  std::string out = "---\n";
  add_base(out, card);
  add(out, "library_name", card.of == CardOf::kAdapter ? "peft" : "transformers");
  add(out, "license", card.base.license);
  add(out, "pipeline_tag",
      card_finds_entities(card.record) ? "token-classification"
      : card_classifies(card.record)   ? "text-classification"
                                       : "text-generation");
  out += "tags:\n";
  for (const std::string& tag : tags_of(card)) out += fmt::format("- {}\n", yaml_string(tag));
  if (facts.dev) add_figures(out, card, *facts.dev);
  return out + "---\n";
}

}  // namespace relatum::jobs
