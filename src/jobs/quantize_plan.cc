// Rules by name, and what is taken where rows do not fit.
#include "jobs/quantize_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/counted.h"
#include "base/error.h"
#include "base/known_names.h"

namespace relatum::jobs {
namespace {

/// What can be asked for; file_type is llama.cpp's "ftype", of the "small" mix for q4_k.
struct Target {
  std::string_view name;
  int file_type;
  std::string_view head;  // what the head is kept in
};
constexpr Target kTargets[] = {{"q8_0", 7, "q8_0"},  {"q4_0", 2, "q6_k"},  {"q4_k", 14, "q6_k"},
                               {"q6_k", 18, "q6_k"}, {"bf16", 32, "bf16"}, {"f16", 1, "f16"},
                               {"f32", 0, "f32"}};
// Where rows do not fit.
constexpr std::pair<std::string_view, std::string_view> kInstead[] = {
    {"q4_k", "q5_0"}, {"q6_k", "q8_0"}, {"q4_0", "f16"}, {"q5_0", "f16"}, {"q8_0", "f16"}};

bool is_matrix(const arch::FormTensor& tensor) {
  const auto holds = [&](const char* part) { return tensor.name.find(part) != std::string::npos; };
  return tensor.shape.size() == 2 && tensor.name.ends_with("weight") && !holds("_norm") &&
         !holds("attn_rel_b") && !holds("ffn_gate_inp") && !holds("position_embd") &&
         !holds("token_types");
}

const quant::Format& fitting(std::string_view name, int64_t cols) {
  const quant::Format* found = &quant::format(name);
  while (cols % found->block != 0) {
    const auto* instead = std::find_if(std::begin(kInstead), std::end(kInstead),
                                       [&](const auto& pair) { return pair.first == found->name; });
    RELATUM_CHECK(instead != std::end(kInstead));
    found = &quant::format(instead->second);
  }
  return *found;
}

}  // namespace

std::vector<std::string> quantize_formats() {
  std::vector<std::string> names;
  for (const Target& target : kTargets) names.emplace_back(target.name);
  return names;
}

QuantizePlan plan_formats(const arch::GgufForm& form, const std::string& format, bool from_gguf) {
  const auto* target = std::find_if(std::begin(kTargets), std::end(kTargets),
                                    [&](const Target& t) { return t.name == format; });
  if (target == std::end(kTargets)) {
    fail("jobs.quantize", unknown_name("number format", format, quantize_formats()));
  }
  bool own_head = false;
  for (const auto& tensor : form.tensors) own_head = own_head || tensor.name == "output.weight";
  const std::string_view head = own_head ? "output.weight" : "token_embd.weight";
  QuantizePlan plan;
  plan.file_type = target->file_type;
  std::map<std::pair<int64_t, std::string>, int64_t> replaced;  // (width, sentence) to how many
  for (const arch::FormTensor& tensor : form.tensors) {
    const int64_t cols = tensor.shape[0];
    if (!is_matrix(tensor)) {
      plan.formats.push_back(&quant::format(from_gguf ? tensor.weight.format : "f32"));
      continue;
    }
    const std::string_view wanted = tensor.name == head ? target->head : target->name;
    const quant::Format& found = fitting(wanted, cols);
    if (wanted != target->name) {
      plan.notes.push_back(
          fmt::format("{} is kept in {}, as it is the head", tensor.name, found.name));
    }
    if (found.name != wanted) {
      const auto why = fmt::format("{} instead of {}, whose blocks have {}", found.name, wanted,
                                   quant::format(wanted).block);
      ++replaced[{cols, why}];
    }
    plan.formats.push_back(&found);
  }
  for (const auto& [which, count] : replaced) {
    plan.notes.push_back(fmt::format("{} with rows of {} values: {}", counted(count, "tensor"),
                                     which.first, which.second));
  }
  return plan;
}

QuantizePlan keep_formats(const arch::GgufForm& form, int file_type,
                          const std::function<bool(const arch::FormTensor&)>& changes) {
  QuantizePlan plan;
  plan.file_type = file_type;
  std::map<std::string_view, int64_t> kept;
  std::map<std::pair<std::string_view, std::string_view>, int64_t> replaced;
  for (const arch::FormTensor& tensor : form.tensors) {
    const quant::Format* own = &quant::format(tensor.weight.format);
    if (!own->encode && changes(tensor)) {
      const quant::Format& instead = fitting("q4_k", tensor.shape[0]);
      ++replaced[{own->name, instead.name}];
      own = &instead;
    }
    ++kept[own->name];
    plan.formats.push_back(own);
  }
  std::vector<std::string> counts;
  for (const auto& [name, count] : kept) counts.push_back(fmt::format("{} in {}", count, name));
  plan.notes.push_back(
      fmt::format("each tensor keeps the base's number format: {}", fmt::join(counts, ", ")));
  for (const auto& [names, count] : replaced) {
    plan.notes.push_back(fmt::format("{}: {} instead of {}, which is only read",
                                     counted(count, "tensor"), names.second, names.first));
  }
  return plan;
}

}  // namespace relatum::jobs
