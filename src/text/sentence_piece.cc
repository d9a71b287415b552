// Calls to the library; its exceptions and states become errors.
#include "text/sentence_piece.h"

#include <fmt/format.h>
#include <sentencepiece_processor.h>

#include <exception>

#include "base/error.h"
#include "base/utf8.h"

namespace relatum::text {
namespace {

constexpr std::string_view kSign = "\u2581";

[[noreturn]] void refused(const std::string& place, const std::string& what) {
  fail("text.sentencepiece",
       fmt::format("{}: the SentencePiece library refuses it: {}. The file is "
                   "broken: fetch it again.",
                   place, to_valid_utf8(what)));
}

/// Runs a call that gives a status; the library's trie throws exceptions of its own.
template <class Call>
void checked(const std::string& place, const Call& call) {
  std::string what;
  try {
    const sentencepiece::util::Status status = call();
    if (status.ok()) return;
    what = status.error_message();
  } catch (const std::exception& error) {
    what = error.what();
  }
  refused(place, what);
}

}  // namespace

struct SentencePiece::Processor {
  sentencepiece::SentencePieceProcessor processor;
};

SentencePiece::SentencePiece(const PieceModel& model, bool keep_signs, const std::string& place)
    : unk_(model.pieces[size_t(model.unk())].text), keep_signs_(keep_signs), place_(place) {
  for (const PieceModel::Piece& piece : model.pieces) {
    if (piece.type == kControlToken) control_.insert(piece.text);
  }
  auto processor = std::make_unique<Processor>();
  const std::string bytes = piece_model_bytes(model);
  checked(place, [&] { return processor->processor.LoadFromSerializedProto(bytes); });
  processor_ = std::move(processor);
  if (keep_signs_) unk_ids_ = ids_of(unk_).size();
}
SentencePiece::~SentencePiece() = default;

std::vector<int> SentencePiece::ids_of(std::string_view text) const {
  std::vector<int> ids;
  checked(place_, [&] { return processor_->processor.Encode(text, &ids); });
  return ids;
}

void SentencePiece::encode(std::span<const std::string_view> words,
                           std::vector<int32_t>& ids) const {
  for (const std::string_view word : words) {
    size_t skipped = 0;
    std::vector<int> found;
    if (keep_signs_ && (word.starts_with(' ') || word.starts_with(kSign))) {
      // Behind a text that is cut off again, the space is inside.
      found = ids_of(unk_ + std::string(word));
      if (found.size() >= unk_ids_) skipped = unk_ids_;
    } else {
      found = ids_of(word);
    }
    ids.insert(ids.end(), found.begin() + ptrdiff_t(skipped), found.end());
  }
}

std::string SentencePiece::decode(std::span<const std::string_view> tokens) const {
  std::vector<std::string_view> pieces;
  for (const std::string_view token : tokens) {
    if (!control_.contains(std::string(token))) pieces.push_back(token);
  }
  std::string text;
  checked(place_, [&] { return processor_->processor.Decode(pieces, &text); });
  return utf8_valid(text) ? text : to_valid_utf8(text);
}

}  // namespace relatum::text
