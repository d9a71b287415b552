// Reading and writing protobuf's wire format, as far as the file needs it.
#include "text/piece_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "text/char_map.h"

namespace relatum::text {
namespace {

// Field numbers of sentencepiece_model.proto (facts of the format).
enum ModelField { kPieces = 1, kTrainer = 2, kNormalizer = 3, kDenormalizer = 5 };
enum PieceField { kText = 1, kScore = 2, kType = 3 };
enum TrainerField { kModelType = 3, kSuffix = 24, kByteFallback = 35, kUnkSurface = 44 };
enum SpacesField { kCharMap = 2, kDummyPrefix = 3, kRemoveExtra = 4, kEscape = 5 };
// The trainer's names of control pieces, which the library looks for.
constexpr int kUnkPiece = 45;

[[noreturn]] void broken(const std::string& place, const std::string& what) {
  fail("text.sentencepiece", fmt::format("{}: {}. The file is no SentencePiece model, or broken: "
                                         "fetch it again.",
                                         place, what));
}

/// One field of a message: a number, or bytes.
struct Field {
  int number = 0;
  int wire = 0;  // 0: varint, 1: 64 bits, 2: bytes, 5: 32 bits
  uint64_t value = 0;
  std::string_view bytes;
};

class Fields {
 public:
  Fields(std::string_view message, const std::string& place) : rest_(message), place_(place) {}

  bool next(Field& field) {
    if (rest_.empty()) return false;
    const uint64_t key = varint();
    field = {int(std::min<uint64_t>(key >> 3, INT32_MAX)), int(key & 7), 0, {}};
    if (field.number == 0) broken(place_, "a field has the number 0");
    if (field.wire == 0) field.value = varint();
    else if (field.wire == 1) field.value = fixed(8);
    else if (field.wire == 2) field.bytes = take(varint());
    else if (field.wire == 5) field.value = fixed(4);
    else broken(place_, fmt::format("a field is of the kind {}", field.wire));
    return true;
  }

 private:
  std::string_view take(uint64_t size) {
    if (size > rest_.size()) {
      broken(place_, fmt::format("a field has {} bytes, {} are left", size, rest_.size()));
    }
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  uint64_t fixed(size_t size) {
    const std::string_view bytes = take(size);
    uint64_t number = 0;
    for (size_t i = size; i-- > 0;) {
      number = number << 8 | static_cast<unsigned char>(bytes[i]);
    }
    return number;
  }
  uint64_t varint() {
    uint64_t number = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      if (shift < 64) number |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return number;
    }
    broken(place_, "a number does not end");
  }

  std::string_view rest_;
  const std::string& place_;
};

PieceModel::Piece parse_piece(std::string_view message, size_t id, const std::string& place) {
  PieceModel::Piece piece;
  Fields fields(message, place);
  for (Field field; fields.next(field);) {
    if (field.number == kText && field.wire == 2) piece.text = field.bytes;
    if (field.number == kScore && field.wire == 5) {
      piece.score = std::bit_cast<float>(uint32_t(field.value));
    }
    if (field.number == kType && field.wire == 0) {
      piece.type = int(std::min<uint64_t>(field.value, 99));
    }
  }
  const bool sound = !piece.text.empty() && piece.text.find('\0') == piece.text.npos &&
                     utf8_valid(piece.text);
  if (!sound || piece.type < kNormalToken || piece.type > kByteToken) {
    broken(place,
           fmt::format("piece {} is '{}' of type {}", id, printable_start(piece.text), piece.type));
  }
  if (!std::isfinite(piece.score)) {
    broken(place,
           fmt::format("the score of piece {} is {}, expected a finite number", id, piece.score));
  }
  return piece;
}

void parse_trainer(std::string_view message, const std::string& place, PieceModel& model) {
  Fields fields(message, place);
  for (Field field; fields.next(field);) {
    if (field.number == kUnkSurface && field.wire == 2) model.unk_surface = field.bytes;
    if (field.wire != 0) continue;
    if (field.number == kModelType) model.kind = int(std::min<uint64_t>(field.value, 99));
    if (field.number == kSuffix) model.sign_behind = field.value != 0;
    if (field.number == kByteFallback) model.byte_fallback = field.value != 0;
  }
}

PieceModel::Spaces parse_spaces(std::string_view message, const std::string& place,
                                PieceModel::Spaces spaces) {
  Fields fields(message, place);
  for (Field field; fields.next(field);) {
    if (field.number == kCharMap && field.wire == 2) spaces.char_map = field.bytes;
    if (field.wire != 0) continue;
    if (field.number == kDummyPrefix) spaces.add_dummy_prefix = field.value != 0;
    if (field.number == kRemoveExtra) spaces.remove_extra = field.value != 0;
    if (field.number == kEscape) spaces.escape = field.value != 0;
  }
  return spaces;
}

void check(const PieceModel& model, const PieceModel::Spaces& denormalizer,
           const std::string& place) {
  if (model.pieces.empty()) broken(place, "there is no piece");
  size_t unknown = 0;
  for (const PieceModel::Piece& piece : model.pieces) {
    unknown += piece.type == kUnknownToken;
  }
  if (unknown != 1) {
    broken(place, fmt::format("{} pieces stand for what is unknown, expected one", unknown));
  }
  if (model.kind != PieceModel::kUnigram && model.kind != PieceModel::kBpe) {
    fail("text.sentencepiece", fmt::format("{}: a SentencePiece model of type {} is not supported. "
                                           "Supported: Unigram (1), BPE (2).",
                                           place, model.kind));
  }
  if (!denormalizer.char_map.empty()) {
    fail("text.sentencepiece", fmt::format("{}: a SentencePiece model that changes characters when "
                                           "it decodes (denormalizer_spec) is not supported.",
                                           place));
  }
  if (!model.spaces.char_map.empty()) CharMap(model.spaces.char_map, place);
}

void put_varint(std::string& out, uint64_t number) {
  for (; number >= 0x80; number >>= 7) out += char(number | 0x80);
  out += char(number);
}

void put_number(std::string& out, int field, uint64_t number) {
  put_varint(out, uint64_t(field) << 3);
  put_varint(out, number);
}

void put_bytes(std::string& out, int field, std::string_view bytes) {
  put_varint(out, uint64_t(field) << 3 | 2);
  put_varint(out, bytes.size());
  out += bytes;
}

}  // namespace

int32_t PieceModel::unk() const {
  const auto found = std::ranges::find(pieces, int{kUnknownToken}, &Piece::type);
  RELATUM_CHECK(found != pieces.end());
  return int32_t(found - pieces.begin());
}

PieceModel parse_piece_model(std::string_view bytes, const std::string& place) {
  PieceModel model;
  PieceModel::Spaces denormalizer;
  Fields fields(bytes, place);
  for (Field field; fields.next(field);) {
    if (field.wire != 2) continue;
    if (field.number == kPieces) {
      model.pieces.push_back(parse_piece(field.bytes, model.pieces.size(), place));
    } else if (field.number == kTrainer) {
      parse_trainer(field.bytes, place, model);
    } else if (field.number == kNormalizer) {
      model.spaces = parse_spaces(field.bytes, place, std::move(model.spaces));
    } else if (field.number == kDenormalizer) {
      denormalizer = parse_spaces(field.bytes, place, std::move(denormalizer));
    }
  }
  check(model, denormalizer, place);
  return model;
}

std::string piece_model_bytes(const PieceModel& model) {
  std::string out;
  for (size_t id = 0; id < model.pieces.size(); ++id) {
    const PieceModel::Piece& piece = model.pieces[id];
    std::string message;
    const bool control = piece.type == kControlToken;
    put_bytes(message, kText, control ? fmt::format("<control piece {}>", id) : piece.text);
    put_varint(message, uint64_t(kScore) << 3 | 5);
    const auto bits = std::bit_cast<uint32_t>(piece.score);
    for (int shift = 0; shift < 32; shift += 8) message += char(bits >> shift);
    put_number(message, kType, uint64_t(piece.type));
    put_bytes(out, kPieces, message);
  }
  std::string trainer;
  put_number(trainer, kModelType, uint64_t(model.kind));
  put_number(trainer, kSuffix, model.sign_behind);
  put_number(trainer, kByteFallback, model.byte_fallback);
  put_bytes(trainer, kUnkSurface, model.unk_surface);
  const auto unknown = std::ranges::find(model.pieces, kUnknownToken, &PieceModel::Piece::type);
  if (unknown != model.pieces.end()) put_bytes(trainer, kUnkPiece, unknown->text);
  put_bytes(out, kTrainer, trainer);
  std::string spaces;
  put_bytes(spaces, kCharMap, model.spaces.char_map);
  put_number(spaces, kDummyPrefix, model.spaces.add_dummy_prefix);
  put_number(spaces, kRemoveExtra, model.spaces.remove_extra);
  put_number(spaces, kEscape, model.spaces.escape);
  put_bytes(out, kNormalizer, spaces);
  return out;
}

}  // namespace relatum::text
