// Mistral's tekken.json.
#include "../memory.h"
#include "../texts.h"
#include "text/tokenizer.h"

namespace relatum::fuzz {
namespace {

constexpr std::string_view kText =
    " Ana Ruiz's <s>[INST] visit</s>,\n\n/  1985\u20132007 naIVE e\u0301 \U0001f600 \xff";

bool run(Bytes bytes) {
  static const MemoryFolder folder;
  folder.write("tekken.json", bytes);
  return accepts([&] { use_tokenizer(*text::load_tokenizer(folder.path()), kText); });
}

}  // namespace

const Target& target_tekken() {
  static const Target target{"tekken", run};
  return target;
}

}  // namespace relatum::fuzz
