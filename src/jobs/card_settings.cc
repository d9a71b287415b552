// A row for each setting that the record has.
#include "jobs/card_settings.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "io/json.h"
#include "jobs/markdown_text.h"

namespace relatum::jobs {
namespace {

std::string setting_text(const nlohmann::json& value) {
  if (value.is_string()) return markdown_text(value.get<std::string>());
  if (value.is_boolean()) return value.get<bool>() ? "on" : "";
  return value.is_number() ? fmt::format("{}", value.get<double>()) : "";
}

}  // namespace

std::string card_settings(const nlohmann::json& record) {
  static const std::pair<const char*, const char*> kRows[] = {
      {"method", "method"},
      {"base", "form of the base's weights"},
      {"compute", "products in"},
      {"rank", "rank"},
      {"alpha", "alpha"},
      {"dropout", "dropout"},
      {"targets", "adapted linears"},
      {"rslora", "scale alpha / √rank"},
      {"dora", "magnitudes (DoRA)"},
      {"lora_plus", "rate of B to that of A"},
      {"init", "pairs begin"},
      {"save_modules", "trained whole"},
      {"pairs", "pairs of"},
      {"label_list", "labels that training prompts list"},
      {"head_lr", "learning rate of the classifier"},
      {"head_dropout", "dropout before the classifier"},
      {"hidden_dropout", "dropout of hidden states"},
      {"epochs", "epochs"},
      {"steps", "steps"},
      {"batch_tokens", "tokens a step"},
      {"lr", "learning rate"},
      {"schedule", "schedule"},
      {"warmup", "share of steps that warm up"},
      {"weight_decay", "weight decay"},
      {"clip", "norm that gradients are clipped to"},
      {"seed", "seed"}};
  std::string rows;
  for (const auto& [key, title] : kRows) {
    const nlohmann::json* value = io::find(record, key);
    const std::string text = value ? setting_text(*value) : "";
    const bool plain = (key == std::string_view("init") && text == "default") ||
                       (key == std::string_view("label_list") && text == "full") ||
                       (key == std::string_view("lora_plus") && text == "1");
    if (!text.empty() && !plain) rows += fmt::format("| {} | {} |\n", title, text);
  }
  return rows.empty() ? "" : "## Settings\n\n| | |\n| --- | --- |\n" + rows + "\n";
}

}  // namespace relatum::jobs
