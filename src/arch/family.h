// The registry of architectures; one file in arch/models is one family.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "arch/gguf_form.h"
#include "arch/model.h"
#include "arch/model_files.h"
#include "arch/unread.h"

namespace relatum::arch {

struct LoadOptions {
  DType compute = DType::kF32;
  /// Form that the linears' weights are stored in: "keep" (as in the file), "nf4", "bf16", "f32".
  std::string base = "keep";
  /// Keep decoded weights in memory (fast); otherwise decode for each use (small).
  bool resident = true;
};

struct Family {
  std::string_view name;                          ///< as in ModelInfo::family
  std::span<const std::string_view> model_types;  ///< architecture names that it serves
  bool causal = true;
  Spare spare;  ///< what its files may hold and nobody reads
  std::unique_ptr<Model> (*load)(const ModelFiles& files, const LoadOptions& options) = nullptr;
  /// For writing a folder as GGUF: adds the keys that llama.cpp reads for this family, and changes
  /// tensors where they differ there. `form` has all that the network asked for. nullptr: not
  /// known.
  void (*describe)(const ModelFiles& files, const ModelInfo& info, GgufForm& form) = nullptr;
  /// What GGUF calls it where a folder's model_type may be another; empty: the same.
  std::string_view gguf_architecture = {};
};

/// Family::load of the architecture M.
template <class M>
std::unique_ptr<Model> load_as(const ModelFiles& files, const LoadOptions& options) {
  return std::make_unique<M>(files, options);
}

/// All families; generated from the folder.
std::span<const Family* const> families();
/// By GGUF's architecture or config.json's model_type; Error that lists the known ones.
const Family& family(const ModelFiles& files);

/// Loads a model with whatever family its files name. Throws Error that names tensors and settings
/// of the files that the family would leave unread (see check_all_read).
std::unique_ptr<Model> load_model(const ModelFiles& files, const LoadOptions& options);
/// The form that "auto" stands for: a quantised GGUF or folder keeps its own blocks, all else
/// becomes NF4.
std::string resolve_base(const ModelFiles& files, std::string_view base);
/// Converts one stored weight to the form that `base` names. Throws Error where a value is not
/// finite: other forms could not show it any more.
Weight to_base(const Weight& weight, std::string_view base);
/// SHA-256 over the files that the weights are read from (and no others), for run records.
std::string weights_hash(const ModelFiles& files);

}  // namespace relatum::arch
