// A SentencePiece model, as Llama's file without configuration, as T5's with one, as XLM-R's.
#include "../memory.h"
#include "../texts.h"
#include "text/tokenizer.h"

namespace relatum::fuzz {
namespace {

constexpr std::string_view kText =
    " Ana Ruiz's <s>visit</s>,\n\n  1985\u20132007 \u2581na\u00efve e\u0301 \U0001f600 \xff"
    "<extra_id_3> <unk><0x41>";
constexpr std::string_view kConfig = R"({"tokenizer_class": "T5Tokenizer", "legacy": false})";

bool run(Bytes bytes) {
  static const MemoryFolder llama, t5, xlm;
  llama.write("tokenizer.model", bytes);
  t5.write("spiece.model", bytes);
  xlm.write("sentencepiece.bpe.model", bytes);
  t5.write("tokenizer_config.json", std::as_bytes(std::span(kConfig)));
  const auto use = [](const MemoryFolder& folder) {
    return accepts([&] { use_tokenizer(*text::load_tokenizer(folder.path()), kText); });
  };
  const bool first = use(llama), second = use(t5), third = use(xlm);
  return first || second || third;
}

}  // namespace

const Target& target_tokenizer_model() {
  static const Target target{"tokenizer_model", run};
  return target;
}

}  // namespace relatum::fuzz
