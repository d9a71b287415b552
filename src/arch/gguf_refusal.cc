// The sentences of what GGUF has no place for.
#include "arch/gguf_refusal.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/printable.h"

namespace relatum::arch {

void refuse_for_gguf(const ModelFiles& files, std::string_view what) {
  fail("arch.gguf", fmt::format("{}: {}, which GGUF has no key for. Use the folder as it is.",
                                files.settings_place(), what));
}

void check_absent(const ModelFiles& files, const GgufForm& form, std::string_view end) {
  for (const FormTensor& tensor : form.tensors) {
    if (!tensor.name.ends_with(end)) continue;
    fail("arch.gguf", fmt::format("{}: '{}' has no place in GGUF for this architecture. Use the "
                                  "folder as it is.",
                                  files.path().string(), printable_start(tensor.name)));
  }
}

}  // namespace relatum::arch
