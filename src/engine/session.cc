// Loading behind Session, and the token form of prompts and completions.
#include "engine/session.h"

#include <fmt/format.h>

#include <set>

#include "base/error.h"
#include "base/signals.h"
#include "kernels/cpu.h"

namespace relatum::engine {

namespace {

// Tokens that no text of data becomes. Gemma 3 has one without a row, for images; where a template
// writes it, looking it up fails.
std::set<int32_t> control_tokens(const text::Tokenizer& tokenizer) {
  std::set<int32_t> ids;
  for (const text::AddedToken& token : tokenizer.added()) {
    if (token.special) ids.insert(token.id);
  }
  return ids;
}

}  // namespace

Session::Session(const std::filesystem::path& path, const SessionOptions& options)
    : files_(arch::ModelFiles::open(path)), compute_(kernels::compute_type(options.compute)),
      products_(options.compute == "int8" ? DType::kI8 : compute_),
      base_(arch::resolve_base(files_, options.base)),
      model_(
          arch::load_model(files_, {compute_, base_, options.resident && products_ != DType::kI8})),
      tokenizer_(text::load_tokenizer(files_.path())) {
  if (products_ == DType::kI8 && !options.resident) {
    fail("engine.session",
         "int8 products keep their weights, so they cannot do with low memory. "
         "Choose one of the two.");
  }
  const auto rows = int32_t(model_->info().vocabulary);
  const std::set<int32_t> control = control_tokens(*tokenizer_);
  for (int32_t id = rows; id < tokenizer_->vocab_size(); ++id) {
    if (control.contains(id)) continue;
    fail("engine.session", fmt::format("{}: the tokenizer has {} tokens, the embedding {} rows: "
                                       "token '{}' (id {}) has none. Resize the embedding, or take "
                                       "the token out of the tokenizer's files.",
                                       files_.path().string(), tokenizer_->vocab_size(), rows,
                                       tokenizer_->token(id), id));
  }
}

void Session::quantise(const nn::LoraSet* adapter) {
  RELATUM_CHECK(products_ == DType::kI8);
  const SignalsHeld held;
  for (nn::Linear* linear : model_->mutable_linears()) {
    linear->prepare_int8(compute_, adapter ? adapter->of(*linear) : nullptr);
  }
}

arch::Model& Session::open_weights() {
  if (products_ == DType::kI8 || base_ != "f32") {
    fail("engine.session",
         fmt::format("{}: its weights are trained themselves, so they are kept in "
                     "f32, not in {}. Use --base f32.",
                     files_.path().string(), products_ == DType::kI8 ? "int8" : base_));
  }
  return *model_;
}

void Session::prepare_training() {
  const SignalsHeld held;
  Buffer scratch;
  for (nn::Linear* linear : model_->mutable_linears()) linear->prepare_backward(&scratch);
}

const std::string& Session::weights_hash() const {
  std::call_once(hashed_, [this] { hash_ = arch::weights_hash(files_); });
  return hash_;
}

std::vector<int32_t> prompt_tokens(const Session& session, std::string_view prompt,
                                   std::span<const text::DataRange> data) {
  const text::Tokenizer& tokenizer = session.tokenizer();
  const auto before = tokenizer.before();
  std::vector<int32_t> tokens(before.begin(), before.end());
  const auto ids = tokenizer.encode(prompt, data);
  tokens.insert(tokens.end(), ids.begin(), ids.end());
  const bool encoded = session.model().info().encoder_layers > 0;
  if (encoded && tokenizer.special().eos) tokens.push_back(*tokenizer.special().eos);
  if (tokens.empty()) fail("engine.prompt", "a prompt is empty: it has no token to answer.");
  return tokens;
}

namespace {

/// Ids of a completion as what stands behind a word. Llama 2's and Mistral's pieces put a blank of
/// their own in front of any text: a completion's blank would be a second one, which no text has
/// there.
std::vector<int32_t> behind_a_word(const text::Tokenizer& tokenizer, std::string_view completion) {
  constexpr std::string_view kBlank = "\u2581";  // as SentencePiece spells it
  if (completion.starts_with(' ')) {
    std::vector<int32_t> bare = tokenizer.encode_data(completion.substr(1));
    const std::string_view first = bare.empty() ? "" : tokenizer.token(bare.front());
    if (first.starts_with(kBlank) && !completion.substr(1).starts_with(kBlank)) return bare;
  }
  return tokenizer.encode_data(completion);
}

}  // namespace

bool adds_blank(const text::Tokenizer& tokenizer) {
  return behind_a_word(tokenizer, " a") != tokenizer.encode_data(" a");
}

std::vector<int32_t> completion_tokens(const text::Tokenizer& tokenizer,
                                       std::string_view completion) {
  std::vector<int32_t> tokens = behind_a_word(tokenizer, completion);
  if (!tokenizer.special().eos) {
    fail("engine.prompt", "the model's tokenizer names no end token, so answers cannot end.");
  }
  tokens.push_back(*tokenizer.special().eos);
  return tokens;
}

}  // namespace relatum::engine
