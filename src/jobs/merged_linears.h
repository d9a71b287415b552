// A base's linears as they are with an adapter merged into them, whatever the files.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "arch/model.h"
#include "arch/model_files.h"
#include "train/adapter.h"

namespace relatum::jobs {

class MergedLinears {
 public:
  struct Linear {
    const train::AdapterModule* module = nullptr;  ///< nullptr: not adapted
    int64_t rotary_heads = 0;  ///< in a GGUF file, rows of so many heads stand in another order
  };

  /// `base` is the form that the adapter adds to (arch::to_base): as with a session, all linears
  /// but the head have it. The model is looked at once; the adapter outlives this.
  MergedLinears(const arch::Model& model, const train::Adapter& adapter, std::string base);

  /// By a tensor's name in a GGUF file, or in a folder; nullptr where it is no linear's.
  const Linear* in_gguf(std::string_view tensor) const;
  const Linear* in_folder(std::string_view tensor) const;
  /// Whether the merged values of a tensor are other ones than the stored ones.
  bool changes(const Linear& linear, const Weight& stored) const {
    return linear.module || (base_ != "keep" && base_ != stored.format);
  }
  /// The stored weight in the base's form, with rows in the folder's order.
  Weight base_weight(const Linear& linear, const Weight& stored, bool gguf) const;
  /// Rows [begin, begin + rows.rows) of that weight, in f32, to the merged ones.
  void merge(const Linear& linear, int64_t begin, MatView<float> rows) const;
  /// Linears that the adapter adapts.
  int64_t adapted() const;

 private:
  const train::Adapter& adapter_;
  std::string base_;
  std::map<std::string, Linear, std::less<>> by_gguf_, by_folder_;
};

}  // namespace relatum::jobs
