// The tokenizer in a GGUF file.
#include "../target.h"
#include "../texts.h"
#include "base/memory_file.h"
#include "text/tokenizer.h"

namespace relatum::fuzz {
namespace {

constexpr std::string_view kText =
    "Ana Ruiz's <|im_start|>visit,\n\n  1985\u20132007 na\u00efve \xff";

bool run(Bytes bytes) {
  const MemoryFile file(text_of(bytes));
  return accepts([&] { use_tokenizer(*text::load_tokenizer(file.path()), kText); });
}

}  // namespace

const Target& target_tokenizer_gguf() {
  static const Target target{"tokenizer_gguf", run};
  return target;
}

}  // namespace relatum::fuzz
