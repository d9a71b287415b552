// From the tensors that were asked for, which have their names in both worlds.
#include "arch/gguf_names.h"

#include "arch/family.h"

namespace relatum::arch {

GgufNames gguf_names(const ModelFiles& files, const Family& family) {
  GgufNames names;
  names.architecture = family.gguf_architecture.empty() ? files.architecture()
                                                        : std::string(family.gguf_architecture);
  constexpr std::string_view kEnd = ".weight";
  for (const AskedTensor& asked : files.asked().in_order) {
    const std::string& name = asked.name.hugging_face;
    if (asked.vector || !name.ends_with(kEnd)) continue;
    names.linears[name.substr(0, name.size() - kEnd.size())] = {asked.name.gguf,
                                                                asked.rotary_heads};
  }
  return names;
}

}  // namespace relatum::arch
