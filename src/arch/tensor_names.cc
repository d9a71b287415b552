// Takes wrappers' parts off a tensor's name.
#include "arch/tensor_names.h"

#include <utility>

namespace relatum::arch {
namespace {

// Before a name, in any order and number: torch.compile, data parallel training, FSDP, DeepSpeed,
// PEFT, sentence-transformers, and the model within its task's head.
constexpr std::string_view kBefore[] = {"_orig_mod.",
                                        "module.",
                                        "_fsdp_wrapped_module.",
                                        "_forward_module.",
                                        "base_model.model.",
                                        "0.auto_model.",
                                        "auto_model.",
                                        "0.model.",
                                        "model.",
                                        "bert.",
                                        "roberta.",
                                        "distilbert.",
                                        "mpnet."};
// Between parts, where single layers were wrapped.
constexpr std::string_view kBetween[] = {"._orig_mod.", "._fsdp_wrapped_module.",
                                         "._checkpoint_wrapped_module."};

bool take_off_front(std::string_view& name) {
  for (const std::string_view part : kBefore) {
    if (!name.starts_with(part)) continue;
    name.remove_prefix(part.size());
    return true;
  }
  return false;
}

// The name with "." for each of the parts between.
std::string without_wrapped_layers(std::string_view name) {
  std::string plain;
  while (!name.empty()) {
    size_t length = 1;
    for (const std::string_view part : kBetween) {
      if (name.starts_with(part)) length = part.size() - 1;  // its last dot stays to be looked at
    }
    if (length == 1) plain.push_back(name.front());
    name.remove_prefix(length);
  }
  return plain;
}

}  // namespace

std::string plain_name(std::string_view name) {
  while (take_off_front(name)) {
  }
  std::string plain = without_wrapped_layers(name);
  for (const auto& [old, now] :
       {std::pair<std::string_view, std::string_view>{".gamma", ".weight"}, {".beta", ".bias"}}) {
    if (!plain.ends_with(old)) continue;
    plain.resize(plain.size() - old.size());
    plain.append(now);
  }
  return plain;
}

}  // namespace relatum::arch
