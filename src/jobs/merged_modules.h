// Head and embeddings that an adapter has whole, in the place of a base's own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "arch/model.h"
#include "arch/model_files.h"
#include "train/adapter.h"

namespace relatum::jobs {

class MergedModules {
 public:
  /// A tensor of the merged folder with other values than the base's of that name, which it may
  /// lack.
  struct Tensor {
    std::string name;                            ///< e.g. "lm_head.weight"
    const train::SavedModule* module = nullptr;  ///< nullptr: the base's embedding
    float factor = 1;                            ///< of its values
    bool added = true;                           ///< false: only where the base has it
  };

  /// The model is looked at once, `files` are its own; the adapter outlives this.
  MergedModules(const arch::Model& model, const arch::ModelFiles& files,
                const train::Adapter& adapter);

  /// Names of the adapter's own modules, without those that are tied to one before them.
  const std::vector<std::string>& names() const { return names_; }
  /// Head and embedding are one in the base, and two in the result.
  bool parts_head() const { return parts_head_; }

  const std::vector<Tensor>& in_folder() const { return tensors_; }
  /// By a tensor's name there, whatever wrapper is before it; nullptr: it stays the base's.
  const Tensor* in_folder(std::string_view name) const;

  /// Throws Error where a GGUF file has no place for the modules.
  void check_gguf() const;
  /// Whether a GGUF file gets a head beside its embedding, which the base's file lacks.
  bool parts_gguf_head() const;
  /// The values of a GGUF's tensor; nullptr: they stay the base's.
  const train::SavedModule* in_gguf(std::string_view tensor) const;

  /// A module's values, which are the adapter's: V x D, f32.
  Weight weight(const train::SavedModule& module) const;
  /// Of a tied head: what is multiplied by before it; 1: nothing.
  float head_scale() const { return head_scale_; }

 private:
  const train::SavedModule* find(std::string_view name) const;
  void plan_decoder();
  void plan_encoder_decoder();

  const train::Adapter& adapter_;
  arch::ModelInfo info_;
  const train::SavedModule* head_ = nullptr;  // also where it is tied to the embedding
  bool tied_ = false;                         // head and embedding, in the adapter
  bool parts_head_ = false;
  float head_scale_ = 1;
  std::vector<std::string> names_;
  std::vector<Tensor> tensors_;
};

}  // namespace relatum::jobs
