// Finds each part's tensor by both of its names.
#include "jobs/merged_linears.h"

#include <algorithm>
#include <utility>

#include "arch/family.h"
#include "arch/tensor_names.h"
#include "base/error.h"
#include "train/merged_rows.h"

namespace relatum::jobs {
namespace {

const MergedLinears::Linear* find(
    const std::map<std::string, MergedLinears::Linear, std::less<>>& all, std::string_view name) {
  const auto found = all.find(name);
  return found == all.end() ? nullptr : &found->second;
}

}  // namespace

MergedLinears::MergedLinears(const arch::Model& model, const train::Adapter& adapter,
                             std::string base)
    : adapter_(adapter), base_(std::move(base)) {
  std::map<std::string, const train::AdapterModule*> modules;
  for (const train::AdapterModule& module : adapter.modules()) modules[module.name] = &module;
  for (const nn::Linear* linear : model.linears()) {
    for (const nn::Linear::Part& part : linear->parts()) {
      const auto names = model.gguf_names().linears.find(part.name);
      RELATUM_CHECK(names != model.gguf_names().linears.end());
      const auto module = modules.find(part.name);
      const Linear entry{module == modules.end() ? nullptr : module->second,
                         names->second.rotary_heads};
      by_gguf_[names->second.tensor] = entry;
      by_folder_[arch::plain_name(part.name + ".weight")] = entry;
    }
  }
}

const MergedLinears::Linear* MergedLinears::in_gguf(std::string_view tensor) const {
  return find(by_gguf_, tensor);
}

const MergedLinears::Linear* MergedLinears::in_folder(std::string_view tensor) const {
  return find(by_folder_, arch::plain_name(tensor));
}

Weight MergedLinears::base_weight(const Linear& linear, const Weight& stored, bool gguf) const {
  if (!gguf || !linear.rotary_heads) return arch::to_base(stored, base_);
  return arch::to_base(arch::unpermute_rows(stored, linear.rotary_heads), base_);
}

void MergedLinears::merge(const Linear& linear, int64_t begin, MatView<float> rows) const {
  if (linear.module) train::merge_rows(adapter_, *linear.module, begin, rows);
}

int64_t MergedLinears::adapted() const { return int64_t(adapter_.modules().size()); }

}  // namespace relatum::jobs
