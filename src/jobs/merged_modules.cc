// What a tied head becomes once only one of the two has changed.
#include "jobs/merged_modules.h"

#include <fmt/format.h>

#include <algorithm>

#include "arch/t5_settings.h"
#include "arch/tensor_names.h"
#include "base/error.h"

namespace relatum::jobs {
namespace {

constexpr const char* kHead = "lm_head";
constexpr const char* kEmbedding = "model.embed_tokens";
constexpr const char* kEncoder = "encoder.embed_tokens";
constexpr const char* kDecoder = "decoder.embed_tokens";

}  // namespace

MergedModules::MergedModules(const arch::Model& model, const arch::ModelFiles& files,
                             const train::Adapter& adapter)
    : adapter_(adapter), info_(model.info()), head_(find(kHead)) {
  const train::SavedModule* embedding = find(kEmbedding);
  tied_ = head_ && embedding && head_->offset == embedding->offset;
  for (const train::SavedModule& module : adapter.saved()) {
    if (&module != head_ || !tied_) names_.push_back(module.name);
  }
  if (info_.encoder_layers > 0) {
    head_scale_ = info_.own_head ? 1 : arch::head_scale(files, info_);
    plan_encoder_decoder();
  } else {
    plan_decoder();
  }
}

void MergedModules::plan_decoder() {
  const train::SavedModule* embedding = find(kEmbedding);
  parts_head_ = !info_.own_head && !tied_ && (embedding || head_);
  if (embedding) tensors_.push_back({std::string(kEmbedding) + ".weight", embedding});
  if (head_ || parts_head_) tensors_.push_back({"lm_head.weight", head_, 1, !tied_});
}

// A head that is tied has the table "shared", which stays; those of encoder and decoder come
// beside it. Where the base scales what a tied head reads, a head of its own has that in its
// values: settings of transformers before its version 5 know no scale beside a head of its own.
void MergedModules::plan_encoder_decoder() {
  for (const char* name : {kEncoder, kDecoder}) {
    if (const auto* own = find(name)) tensors_.push_back({std::string(name) + ".weight", own});
  }
  if (!head_) return;
  parts_head_ = !info_.own_head;
  tensors_.push_back({"lm_head.weight", head_, head_scale_});
}

const train::SavedModule* MergedModules::find(std::string_view name) const {
  const auto& all = adapter_.saved();
  const auto found = std::ranges::find(all, name, &train::SavedModule::name);
  return found == all.end() ? nullptr : &*found;
}

const MergedModules::Tensor* MergedModules::in_folder(std::string_view name) const {
  const std::string plain = arch::plain_name(name);
  const auto found = std::ranges::find_if(
      tensors_, [&](const Tensor& tensor) { return arch::plain_name(tensor.name) == plain; });
  return found == tensors_.end() ? nullptr : &*found;
}

void MergedModules::check_gguf() const {
  const train::SavedModule *source = find(kEncoder), *target = find(kDecoder);
  if (!source && !target) return;
  if (source && target) {
    const auto one = adapter_.values_of_saved(*source), other = adapter_.values_of_saved(*target);
    if (std::equal(one.data, one.data + one.size(), other.data)) return;
  }
  fail("jobs.merge", fmt::format("the adapter gives encoder and decoder embeddings that differ "
                                 "({}), and a GGUF file has one for both. Write a folder: --out "
                                 "without .gguf.",
                                 (source ? source : target)->name));
}

bool MergedModules::parts_gguf_head() const {
  if (info_.own_head || tied_) return false;
  return head_ || in_gguf("token_embd.weight");
}

const train::SavedModule* MergedModules::in_gguf(std::string_view tensor) const {
  if (tensor == "output.weight") return head_;
  if (tensor != "token_embd.weight") return nullptr;
  return find(info_.encoder_layers > 0 ? kDecoder : kEmbedding);
}

Weight MergedModules::weight(const train::SavedModule& module) const {
  const auto values = adapter_.values_of_saved(module);
  const std::span<const float> all(values.data, size_t(values.size()));
  return {module.name, "f32", values.rows, values.cols, std::as_bytes(all), nullptr, false};
}

}  // namespace relatum::jobs
